"""Each way of tampering with audit records or their seals is told (P2)."""

from __future__ import annotations

import pytest

from bizcall.audit import FaultKind, chain
from bizcall.database import directory, query, tenant
from tests.auditing import Owner, backdated, faults, sealed, seals
from tests.factories import Tenant

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
