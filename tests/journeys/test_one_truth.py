"""A month of three companies: the same numbers from statistics, list and Excel, over HTTP (ST-03, MS-01, FD-01)."""

from __future__ import annotations

import asyncio
import calendar
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from bizcall import months
from local import generator
from tests.journeys.companies import PASSWORD, Company, Tenure, make_company, settle
from tests.journeys.system import Administrator, System
from tests.journeys.test_exports import fetched, workbook
from tests.journeys.test_feeds import came, month_of_calls

CALL_TYPES = {
    "발신": "OUTGOING",
    "발신 연결 실패": "OUTGOING_FAILED",
    "수신": "INCOMING",
    "부재중": "MISSED",
    "통화중부재": "MISSED_BUSY",
    "수신 전 종료": "ABANDONED",
}
DIRECTIONS = {"발신": "SENT", "수신": "RECEIVED"}
Sums = Counter[tuple[str, str]]
"""Measures of the API: (whose they are, their name) → number; those that are zero are left out."""


class Record(NamedTuple):
    """What anybody tells of a call or message; names are empty for what nobody held and what was of no department."""

    kind: str
    seconds: int
    line: str
    subscriber: str
    department: str

    def of(self, group: str) -> str:
        """Whose it is in statistics by that group."""
        return "" if group == "COMPANY" else str(getattr(self, group.lower()))


@dataclass(frozen=True)
class Sort:
    """Calls or messages: how they are asked for, and where a line, a node and a row of Excel tell what a record says.

    `moment` is the place of the moment in a line, `row` where an Excel's row has type and seconds.
    """

    name: str
    types: dict[str, str]
    type: str
    filters: tuple[dict[str, Any], ...]
    moment: int
    row: tuple[int, int | None]

    @property
    def timed(self) -> bool:
        """Whether records have seconds."""
        return self.row[1] is not None

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

    def of_line(self, line: str, tenures: Iterable[Tenure]) -> Record:
        """What a line of a file says, and whose it was by the assignments."""
        values = line.split(",")
        at = datetime.fromisoformat(values[self.moment])
        held = [(each.name, each.department) for each in tenures if each.number == values[1] and each.covers(at)]
        [whose] = held or [("", "")]
        return Record(values[2], int(values[4]) if self.timed else 0, values[1], *whose)

    def of_node(self, node: Mapping[str, Any]) -> Record:
        """What the list says."""
        names = [(node[name] or {"name": ""})["name"] for name in ("subscriber", "department")]
        return Record(node[self.type], node.get("seconds", 0), node["lineNumber"], *names)

    def of_row(self, row: tuple[Any, ...]) -> Record:
        """What the Excel says."""
        kind, seconds = self.row
        number, *names = (cell or "" for cell in row[3:6])
        return Record(self.types[row[kind]], 0 if seconds is None else row[seconds], number.replace("-", ""), *names)

    def summed(self, records: Iterable[Record], group: str) -> Sums:
        """The measures of records, by whose they are."""
        sums: Sums = Counter()
        for record in records:
            for name in (_camel(record.kind), "total"):
                sums[record.of(group), name] += 1
                sums[record.of(group), f"{name}Seconds"] += record.seconds
        return +sums


def _camel(name: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), name.lower())


CALLS = Sort(
    "call",
    CALL_TYPES,
    "type",
    (
        {},
        {"direction": "INCOMING", "hours": {"from": 9, "to": 18}},
        {"weekdays": ["MONDAY", "SUNDAY"], "types": ["MISSED", "MISSED_BUSY"]},
    ),
    moment=3,
    row=(2, 8),
)
MESSAGES = Sort(
    "message",
    DIRECTIONS,
    "direction",
    ({}, {"direction": "INCOMING", "hours": {"from": 9, "to": 18}}, {"weekdays": ["MONDAY", "SUNDAY"]}),
    moment=4,
    row=(1, None),
)
OFFICES = ((3_000, 600, ".csv", "SUBSCRIBER"), (1_500, 400, ".csv.gz", "DEPARTMENT"), (700, 200, ".csv", "LINE"))
"""Calls, messages, how their files are named, and by what the workbook of statistics is asked for."""


@dataclass(frozen=True)
class Office:
    """A company whose files of last month lie in the bucket, and what stands in them: lines by kind."""

    company: Company
    month: date
    tenures: list[Tenure]
    made: dict[str, list[str]]


async def opened(system: System, calls: int, messages: int, ending: str) -> Office:
    """In the midst of the month one line changes hands, and somebody else departments."""
    company = await make_company(str(system.addresses["database"]), lines=30)
    month, _ = month_of_calls(company)
    before, midst = months.begins(month) - timedelta(days=90), months.begins(month) + timedelta(days=14, hours=12)
    changing, moving, without, staying = company.numbers[:4]
    tenures = [
        Tenure(changing, "김먼저", "영업팀", before, midst),
        Tenure(changing, "이나중", "개발팀", midst),
        Tenure(moving, "박이동", "영업팀", before, midst),
        Tenure(moving, "박이동", "개발팀", midst),
        Tenure(without, "최무소", "", before),
        Tenure(staying, "정한결", "개발팀", before),
    ]
    await settle(str(system.addresses["database"]), company, tenures)
    made = {}
    for kind, many in (("calls", calls), ("messages", messages)):
        made[kind] = list(generator.lines(kind, company.numbers, month.year, month.month, many, seed=calls))
        body = (generator.HEADERS[kind] + "".join(made[kind])).encode()
        packed = gzip.compress(body) if ending.endswith(".gz") else body
        system.drop(f"feeds/{kind}/{company.id}/{month:%Y-%m}{ending}", packed)
    return Office(company, month, tenures, made)


