"""The chain of seals over audit records: what it covers, and each way of tampering that it tells of (P2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from bizcall import audit
from bizcall.audit import FaultKind, chain, sealing
from bizcall.database import directory, query, tenant
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from local.postgres import Postgres
from tests.accounts import records
from tests.factories import Tenant

AT_ONCE = timedelta(0)
Owner = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def owner(company: Tenant, postgres: Postgres) -> AsyncIterator[Owner]:
    """Statements of the role that owns the tables, who may do everything; $1 is the company."""
    connection = await asyncpg.connect(postgres.url("owner"))
    await connection.execute("SELECT set_config('app.company_id', $1, false)", str(company.id))

    async def run(sql: str, *parameters: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await connection.fetch(sql, company.id, *parameters)]

    yield run
    await connection.close()


async def act(company: Tenant, count: int = 1) -> None:
    """So many records, in one transaction."""
    async with tenant(company.id):
        for number in range(count):
            await audit.record(company.id, audit.system(), "subscribers.save", [uuid7()], {"count": number})


async def sealed(company: Tenant, *counts: int) -> None:
    """A chain with a seal for each count of records."""
    for count in counts:
        await act(company, count)
        made = await audit.seal(company.id, margin=AT_ONCE)
        assert made is not None
        assert made.records == count


async def seals(company: Tenant) -> list[dict[str, Any]]:
    """The rows of the chain."""
    async with tenant(company.id):
        return await query("SELECT * FROM audit_seal WHERE company_id = $1 ORDER BY number", company.id)


async def faults(company: Tenant) -> list[tuple[int, FaultKind]]:
    """What verifying finds."""
    verdict = await audit.verify(company.id)
    assert verdict.done
    return [(fault.number, fault.kind) for fault in verdict.faults]


async def test_P2_seals_form_a_chain_over_all_records(company: Tenant, stranger: Tenant) -> None:
    await act(stranger)
    await sealed(company, 3, 1, 2)
    first, second, third = await seals(company)
    assert [row["number"] for row in (first, second, third)] == [1, 2, 3]
    assert (first["previous_hash"], first["recorded_from"]) == (chain.GENESIS, chain.EPOCH)
    assert (second["previous_hash"], second["recorded_from"]) == (first["hash"], first["recorded_to"])
    assert (third["previous_hash"], third["recorded_from"]) == (second["hash"], second["recorded_to"])
    verdict = await audit.verify(company.id)
    assert (verdict.seals, verdict.records, verdict.last, verdict.faults) == (3, 6, 3, [])


async def test_P2_where_nothing_was_recorded_no_seal_is_made(company: Tenant) -> None:
    assert await audit.seal(company.id, margin=AT_ONCE) is None
    await sealed(company, 1)
    assert await audit.seal(company.id, margin=AT_ONCE) is None
    assert await faults(company) == []


async def test_P2_a_seal_ends_a_margin_before_now(company: Tenant) -> None:
    await act(company)
    assert await audit.seal(company.id) is None
    assert sealing.MARGIN > AT_ONCE


async def test_P2_a_large_heap_is_sealed_piece_by_piece(company: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    await act(company, 7)
    counts = []
    while made := await audit.seal(company.id, most=3, margin=AT_ONCE):
        counts.append(made.records)
    assert counts == [3, 3, 1]
    assert await faults(company) == []


async def test_P2_records_of_one_moment_are_never_parted(company: Tenant, owner: Owner) -> None:
    await owner(
        "INSERT INTO audit_record (company_id, id, at, actor_kind, action, recorded_at)"
        " SELECT $1, gen_random_uuid(), now(), 'SYSTEM', 'x', now() - interval '3 days' FROM generate_series(1, 4)"
    )
    made = await audit.seal(company.id, most=2, margin=AT_ONCE)
    assert made is not None
    assert made.records == 4
    assert await faults(company) == []


async def test_P2_a_transaction_that_commits_late_is_waited_for(company: Tenant, postgres: Postgres) -> None:
    """Its record has an earlier time than others that are committed already: no seal may pass it by."""
    late = await asyncpg.connect(postgres.url("app"))
    began = late.transaction()
    await began.start()
    await late.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
    await late.execute(
        "INSERT INTO audit_record (company_id, id, at, actor_kind, action) VALUES ($1, $2, now(), 'SYSTEM', 'late')",
        company.id,
        uuid7(),
    )
    await act(company)
    assert await audit.seal(company.id, margin=AT_ONCE) is None
    await began.commit()
    made = await audit.seal(company.id, margin=AT_ONCE)
    await late.close()
    assert made is not None
    assert made.records == 2
    first = min(await records(company.id), key=lambda row: row["recorded_at"])
    assert first["action"] == "late"


async def test_P2_sealing_beside_writers_passes_no_record_by(company: Tenant) -> None:
    writing = True

    async def keep_sealing() -> None:
        while writing:
            await audit.seal(company.id, most=7, margin=AT_ONCE)

    async def write() -> None:
        for _ in range(15):
            await act(company, 3)

    sealer = asyncio.create_task(keep_sealing())
    await asyncio.gather(write(), write(), write())
    writing = False
    await sealer
    while await audit.seal(company.id, margin=AT_ONCE):
        pass
    verdict = await audit.verify(company.id)
    assert (verdict.records, verdict.faults) == (135, [])


async def test_P2_sealing_twice_at_once_seals_once(company: Tenant) -> None:
    await act(company, 5)
    made = await asyncio.gather(*(audit.seal(company.id, margin=AT_ONCE) for _ in range(4)))
    assert [found.records for found in made if found] == [5]
    assert await faults(company) == []


async def test_P2_without_sight_of_transactions_nothing_is_sealed(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def disabled(sql: str, *parameters: Any) -> list[dict[str, Any]]:
        return await query(sql.replace("state = 'disabled'", "state IS NOT NULL"), *parameters)

    monkeypatch.setattr(sealing, "query", disabled)
    await act(company)
    with pytest.raises(sealing.Blind):
        await audit.seal(company.id, margin=AT_ONCE)


async def test_P2_the_head_of_each_seal_is_told_to_the_log(company: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bizcall.audit")
    await sealed(company, 2)
    (row,) = await seals(company)
    (line,) = [record for record in caplog.records if getattr(record, "company_id", "") == str(company.id)]
    assert (line.levelname, line.__dict__["seal"], line.__dict__["records"]) == ("INFO", 1, 2)
    assert line.__dict__["hash"] == row["hash"].hex()


async def backdated(owner: Owner, age: str, **columns: str) -> None:
    """A record that the owner puts in with a time of his choice."""
    await owner(
        "INSERT INTO audit_record (company_id, id, at, actor_kind, action, recorded_at)"
        f" VALUES ($1, $2, now(), 'SYSTEM', 'forged', now() - interval '{age}')",
        uuid7(),
    )


CHANGES = {
    "action": "action = 'x'",
    "actor": "actor_id = id",
    "actor's kind": "actor_kind = 'NOBODY'",
    "time of the act": "at = at - interval '1 second'",
    "subjects": "subject_ids = '{}'",
    "kind of subjects": "subject_kind = 'Line'",
    "address": "address = '192.0.2.1'",
    "request": "request_id = 'x'",
    "details": """details = '{"count": 10}'""",
    "key": "id = gen_random_uuid()",
    "time of recording": "recorded_at = recorded_at + interval '1 microsecond'",
}
A_RECORD = "SELECT id FROM audit_record WHERE company_id = $1 ORDER BY recorded_at OFFSET 3 LIMIT 1"


@pytest.mark.parametrize("what", CHANGES)
async def test_P2_a_changed_record_is_found(company: Tenant, owner: Owner, what: str) -> None:
    await sealed(company, 2, 3, 1)
    await owner(f"UPDATE audit_record SET {CHANGES[what]} WHERE company_id = $1 AND id = ({A_RECORD})")
    assert await faults(company) == [(2, FaultKind.CONTENT_CHANGED)]


async def test_P2_records_that_changed_places_are_found(company: Tenant, owner: Owner) -> None:
    await sealed(company, 2, 2)
    await owner(
        "UPDATE audit_record a SET recorded_at = b.recorded_at FROM audit_record b"
        " WHERE a.company_id = $1 AND b.company_id = $1 AND a.id <> b.id"
        " AND a.id IN (SELECT id FROM audit_record ORDER BY recorded_at DESC LIMIT 2)"
        " AND b.id IN (SELECT id FROM audit_record ORDER BY recorded_at DESC LIMIT 2)"
    )
    assert await faults(company) == [(2, FaultKind.CONTENT_CHANGED)]


async def test_P2_a_removed_record_is_found(company: Tenant, owner: Owner) -> None:
    await sealed(company, 2, 3)
    await owner(f"DELETE FROM audit_record WHERE company_id = $1 AND id = ({A_RECORD})")
    assert await faults(company) == [(2, FaultKind.RECORDS_REMOVED)]


async def test_P2_a_record_put_in_afterwards_is_found(company: Tenant, owner: Owner) -> None:
    await sealed(company, 2)
    await backdated(owner, "1 day")
    assert await faults(company) == [(1, FaultKind.RECORDS_ADDED)]


@pytest.mark.parametrize(
    "change",
    [
        "hash = sha256('x')",
        "records = records + 0, sealed_at = sealed_at - interval '1 day'",
        "recorded_from = recorded_from - interval '1 microsecond'",
        "previous_hash = sha256('x')",
    ],
)
async def test_P2_a_changed_seal_is_found(company: Tenant, owner: Owner, change: str) -> None:
    await sealed(company, 1, 1, 1)
    await owner(f"UPDATE audit_seal SET {change} WHERE company_id = $1 AND number = 2")
    assert (2, FaultKind.CONTENT_CHANGED) in await faults(company)


@pytest.mark.parametrize(("more", "kind"), [(1, FaultKind.RECORDS_REMOVED), (-1, FaultKind.RECORDS_ADDED)])
async def test_P2_a_changed_count_is_found(company: Tenant, owner: Owner, more: int, kind: FaultKind) -> None:
    await sealed(company, 2)
    await owner("UPDATE audit_seal SET records = records + $2 WHERE company_id = $1", more)
    assert await faults(company) == [(1, kind)]


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_P2_a_removed_seal_is_found(company: Tenant, owner: Owner, number: int) -> None:
    await sealed(company, 1, 1, 1)
    await owner("DELETE FROM audit_seal WHERE company_id = $1 AND number = $2", number)
    found = await faults(company)
    assert (number, FaultKind.SEAL_MISSING) in found


async def test_P2_a_chain_that_was_removed_whole_is_found(company: Tenant, owner: Owner) -> None:
    await sealed(company, 1, 1)
    await owner("DELETE FROM audit_seal WHERE company_id = $1")
    assert await faults(company) == [(2, FaultKind.SEAL_MISSING)]


async def test_P2_a_seal_forged_to_fit_changed_records_does_not_fit_the_next(company: Tenant, owner: Owner) -> None:
    await sealed(company, 2, 1)
    await owner("UPDATE audit_record SET action = 'x' WHERE company_id = $1")
    (first, _) = await seals(company)
    digest = chain.Digest(
        company.id, 1, (first["recorded_from"], first["recorded_to"]), first["previous_hash"], first["sealed_at"]
    )
    async with tenant(company.id):
        async for row in chain.recorded(company.id, first["recorded_from"], first["recorded_to"]):
            digest.add(row)
    await owner("UPDATE audit_seal SET hash = $2 WHERE company_id = $1 AND number = 1", digest.finish())
    assert await faults(company) == [(2, FaultKind.SEAL_UNLINKED), (2, FaultKind.CONTENT_CHANGED)]


async def test_P2_what_the_application_forges_is_found(company: Tenant) -> None:
    """It may add seals, and change the table that tells how far chains are: both show."""
    await sealed(company, 1, 1)
    async with directory():
        await query("UPDATE audit_chain SET hash = sha256('x') WHERE company_id = $1", company.id)
    assert await faults(company) == [(2, FaultKind.SEAL_UNLINKED)]
    await sealed(company, 1)
    assert (3, FaultKind.SEAL_UNLINKED) in await faults(company)


async def old(owner: Owner, company: Tenant, *ages: str) -> None:
    """Records of these ages, the oldest first, each under a seal of its own."""
    for age in ages:
        await backdated(owner, age)
    for _ in ages:
        assert await audit.seal(company.id, most=1, margin=AT_ONCE)


async def test_P2_three_years_are_kept_and_what_is_older_goes_by_whole_seals(company: Tenant, owner: Owner) -> None:
    # Each seal ends a microsecond after its record.
    await old(owner, company, "1200 days", "1096 days 1 minute", "1095 days 23 hours 59 minutes", "1 day")
    assert await audit.forget(company.id) == 2
    assert [row["number"] for row in await seals(company)] == [3, 4]
    assert len(await records(company.id)) == 2
    assert await audit.forget(company.id) == 0
    assert await faults(company) == []


async def test_P2_after_forgetting_verifying_begins_at_the_first_kept_seal(company: Tenant, owner: Owner) -> None:
    await old(owner, company, "1300 days", "1096 days 1 minute", "1094 days")
    kept = (await seals(company))[2]
    assert await audit.forget(company.id) == 2
    # What a seal covers begins where the one before it ended: just past three years ago.
    assert (await seals(company)) == [kept]
    assert await faults(company) == []
    await sealed(company, 1)
    assert [row["number"] for row in await seals(company)] == [3, 4]
    assert await faults(company) == []


async def test_P2_a_seal_removed_before_its_time_is_not_taken_for_forgotten(company: Tenant, owner: Owner) -> None:
    await old(owner, company, "1300 days", "700 days", "699 days")
    await audit.forget(company.id)
    await owner("DELETE FROM audit_record WHERE company_id = $1 AND recorded_at < now() - interval '699 days 1 hour'")
    await owner("DELETE FROM audit_seal WHERE company_id = $1 AND number = 2")
    assert await faults(company) == [(2, FaultKind.SEAL_MISSING)]


async def test_P2_a_record_put_in_before_the_first_kept_seal_is_found(company: Tenant, owner: Owner) -> None:
    await old(owner, company, "1300 days", "1096 days 1 minute", "1 day")
    await audit.forget(company.id)
    await backdated(owner, "1200 days")
    assert await faults(company) == [(3, FaultKind.RECORDS_ADDED)]


async def test_P2_a_chain_that_was_forgotten_whole_goes_on(company: Tenant, owner: Owner) -> None:
    await old(owner, company, "1300 days", "1200 days")
    assert await audit.forget(company.id) == 2
    assert (await seals(company), await faults(company)) == ([], [])
    await sealed(company, 1)
    assert [row["number"] for row in await seals(company)] == [3]


async def test_P2_forgetting_takes_the_databases_time_and_no_other_company(
    company: Tenant, stranger: Tenant, owner: Owner
) -> None:
    await old(owner, company, "1200 days")
    async with tenant(stranger.id):
        assert await query("SELECT audit_forget($1, 100) AS gone", company.id) == [{"gone": 0}]
    assert len(await records(company.id)) == 1

    await sealed(company, 1)
    with pytest.raises(OperationalError):
        async with tenant(company.id):
            await query("SELECT audit_forget($1, 100, now() + interval '9 years')", company.id)
    assert await audit.forget(company.id) == 1
    assert len(await records(company.id)) == 1


async def visited(company_id: UUID) -> dict[str, Any]:
    """The company's row of the table that schedules go by."""
    async with directory():
        (row,) = await query("SELECT * FROM audit_chain WHERE company_id = $1", company_id)
    return row


