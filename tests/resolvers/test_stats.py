"""Statistics through the API: the manual's nine screens are nine calls of one field each (ST-01, MS-01)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bizcall.models.calls import CallType
from bizcall.models.feeds import FeedKind
from schema.node import encode
from tests.console import Console, console
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, message
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
MESSAGES = """
query ($filter: MessageFilter!, $granularity: StatisticsGranularity!, $groupBy: StatisticsGroup!) {
  messageStatistics(filter: $filter, granularity: $granularity, groupBy: $groupBy, first: 20) {
    asOf nodes { subject { label } total { sent received total } buckets { key measures { total } } }
  }
}"""
LIST = "query ($filter: CallFilter!) { calls(filter: $filter, first: 1) { totalCount { value precision } } }"
MESSAGE_LIST = "query ($filter: MessageFilter!) { messages(filter: $filter, first: 1) { totalCount { value } } }"
HEAT = "query ($filter: CallFilter!) { callHeatMap(filter: $filter) { weekday hour measures { total } } }"


@pytest.fixture
async def desk(company: Tenant) -> AsyncIterator[Console]:
    """An administrator of a company with 150 calls and 40 messages over a month, on four of its lines."""
    chance = random.Random(11)
    await began(company.id)

    def at() -> Any:
        return DAY + timedelta(seconds=chance.randrange(31 * 24 * 3600))

    calls = [
        call(chance.choice(company.numbers[:4]), f"c{n}", at(), type=chance.choice(list(CallType)).value, seconds=n)
        for n in range(150)
    ]
    texts = [
        message(chance.choice(company.numbers[:4]), f"m{n}", at(), direction=chance.choice(["SENT", "RECEIVED"]))
        for n in range(40)
    ]
    await Feeder(company.id).load(calls)
    await Feeder(company.id, FeedKind.MESSAGES).load(texts)
    async with console(company) as desk:
        yield desk


SCREENS: dict[str, tuple[dict[str, Any], str, str]] = {
    "월별 통화 통계": ({}, "MONTH", "COMPANY"),
    "전체 통화 통계 - 날짜별": ({}, "DAY", "COMPANY"),
    "발신 통화 통계 - 날짜별": ({"direction": "OUTGOING"}, "DAY", "COMPANY"),
    "전체 통화 통계 - 시간대별": ({"toOn": FROM, "hours": {"from": 9, "to": 18}}, "HOUR", "COMPANY"),
    "전화번호별 통화 통계": ({}, "DAY", "LINE"),
    "사용자별 통화 통계 - 날짜별": ({}, "DAY", "SUBSCRIBER"),
    "사용자별 통화 통계 - 시간별": ({"toOn": FROM}, "HOUR", "SUBSCRIBER"),
    "부서별 통화 통계": ({}, "MONTH", "DEPARTMENT"),
}


@pytest.mark.parametrize("screen", SCREENS)
async def test_ST_01_each_screen_of_calls_is_one_call_and_agrees_with_the_list(desk: Console, screen: str) -> None:
    more, granularity, group = SCREENS[screen]
    wanted = {"fromOn": FROM, "toOn": TO, **more}

    answer = await desk.ask(CALLS, filter=wanted, granularity=granularity, groupBy=group)
    listed = await desk.ask(LIST, filter=wanted)

    assert answer["asOf"] is not None
    assert sum(node["total"]["total"] for node in answer["nodes"]) == listed["totalCount"]["value"]
    for node in answer["nodes"]:
        assert sum(bucket["measures"]["total"] for bucket in node["buckets"]) == node["total"]["total"]
        assert sum(bucket["measures"]["totalSeconds"] for bucket in node["buckets"]) == node["total"]["totalSeconds"]


@pytest.mark.parametrize("group", ["COMPANY", "DEPARTMENT"])
async def test_MS_01_messages_by_month_and_by_department_agree_with_their_list(desk: Console, group: str) -> None:
    wanted = {"fromOn": FROM, "toOn": TO}

    answer = await desk.ask(MESSAGES, filter=wanted, granularity="MONTH", groupBy=group)

    listed = await desk.ask(MESSAGE_LIST, filter=wanted)
    assert sum(node["total"]["total"] for node in answer["nodes"]) == listed["totalCount"]["value"] == 40


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
    answer = await desk.answer(
        CALLS, filter={"fromOn": "2026-01-01", "toOn": "2026-06-30"}, granularity="MONTH", groupBy="COMPANY"
    )

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["problems"][0]["field"] == ["filter", "toOn"]


async def test_L12_a_page_of_rows_costs_as_many_statements_as_one(desk: Console) -> None:
    wanted = {"filter": {"fromOn": FROM, "toOn": TO}, "granularity": "DAY", "groupBy": "LINE"}
    with counted() as one:
        await desk.ask(CALLS, **wanted, first=1)
    with counted() as all_of_them:
        await desk.ask(CALLS, **wanted, first=20)

    assert len(one) == len(all_of_them) <= 6


async def test_the_heat_map_has_168_cells_that_add_up(desk: Console) -> None:
    cells = await desk.ask(HEAT, filter={"fromOn": FROM, "toOn": TO})

    assert len(cells) == 168
    assert cells[0]["weekday"] == "MONDAY"
    assert sum(cell["measures"]["total"] for cell in cells) == 150
