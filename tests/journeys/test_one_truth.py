"""A month of three companies: the same numbers from statistics, list and Excel, over HTTP (ST-03, MS-01, FD-01)."""

from __future__ import annotations

import asyncio
import calendar
import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from local import generator
from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System
from tests.journeys.test_exports import fetched
from tests.journeys.test_feeds import ask, came, month_of_calls

CALL_TYPES = {
    "발신": "OUTGOING",
    "발신 연결 실패": "OUTGOING_FAILED",
    "수신": "INCOMING",
    "부재중": "MISSED",
    "통화중부재": "MISSED_BUSY",
    "수신 전 종료": "ABANDONED",
}
DIRECTIONS = {"발신": "SENT", "수신": "RECEIVED"}


@dataclass(frozen=True)
class Sort:
    """Calls or messages: how they are asked for, and what tells a record's type and its seconds."""

    name: str
    types: dict[str, str]
    fields: str
    filters: tuple[dict[str, Any], ...]
    of_line: Callable[[list[str]], tuple[str, int]]
    of_node: Callable[[dict[str, Any]], tuple[str, int]]
    of_row: Callable[[tuple[Any, ...]], tuple[str, int]]
    timed: bool = False

    @property
    def measures(self) -> str:
        """All measures, as fields of the API."""
        names = [_camel(name) for name in (*self.types.values(), "TOTAL")]
        return " ".join([*names, *(f"{name}Seconds" for name in names if self.timed)])

    def asked(self, root: str, arguments: str, body: str, more: str = "") -> str:
        """An operation on this kind of history."""
        capital = self.name.capitalize()
        return (
            f"query ($filter: {capital}Filter!, $after: String{more}) {{"
            f" {root}(filter: $filter, first: 100, after: $after{arguments}) {{"
            f" {body} pageInfo {{ hasNextPage endCursor }} }} }}"
        )

    def summed(self, records: Iterable[tuple[str, int]]) -> Counter[str]:
        """Records as the measures of the API; those that are zero are left out."""
        sums: Counter[str] = Counter()
        for kind, seconds in records:
            for name in (_camel(kind), "total"):
                sums[name] += 1
                sums[f"{name}Seconds"] += seconds
        return +sums


def _camel(name: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), name.lower())


CALLS = Sort(
    "call",
    CALL_TYPES,
    "type seconds",
    (
        {},
        {"direction": "INCOMING", "hours": {"from": 9, "to": 18}},
        {"weekdays": ["MONDAY", "SUNDAY"], "types": ["MISSED", "MISSED_BUSY"]},
    ),
    of_line=lambda values: (values[2], int(values[4])),
    of_node=lambda node: (node["type"], node["seconds"]),
    of_row=lambda row: (CALL_TYPES[row[2]], row[8]),
    timed=True,
)
MESSAGES = Sort(
    "message",
    DIRECTIONS,
    "direction",
    ({}, {"direction": "INCOMING", "hours": {"from": 9, "to": 18}}, {"weekdays": ["MONDAY", "SUNDAY"]}),
    of_line=lambda values: (values[2], 0),
    of_node=lambda node: (node["direction"], 0),
    of_row=lambda row: (DIRECTIONS[row[1]], 0),
)
OFFICES = ((3_000, 600, ".csv"), (1_500, 400, ".csv.gz"), (700, 200, ".csv"))
"""Calls, messages, and how their files are named."""


async def opened(system: System, calls: int, messages: int, ending: str) -> tuple[Company, date, dict[str, list[str]]]:
    """A company whose files of last month lie in the bucket, with the lines that stand in them."""
    company = await make_company(str(system.addresses["database"]), lines=30)
    await ask(system, company, "UPDATE line SET created_at = now() - interval '1 year' WHERE company_id = $1")
    month, _ = month_of_calls(company)
    made = {}
    for kind, many in (("calls", calls), ("messages", messages)):
        made[kind] = list(generator.lines(kind, company.numbers, month.year, month.month, many, seed=calls))
        body = (generator.HEADERS[kind] + "".join(made[kind])).encode()
        packed = gzip.compress(body) if ending.endswith(".gz") else body
        system.drop(f"feeds/{kind}/{company.id}/{month:%Y-%m}{ending}", packed)
    return company, month, made


