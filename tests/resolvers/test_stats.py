"""Statistics through the API: the manual's nine screens are nine calls of one field each (ST-01, MS-01)."""

from __future__ import annotations

import json
import pathlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from bizcall import months, phones
from bizcall.history.filters import OUTGOING
from bizcall.models.calls import CallType
from bizcall.models.feeds import FeedKind
from bizcall.settings import Settings
from schema.node import encode
from tests.console import Console, Wiring, console
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.statements import counted

FROM, TO = DAY.date().isoformat(), (DAY + timedelta(days=30)).date().isoformat()
EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "operations" / "statistics"
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
HEAT = """
query ($filter: CallFilter!) {
  callBusyHours(filter: $filter) { asOf cells { weekday hour measures { total } } }
  callHeatMap(filter: $filter) { weekday hour measures { total } }
  callStatistics(filter: $filter, granularity: MONTH, groupBy: COMPANY, first: 1) { asOf }
}
"""


@dataclass
class Desk:
    """An administrator's console, and the records that his company was fed."""

    console: Console
    calls: list[dict[str, Any]]
    messages: list[dict[str, Any]]


@pytest.fixture
async def desk(company: Tenant) -> AsyncIterator[Desk]:
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
    async with console(company) as opened:
        yield Desk(opened, calls, texts)


SCREENS = sorted(path.stem for path in EXAMPLES.glob("*.graphql") if path.stem != "heat_map")
KEYS = {"MONTH": "%Y-%m", "DAY": "%Y-%m-%d", "HOUR": "%Y-%m-%dT%H"}


def test_ST_01_MS_01_the_nine_screens_have_nine_examples() -> None:
    assert len(SCREENS) == 9


@pytest.mark.parametrize("screen", SCREENS)
async def test_ST_01_MS_01_each_screens_example_tells_what_python_counts(desk: Desk, screen: str) -> None:
    document = (EXAMPLES / f"{screen}.graphql").read_text()
    variables = json.loads((EXAMPLES / f"{screen}.json").read_text())
    granularity, wanted = variables["granularity"], variables["filter"]
    # The example's own people are the demo company's.
    for ids in ("lineIds", "subscriberIds"):
        wanted.pop(ids, None)
    wanted |= {"fromOn": FROM, "toOn": FROM if granularity == "HOUR" else TO}

    answer = await desk.console.ask(document, **variables)

    of_calls = screen.startswith("calls")
    right = counted_anew(desk.calls if of_calls else desk.messages, wanted, granularity, variables["groupBy"])
    told: Counter[tuple[str, str, str]] = Counter()
    for node in answer["nodes"]:
        assert node["total"] == {
            name: sum(bucket["measures"][name] for bucket in node["buckets"]) for name in node["total"]
        }
        for bucket in node["buckets"]:
            for name, value in bucket["measures"].items():
                told[node["subject"]["label"], bucket["key"], name] += value
    selected = answer["nodes"][0]["total"].keys()
    assert +told == Counter({key: value for key, value in right.items() if key[2] in selected and value})
    assert told.total() > 0
    listed = await desk.console.ask(LIST if of_calls else MESSAGE_LIST, filter=wanted)
    assert sum(node["total"]["total"] for node in answer["nodes"]) == listed["totalCount"]["value"]


def counted_anew(
    facts: list[dict[str, Any]], wanted: dict[str, Any], granularity: str, group: str
) -> Counter[tuple[str, str, str]]:
    """Measures by label, key and name, of records as they were fed."""
    found: Counter[tuple[str, str, str]] = Counter()
    hours = wanted.get("hours", {"from": 0, "to": 24})
    for fact in facts:
        moment = datetime.fromisoformat(fact["started_at"] if "started_at" in fact else fact["sent_at"])
        kind = fact["type"] if "type" in fact else fact["direction"]
        within = wanted["fromOn"] <= moment.date().isoformat() <= wanted["toOn"]
        if wanted.get("direction") == "INCOMING" and kind in OUTGOING:
            continue
        if within and hours["from"] <= moment.hour < hours["to"]:
            label = phones.formatted(fact["line"]) if group == "LINE" else ""
            key = moment.strftime(KEYS[granularity])
            first, *rest = kind.lower().split("_")
            name = first + "".join(part.capitalize() for part in rest)
            found.update({(label, key, name): 1, (label, key, "total"): 1})
            seconds = int(fact.get("seconds", 0))
            found.update({(label, key, f"{name}Seconds"): seconds, (label, key, "totalSeconds"): seconds})
    return found


