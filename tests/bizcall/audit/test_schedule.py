"""Every company has its turn at being sealed and verified, and none keeps another from it (P2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bizcall import audit
from bizcall.audit import chain
from bizcall.database import directory, query
from tests.auditing import AT_ONCE, Owner, act, faults, sealed, seals
from tests.factories import Tenant


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
