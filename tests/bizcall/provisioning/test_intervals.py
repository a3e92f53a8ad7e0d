"""A line is a company's from when the provider says until when he says, however late he tells it (ON-01, FD-01)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise, permutations
from typing import Any
from uuid import UUID

import pytest

from bizcall import contracts
from bizcall.admins import passwords
from bizcall.database import query, tenant
from bizcall.models.feeds import FeedKind
from bizcall.reasons import Purpose, Reason
from tests.feeding import DAY, Feeder, call, counts, message, settled, stored
from tests.provisioning import OPERATOR, Provider

HOUR = timedelta(hours=1)

Interval = tuple[datetime, datetime | None]


def at(hours: float) -> dict[str, Any]:
    """When an event occurred, so many hours after the midnight at which records of tests lie."""
    return {"occurredAt": (DAY + hours * HOUR).isoformat()}


async def owner(provider: Provider) -> UUID:
    """The company."""
    key = await provider.company_id()
    assert key
    return key


async def intervals(provider: Provider, number: str) -> list[Interval]:
    """When a number was the company's."""
    key = await owner(provider)
    async with tenant(key):
        rows = await query(
            "SELECT created_at, retired_at FROM line WHERE company_id = $1 AND number = $2 ORDER BY created_at, id",
            key,
            number,
        )
    return [(row["created_at"], row["retired_at"]) for row in rows]


async def test_FD_01_a_file_that_was_before_the_event_goes_in_when_it_is_sent_again(provider: Provider) -> None:
    new = provider.number(2)
    await provider.apply(provider.completed(1, **at(-240)))
    feeder = Feeder(await owner(provider))
    letters = Feeder(feeder.company_id, FeedKind.MESSAGES)
    calls = [call(new, "before", DAY - timedelta(seconds=1)), call(new, "first", DAY), call(new, "later", DAY + HOUR)]
    texts = [message(new, "first", DAY)]
    assert counts(await feeder.load(calls)) == (0, 0, 0, 3)
    assert counts(await letters.load(texts)) == (0, 0, 0, 1)

    await provider.apply(provider.changed("more", 0, lines=[{"number": new}], **at(0)))

    again = await feeder.load(calls, "again.jsonl")
    assert counts(again) == (2, 0, 0, 1)
    assert [row["code"] for row in await feeder.rejects(again)] == ["LINE_UNKNOWN"]
    assert [row["id"] for row in await stored(feeder.company_id)] == ["first", "later"]
    assert counts(await letters.load(texts, "again.jsonl")) == (1, 0, 0, 0)
    assert await settled(feeder.company_id)


async def test_FD_01_a_company_has_its_calls_since_its_subscription_was_completed(provider: Provider) -> None:
    await provider.apply(provider.completed(1, **at(0)))

    file = await Feeder(await owner(provider)).load([call(provider.number(1), "a", DAY)])

    assert counts(file) == (1, 0, 0, 0)


async def test_FD_01_a_number_whose_retirement_came_late_takes_no_calls_after_its_end(provider: Provider) -> None:
    gone = provider.number(2)
    await provider.apply(provider.completed(1, 2, **at(-24)))
    feeder = Feeder(await owner(provider))
    await feeder.load([call(gone, "taken", DAY + HOUR)])

    await provider.apply(provider.changed("gone", 0, retire=[gone], **at(0)))

    file = await feeder.load([call(gone, "before", DAY - HOUR), call(gone, "after", DAY)], "late.jsonl")
    assert counts(file) == (1, 0, 0, 1)
    # What was counted before the event came stays: attribution rewrites nothing by itself.
    assert [row["id"] for row in await stored(feeder.company_id)] == ["before", "taken"]
    assert await settled(feeder.company_id)


async def test_ON_01_what_the_provider_tells_ahead_of_the_clock_begins_and_ends_now(provider: Provider) -> None:
    def ahead() -> str:
        return (provider.clock() + timedelta(minutes=50)).isoformat()

    number = provider.number(2)
    await provider.apply(provider.completed(1, 2, occurredAt=ahead()))
    [(began, _)] = await intervals(provider, number)
    assert began == provider.clock()

    provider.clock.turn(minutes=20)
    await provider.apply(provider.changed("gone", 0, retire=[number], occurredAt=ahead()))

    assert await intervals(provider, number) == [(began, provider.clock())]


async def test_ON_01_a_line_begins_no_earlier_than_it_was_given_up_also_where_that_is_told_first(
    provider: Provider,
) -> None:
    number = provider.number(2)
    await provider.apply(provider.completed(1, **at(-24)))
    await provider.apply(provider.changed("gone", 0, retire=[number], **at(2)))
    for name, hours in (("back", 3), ("before", 1)):
        await provider.apply(provider.changed(name, 0, lines=[{"number": number}], **at(hours)))

    assert await intervals(provider, number) == [(DAY + 3 * HOUR, None)]


