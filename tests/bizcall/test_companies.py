"""Companies and their lines: a number belongs to one company at a time (ON-01)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from bizcall import companies
from bizcall.companies import LineDraft
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from tests.factories import Tenant, company_with_lines, make_tenant, owner_of


async def vacant(count: int = 3) -> list[str]:
    """Numbers that no company has: those behind the ones of a test's company."""
    last = int((await make_tenant(lines=1)).numbers[0])
    return [f"0{last + 100 + i}" for i in range(count)]


async def numbers_of(company_id: UUID) -> dict[str, str | None]:
    async with tenant(company_id):
        rows = await query("SELECT number, rid FROM line WHERE company_id = $1 ORDER BY number", company_id)
    return {row["number"]: row["rid"] for row in rows}


async def add(company_id: UUID, *lines: LineDraft) -> None:
    async with tenant(company_id):
        await companies.claim(company_id, lines)


async def test_lines_have_their_caller_id_and_the_lowest_number_represents(company: Tenant) -> None:
    low, middle, high = await vacant()
    await add(company.id, LineDraft(high), LineDraft(low, rid=middle))
    lines = await numbers_of(company.id)
    assert (lines[low], lines[high]) == (middle, None)
    assert companies.lowest([high, low, middle]) == low
    assert companies.lowest(["0212345678", "07080001000", "03112345678"]) == "0212345678"
    assert await owner_of(high) == company.id
    assert await owner_of(middle) is None


async def test_ON_01_a_number_belongs_to_one_company_at_a_time(company: Tenant) -> None:
    [free, another, _] = await vacant()
    taken = company.numbers[3]
    for there in (company.id, await company_with_lines("회사", [another])):
        with pytest.raises(Invalid) as refused:
            await add(there, LineDraft(free), LineDraft(taken))
        assert refused.value.problems == (Problem(ErrorCode.DUPLICATE, ("lines", "1", "number")),)
    assert await owner_of(free) is None
    found = await asyncio.gather(*(company_with_lines(f"회사 {i}", [free]) for i in range(4)), return_exceptions=True)
    assert sum(isinstance(each, UUID) for each in found) == 1
    assert sum(isinstance(each, Invalid) for each in found) == 3


async def test_lines_are_added_all_or_none(company: Tenant) -> None:
    [free, other, _] = await vacant()
    with pytest.raises(Invalid):
        await add(company.id, LineDraft(free), LineDraft(company.numbers[0]))
    assert len(await numbers_of(company.id)) == 10
    await add(company.id, LineDraft(other), LineDraft(free))
    assert len(await numbers_of(company.id)) == 12
    assert await owner_of(free) == company.id


async def test_a_company_sees_no_other(company: Tenant, stranger: Tenant) -> None:
    assert (await companies.by_ids(company.id, [stranger.id, company.id])).keys() == {company.id}
