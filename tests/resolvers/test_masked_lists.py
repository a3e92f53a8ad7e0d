"""A masked answer tells nothing of customers beyond its rows: whatever is asked for, in no part of it (CU-01, P4).

Everything is selected that the schema has within two steps; ids and cursors are looked into as any client can.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bizcall import customers, masking, phones
from bizcall.audit import Actor, ActorKind
from bizcall.models.feeds import FeedKind
from bizcall.paging import Order, encode
from tests.console import Wiring, console
from tests.doubles import MemoryStorage, RecordingQueue
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.histories import day
from tests.masked import ALIKE, CUSTOMERS, Person, digits, hidden, shown, unmask
from tests.resolvers.reader import Reader, selected
from tests.security import operations

SPAN = {"fromOn": str(day(0)), "toOn": str(day(20))}
WHY = {"reason": "DISPUTE", "note": "민원 처리"}
DETAILS, TEXT = "꿿쒧", "쫣뙗"
"""Letters that stand in nothing else: what address books say besides, and what messages say."""

HISTORIES = ("Query.calls", "Query.unreturnedCalls", "Query.messages")


PEOPLE = st.lists(CUSTOMERS, min_size=3, max_size=6, unique_by=lambda each: each.plain)


async def shop(people: list[Person]) -> Tenant:
    """A company that masks, with whom each has talked and written, and which called nobody back."""
    company = await make_tenant(lines=2)
    await began(company.id)
    late = DAY + timedelta(hours=2)
    line, facts = company.numbers[0], list(enumerate(people))
    calls = [call(line, f"a{place}", customer=each.number) for place, each in facts]
    calls += [call(line, f"b{place}", late, customer=each.number, type="MISSED") for place, each in facts]
    texts = [{**message(line, f"m{place}", customer=each.number), "text": TEXT} for place, each in facts]
    told = [
        {"number": each.number, "name": each.name, "details": f"{each.name} {DETAILS}", "updated_at": DAY.isoformat()}
        for each in people
    ]
    for kind, records in ((FeedKind.CUSTOMERS, told), (FeedKind.CALLS, calls), (FeedKind.MESSAGES, texts)):
        file = await Feeder(company.id, kind).load(records)
        assert file.loaded == len(records)
    return company


@asynccontextmanager
async def reading(company: Tenant, people: list[Person], *searched: str) -> AsyncIterator[Reader]:
    """A reader of that company's answers; `searched` is what its rows and records may show of what he looks for."""
    secrets = {*hidden((each.number for each in people), (each.name for each in people)), *DETAILS, *TEXT}
    cells = {*(shown(each.number) for each in people), *(masking.name(each.name) for each in people), *searched}
    ours = {*company.numbers, *map(phones.formatted, company.numbers), company.mobile, shown(company.mobile)}
    async with console(company, Wiring(storage=MemoryStorage(), queue=RecordingQueue())) as desk:
        yield Reader(desk, secrets, {cell for cell in cells if cell} | ours)


@pytest.fixture(scope="module")
async def discreet(db: None) -> Tenant:
    """A company for all that is refused."""
    return await shop(ALIKE)


@dataclass(frozen=True)
class Search:
    """What a filter says of a customer: `by` his number, its end, or how his name begins."""

    whose: Person
    by: str
    length: int = 4

    @property
    def filter(self) -> dict[str, str]:
        """For histories."""
        number, name = self.whose.plain, self.whose.name
        start = name[: self.length].strip()
        return {
            "number": {"customerNumber": self.whose.number},
            # A short number can't be looked for by its end.
            "tail": {"customerTail": digits(number)[-self.length :].rjust(4, "0")},
            "name": {"customerName": start if len(start) > 1 else name},
        }[self.by]

    @property
    def recorded(self) -> str:
        """As the audit trail tells it."""
        [text] = self.filter.values()
        stars = masking.STAR * len(text)
        return {"number": shown(text), "tail": stars, "name": masking.beginning(text)}[self.by]


async def everything(reader: Reader, people: list[Person], search: Search, way: str = "ASC") -> None:
    """Ask for all that tells of customers: lists both ways, objects, statistics, requests for files and their trail."""
    order: dict[str, Any] = {"orderBy": {"direction": way}}
    found = {key: await reader.walk(key, filter=SPAN, **order) for key in HISTORIES}
    found["Query.customers"] = await reader.walk("Query.customers", **order)
    assert [len(nodes) for nodes in found.values()] == [2 * len(people), len(people), len(people), len(people)]

    for nodes, kind in zip(found.values(), ("Call", "Call", "Message", "Customer"), strict=True):
        await reader.told("Query.node", of=kind, id=nodes[0]["id"])

    wanted: dict[str, Any] = {"filter": SPAN | search.filter}
    met = {key: await reader.told(key, **wanted, first=100) for key in HISTORIES}
    theirs = {"number": {"number": search.whose.number}, "name": {"name": search.whose.name[:2]}}
    met["Query.customers"] = await reader.told("Query.customers", filter=theirs.get(search.by, {}), first=100)
    # Of a number abroad the blanks are kept.
    if search.whose.plain.endswith(search.filter.get("customerTail", "")):
        assert all(page["nodes"] for page in met.values())
    for kind in ("call", "message"):
        counted: dict[str, Any] = {"granularity": "MONTH", "groupBy": "LINE"}
        await reader.told(f"Query.{kind}Statistics", **wanted, **counted, first=5)
        asked = {**WHY, "filter": SPAN | search.filter, "idempotencyKey": str(uuid4())}
        made = await reader.told(f"Mutation.{kind}ExportRequest", input=asked)
        await reader.told("Query.node", of="Export", id=made["export"]["id"])
        asked = {**WHY, f"{kind}s": SPAN | search.filter, **counted, "idempotencyKey": str(uuid4())}
        await reader.told("Mutation.statisticsExportRequest", input=asked)
    await reader.told("Query.callBusyHours", **wanted)
    await reader.told("Query.callHeatMap", **wanted)
    await reader.told("Query.exports", first=5)
    records = await reader.told("Query.auditRecords", first=100)
    assert [each["action"] for each in records["nodes"]].count("exports.request") == 4


