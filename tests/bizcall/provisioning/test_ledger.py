"""The final state is a function of the set of events: of their order and their repetitions nothing depends (ON-01)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall.admins import passwords
from bizcall.provisioning.choosing import Standing, choose
from bizcall.provisioning.events import Event, read
from bizcall.provisioning.ledger import Facts, Subject, merged
from tests.provisioning import PLANS, START, Provider


def five(provider: Provider) -> list[dict[str, Any]]:
    """Events that need each other: the third takes away what the first represents itself by."""
    return [
        provider.completed(1, 2, 3),
        provider.changed(
            "more",
            1,
            lines=[
                {"number": provider.number(4), "rid": provider.number(1)},
                {"number": provider.number(2), "rid": provider.number(1)},
            ],
        ),
        provider.changed("gone", 2, retire=[provider.number(1), provider.number(4)]),
        provider.changed("named", 3, representativeNumber=provider.number(5), lines=[{"number": provider.number(5)}]),
        provider.event("renamed", 2.5, "SUBSCRIPTION_CHANGED", company={"name": "새 이름"}, plan=PLANS[1]),
    ]


async def test_ON_01_all_orders_of_five_events_end_alike(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each on a company of its own, four of them at a time."""
    password_hash = await passwords.hashed("only its cost is saved here")

    async def hashed(_password: str) -> str:
        return password_hash

    monkeypatch.setattr(passwords, "hashed", hashed)
    expected = {
        "name": "새 이름",
        "plan": PLANS[1],
        "representative": 5,
        "lines": {2: 1, 3: None, 5: None},
        "owned": [2, 3, 5],
        "logins": [5],
        "listed": [5],
        "welcomes": 1,
    }

    async def arrive(order: tuple[int, ...]) -> tuple[tuple[int, ...], dict[str, Any]]:
        own = Provider()
        events = five(own)
        for place in order:
            await own.apply(events[place])
        return order, await own.state()

    orders = list(permutations(range(5)))
    for start in range(0, len(orders), 4):
        for order, state in await asyncio.gather(*map(arrive, orders[start : start + 4])):
            assert state == expected, order


PLACES = range(4)
NUMBERS = [f"070500000{place:02d}" for place in PLACES]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A completion and changes of its lines, some of the same moment, which never take what represents the company."""
    moments = st.integers(0, 4)
    events = [written("0", 0, "SUBSCRIPTION_COMPLETED", company={"name": "회사"}, plan="P", adminMobile="01012345678",
                      lines=[{"number": number} for number in NUMBERS])]  # fmt: skip
    for serial in range(1, draw(st.integers(1, 6))):
        chosen = draw(st.lists(st.sampled_from(NUMBERS[1:]), min_size=1, unique=True))
        cut = draw(st.integers(0, len(chosen)))
        lines = [{"number": number, "rid": draw(st.sampled_from([None, *NUMBERS]))} for number in chosen[:cut]]
        events.append(written(str(serial), draw(moments), "LINES_CHANGED", lines=lines, retire=chosen[cut:]))
    return events


def written(name: str, hours: int, kind: str, **fields: Any) -> Event:
    """An event, as it is read."""
    at = START + timedelta(hours=hours)
    body = {"id": name, "kind": kind, "occurredAt": at.isoformat(), "subscription": "S", **fields}
    return read(orjson.dumps(body), at + timedelta(days=1))


def played(events: list[Event]) -> tuple[bool, Facts, list[str]]:
    """What comes of events that arrive one by one, some of them again."""
    completed, facts, waiting, done = False, dict[str, Any](), list[Event](), set[str]()
    for event in events:
        if event.id in done or event in waiting:
            continue
        waiting.append(event)
        choice = choose(Standing(completed, facts, frozenset()), waiting)
        facts = merged(facts, choice.applied)
        done |= {each.id for each in choice.applied}
        completed = completed or "0" in done
        waiting = [each for each in waiting if each.id in choice.waiting]
    return completed, facts, sorted(each.id for each in waiting)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.data())
def test_ON_01_duplicates_and_orders_change_nothing(events: list[Event], data: st.DataObject) -> None:
    repeated = events + data.draw(st.lists(st.sampled_from(events), max_size=5))

    assert played(data.draw(st.permutations(repeated))) == played(events)
    assert played(events) == (True, merged({}, events), [])


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_merging_is_a_maximum(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))

    whole = merged({}, events)

    assert merged(merged({}, events[cut:]), events[:cut]) == whole
    assert merged(whole, events) == whole


@settings(max_examples=100, deadline=None)
@given(histories(), st.sets(st.sampled_from(NUMBERS)))
def test_what_is_chosen_can_be_applied_and_nothing_more_can(events: list[Event], elsewhere: set[str]) -> None:
    """The company never has a number of another one, and always its representative number."""
    choice = choose(Standing(False, {}, frozenset(elsewhere)), events)

    after = merged({}, choice.applied)
    assert not [number for number in elsewhere if number in after and after[number].active]
    if choice.applied:
        named = after[Subject.REPRESENTATIVE].value
        assert named is not None
        assert after[named].active
    assert {event.id for event in choice.applied} | choice.waiting.keys() == {event.id for event in events}
    for event in events:
        if choice.applied and event.id in choice.waiting:
            more = merged(after, [event])
            assert [number for number in elsewhere if number in more and more[number].active]
