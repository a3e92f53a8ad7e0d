"""The manual's nine screens of statistics are calls of one field, whose examples tell the truth (ST-01, MS-01)."""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import phones
from bizcall.database import query, tenant
from bizcall.history.filters import OUTGOING
from bizcall.models import Membership, Subscriber
from bizcall.months import KOREA
from schema.node import encode
from tests.console import Console, console
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY
from tests.histories import WEEKS, Office, day, hold, office

FROM, TO = str(day(0)), str(day(WEEKS * 7 - 1))
CHANGE = day(10)
"""The day at whose midday the office's lines change hands."""

FACTS = 900
EXAMPLES = pathlib.Path(__file__).parents[2] / "examples" / "operations" / "statistics"
LIST = "query ($filter: CallFilter!) { calls(filter: $filter, first: 1) { totalCount { value precision } } }"
MESSAGE_LIST = "query ($filter: MessageFilter!) { messages(filter: $filter, first: 1) { totalCount { value } } }"
APART = """
query ($one: CallFilter!, $other: CallFilter!, $both: CallFilter!) {
  one: callStatistics(filter: $one, granularity: MONTH, groupBy: SUBSCRIBER, first: 20) { ...rows }
  other: callStatistics(filter: $other, granularity: MONTH, groupBy: SUBSCRIBER, first: 20) { ...rows }
  both: callStatistics(filter: $both, granularity: MONTH, groupBy: SUBSCRIBER, first: 20) { ...rows }
}
fragment rows on CallStatisticsConnection {
  nodes { subject { label } buckets { key measures { total totalSeconds } } }
}"""


@dataclass(frozen=True)
class Fact:
    """A call or message, and whose it was by the assignments of the time: id and label by group."""

    at: datetime
    kind: str
    seconds: int
    subjects: Mapping[str, tuple[str | None, str]]


@dataclass
class Desk:
    """An office with somebody more, who changes departments, and what happened there."""

    office: Office
    calls: list[Fact]
    messages: list[Fact]
    chosen: dict[str, list[str]] = field(default_factory=dict)
    """What stands for the ids of an example's filter."""

    console: Console = field(init=False)

    @property
    def company(self) -> Tenant:
        """The office's."""
        return self.office.company


_desks: list[Desk] = []


@pytest.fixture
async def desk(db: None) -> AsyncIterator[Desk]:
    """One for all tests, since they only read."""
    if not _desks:
        _desks.append(await furnished())
    async with console(_desks[0].company) as opened:
        _desks[0].console = opened
        yield _desks[0]


async def furnished() -> Desk:
    """Of five lines with calls and messages the first three change hands, the fourth's holder changes departments at
    the same time, and nobody has the fifth."""
    company = await make_tenant()
    change = DAY + timedelta(days=10, hours=12)
    early, (first, second) = DAY - timedelta(days=100), company.departments.values()
    async with tenant(company.id):
        mover = await hold(company, 3, "옮긴 사람", early, None, first)
        await Membership.filter(company_id=company.id, subscriber_id=mover).update(ended_at=change)
        await Membership.create(company_id=company.id, subscriber_id=mover, department_id=second, started_at=change)
        await Subscriber.filter(company_id=company.id, id=mover).update(department_id=second)
    made = await office(company, facts=FACTS)
    whose_were = await attributing(company)
    return Desk(
        made,
        [whose_were(fact["line_id"], fact["started_at"], fact["type"], fact["seconds"]) for fact in made.calls],
        [whose_were(fact["line_id"], fact["sent_at"], fact["direction"], 0) for fact in made.messages],
        {
            "lineIds": [encode("Line", key) for key in company.line_ids[2:4]],
            "subscriberIds": [encode("Subscriber", key) for key in (*made.subscribers[2:4], mover)],
            "departmentIds": [encode("Department", key) for key in made.departments],
        },
    )


async def attributing(company: Tenant) -> Callable[[UUID, datetime, str, int], Fact]:
    """What tells whose a fact was, from the assignments and not from what loading made of them."""
    names = {key: name for name, key in company.departments.items()}
    async with tenant(company.id, read_only=True):
        assigned = await query(
            "SELECT line_id, name, subscriber_id, membership.department_id, membership.started_at, membership.ended_at"
            " FROM membership JOIN subscriber ON subscriber.company_id = $1 AND subscriber.id = subscriber_id"
            " WHERE membership.company_id = $1",
            company.id,
        )

    def fact(line: UUID, at: datetime, kind: str, seconds: int) -> Fact:
        number = phones.formatted(company.numbers[company.line_ids.index(line)])
        subjects: dict[str, tuple[str | None, str]] = {
            "COMPANY": (None, ""),
            "LINE": (encode("Line", line), number),
            "SUBSCRIBER": (None, ""),
            "DEPARTMENT": (None, ""),
        }
        for row in assigned:
            if row["line_id"] == line and row["started_at"] <= at and (not row["ended_at"] or at < row["ended_at"]):
                subjects["SUBSCRIBER"] = encode("Subscriber", row["subscriber_id"]), row["name"]
                if department := row["department_id"]:
                    subjects["DEPARTMENT"] = encode("Department", department), names[department]
        return Fact(at.astimezone(KOREA), kind, seconds, subjects)

    return fact