def pages(admin: Administrator, document: str, root: str, **variables: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        found.append(admin.ask(document, after=after, **variables)[root])
        if not found[-1]["pageInfo"]["hasNextPage"]:
            return found
        after = found[-1]["pageInfo"]["endCursor"]


def told(admin: Administrator, sort: Sort, wanted: dict[str, Any], granularity: str, group: str) -> Sums:
    """What an answer of statistics says, all its pages together."""
    root = f"{sort.name}Statistics"
    document = sort.asked(
        root,
        ", granularity: $granularity, groupBy: $groupBy",
        f"asOf nodes {{ subject {{ label line {{ number }} }} total {{ {sort.measures} }}"
        f" buckets {{ measures {{ {sort.measures} }} }} }}",
        ", $granularity: StatisticsGranularity!, $groupBy: StatisticsGroup!",
    )
    sums: Sums = Counter()
    for page in pages(admin, document, root, filter=wanted, granularity=granularity, groupBy=group):
        assert page["asOf"]
        for node in page["nodes"]:
            buckets: Counter[str] = Counter()
            for bucket in node["buckets"]:
                buckets.update(bucket["measures"])
            assert +buckets == +Counter(node["total"])
            whose = node["subject"]["line"]["number"] if group == "LINE" else node["subject"]["label"]
            sums.update({(whose, name): value for name, value in node["total"].items()})
    return +sums


def listed(admin: Administrator, sort: Sort, wanted: dict[str, Any]) -> list[Record]:
    """What a list says, page by page; its count is theirs."""
    root = f"{sort.name}s"
    fields = f"{sort.type} lineNumber subscriber {{ name }} department {{ name }}{' seconds' if sort.timed else ''}"
    document = sort.asked(root, "", f"nodes {{ {fields} }} totalCount {{ value precision }}")
    answer = pages(admin, document, root, filter=wanted)
    records = [sort.of_node(node) for page in answer for node in page["nodes"]]
    assert answer[0]["totalCount"] == {"value": len(records), "precision": "EXACT"}
    return records


def exporting(admin: Administrator, request: str, **asked: Any) -> str:
    """The id of an export that was asked for."""
    capital = f"{request[0].upper()}{request[1:]}"
    document = (
        f"mutation ($input: {capital}Input!) {{ {request}(input: $input) {{"
        " export { id } userErrors { code field } } }"
    )
    reason = {"reason": "QUALITY_CHECK", "note": "월간 점검 자료", "idempotencyKey": f"{request} {asked}"}
    return str(admin.ask(document, input={**asked, **reason})[request]["export"]["id"])


async def exported(admin: Administrator, sort: Sort, wanted: dict[str, Any]) -> list[Record]:
    """What the Excel's rows say."""
    export = exporting(admin, f"{sort.name}ExportRequest", filter=wanted)
    count, rows = await asyncio.to_thread(fetched, admin, export)
    assert count == len(rows) > 0
    return [sort.of_row(row) for row in rows]


async def charted(admin: Administrator, sort: Sort, wanted: dict[str, Any], group: str) -> tuple[Sums, Sums]:
    """What the two sheets of the workbook of statistics say: the company's sums, and those of each subject."""
    export = exporting(admin, "statisticsExportRequest", **{f"{sort.name}s": wanted}, granularity="DAY", groupBy=group)
    _, book = await asyncio.to_thread(workbook, admin, export)
    names = {shown: _camel(kind) for shown, kind in sort.types.items()} | {"합계": "total"}
    names |= {f"{shown} 시간(초)": f"{name}Seconds" for shown, name in names.items()}
    names["통화 시간 합계(초)"] = "totalSeconds"
    sheets: list[Sums] = []
    for sheet, subjects in zip(book.worksheets, (False, True), strict=False):
        header, *rows = sheet.iter_rows(values_only=True)
        sums: Sums = Counter()
        for row in rows:
            cells = dict(zip(header, row, strict=True))
            whose = str(cells["대상"]) if subjects else ""
            # Nobody is (사용자 없음) and the like.
            whose = "" if whose.startswith("(") else whose.replace("-", "")
            sums.update({(whose, names[str(title)]): value for title, value in cells.items() if title in names})
        sheets.append(+sums)
    of_company, of_subjects = sheets
    return of_company, of_subjects


async def test_ST_03_MS_01_FD_01_statistics_list_and_excel_say_the_same_for_three_companies(system: System) -> None:
    offices = [(await opened(system, calls, messages, ending), group) for calls, messages, ending, group in OFFICES]
    for office, group in offices:
        await came(system, office.company, loaded=len(office.made))
        admin = system.sign_in(office.company.login_id, PASSWORD)
        month = office.month
        last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        for sort in (CALLS, MESSAGES):
            dropped = Counter(sort.of_line(line, office.tenures) for line in office.made[f"{sort.name}s"])
            assert {record.subscriber for record in dropped} == {"", *(each.name for each in office.tenures)}
            for wanted in ({"fromOn": str(month), "toOn": str(last), **more} for more in sort.filters):
                records = listed(admin, sort, wanted)
                assert (Counter(records) == dropped) == (len(wanted) == 2)
                assert Counter(records) <= dropped
                for granularity, by in (
                    ("DAY", "COMPANY"),
                    ("MONTH", "LINE"),
                    ("DAY", "SUBSCRIBER"),
                    ("MONTH", "DEPARTMENT"),
                    ("HOUR", "COMPANY"),
                ):
                    assert told(admin, sort, wanted, granularity, by) == sort.summed(records, by), (wanted, by)
                assert Counter(await exported(admin, sort, wanted)) == Counter(records)
            whole = {"fromOn": str(month), "toOn": str(last)}
            sums = sort.summed(dropped.elements(), "COMPANY"), sort.summed(dropped.elements(), group)
            assert await charted(admin, sort, whole, group) == sums
