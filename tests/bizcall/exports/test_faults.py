"""Whatever befalls a worker: no broken file can be downloaded, and no export is lost (X4, X5, W6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from bizcall import exports
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Unavailable
from bizcall.exports import claims, running, sweeping
from bizcall.exports.failures import Failure
from bizcall.ids import uuid7
from bizcall.models import Export
from bizcall.models.exports import State
from bizcall.ports import Letter
from tests.doubles import MemoryStorage, MemoryStream
from tests.exports import Clerk, Hooked, fresh
from tests.histories import Office


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches, and word of each."""
    monkeypatch.setattr(running, "BATCH", 20)
    monkeypatch.setattr(running, "EVERY", timedelta(0))


async def nothing_lies_there(clerk: Clerk) -> bool:
    """Whether no object came into being."""
    return clerk.storage.written == [] and len(clerk.storage.aborted) >= 1


async def test_X4_a_worker_that_is_ended_midway_leaves_nothing_and_the_next_one_begins_anew(clerk: Clerk) -> None:
    async def die() -> None:
        raise asyncio.CancelledError

    export = await clerk.ask()
    clerk.storage = Hooked(hook=die)
    with pytest.raises(asyncio.CancelledError):
        await clerk.work(export)
    assert await nothing_lies_there(clerk)
    assert (await clerk.row(export.id)).state is State.RUNNING

    await clerk.sweep()
    assert str(export.id) in clerk.queue.letters[-1][1].body
    clerk.storage = MemoryStorage()
    assert await clerk.work(export) is State.COMPLETED
    assert (await clerk.row(export.id)).attempts == 2
    assert len((await clerk.workbook(export.id)).rows) == export.rows_total


