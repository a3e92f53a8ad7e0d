"""Statistics through the API: whom rows are about, what is refused, and what it costs (ST-01, ST-03)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bizcall import months
from bizcall.models.calls import CallType
from bizcall.settings import Settings
from schema.node import encode
from tests.console import Console, Wiring, console
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call
from tests.statements import counted

FROM, TO = DAY.date().isoformat(), (DAY + timedelta(days=30)).date().isoformat()
CALLS = """
query ($filter: CallFilter!, $granularity: StatisticsGranularity!, $groupBy: StatisticsGroup!, $first: Int = 20) {
  callStatistics(filter: $filter, granularity: $granularity, groupBy: $groupBy, first: $first) {
    asOf
    totalCount { value }
    nodes {
      subject { label line { number } subscriber { name } department { name } }
      total { outgoing outgoingFailed incoming missed missedBusy abandoned total outgoingSeconds totalSeconds }
      buckets { key beginsAt endsAt measures { total totalSeconds } }
    }
  }
}"""
LIST = "query ($filter: CallFilter!) { calls(filter: $filter, first: 1) { totalCount { value precision } } }"
MESSAGE_LIST = "query ($filter: MessageFilter!) { messages(filter: $filter, first: 1) { totalCount { value } } }"
UNRETURNED = "query ($filter: CallFilter!) { unreturnedCalls(filter: $filter, first: 1) { nodes { id } } }"
EXPORT = """mutation ($input: CallExportRequestInput!) {
  callExportRequest(input: $input) { userErrors { field } export { id } }
}"""
MESSAGES = """
query ($filter: MessageFilter!, $granularity: StatisticsGranularity!, $groupBy: StatisticsGroup!) {
  messageStatistics(filter: $filter, granularity: $granularity, groupBy: $groupBy, first: 1) { asOf }
}"""
WEEK = """
query ($filter: CallFilter!) {
  callBusyHours(filter: $filter) { asOf cells { weekday hour measures { total } } }
  callHeatMap(filter: $filter) { weekday hour measures { total } }
  callStatistics(filter: $filter, granularity: MONTH, groupBy: COMPANY, first: 1) { asOf }
}
"""


@pytest.fixture
async def desk(company: Tenant) -> AsyncIterator[Console]:
    """An administrator of a company with 150 calls over a month, on four of its lines."""
    chance = random.Random(11)
    await began(company.id)

    def at() -> Any:
        return DAY + timedelta(seconds=chance.randrange(31 * 24 * 3600))

    calls = [
        call(chance.choice(company.numbers[:4]), f"c{n}", at(), type=chance.choice(list(CallType)).value, seconds=n)
        for n in range(150)
    ]
    await Feeder(company.id).load(calls)
    async with console(company) as opened:
        yield opened


async def test_ST_01_rows_name_their_subject(desk: Console, company: Tenant) -> None:
    answer = await desk.ask(CALLS, filter={"fromOn": FROM, "toOn": TO}, granularity="MONTH", groupBy="LINE")

    assert [node["subject"]["line"]["number"] for node in answer["nodes"]] == sorted(company.numbers[:4])
    assert all("-" in node["subject"]["label"] for node in answer["nodes"])
    assert answer["totalCount"]["value"] == 4


async def test_ST_01_what_nobody_held_has_a_row_without_a_subscriber(desk: Console) -> None:
    answer = await desk.ask(CALLS, filter={"fromOn": FROM, "toOn": TO}, granularity="MONTH", groupBy="SUBSCRIBER")

    (node,) = answer["nodes"]
    assert node["subject"] == {"label": "", "line": None, "subscriber": None, "department": None}
    assert node["total"]["total"] == 150


async def test_ST_01_another_companys_lines_are_like_none(desk: Console, stranger: Tenant) -> None:
    foreign = [encode("Line", stranger.line_ids[0])]

    answer = await desk.ask(
        CALLS, filter={"fromOn": FROM, "toOn": TO, "lineIds": foreign}, granularity="MONTH", groupBy="LINE"
    )

    assert answer["nodes"] == []


async def test_ST_03_a_span_of_more_than_three_months_is_refused(desk: Console) -> None:
    wanted = {"fromOn": FROM, "toOn": (DAY + timedelta(days=100)).date().isoformat()}

    await refused_at("toOn", desk, CALLS, filter=wanted, granularity="MONTH", groupBy="COMPANY")


async def refused_at(field: str, console: Console, document: str, **variables: Any) -> None:
    """The only problem is with that field of the filter."""
    answer = await console.answer(document, **variables)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert [problem["field"] for problem in error["extensions"]["problems"]] == [["filter", field]]


async def test_ST_03_months_that_the_deployment_does_not_keep_are_refused_everywhere(company: Tenant) -> None:
    oldest = months.shifted(months.today(), -4)
    day = (oldest - timedelta(days=1)).isoformat()
    wanted = {"fromOn": day, "toOn": day}
    how = {"filter": wanted, "granularity": "DAY", "groupBy": "COMPANY"}
    async with console(company, Wiring(Settings(stage="test", months_kept=4))) as client:
        for document in (CALLS, MESSAGES):
            await refused_at("fromOn", client, document, **how)
        for document in (LIST, MESSAGE_LIST, UNRETURNED, WEEK):
            await refused_at("fromOn", client, document, filter=wanted)
        limits = await client.ask("{ limits { name maximum } }")
        assert {"name": "monthsKept", "maximum": 4} in limits
        asked = {"filter": wanted, "reason": "DISPUTE", "note": "민원 처리 자료", "idempotencyKey": "k"}
        answer = await client.ask(EXPORT, input=asked)
        assert [error["field"] for error in answer["userErrors"]] == [["filter", "fromOn"]]
    async with console(company) as client:
        assert (await client.ask(LIST, filter=wanted))["totalCount"]["value"] == 0


async def test_L12_a_page_of_rows_costs_as_many_statements_as_one(desk: Console) -> None:
    wanted = {"filter": {"fromOn": FROM, "toOn": TO}, "granularity": "DAY", "groupBy": "LINE"}
    with counted() as one:
        await desk.ask(CALLS, **wanted, first=1)
    with counted() as all_of_them:
        await desk.ask(CALLS, **wanted, first=20)

    assert len(one) == len(all_of_them) <= 6


async def test_ST_02_busy_hours_have_168_cells_that_add_up(desk: Console) -> None:
    answer = (await desk.answer(WEEK, filter={"fromOn": FROM, "toOn": TO}))["data"]

    cells = answer["callBusyHours"]["cells"]
    assert len(cells) == 168
    assert cells[0]["weekday"] == "MONDAY"
    assert sum(cell["measures"]["total"] for cell in cells) == 150
    assert cells == answer["callHeatMap"]
    assert answer["callBusyHours"]["asOf"] == answer["callStatistics"]["asOf"] is not None
