"""Missed calls that nobody returned (ST-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizcall import calls
from bizcall.database import tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.history import listing
from bizcall.history.filters import Direction
from bizcall.models.calls import CallType
from bizcall.paging import Precision, Slice
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call
from tests.histories import PARTIES, day, office, walk, whole

TALKED = ("INCOMING", "OUTGOING")
MISSED = ("MISSED", "MISSED_BUSY", "ABANDONED")


async def found(company: Tenant, **fields: object) -> list[str]:
    wanted = whole(to_on=day(30), **fields)
    async with tenant(company.id, read_only=True):
        return [row.id for row in await walk(calls.unreturned(company.id, wanted, descending=False), 2)]


async def test_ST_02_only_a_later_talk_with_that_number_returns_a_missed_call(company: Tenant) -> None:
    await began(company.id)
    stories = {
        "alone": [],
        "called-back": [("OUTGOING", 60)],
        "called-again": [("INCOMING", 60)],
        "on-another-line": [("OUTGOING", 60)],
        "months-later": [("OUTGOING", 86400 * 38)],
        "before": [("OUTGOING", -60)],
        "attempt": [("OUTGOING_FAILED", 60)],
        "missed-again": [("MISSED", 60)],
        "same-second": [("OUTGOING", 0)],
    }
    records = []
    for place, (name, later) in enumerate(stories.items()):
        customer = f"010-3000-{place:04}"
        records.append(call(company.numbers[0], name, DAY, type=MISSED[place % 3], customer=customer))
        records += [
            call(company.numbers[place % 2], f"{name}+", DAY + timedelta(seconds=seconds), type=kind, customer=customer)
            for kind, seconds in later
        ]
    records += [
        call(company.numbers[0], name, DAY, type="MISSED", customer=text)
        for name, text in (("withheld", "발신번호표시제한"), ("nothing", ""))
    ]
    records.append(call(company.numbers[0], "abroad", DAY, type="MISSED", customer="+1 415 555 0134"))
    await Feeder(company.id).load(records)
    assert sorted(await found(company)) == sorted(
        ["alone", "before", "attempt", "missed-again", "missed-again+", "same-second", "abroad"]
    )


async def test_ST_02_unreturned_calls_of_a_history_are_those_that_python_finds(company: Tenant) -> None:
    made = await office(company, parties=[*PARTIES, *(f"010-5000-{n:04}" for n in range(100))])
    contacts = [(fact["customer_number"], fact["started_at"]) for fact in made.calls if fact["type"] in TALKED]
    right = sorted(
        (fact["started_at"], fact["id"])
        for fact in made.calls
        if fact["type"] in MISSED
        and any(character.isdigit() for character in fact["customer_number"])
        and fact["started_at"] < DAY + timedelta(days=31)
        and not any(number == fact["customer_number"] and at > fact["started_at"] for number, at in contacts)
    )
    assert right
    assert await found(company) == [key for _, key in right]
    lines = (company.line_ids[0],)
    assert await found(company, line_ids=lines) == [
        fact["id"] for at, key in right for fact in made.calls if fact["id"] == key and fact["line_id"] in lines
    ]
    async with tenant(company.id, read_only=True):
        count = await calls.unreturned(company.id, whole(to_on=day(30))).count()
    assert (count.value, count.precision) == (len(right), Precision.EXACT)


async def test_ST_02_a_count_of_unreturned_calls_looks_at_so_many_and_no_more(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    missed = [call(company.numbers[0], f"m{n}", DAY, type="MISSED", customer=f"010-4100-{n:04}") for n in range(9)]
    await Feeder(company.id).load(missed)
    monkeypatch.setattr(listing, "LOOKED_AT_MOST", 5)
    async with tenant(company.id, read_only=True):
        count = await calls.unreturned(company.id, whole(to_on=day(30))).count()
    assert (count.value, count.precision) == (6, Precision.AT_LEAST)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("lines", [None, 1, 5], ids=["all", "one line", "five lines"])
async def test_ST_02_a_page_of_unreturned_calls_looks_at_so_many_and_tells_from_where_to_go_on(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, lines: int | None, backward: bool, descending: bool
) -> None:
    await office(company, parties=[*PARTIES, *(f"010-5000-{n:04}" for n in range(100))])
    wanted = whole(to_on=day(30), line_ids=None if lines is None else tuple(company.line_ids[:lines]))
    unreturned = calls.unreturned(company.id, wanted, descending=descending)
    async with tenant(company.id, read_only=True):
        right = await walk(unreturned, 100)
        monkeypatch.setattr(listing, "LOOKED_AT_MOST", 7)
        page = await unreturned.page(Slice(last=100) if backward else Slice(first=100))
        found = await walk(unreturned, 3, backward=backward)
    assert len(page.rows) < 7 < len(right)
    assert (page.has_next, page.has_previous) == (not backward, backward)
    assert found == right


async def test_ST_02_a_page_of_unreturned_calls_may_be_empty_and_not_the_last(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    records = [call(company.numbers[0], f"m{n}", DAY, type="MISSED", customer="010-4200-0000") for n in range(6)]
    records.append(call(company.numbers[0], "returned", DAY + timedelta(minutes=1), customer="010-4200-0000"))
    records.append(call(company.numbers[0], "alone", DAY - timedelta(minutes=1), type="MISSED"))
    await Feeder(company.id).load(records)
    monkeypatch.setattr(listing, "LOOKED_AT_MOST", 6)
    unreturned = calls.unreturned(company.id, whole(from_on=day(-1), to_on=day(1)))
    async with tenant(company.id, read_only=True):
        first = await unreturned.page(Slice(first=2))
        second = await unreturned.page(Slice(first=2, after=first.end_cursor))
    assert (first.rows, first.cursors, first.has_next) == ([], [], True)
    assert ([row.id for row in second.rows], second.has_next) == (["alone"], False)


async def test_ST_02_types_and_direction_narrow_what_was_missed(company: Tenant) -> None:
    await began(company.id)
    await Feeder(company.id).load(
        [call(company.numbers[0], kind, DAY, type=kind, customer=f"010-4000-000{n}") for n, kind in enumerate(CallType)]
    )
    assert sorted(await found(company)) == sorted(MISSED)
    assert await found(company, types=frozenset({CallType.MISSED, CallType.OUTGOING})) == ["MISSED"]
    assert await found(company, direction=Direction.OUTGOING) == []


async def test_ST_02_a_list_of_unreturned_calls_spans_31_days_at_the_most(company: Tenant) -> None:
    assert await found(company) == []
    with pytest.raises(Invalid) as refused:
        calls.unreturned(company.id, whole(to_on=day(31)))
    [problem] = refused.value.problems
    assert (problem.code, problem.field) == (ErrorCode.OUT_OF_RANGE, ("filter", "toOn"))