# A smaller example tells no more than what was found, and where.
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    people=PEOPLE,
    by=st.sampled_from(["number", "tail", "name"]),
    length=st.integers(4, 8),
    way=st.sampled_from(["ASC", "DESC"]),
)
@example(people=ALIKE, by="tail", length=8, way="ASC")
@example(people=ALIKE, by="name", length=3, way="DESC")
async def test_CU_01_P4_no_part_of_a_masked_answer_says_what_its_rows_hide(
    db: None, people: list[Person], by: str, length: int, way: str
) -> None:
    search = Search(people[0], by, length)

    async with reading(await shop(people), people, search.recorded) as reader:
        await everything(reader, people, search, way)

    assert reader.found == {}


async def test_CU_01_the_same_answers_say_all_of_it_where_nothing_is_masked(db: None) -> None:
    """But for the texts of messages: these are in no list."""
    company, search = await shop(ALIKE), Search(ALIKE[0], "number")
    actor = Actor(ActorKind.ADMIN, company.admin_id)
    await unmask(company.id, actor)

    async with reading(company, ALIKE, search.recorded) as reader:
        await everything(reader, ALIKE, search)

    assert reader.secrets - reader.found.keys() == set(TEXT)


async def test_CU_01_cursors_that_tell_names_and_numbers_would_be_found_out(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def telling(name: str, columns: tuple[str, ...], descending: bool, **_: Any) -> Order:
        return Order(name, columns, descending)

    monkeypatch.setattr(customers, "Order", telling)

    async with reading(await shop(ALIKE), ALIKE) as reader:
        await reader.told("Query.customers", first=2)

    assert {"0837", "8375", "쀍", "uix"} & reader.found.keys() == {"8375", "쀍", "uix"}


REFUSED: Mapping[str, tuple[str, Callable[[Person], dict[str, Any]]]] = {
    "a short end": ("Query.calls", lambda each: {"filter": SPAN | {"customerTail": digits(each.number)[-3:]}}),
    "a long end": ("Query.messages", lambda each: {"filter": SPAN | {"customerTail": digits(each.number) * 2}}),
    "an end of letters": ("Query.unreturnedCalls", lambda each: {"filter": SPAN | {"customerTail": each.name * 2}}),
    "an end that is a number": ("Query.calls", lambda each: {"filter": SPAN | {"customerTail": int(each.plain)}}),
    "a long number": ("Query.calls", lambda each: {"filter": SPAN | {"customerNumber": each.number * 9}}),
    "a number that is one": ("Query.messages", lambda each: {"filter": SPAN | {"customerNumber": int(each.plain)}}),
    "several numbers": ("Query.calls", lambda each: {"filter": SPAN | {"customerNumber": [each.plain]}}),
    "a short name": ("Query.calls", lambda each: {"filter": SPAN | {"customerName": each.name[1:2]}}),
    "a long name": ("Query.messages", lambda each: {"filter": SPAN | {"customerName": each.name * 50}}),
    "a type that is none": ("Query.calls", lambda each: {"filter": SPAN | {"types": [each.plain]}}),
    "an order that is none": ("Query.customers", lambda each: {"orderBy": {"direction": each.plain}}),
    "a field that is none": ("Query.calls", lambda each: {"filter": SPAN | {"number": each.plain}}),
    "a customer's long number": ("Query.customers", lambda each: {"filter": {"number": each.number * 9}}),
    "a customer's long name": ("Query.customers", lambda each: {"filter": {"name": each.name * 50}}),
    "a number for a cursor": ("Query.customers", lambda each: {"after": each.plain}),
    "a cursor that is made up": (
        "Query.customers",
        lambda each: {"after": encode(Order("customers", ("name", "number")), (each.name, each.plain))},
    ),
    "statistics": (
        "Query.callStatistics",
        lambda each: {
            "filter": SPAN | {"customerTail": digits(each.number)[-3:]},
            "granularity": "DAY",
            "groupBy": "LINE",
        },
    ),
    "a file": (
        "Mutation.callExportRequest",
        lambda each: {
            "input": {**WHY, "filter": SPAN | {"customerTail": digits(each.number)[-3:]}, "idempotencyKey": each.plain}
        },
    ),
    "an id that is a number": ("Mutation.customerReveal", lambda each: {"id": each.plain, "input": WHY}),
}
"""Filters that are refused, by what is wrong with them."""


@pytest.mark.parametrize("what", REFUSED)
async def test_CU_01_a_refusal_repeats_nothing_of_what_was_searched(discreet: Tenant, what: str) -> None:
    key, arguments = REFUSED[what]
    asked = arguments(ALIKE[0]) | ({"first": 2} if "first" in operations.arguments_of(key) else {})

    async with reading(discreet, ALIKE[:1]) as reader:
        # What a row would show, too: here there is no row.
        plain, reader.cells = ALIKE[0].plain, set()
        reader.secrets = {*(plain[place : place + 3] for place in range(3, len(plain) - 2)), *ALIKE[0].name}
        answer = await reader.ask(operations.document(key, asked, selected(key, None)), asked)

    assert "errors" in answer or [value["userErrors"] for value in answer["data"].values()] != [[]]
    assert reader.found == {}