SCREENS = sorted(path.stem for path in EXAMPLES.glob("*.graphql") if path.stem != "busy_hours")
KEYS = {"MONTH": "%Y-%m", "DAY": "%Y-%m-%d", "HOUR": "%Y-%m-%dT%H"}
CHOICES = {"lineIds": "LINE", "subscriberIds": "SUBSCRIBER", "departmentIds": "DEPARTMENT"}
OBJECTS = {
    "LINE": ("line", "numberFormatted"),
    "SUBSCRIBER": ("subscriber", "name"),
    "DEPARTMENT": ("department", "name"),
}


def test_ST_01_MS_01_each_of_the_nine_screens_has_an_example_and_departments_of_calls_have_two() -> None:
    assert len(SCREENS) == 10
    asked = [json.loads((EXAMPLES / f"{screen}.json").read_text()) for screen in SCREENS]
    assert {name for variables in asked for name in CHOICES if name in variables["filter"]} == set(CHOICES)


@pytest.mark.parametrize("screen", SCREENS)
async def test_ST_01_MS_01_each_screens_example_tells_what_python_counts(desk: Desk, screen: str) -> None:
    document = (EXAMPLES / f"{screen}.graphql").read_text()
    variables = json.loads((EXAMPLES / f"{screen}.json").read_text())
    granularity, group, wanted = variables["granularity"], variables["groupBy"], variables["filter"]
    # The example's own people are the demo company's.
    wanted |= {name: desk.chosen[name] for name in CHOICES if name in wanted}
    days = (CHANGE, CHANGE) if granularity == "HOUR" else (FROM, TO)
    wanted |= dict(zip(("fromOn", "toOn"), map(str, days), strict=True))

    answer = await desk.console.ask(document, **variables)

    of_calls = screen.startswith("calls")
    right = counted_anew(desk.calls if of_calls else desk.messages, wanted, granularity, group)
    selected = answer["nodes"][0]["total"].keys()
    assert told(answer) == Counter({key: value for key, value in right.items() if key[2] in selected and value})
    assert told(answer).total() > 0
    for node in answer["nodes"]:
        assert node["total"] == {
            name: sum(bucket["measures"][name] for bucket in node["buckets"]) for name in node["total"]
        }
        assert node["subject"]["group"] == group
        for kind, (name, named) in OBJECTS.items():
            shown = node["subject"][name]
            assert (shown and shown[named]) == (node["subject"]["label"] or None if kind == group else None)
    listed = await desk.console.ask(LIST if of_calls else MESSAGE_LIST, filter=wanted)
    assert sum(node["total"]["total"] for node in answer["nodes"]) == listed["totalCount"]["value"]


def told(answer: dict[str, Any]) -> Counter[tuple[str, str, str]]:
    """Measures by label, key and name, as an answer has them; those that are zero are left out."""
    found: Counter[tuple[str, str, str]] = Counter()
    for node in answer["nodes"]:
        for bucket in node["buckets"]:
            for name, value in bucket["measures"].items():
                found[node["subject"]["label"], bucket["key"], name] += value
    return +found


def counted_anew(
    facts: list[Fact], wanted: dict[str, Any], granularity: str, group: str
) -> Counter[tuple[str, str, str]]:
    """Measures by label, key and name, a fact at a time."""
    found: Counter[tuple[str, str, str]] = Counter()
    hours = wanted.get("hours", {"from": 0, "to": 24})
    for fact in facts:
        answers = [wanted["fromOn"] <= fact.at.date().isoformat() <= wanted["toOn"]]
        answers.append(hours["from"] <= fact.at.hour < hours["to"])
        answers.append(wanted.get("direction") != "INCOMING" or fact.kind not in OUTGOING)
        answers += [fact.subjects[of][0] in wanted[name] for name, of in CHOICES.items() if name in wanted]
        if all(answers):
            label, key = fact.subjects[group][1], fact.at.strftime(KEYS[granularity])
            first, *rest = fact.kind.lower().split("_")
            name = first + "".join(part.capitalize() for part in rest)
            found.update({(label, key, name): 1, (label, key, "total"): 1})
            found.update({(label, key, f"{name}Seconds"): fact.seconds, (label, key, "totalSeconds"): fact.seconds})
    return found


async def test_ST_01_who_changed_departments_is_one_row_of_both_and_a_row_in_each_asked_apart(desk: Desk) -> None:
    wanted = {"fromOn": FROM, "toOn": TO}
    both = desk.chosen["departmentIds"]
    asked = {
        name: wanted | {"departmentIds": ids} for name, ids in (("one", both[:1]), ("other", both[1:]), ("both", both))
    }

    answer = await desk.console.answer(APART, **asked)

    assert "errors" not in answer
    for name, filters in asked.items():
        right = counted_anew(desk.calls, filters, "MONTH", "SUBSCRIBER")
        assert told(answer["data"][name]) == Counter(
            {key: value for key, value in right.items() if key[2] in ("total", "totalSeconds") and value}
        )
    moved = [
        [node["subject"]["label"] for node in each["nodes"]].count("옮긴 사람") for each in answer["data"].values()
    ]
    assert moved == [1, 1, 1]