async def test_ST_01_rows_name_their_subject(desk: Desk, company: Tenant) -> None:
    answer = await desk.console.ask(CALLS, filter={"fromOn": FROM, "toOn": TO}, granularity="MONTH", groupBy="LINE")

    assert [node["subject"]["line"]["number"] for node in answer["nodes"]] == sorted(company.numbers[:4])
    assert all("-" in node["subject"]["label"] for node in answer["nodes"])
    assert answer["totalCount"]["value"] == 4


async def test_ST_01_what_nobody_held_has_a_row_without_a_subscriber(desk: Desk) -> None:
    answer = await desk.console.ask(
        CALLS, filter={"fromOn": FROM, "toOn": TO}, granularity="MONTH", groupBy="SUBSCRIBER"
    )

    (node,) = answer["nodes"]
    assert node["subject"] == {"label": "", "line": None, "subscriber": None, "department": None}
    assert node["total"]["total"] == 150


async def test_ST_01_another_companys_lines_are_like_none(desk: Desk, stranger: Tenant) -> None:
    foreign = [encode("Line", stranger.line_ids[0])]

    answer = await desk.console.ask(
        CALLS, filter={"fromOn": FROM, "toOn": TO, "lineIds": foreign}, granularity="MONTH", groupBy="LINE"
    )

    assert answer["nodes"] == []


async def test_ST_03_a_span_of_more_than_three_months_is_refused(desk: Desk) -> None:
    wanted = {"fromOn": FROM, "toOn": (DAY + timedelta(days=100)).date().isoformat()}

    await refused_at("toOn", desk.console, CALLS, filter=wanted, granularity="MONTH", groupBy="COMPANY")


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
        for document in (LIST, MESSAGE_LIST, UNRETURNED, HEAT):
            await refused_at("fromOn", client, document, filter=wanted)
        limits = await client.ask("{ limits { name maximum } }")
        assert {"name": "monthsKept", "maximum": 4} in limits
        asked = {"filter": wanted, "reason": "DISPUTE", "note": "민원 처리 자료", "idempotencyKey": "k"}
        answer = await client.ask(EXPORT, input=asked)
        assert [error["field"] for error in answer["userErrors"]] == [["filter", "fromOn"]]
    async with console(company) as client:
        assert (await client.ask(LIST, filter=wanted))["totalCount"]["value"] == 0


async def test_L12_a_page_of_rows_costs_as_many_statements_as_one(desk: Desk) -> None:
    wanted = {"filter": {"fromOn": FROM, "toOn": TO}, "granularity": "DAY", "groupBy": "LINE"}
    with counted() as one:
        await desk.console.ask(CALLS, **wanted, first=1)
    with counted() as all_of_them:
        await desk.console.ask(CALLS, **wanted, first=20)

    assert len(one) == len(all_of_them) <= 6


async def test_ST_02_the_heat_map_has_168_cells_that_add_up(desk: Desk) -> None:
    answer = (await desk.console.answer(HEAT, filter={"fromOn": FROM, "toOn": TO}))["data"]

    cells = answer["callBusyHours"]["cells"]
    assert len(cells) == 168
    assert cells[0]["weekday"] == "MONDAY"
    assert sum(cell["measures"]["total"] for cell in cells) == 150
    assert cells == answer["callHeatMap"]
    assert answer["callBusyHours"]["asOf"] == answer["callStatistics"]["asOf"] is not None
