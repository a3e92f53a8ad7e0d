"""A month of calls of three companies: the same numbers from statistics, list and Excel, over HTTP (ST-03, FD-01)."""

from __future__ import annotations

import asyncio
import calendar
from collections import Counter
from datetime import date
from typing import Any

from local import generator
from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System
from tests.journeys.test_exports import REQUEST, fetched
from tests.journeys.test_feeds import ask, came, month_of_calls

STATISTICS = """
query ($filter: CallFilter!, $granularity: StatisticsGranularity!, $groupBy: StatisticsGroup!, $after: String) {
  callStatistics(filter: $filter, granularity: $granularity, groupBy: $groupBy, first: 100, after: $after) {
    asOf
    nodes { total { total totalSeconds } buckets { measures { total totalSeconds } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
LIST = "query ($filter: CallFilter!) { calls(filter: $filter, first: 1) { totalCount { value precision } } }"
CALLS = (3_000, 1_500, 700)
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"direction": "INCOMING", "hours": {"from": 9, "to": 18}},
    {"weekdays": ["MONDAY", "SUNDAY"], "types": ["MISSED", "MISSED_BUSY"]},
)


async def opened(system: System, calls: int) -> tuple[Company, Administrator, date, list[str]]:
    """A company whose calls of last month lie in the bucket, and its administrator."""
    company = await make_company(str(system.addresses["database"]), lines=30)
    await ask(system, company, "UPDATE line SET created_at = now() - interval '1 year' WHERE company_id = $1")
    month, _ = month_of_calls(company)
    made = list(generator.calls(company.numbers, month.year, month.month, calls, seed=calls))
    system.drop(f"feeds/calls/{company.id}/{month:%Y-%m}.csv", (generator.HEADERS["calls"] + "".join(made)).encode())
    return company, system.sign_in(company.login_id, PASSWORD), month, made


def told(admin: Administrator, wanted: dict[str, Any], granularity: str, group: str) -> Counter[str]:
    """The sums of an answer of statistics, all its pages together."""
    sums: Counter[str] = Counter()
    after = None
    while True:
        answer = admin.ask(STATISTICS, filter=wanted, granularity=granularity, groupBy=group, after=after)
        found = answer["callStatistics"]
        assert found["asOf"]
        for node in found["nodes"]:
            sums.update(node["total"])
            assert sum(bucket["measures"]["total"] for bucket in node["buckets"]) == node["total"]["total"]
        if not found["pageInfo"]["hasNextPage"]:
            return sums
        after = found["pageInfo"]["endCursor"]


async def test_ST_03_statistics_list_and_excel_say_the_same_for_three_companies(system: System) -> None:
    offices = [await opened(system, calls) for calls in CALLS]
    for company, admin, month, made in offices:
        await came(system, company, loaded=1)
        last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        seconds = sum(int(line.split(",")[4]) for line in made)
        for wanted in ({"fromOn": str(month), "toOn": str(last), **more} for more in FILTERS):
            listed = admin.ask(LIST, filter=wanted)["calls"]["totalCount"]
            sums = told(admin, wanted, "DAY", "COMPANY")
            for granularity, group in (("MONTH", "LINE"), ("MONTH", "DEPARTMENT"), ("HOUR", "COMPANY")):
                assert told(admin, wanted, granularity, group) == sums, (wanted, group)
            assert listed == {"value": sums["total"], "precision": "EXACT"}
            if len(wanted) == 2:
                assert (sums["total"], sums["totalSeconds"]) == (len(made), seconds)
            reason = {"reason": "QUALITY_CHECK", "note": "월간 점검 자료", "idempotencyKey": str(wanted)}
            export = admin.ask(REQUEST, input={"filter": wanted, **reason})["callExportRequest"]["export"]["id"]
            count, rows = await asyncio.to_thread(fetched, admin, export)
            assert count == len(rows) == sums["total"] > 0
