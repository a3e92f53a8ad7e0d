"""Records go when their three years are over, by whole seals (P2)."""

from __future__ import annotations

import pytest
from tortoise.exceptions import OperationalError

from bizcall import audit
from bizcall.audit import FaultKind
from bizcall.database import query, tenant
from tests.accounts import records
from tests.auditing import AT_ONCE, Owner, backdated, faults, sealed, seals
from tests.factories import Tenant


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
