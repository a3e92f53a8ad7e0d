"""The chain of seals over audit records: what it covers (P2)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import asyncpg
import pytest

from bizcall import audit
from bizcall.audit import chain, sealing
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from local.postgres import Postgres
from tests.accounts import records
from tests.auditing import AT_ONCE, Owner, act, faults, sealed, seals
from tests.factories import Tenant


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
