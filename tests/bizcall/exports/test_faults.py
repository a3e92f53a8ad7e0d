"""Whatever befalls a worker: no broken file can be downloaded, and no export is lost (X4, X5, W2, W6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import exports
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem, Unavailable
from bizcall.exports import claims, requesting, running, statistics
from bizcall.exports.failures import Failure
from bizcall.models.exports import Kind, State
from bizcall.ports import Letter
from bizcall.stats import Granularity, Group
from tests.doubles import MemoryStorage
from tests.exports import REASON, Clerk, Hooked, fresh
from tests.factories import Tenant
from tests.histories import Office, whole
from tests.statements import session_ended_before


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

    await exports.sweep(queue=clerk.queue, clock=clerk.clock)
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
    await exports.sweep(queue=clerk.queue, clock=clerk.clock)
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

    await exports.sweep(queue=clerk.queue, clock=clerk.clock)
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


async def test_X5_the_same_key_makes_one_export_and_another_input_under_it_is_refused(clerk: Clerk) -> None:
    first = await clerk.ask(idempotency_key="key")
    again = await clerk.ask(idempotency_key="key")
    assert first.id == again.id
    assert len([letter for _, letter in clerk.queue.letters if str(first.id) in letter.body]) == 1
    with pytest.raises(Invalid) as refused:
        await clerk.ask(idempotency_key="key", unmasked=True)
    assert [problem.code for problem in refused.value.problems] == [ErrorCode.KEY_REUSED]
    await exports.cancel(clerk.company.id, clerk.actor, first.id)


async def test_W1_a_session_that_ends_before_any_statement_of_a_request_leaves_an_export_with_its_letter_or_neither(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the same request, sent again, makes one export or finds it."""
    monkeypatch.setattr(requesting, "UNFINISHED_MOST", 1000)
    clerk, ended = Clerk(company), list[str]()
    for place in count(1):
        with session_ended_before(place, monkeypatch) as found:
            try:
                await clerk.ask(idempotency_key=f"key {place}")
            except Unavailable:
                assert len(found) == 1
        before, letters = await exports_and_letters(clerk)
        assert before == letters
        assert len(before) in (place - 1, place)

        again = await clerk.ask(idempotency_key=f"key {place}")
        after, letters = await exports_and_letters(clerk)
        assert after == letters == before | {str(again.id)}
        assert len(after) == place
        if not found:
            break
        ended += found

    # From the first statement to the end of the transaction, and of the two in which the letter is sent.
    told = " ".join(ended)
    parts = ("BEGIN", 'INTO "export"', 'INTO "outbox"', "DELETE FROM outbox", "COMMIT")
    assert [told.count(part) for part in parts] == [3, 1, 1, 1, 3]


async def exports_and_letters(clerk: Clerk) -> tuple[set[str], set[str]]:
    """The exports there are, and those of which a letter waits or was sent."""
    async with tenant(clerk.company.id, read_only=True):
        rows = await query(
            "SELECT 'export' AS kind, id::text FROM export WHERE company_id = $1"
            " UNION ALL SELECT 'letter', body->>'exportId' FROM outbox WHERE company_id = $1",
            clerk.company.id,
        )
    sent = {orjson.loads(letter.body)["exportId"] for _, letter in clerk.queue.letters}
    there, waiting = ({row["id"] for row in rows if row["kind"] == kind} for kind in ("export", "letter"))
    return there, waiting | sent


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
    await exports.sweep(queue=clerk.queue, clock=clerk.clock)
    row = await clerk.row(export.id)
    assert (row.state, row.failure) == (State.FAILED, Failure.INTERRUPTED)


async def test_a_message_that_was_lost_is_sent_again(clerk: Clerk) -> None:
    export = await clerk.ask()
    sent: list[tuple[str, Letter]] = clerk.queue.letters
    assert [name for name, _ in sent] == ["exports"]
    clerk.clock.turn(minutes=16)
    await exports.sweep(queue=clerk.queue, clock=clerk.clock)
    assert len([letter for _, letter in sent if str(export.id) in letter.body]) == 2
    assert await clerk.work(export) is State.COMPLETED