async def test_ON_01_a_line_begins_with_the_first_event_that_names_it_in_whatever_order(provider: Provider) -> None:
    """One that gives it a RID later begins nothing, and one that was before the company gave it up begins nothing."""
    for order in permutations(range(3)):
        own = Provider()
        number = own.number(2)
        await own.apply(own.completed(1, **at(-24)))
        events = [
            own.changed("added", 0, lines=[{"number": number}], **at(1)),
            own.changed("rid", 0, lines=[{"number": number, "rid": own.number(1)}], **at(2)),
            own.changed("again", 0, lines=[{"number": number}], **at(3)),
        ]
        for place in order:
            await own.apply(events[place])
        assert await intervals(own, number) == [(DAY + HOUR, None)], order

    number = provider.number(2)
    await provider.apply(provider.completed(1, 2, **at(0)))
    await provider.apply(provider.changed("gone", 0, retire=[number], **at(4)))
    await provider.apply(provider.changed("back", 0, lines=[{"number": number}], **at(6)))
    await provider.apply(provider.changed("old", 0, lines=[{"number": number}], **at(2)))

    assert await intervals(provider, number) == [(DAY, DAY + 4 * HOUR), (DAY + 6 * HOUR, None)]


async def test_ON_01_events_that_waited_for_the_completion_begin_lines_where_they_say(provider: Provider) -> None:
    await provider.apply(provider.changed("rid", 0, lines=[{"number": provider.number(2)}], **at(5)))
    await provider.apply(provider.changed("more", 0, lines=[{"number": provider.number(2)}], **at(3)))
    await provider.apply(provider.changed("gone", 0, retire=[provider.number(2)], **at(2)))

    await provider.apply(provider.completed(1, 2, **at(1)))

    assert await intervals(provider, provider.number(1)) == [(DAY + HOUR, None)]
    assert await intervals(provider, provider.number(2)) == [(DAY + 3 * HOUR, None)]


async def test_ON_01_a_line_ends_with_the_first_event_that_gives_it_up(provider: Provider) -> None:
    """All three wait for another one, which names who represents the company."""
    number = provider.number(1)
    await provider.apply(provider.completed(1, 2, **at(0)))
    for name, hours in (("third", 4), ("first", 2), ("second", 3)):
        await provider.apply(provider.changed(name, 0, retire=[number], **at(hours)))

    await provider.apply(provider.changed("named", 0, representativeNumber=provider.number(2), **at(1)))

    assert await intervals(provider, number) == [(DAY, DAY + 2 * HOUR)]


async def test_ON_01_a_number_given_on_begins_where_the_former_company_ended(provider: Provider) -> None:
    heir = Provider(queue=provider.queue)
    number = provider.number(2)
    await provider.apply(provider.completed(1, 2, **at(0)))
    await heir.apply(heir.completed(1, **at(0)))
    # The heir says that he had it before the other one gave it up, and is told first.
    await heir.apply(heir.changed("taken", 0, lines=[{"number": number}], **at(3)))
    assert await heir.standing("taken") == ("WAITING", "NUMBER_TAKEN", "lines.0.number")

    await provider.apply(provider.changed("gone", 0, retire=[number], **at(5)))

    assert await intervals(provider, number) == [(DAY, DAY + 5 * HOUR)]
    assert await intervals(heir, number) == [(DAY + 5 * HOUR, None)]
    await heir.apply(heir.changed("older", 0, lines=[{"number": number}], **at(1)))
    assert await intervals(heir, number) == [(DAY + 5 * HOUR, None)]
    records = [call(number, f"c{hour}", DAY + hour * HOUR) for hour in range(8)]
    former = await Feeder(await owner(provider)).load(records)
    later = await Feeder(await owner(heir)).load(records)
    assert (former.loaded, later.loaded) == (5, 3)


async def test_CO_02_a_number_of_an_ended_company_begins_no_earlier_than_that_end(provider: Provider) -> None:
    heir = Provider(queue=provider.queue)
    await provider.apply(provider.completed(1, **at(0)))
    await contracts.end(
        await owner(provider),
        provider.number(1),
        Reason(Purpose.OTHER, "계약 해지, 접수 118"),
        actor=OPERATOR,
        queue=provider.queue,
        clock=provider.clock,
    )
    event = heir.completed(1, **at(0))
    event["lines"].append({"number": provider.number(1)})

    await heir.apply(event)

    assert await intervals(heir, provider.number(1)) == [(provider.clock(), None)]
    assert await intervals(heir, heir.number(1)) == [(DAY, None)]


async def test_ON_01_no_two_companies_have_a_number_at_one_moment_in_whatever_order_events_come(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    password_hash = await passwords.hashed("only its cost is saved here")

    async def hashed(_password: str) -> str:
        return password_hash

    monkeypatch.setattr(passwords, "hashed", hashed)
    chance = random.Random(1)
    given_on = 0
    for _ in range(15):
        rivals = [Provider(queue=provider.queue) for _ in range(3)]
        number = rivals[0].number(9)
        for rival in rivals:
            await rival.apply(rival.completed(1, **at(0)))
        events = [(rival, _random(rival, number, serial, chance)) for rival in rivals for serial in range(6)]
        chance.shuffle(events)
        for rival, event in events:
            await rival.apply(event)

        found = [each for rival in rivals for each in await intervals(rival, number)]
        given_on += len(found) > 1
        ends = DAY + timedelta(days=1)
        ordered = sorted((began, until or ends) for began, until in found)
        assert all(began <= until for began, until in ordered)
        assert all(former[1] <= later[0] for former, later in pairwise(ordered)), ordered
    assert given_on >= 5


def _random(rival: Provider, number: str, serial: int, chance: random.Random) -> dict[str, Any]:
    """An event that takes the number or gives it up, at any hour of the day."""
    fields: dict[str, Any] = {"lines": [{"number": number}]} if chance.random() < 0.6 else {"retire": [number]}
    return rival.changed(f"e{serial}", 0, **fields, **at(chance.randrange(1, 24)))
