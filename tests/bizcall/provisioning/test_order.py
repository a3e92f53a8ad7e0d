"""Events that come before their time, together, twice, or too late (ON-01)."""

from __future__ import annotations

import asyncio

import orjson

from bizcall import provisioning
from bizcall.models.provisioning import EventState
from tests.factories import owner_of
from tests.provisioning import Provider

APPLIED, WAITING, REJECTED = EventState


async def test_ON_01_events_before_the_completion_wait_for_it(provider: Provider) -> None:
    await provider.apply(provider.changed("more", 1, lines=[{"number": provider.number(7)}]))
    assert await provider.standing("more") == (WAITING, "UNKNOWN_SUBSCRIPTION", "subscription")
    assert await owner_of(provider.number(7)) is None

    await provider.apply(provider.completed(5))

    assert (await provider.state())["lines"] == {5: None, 7: None}
    assert (await provider.state())["representative"] == 5


async def test_ON_01_a_number_of_another_company_is_waited_for(provider: Provider) -> None:
    other = Provider(queue=provider.queue)
    await other.apply(other.completed(1, 2))
    event = provider.completed(5)
    event["lines"].append({"number": other.number(2)})

    await provider.apply(event)
    assert await provider.standing("completed") == (WAITING, "NUMBER_TAKEN", "lines.1.number")
    assert (await provider.found("completed")).body["adminMobile"] == provider.mobile
    assert await provider.company_id() is None

    await other.apply(other.changed("gone", 1, retire=[other.number(2)]))

    assert (await provider.standing("completed"))[0] is APPLIED
    assert await owner_of(other.number(2)) == await provider.company_id()
    assert (await provider.state())["welcomes"] == 1


async def test_ON_01_a_completion_that_comes_after_its_number_went_on_is_applied_without_it(provider: Provider) -> None:
    """The former owner's events come last: together they no longer ask for the number."""
    former = Provider(queue=provider.queue)
    event = provider.completed(5, hours=3)
    event["lines"].append({"number": former.number(2)})
    await provider.apply(event)
    await former.apply(former.completed(1, 2))
    assert await former.standing("completed") == (WAITING, "NUMBER_TAKEN", "lines.1.number")

    await former.apply(former.changed("gone", 2, retire=[former.number(2)]))

    assert (await former.state())["lines"] == {1: None}
    assert await owner_of(former.number(2)) == await provider.company_id()


async def test_ON_01_of_two_companies_that_claim_a_number_at_once_one_wins_and_the_other_waits(
    provider: Provider,
) -> None:
    rivals = [Provider(queue=provider.queue) for _ in range(4)]
    events = [rival.completed(1) for rival in rivals]
    for event in events:
        event["lines"].append({"number": provider.number(9)})

    found = await asyncio.gather(*(rival.apply(event) for rival, event in zip(rivals, events, strict=True)))

    assert sorted(each.state for each in found) == [APPLIED, WAITING, WAITING, WAITING]
    (winner,) = [each for each in found if each.state is APPLIED]
    assert await owner_of(provider.number(9)) == winner.company_id
    assert {each.reason for each in found if each.state is WAITING} == {"NUMBER_TAKEN"}


async def test_ON_01_the_same_event_ten_times_at_once_is_applied_once(provider: Provider) -> None:
    event = provider.completed(1, 2)

    found = await asyncio.gather(*(provider.apply(event) for _ in range(10)))

    assert {each.id for each in found} == {found[0].id}
    state = await provider.state()
    assert (state["welcomes"], state["logins"]) == (1, [1])
    assert [record["action"] for record in await provider.records()].count("provisioning.apply") == 1


async def test_ON_01_who_dies_after_the_commit_leaves_nothing_undone(provider: Provider) -> None:
    """The queue takes nothing, as when the process is killed between the commit and the answer."""
    other = Provider()
    await other.apply(other.completed(1, 2))
    waits = provider.completed(5)
    waits["lines"].append({"number": other.number(2)})
    await provider.apply(waits)
    gone = other.changed("gone", 1, retire=[other.number(2)])
    other.queue.away = ConnectionError("killed")
    await other.apply(gone)
    assert (await provider.found("completed")).state is WAITING

    other.queue.away = None
    await other.apply(gone)
    await other.publish()

    assert (await provider.found("completed")).state is APPLIED


async def test_ON_01_what_has_waited_for_a_day_is_rejected_with_its_reason(provider: Provider) -> None:
    event = provider.completed(1)
    more = provider.changed("more", 1, lines=[{"number": provider.number(2)}])
    await provider.drop(orjson.dumps(more), "2026/more.json")
    provider.clock.turn(hours=23, minutes=59)
    await provider.settle()
    assert (await provider.found("more")).state is WAITING

    provider.clock.turn(minutes=1)
    await provider.settle()

    assert await provider.standing("more") == (REJECTED, "UNKNOWN_SUBSCRIPTION", "subscription")
    answer = await provider.answer("2026/more.json")
    assert (answer["code"], answer["path"]) == ("UNKNOWN_SUBSCRIPTION", ["subscription"])
    assert answer["event"]["id"] == more["id"]
    assert "청약" in answer["reason"]
    await provider.apply(event)
    assert (await provider.state())["lines"] == {1: None}
    # Sent again it is tried again.
    assert (await provider.apply(more)).state is APPLIED
    assert (await provider.state())["lines"] == {1: None, 2: None}


async def test_ON_01_the_mobile_of_a_rejected_event_is_forgotten_but_for_its_file(provider: Provider) -> None:
    other = Provider()
    await other.apply(other.completed(1))
    event = provider.completed(5)
    event["lines"].append({"number": other.number(1)})
    await provider.apply(event)
    provider.clock.turn(hours=24)

    await provider.settle()

    found = await provider.found("completed")
    assert (found.state, found.reason) == (REJECTED, "NUMBER_TAKEN")
    assert "adminMobile" not in found.body
    assert (await provider.answer(f"{event['id']}.json"))["event"]["adminMobile"] == provider.mobile


async def test_ON_01_the_schedule_sends_waiting_events_to_their_worker(provider: Provider) -> None:
    await provider.apply(provider.changed("more", 1, lines=[{"number": provider.number(2)}]))
    provider.clock.turn(minutes=11)

    assert await provisioning.remind(queue=provider.queue, clock=provider.clock) >= 1

    asked = [orjson.loads(letter.body) for name, letter in provider.queue.letters if name == "provisioning"]
    assert {"subscription": provider.subscription} in asked
    provider.queue.letters.clear()
    await provisioning.remind(queue=provider.queue, clock=provider.clock)
    assert provider.queue.letters == []
