"""Asking for a file and fetching it: an export has its message, there are limits, links end (W1, X5, P9)."""

from __future__ import annotations

import asyncio
import pathlib
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import disposal, exports
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem, Unavailable
from bizcall.exports import claims, requesting, statistics
from bizcall.ids import uuid7
from bizcall.models.exports import Kind, State
from bizcall.ports import Letter
from bizcall.reasons import Purpose, Reason
from bizcall.stats import Granularity, Group
from local.postgres import Postgres
from tests.exports import REASON, Clerk
from tests.factories import Tenant
from tests.histories import Office, whole
from tests.statements import session_ended_before

ROOT = pathlib.Path(__file__).parents[3]
KILLED = 30
ASKING = """
import asyncio, os, random, signal, sys, time
from uuid import UUID

from bizcall import database
from bizcall.exports import requesting
from tests.exports import Clerk
from tests.factories import Tenant

requesting.UNFINISHED_MOST = 1000

class Told:
    async def send(self, queue, letters):
        for letter in letters:
            os.write(1, letter.body.encode() + b"\\n")
        return {letter.id for letter in letters}

async def ask(number, pipe):
    await database.connect(url, size=1)
    async with database.tenant(clerk.company.id):
        os.write(pipe, b".")
    await clerk.ask(idempotency_key=f"key {number}")
    os.write(pipe, b".")
    await database.disconnect()

def begin(number):
    end, pipe = os.pipe()
    child = os.fork()
    if not child:
        asyncio.run(ask(number, pipe))
        os._exit(0)
    os.close(pipe)
    assert os.read(end, 1)
    return child, end

url, company, admin, killed = sys.argv[1:]
clerk = Clerk(Tenant(UUID(company), UUID(admin), "", [], []), queue=Told())
# What is imported on the way, is now; but for that the processes do the same.
asyncio.run(ask(0, os.open(os.devnull, os.O_WRONLY)))
child, end = begin(1)
began = time.monotonic()
assert os.read(end, 1)
took = time.monotonic() - began
os.waitpid(child, 0)
for number in range(2, int(killed) + 2):
    child, end = begin(number)
    time.sleep(random.uniform(0, 1.2 * took))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    # The machine may be busier or idler by now.
    took *= 0.9 if os.read(end, 1) else 1.1
    os.close(end)
"""
"""Asks twice to the end, then again and again in processes that are killed meanwhile; prints what the queue gets."""


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


async def test_W1_a_process_killed_anywhere_in_a_request_leaves_an_export_with_its_letter_or_neither(
    company: Tenant, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASKING, postgres.url("app"), str(company.id), str(company.admin_id), str(KILLED)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        told, _ = await asking.communicate()
    finally:
        with suppress(ProcessLookupError):
            asking.kill()
    assert asking.returncode == 0
    clerk = Clerk(company)
    clerk.queue.letters += [("exports", Letter("", line)) for line in told.decode().splitlines()]
    before, letters = await exports_and_letters(clerk)
    assert before == letters
    # The first two were asked for in peace; of the others not all were killed too early.
    assert 2 < len(before) < KILLED + 2

    monkeypatch.setattr(requesting, "UNFINISHED_MOST", 1000)
    again = {str((await clerk.ask(idempotency_key=f"key {number}")).id) for number in range(KILLED + 2)}
    after, letters = await exports_and_letters(clerk)
    assert before <= after == letters == again
    assert len(again) == KILLED + 2


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
    await clerk.sweep()
    assert (await clerk.row(export.id)).state is State.EXPIRED


async def test_P3_who_takes_somebody_elses_file_says_why_himself(clerk: Clerk) -> None:
    export = await clerk.ask(unmasked=True)
    await clerk.work(export)
    colleague = replace(clerk.actor, id=uuid7())
    before = await clerk.records("exports.download")

    async def taken(reason: Reason | None, actor: Actor = colleague) -> dict[str, Any]:
        await exports.download(clerk.company.id, actor, export.id, reason, storage=clerk.storage, clock=clerk.clock)
        record = (await clerk.records("exports.download"))[-1]
        details: dict[str, Any] = orjson.loads(record["details"])
        assert record["actor_id"] == actor.id
        return {name: value for name, value in details.items() if name in ("reason", "note", "requestedBy")}

    for reason, field in ((None, "reason"), (Reason(Purpose.OTHER, "..."), "note")):
        with pytest.raises(Invalid) as refused:
            await taken(reason)
        assert [(each.code, each.field) for each in refused.value.problems] == [(ErrorCode.REQUIRED, (field,))]
    assert await clerk.records("exports.download") == before

    own = {"reason": "INCIDENT", "note": "유출 신고 조사"}
    assert await taken(Reason(Purpose.INCIDENT, "유출 신고 조사")) == {**own, "requestedBy": str(clerk.actor.id)}
    assert await taken(Reason(Purpose.INCIDENT, "유출 신고 조사"), clerk.actor) == own
    assert await taken(None, clerk.actor) == dict(REASON.told())


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


async def test_X5_the_same_key_makes_one_export_and_another_input_under_it_is_refused(clerk: Clerk) -> None:
    first = await clerk.ask(idempotency_key="key")
    again = await clerk.ask(idempotency_key="key")
    assert first.id == again.id
    assert len([letter for _, letter in clerk.queue.letters if str(first.id) in letter.body]) == 1
    with pytest.raises(Invalid) as refused:
        await clerk.ask(idempotency_key="key", unmasked=True)
    assert [problem.code for problem in refused.value.problems] == [ErrorCode.KEY_REUSED]
    await exports.cancel(clerk.company.id, clerk.actor, first.id)


async def test_X5_P7_the_key_of_an_export_that_was_erased_is_told_so_and_makes_no_other(company: Tenant) -> None:
    clerk = Clerk(company)
    asked: dict[str, Any] = {"wanted": whole(customer_number="010-2000-1234"), "idempotency_key": "key"}
    export = await clerk.ask(**asked)
    await clerk.work(export)
    told = await disposal.erase(company.login_id, "010-2000-1234", "본인 요청, 접수 21", actor=clerk.actor)
    assert told["exports"] == 1
    async with tenant(company.id):
        assert await query("SELECT FROM export_deadline WHERE company_id = $1", company.id) == []
    with pytest.raises(Invalid) as refused:
        await clerk.ask(**asked)
    assert refused.value.problems == (Problem(ErrorCode.NOT_FOUND, ("idempotencyKey",)),)
    async with tenant(company.id):
        assert await query("SELECT FROM export WHERE company_id = $1", company.id) == []