def pages(admin: Administrator, document: str, root: str, **variables: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        found.append(admin.ask(document, after=after, **variables)[root])
        if not found[-1]["pageInfo"]["hasNextPage"]:
            return found
        after = found[-1]["pageInfo"]["endCursor"]


def told(admin: Administrator, sort: Sort, wanted: dict[str, Any], granularity: str, group: str) -> Counter[str]:
    """The sums of an answer of statistics, all its pages together."""
    root = f"{sort.name}Statistics"
    document = sort.asked(
        root,
        ", granularity: $granularity, groupBy: $groupBy",
        f"asOf nodes {{ total {{ {sort.measures} }} buckets {{ measures {{ {sort.measures} }} }} }}",
        ", $granularity: StatisticsGranularity!, $groupBy: StatisticsGroup!",
    )
    sums: Counter[str] = Counter()
    for page in pages(admin, document, root, filter=wanted, granularity=granularity, groupBy=group):
        assert page["asOf"]
        for node in page["nodes"]:
            buckets: Counter[str] = Counter()
            for bucket in node["buckets"]:
                buckets.update(bucket["measures"])
            assert +buckets == +Counter(node["total"])
            sums.update(node["total"])
    return +sums


def listed(admin: Administrator, sort: Sort, wanted: dict[str, Any]) -> Counter[str]:
    """The sums of a list, page by page; its count is theirs."""
    root = f"{sort.name}s"
    document = sort.asked(root, "", f"nodes {{ {sort.fields} }} totalCount {{ value precision }}")
    answer = pages(admin, document, root, filter=wanted)
    sums = sort.summed(sort.of_node(node) for page in answer for node in page["nodes"])
    assert answer[0]["totalCount"] == {"value": sums["total"], "precision": "EXACT"}
    return sums


async def exported(admin: Administrator, sort: Sort, wanted: dict[str, Any]) -> Counter[str]:
    """The sums of the Excel's rows."""
    capital = sort.name.capitalize()
    document = (
        f"mutation ($input: {capital}ExportRequestInput!) {{ {sort.name}ExportRequest(input: $input) {{"
        " export { id } userErrors { code field } } }"
    )
    reason = {"reason": "QUALITY_CHECK", "note": "월간 점검 자료", "idempotencyKey": f"{sort.name} {wanted}"}
    answer = admin.ask(document, input={"filter": wanted, **reason})[f"{sort.name}ExportRequest"]
    count, rows = await asyncio.to_thread(fetched, admin, answer["export"]["id"])
    assert count == len(rows) > 0
    return sort.summed(map(sort.of_row, rows))


async def test_ST_03_MS_01_FD_01_statistics_list_and_excel_say_the_same_for_three_companies(system: System) -> None:
    offices = [await opened(system, *office) for office in OFFICES]
    for company, month, made in offices:
        await came(system, company, loaded=len(made))
        admin = system.sign_in(company.login_id, PASSWORD)
        last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        for sort in (CALLS, MESSAGES):
            dropped = sort.summed(sort.of_line(line.split(",")) for line in made[f"{sort.name}s"])
            assert dropped["total"] == len(made[f"{sort.name}s"])
            for wanted in ({"fromOn": str(month), "toOn": str(last), **more} for more in sort.filters):
                sums = listed(admin, sort, wanted)
                assert (sums == dropped) == (len(wanted) == 2)
                for granularity, group in (
                    ("DAY", "COMPANY"),
                    ("MONTH", "LINE"),
                    ("MONTH", "DEPARTMENT"),
                    ("HOUR", "COMPANY"),
                ):
                    assert told(admin, sort, wanted, granularity, group) == sums, (sort.name, wanted, group)
                assert await exported(admin, sort, wanted) == sums