@pytest.fixture
def only(company: Tenant, stranger: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule meets these two and none of the other tests' companies."""

    async def two(done: str) -> list[UUID]:
        return [company.id, stranger.id]

    monkeypatch.setattr(chain, "least_recently", two)


async def test_P2_the_schedule_finds_every_company_and_those_first_that_waited_longest(
    company: Tenant, stranger: Tenant
) -> None:
    assert {company.id, stranger.id} <= set(await chain.least_recently("sealed_at"))
    async with directory():
        await query(
            "UPDATE audit_chain SET sealed_at = CASE company_id WHEN $1 THEN now() - interval '9 days'"
            " WHEN $2 THEN now() - interval '8 days' ELSE now() END",
            stranger.id,
            company.id,
        )
    assert (await chain.least_recently("sealed_at"))[:2] == [stranger.id, company.id]


@pytest.mark.usefixtures("only")
async def test_P2_the_schedule_goes_on_with_a_large_heap_as_long_as_it_has_time(
    company: Tenant, stranger: Tenant
) -> None:
    for each in (company, stranger):
        await act(each, 5)
    looks = iter([False, False, True, True])
    assert await audit.seal_due(stop=lambda: next(looks), most=2, margin=AT_ONCE) == 2
    assert (len(await seals(company)), await seals(stranger)) == (2, [])
    assert await audit.seal_due(most=2, margin=AT_ONCE) == 4


@pytest.mark.usefixtures("only")
async def test_P2_a_company_that_fails_keeps_no_other_from_its_turn(company: Tenant, stranger: Tenant) -> None:
    for each in (company, stranger):
        await act(each)
    await audit.seal_due(margin=AT_ONCE)
    async with directory():
        await query("UPDATE audit_chain SET number = 0 WHERE company_id = $1", company.id)
    for each in (company, stranger):
        await act(each)
    with pytest.raises(ExceptionGroup, match="could not be sealed"):
        await audit.seal_due(margin=AT_ONCE)
    assert len(await seals(stranger)) == 2
    async with directory():
        await query("UPDATE audit_chain SET number = 1 WHERE company_id = $1", company.id)


async def test_P2_a_long_chain_is_verified_over_several_nights(company: Tenant) -> None:
    await sealed(company, 1, 1, 1)
    looks = iter([False, True])
    part = await audit.verify(company.id, stop=lambda: next(looks))
    assert (part.seals, part.last, part.done) == (1, 1, False)
    rest = await audit.verify(company.id, after=part.last)
    assert (rest.seals, rest.last, rest.done, rest.faults) == (2, 3, True, [])


@pytest.mark.usefixtures("only")
async def test_P2_the_schedule_verifies_all_and_tells_of_the_broken_at_the_end(
    company: Tenant, stranger: Tenant, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    await sealed(company, 1, 1)
    await sealed(stranger, 1)
    await owner("UPDATE audit_record SET action = 'x' WHERE company_id = $1")
    with pytest.raises(ExceptionGroup) as raised:
        await audit.verify_due()
    (broken,) = raised.value.exceptions
    assert isinstance(broken, audit.Broken)
    assert [verdict.company_id for verdict in broken.verdicts] == [company.id]
    (line,) = [record for record in caplog.records if getattr(record, "company_id", "") == str(company.id)]
    assert line.__dict__["faults"] == ["CONTENT_CHANGED at seal 1", "CONTENT_CHANGED at seal 2"]
    for each in (company, stranger):
        assert (await visited(each.id))["verified_at"] is not None
    await owner("UPDATE audit_record SET action = 'subscribers.save' WHERE company_id = $1")
    assert await faults(company) == []


@pytest.mark.usefixtures("only")
async def test_P2_a_chain_that_can_not_be_read_keeps_no_other_from_being_verified(
    company: Tenant, stranger: Tenant, owner: Owner
) -> None:
    await sealed(company, 1)
    await sealed(stranger, 1)
    await owner("UPDATE audit_seal SET recorded_from = '-infinity' WHERE company_id = $1")
    with pytest.raises(ExceptionGroup, match="could not be verified"):
        await audit.verify_due()
    assert (await visited(stranger.id))["verified_at"] is not None
    assert (await visited(company.id))["verified_at"] is None


async def test_P2_what_operators_and_strangers_do_is_sealed_too(db: None) -> None:
    async with tenant(PROVIDER_ID):
        await audit.record(PROVIDER_ID, audit.system(), "services.create", [uuid7()], kind="ServiceClient")

    await audit.seal_due(margin=AT_ONCE)

    async with tenant(PROVIDER_ID):
        (row,) = await query(
            "SELECT max(audit_record.recorded_at) < max(audit_seal.recorded_to) AS sealed"
            " FROM audit_record JOIN audit_seal USING (company_id) WHERE company_id = $1",
            PROVIDER_ID,
        )
    assert row["sealed"]
