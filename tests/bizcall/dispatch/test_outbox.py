"""Messages that leave: none lost, none for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from bizcall import dispatch
from bizcall.database import directory, query, tenant
from bizcall.errors import Unavailable
from bizcall.ports import Letter
from tests.doubles import RecordingQueue, Turned
from tests.factories import Tenant


@pytest.fixture
def clock() -> Turned:
    """A clock that stands still."""
    return Turned()


@pytest.fixture
def queue() -> RecordingQueue:
    """A queue that takes everything."""
    return RecordingQueue()


@pytest.fixture(autouse=True)
async def swept(db: None, clock: Turned) -> None:
    """What other tests left in the outbox has gone, or it would use up the sweeps of these."""
    await dispatch.sweep(queue=RecordingQueue(), clock=Turned(clock() + timedelta(days=30)), limit=100_000)


async def waiting(company: Tenant) -> set[UUID]:
    """The company's messages in the outbox."""
    async with directory():
        return {row["id"] for row in await query("SELECT id FROM outbox WHERE company_id = $1", company.id)}


async def put(company: Tenant, clock: Turned, number: int = 1, *, queue: str = "imports") -> list[UUID]:
    """Write messages in one transaction of the company."""
    async with tenant(company.id):
        return [
            await dispatch.put(queue, {"number": i}, company_id=company.id, group=str(company.id), clock=clock)
            for i in range(number)
        ]


def mine(queue: RecordingQueue, ids: list[UUID]) -> list[str]:
    """Which of these were sent, in their order: other tests' leftovers are swept along."""
    wanted = {str(key) for key in ids}
    return [letter.id for _, letter in queue.letters if letter.id in wanted]


async def test_a_published_message_carries_queue_group_and_body_and_leaves_the_outbox(
    company: Tenant, clock: Turned, queue: RecordingQueue
) -> None:
    ids = await put(company, clock)

    await dispatch.publish(ids, queue=queue)

    assert queue.letters == [("imports", Letter(str(ids[0]), '{"number": 0}', str(company.id)))]
    assert not await waiting(company)


async def test_a_message_of_a_change_that_was_rolled_back_never_leaves(
    company: Tenant, clock: Turned, queue: RecordingQueue
) -> None:
    written: list[UUID] = []

    async def fail() -> None:
        async with tenant(company.id):
            written.append(await dispatch.put("imports", {}, company_id=company.id, clock=clock))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    await dispatch.publish(written, queue=queue)

    assert not queue.letters


async def test_publishing_nothing_asks_nobody(queue: RecordingQueue) -> None:
    await dispatch.publish([], queue=queue)

    assert not queue.letters


@pytest.mark.parametrize("failure", [Unavailable("away"), KeyError("imports")])
async def test_a_queue_that_fails_leaves_the_message_to_the_sweep(
    company: Tenant, clock: Turned, queue: RecordingQueue, failure: Exception
) -> None:
    queue.away = failure
    ids = await put(company, clock)
    await dispatch.publish(ids, queue=queue)
    assert await waiting(company) == set(ids)

    queue.away = None
    clock.turn(seconds=10)
    await dispatch.sweep(queue=queue, clock=clock)

    assert mine(queue, ids) == [str(ids[0])]
    assert not await waiting(company)


async def test_the_sweep_leaves_a_publisher_ten_seconds(company: Tenant, clock: Turned, queue: RecordingQueue) -> None:
    ids = await put(company, clock)
    clock.turn(seconds=9.9)
    await dispatch.sweep(queue=queue, clock=clock)
    assert not mine(queue, ids)

    clock.turn(seconds=0.1)
    await dispatch.sweep(queue=queue, clock=clock)

    assert mine(queue, ids)


async def test_attempts_come_at_growing_intervals_up_to_15_minutes(
    company: Tenant, clock: Turned, queue: RecordingQueue
) -> None:
    (key,) = await put(company, clock)
    queue.away = Unavailable("away")
    waits = []
    for _ in range(14):
        clock.turn(minutes=15)
        with pytest.raises(Unavailable, match="not taken"):
            await dispatch.sweep(queue=queue, clock=clock)
        async with directory():
            (row,) = await query("SELECT due_at FROM outbox WHERE id = $1", key)
        waits.append((row["due_at"] - clock()).total_seconds())

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900]
    queue.away = None
    clock.turn(minutes=15)
    await dispatch.sweep(queue=queue, clock=clock)
    assert mine(queue, [key])


async def test_ten_sweepers_at_once_take_each_message_once(
    company: Tenant, clock: Turned, queue: RecordingQueue
) -> None:
    ids = await put(company, clock, 200)
    clock.turn(seconds=10)

    taken = await asyncio.gather(*(dispatch.sweep(queue=queue, clock=clock, limit=30) for _ in range(10)))

    assert sum(taken) >= 200
    assert sorted(mine(queue, ids)) == sorted(str(key) for key in ids)


async def test_one_queue_that_is_away_does_not_keep_another(company: Tenant, clock: Turned) -> None:
    class Half(RecordingQueue):
        async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
            if queue == "sms":
                raise Unavailable("away")
            return await super().send(queue, letters)

    queue = Half()
    left, sent = await put(company, clock, queue="sms"), await put(company, clock)

    await dispatch.publish([*left, *sent], queue=queue)

    assert await waiting(company) == set(left)


async def test_the_sweep_tells_of_what_was_not_taken_after_it_has_sent_the_rest(company: Tenant, clock: Turned) -> None:
    class Half(RecordingQueue):
        async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
            if queue == "sms":
                raise KeyError("the deployment has no such queue")
            return await super().send(queue, letters)

    left = await put(company, clock, queue="sms")
    await put(company, clock)
    clock.turn(seconds=10)

    with pytest.raises(Unavailable, match="not taken"):
        await dispatch.sweep(queue=Half(), clock=clock)

    assert await waiting(company) == set(left)


async def test_what_a_queue_did_not_take_stays(company: Tenant, clock: Turned) -> None:
    class Picky(RecordingQueue):
        async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
            return await super().send(queue, letters[:1])

    ids = await put(company, clock, 3)

    await dispatch.publish(ids, queue=Picky())

    assert await waiting(company) == set(ids[1:])