async def test_P9_a_link_works_for_minutes_the_file_for_a_day_and_each_download_is_recorded(
    made: Office, clerk: Clerk, stranger: Tenant
) -> None:
    export = await clerk.ask(unmasked=True, wanted=whole(customer_number="010-2000-1234"))
    with pytest.raises(Invalid):
        await exports.download(made.company.id, clerk.actor, export.id, storage=clerk.storage, clock=clerk.clock)
    await clerk.work(export)
    got = await exports.download(made.company.id, clerk.actor, export.id, storage=clerk.storage, clock=clerk.clock)

    key = (await clerk.row(export.id)).object_key
    assert key is not None
    folder, company, name, file = key.split("/")
    assert (folder, company, name) == ("exports", str(made.company.id), str(export.id))
    assert len(bytes.fromhex(file.removesuffix(".xlsx"))) == 16
    assert key in got.url
    assert got.expires_at - clerk.clock() == timedelta(minutes=5)
    details = orjson.loads((await clerk.records("exports.download"))[-1]["details"])
    assert (details["reason"], details["note"], details["masked"]) == (REASON.purpose, REASON.note, False)
    assert details["rows"] == (await clerk.row(export.id)).rows_done > 0
    assert details["filter"]["customer_number"] == "010-****-1234"
    assert "2000" not in str([await clerk.records(f"exports.{act}") for act in ("request", "complete", "download")])

    with pytest.raises(Invalid) as refused:
        await exports.download(stranger.id, clerk.actor, export.id, storage=clerk.storage, clock=clerk.clock)
    assert [problem.code for problem in refused.value.problems] == [ErrorCode.NOT_FOUND]
    clerk.clock.turn(hours=24)
    with pytest.raises(Invalid):
        await exports.download(made.company.id, clerk.actor, export.id, storage=clerk.storage, clock=clerk.clock)
    await exports.sweep(queue=clerk.queue, clock=clerk.clock)
    assert (await clerk.row(export.id)).state is State.EXPIRED


@pytest.mark.parametrize("narrowed", [{}, {"customer_tail": "1234"}])
async def test_ST_02_what_is_too_much_is_refused_with_the_limit(clerk: Clerk, narrowed: dict[str, Any]) -> None:
    total = (await clerk.ask(wanted=whole(**narrowed))).rows_total
    with pytest.raises(Invalid) as refused:
        await clerk.ask(wanted=whole(**narrowed), rows_most=total - 1)
    [problem] = refused.value.problems
    assert (problem.code, problem.field, problem.params) == (
        ErrorCode.TOO_MANY,
        ("filter",),
        {"maximum": str(total - 1)},
    )


async def test_MS_01_of_messages_fewer_rows_are_made_with_their_texts(clerk: Clerk) -> None:
    total = (await clerk.ask(Kind.MESSAGES)).rows_total
    assert (await clerk.ask(Kind.MESSAGES, text_rows_most=total - 1)).rows_total == total
    with pytest.raises(Invalid) as refused:
        await clerk.ask(Kind.MESSAGES, unmasked=True, text_rows_most=total - 1)
    [problem] = refused.value.problems
    assert (problem.code, problem.field, problem.params) == (
        ErrorCode.TOO_MANY,
        ("filter",),
        {"maximum": str(total - 1)},
    )


async def test_ST_01_statistics_of_too_many_buckets_are_refused_with_the_limit(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "BUCKETS_MOST", 5 * 35 - 1)
    with pytest.raises(Invalid) as refused:
        await clerk.ask(Kind.CALL_STATISTICS, granularity=Granularity.DAY, group=Group.LINE)
    assert [(problem.code, problem.params) for problem in refused.value.problems] == [
        (ErrorCode.TOO_MANY, {"maximum": "174"})
    ]


async def test_X5_ten_exports_may_be_unfinished(company: Tenant) -> None:
    clerk = Clerk(company)
    for _ in range(10):
        await clerk.ask()
    with pytest.raises(Invalid) as refused:
        await clerk.ask()
    assert [problem.code for problem in refused.value.problems] == [ErrorCode.TOO_MANY]


async def test_X5_of_two_that_ask_at_once_for_the_last_place_one_gets_it(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one's export is written and not yet committed when the second one looks whether there is room."""
    clerk = Clerk(company)
    for _ in range(9):
        await clerk.ask()
    watch, written = claims.watch, list[Any]()

    async def met(company_id: UUID, export_id: UUID, due_at: datetime) -> None:
        await watch(company_id, export_id, due_at)
        written.append(export_id)
        for _ in range(3000):
            if len(written) == 2 or await waiting(company_id):
                break
            await asyncio.sleep(0.02)

    monkeypatch.setattr(claims, "watch", met)
    asked = await asyncio.gather(clerk.ask(), clerk.ask(), return_exceptions=True)

    assert len(written) == 1
    [refused] = [each for each in asked if isinstance(each, Invalid)]
    assert refused.problems == (Problem(ErrorCode.TOO_MANY, (), {"maximum": "10"}),)


async def waiting(company_id: UUID) -> bool:
    """Whether somebody waits for the room of the company."""
    found = await query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND classid::bigint << 32 | objid::bigint = hashtextextended($1, 0)",
        f"exports.room {company_id}",
    )
    return bool(found)