@pytest.mark.parametrize("moment", ["claimed", "stored"])
async def test_X4_a_worker_killed_without_a_word_is_followed_by_another_when_its_lease_is_over(
    made: Office, clerk: Clerk, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Killed right after its claim; and after the file lay there, before the row could say so."""

    async def die(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    export = await clerk.ask()
    async with tenant(made.company.id):
        if moment == "claimed":
            assert await claims.claim(made.company.id, export.id, clerk.clock()) == 1
    if moment == "stored":
        with monkeypatch.context() as patched:
            patched.setattr(claims, "complete", die)
            with pytest.raises(KeyboardInterrupt):
                await clerk.work(export)
        assert len(clerk.storage.written) == 1
    assert await clerk.work(export) is None

    clerk.clock.turn(seconds=claims.LEASE.total_seconds())
    await clerk.sweep()
    assert await clerk.work(export) is State.COMPLETED
    row = await clerk.row(export.id)
    assert (row.attempts, row.object_key) == (2, clerk.storage.written[-1])
    assert await clerk.work(export) is None


async def test_X4_storage_that_fails_midway_and_a_database_that_goes_away_leave_nothing(
    made: Office, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = await clerk.ask()
    clerk.storage.broken_after = 100
    with pytest.raises(Unavailable):
        await clerk.work(export)
    assert await nothing_lies_there(clerk)

    async def away() -> None:
        async with tenant(made.company.id):
            # The other connections of this process: the one that reads among them.
            await query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'app' AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
            )

    async def outside() -> None:
        await asyncio.create_task(away(), context=fresh())

    await clerk.sweep()
    clerk.storage = Hooked(hook=outside)
    with pytest.raises(Unavailable):
        await clerk.work(export)
    assert await nothing_lies_there(clerk)
    clerk.storage = MemoryStorage()
    assert await clerk.work(export) is State.COMPLETED


async def test_X5_a_cancelled_export_stops_within_a_batch_and_has_no_file(made: Office, clerk: Clerk) -> None:
    export = await clerk.ask()

    async def cancel() -> None:
        await asyncio.create_task(
            _none(exports.cancel(made.company.id, clerk.actor, export.id, clock=clerk.clock)), context=fresh()
        )

    clerk.storage = Hooked(hook=cancel)
    assert await clerk.work(export) is None
    assert await nothing_lies_there(clerk)
    assert (await clerk.row(export.id)).state is State.CANCELLED
    assert len(await clerk.records("exports.cancel")) >= 1
    with pytest.raises(Invalid) as refused:
        await exports.cancel(made.company.id, clerk.actor, export.id)
    assert [problem.code for problem in refused.value.problems] == [ErrorCode.STATE]
    with pytest.raises(Invalid):
        await exports.download(made.company.id, clerk.actor, export.id, storage=clerk.storage)


async def _none(work: Awaitable[object]) -> None:
    await work


async def test_W6_of_two_workers_one_makes_the_file_and_a_late_one_changes_nothing(clerk: Clerk) -> None:
    export = await clerk.ask()
    assert sorted(map(str, await asyncio.gather(*(clerk.work(export) for _ in range(3))))) == [
        "COMPLETED",
        "None",
        "None",
    ]

    export = await clerk.ask()
    other = Clerk(clerk.company, clock=clerk.clock)

    async def overtake() -> None:
        clerk.clock.turn(seconds=claims.LEASE.total_seconds() + 1)
        assert await asyncio.create_task(other.work(export), context=fresh()) is State.COMPLETED

    clerk.storage = Hooked(hook=overtake)
    assert await clerk.work(export) is None
    assert await nothing_lies_there(clerk)
    assert (await other.row(export.id)).object_key == other.storage.written[0]


class Stored(Hooked):
    """A bucket to which it happens as soon as the file lies there, and its row doesn't say so yet."""

    @asynccontextmanager
    async def stream(self, key: str, *, content_type: str) -> AsyncGenerator[MemoryStream]:
        """As ever, with the hook behind it."""
        async with MemoryStorage.stream(self, key, content_type=content_type) as inner:
            yield inner
        if self.hook is not None:
            await self.hook()


async def test_W6_X5_what_is_cancelled_once_its_file_lies_there_stays_cancelled_and_nobody_gets_the_file(
    clerk: Clerk,
) -> None:
    export = await clerk.ask()

    async def cancel() -> None:
        await asyncio.create_task(
            _none(exports.cancel(clerk.company.id, clerk.actor, export.id, clock=clerk.clock)), context=fresh()
        )

    clerk.storage = Stored(hook=cancel)
    assert await clerk.work(export) is None
    assert len(clerk.storage.written) == 1
    await told_of_no_file(clerk, export, State.CANCELLED, attempts=1)


async def test_W6_whose_lease_ran_out_once_his_file_lies_there_leaves_the_row_to_the_next_one(clerk: Clerk) -> None:
    export = await clerk.ask()
    other = Clerk(clerk.company, clock=clerk.clock)

    async def claim() -> None:
        async with tenant(clerk.company.id):
            assert await claims.claim(clerk.company.id, export.id, clerk.clock()) == 2

    async def overtake() -> None:
        clerk.clock.turn(seconds=claims.LEASE.total_seconds() + 1)
        await asyncio.create_task(claim(), context=fresh())

    clerk.storage = Stored(hook=overtake)
    assert await clerk.work(export) is None
    assert len(clerk.storage.written) == 1
    await told_of_no_file(clerk, export, State.RUNNING, attempts=2)
    clerk.clock.turn(seconds=claims.LEASE.total_seconds() + 1)
    assert await other.work(export) is State.COMPLETED
    assert (await other.row(export.id)).object_key == other.storage.written[0] != clerk.storage.written[0]


async def told_of_no_file(clerk: Clerk, export: Export, state: State, *, attempts: int) -> None:
    """The row stands so, names no file, and no record says that there was one."""
    row = await clerk.row(export.id)
    assert (row.state, row.attempts, row.object_key, row.expires_at) == (state, attempts, None, None)
    assert export.id not in [key for record in await clerk.records("exports.complete") for key in record["subject_ids"]]
    with pytest.raises(Invalid):
        await exports.download(clerk.company.id, clerk.actor, export.id, storage=clerk.storage, clock=clerk.clock)


async def test_a_worker_without_time_gives_up_and_says_so(clerk: Clerk) -> None:
    export = await clerk.ask()
    assert await clerk.work(export, remaining=lambda: 1.0) is State.FAILED
    assert (await clerk.row(export.id)).failure == Failure.TIMED_OUT
    assert await nothing_lies_there(clerk)


async def test_after_three_workers_the_export_has_failed(made: Office, clerk: Clerk) -> None:
    export = await clerk.ask()
    for _ in range(claims.ATTEMPTS_MOST):
        async with tenant(made.company.id):
            assert await claims.claim(made.company.id, export.id, clerk.clock()) is not None
        clerk.clock.turn(seconds=claims.LEASE.total_seconds())
    assert await clerk.work(export) is None
    await clerk.sweep()
    row = await clerk.row(export.id)
    assert (row.state, row.failure) == (State.FAILED, Failure.INTERRUPTED)


async def test_a_message_that_was_lost_is_sent_again(clerk: Clerk) -> None:
    export = await clerk.ask()
    sent: list[tuple[str, Letter]] = clerk.queue.letters
    assert [name for name, _ in sent] == ["exports"]
    clerk.clock.turn(minutes=16)
    await clerk.sweep()
    assert len([letter for _, letter in sent if str(export.id) in letter.body]) == 2
    assert await clerk.work(export) is State.COMPLETED


async def test_X4_exports_that_are_gone_are_forgotten_by_the_sweep_and_keep_no_other_from_its_turn(
    made: Office, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theirs is the earliest deadline of all, and one is looked at in a turn; one that somebody changes stays."""
    monkeypatch.setattr(sweeping, "BATCH", 1)
    gone, export = uuid7(), await clerk.ask()
    async with tenant(made.company.id):
        await claims.watch(made.company.id, gone, clerk.clock() - timedelta(days=900))
        await claims.watch(made.company.id, export.id, clerk.clock() - timedelta(days=800))
    assert await exports.sweep(queue=clerk.queue, clock=clerk.clock) == 1
    assert await watched(made, gone, export.id) == {export.id}

    async def turn() -> None:
        assert await exports.sweep(queue=clerk.queue, clock=clerk.clock) == 1

    before = len(clerk.queue.letters)
    async with tenant(made.company.id):
        await query("SELECT 1 FROM export WHERE company_id = $1 AND id = $2 FOR UPDATE", made.company.id, export.id)
        await asyncio.create_task(turn(), context=fresh())
    assert await watched(made, export.id) == {export.id}
    assert len(clerk.queue.letters) == before
    await turn()
    assert str(export.id) in clerk.queue.letters[-1][1].body
    await exports.cancel(made.company.id, clerk.actor, export.id, clock=clerk.clock)


async def watched(office: Office, *export_ids: UUID) -> set[UUID]:
    """Of which of them a deadline stands."""
    async with tenant(office.company.id, read_only=True):
        rows = await query(
            "SELECT export_id FROM export_deadline WHERE company_id = $1 AND export_id = ANY($2::uuid[])",
            office.company.id,
            list(export_ids),
        )
    return {row["export_id"] for row in rows}
