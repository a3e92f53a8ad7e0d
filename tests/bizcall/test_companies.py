"""Companies and their lines: a number belongs to one company at a time (ON-01)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from bizcall import companies
from bizcall.companies import LineDraft
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from tests.factories import Tenant, make_tenant


def spelled(number: str) -> str:
    """With hyphens."""
    return f"{number[:3]}-{number[3:7]}-{number[7:]}"


async def vacant(count: int = 3) -> list[str]:
    """Numbers that no company has: those behind the ones of a test's company."""
    last = int((await make_tenant(lines=1)).numbers[0])
    return [f"0{last + 100 + i}" for i in range(count)]


async def numbers_of(company_id: UUID) -> dict[str, str | None]:
    async with tenant(company_id):
        rows = await query("SELECT number, rid FROM line WHERE company_id = $1 ORDER BY number", company_id)
    return {row["number"]: row["rid"] for row in rows}


async def problems(*lines: LineDraft) -> list[tuple[ErrorCode, tuple[str, ...]]]:
    with pytest.raises(Invalid) as refused:
        await companies.create("회사", list(lines))
    return [(problem.code, problem.field) for problem in refused.value.problems]


async def test_a_company_is_provisioned_with_its_lines_and_its_lowest_number(db: None) -> None:
    low, middle, high = await vacant()
    key = await companies.create("회사", [LineDraft(spelled(high)), LineDraft(low, rid=middle)])
    assert await numbers_of(key) == {low: middle, high: None}
    row = (await companies.by_ids(key, [key]))[key]
    assert (row.name, row.representative_number) == ("회사", low)
    assert await companies.owner_of(spelled(high)) == key
    assert await companies.owner_of(middle) is None


async def test_ON_01_a_number_belongs_to_one_company_at_a_time(company: Tenant) -> None:
    [free, _, _] = await vacant()
    taken = company.numbers[3]
    assert await problems(LineDraft(free), LineDraft(taken)) == [(ErrorCode.DUPLICATE, ("lines", "1", "number"))]
    assert await companies.owner_of(free) is None
    with pytest.raises(Invalid):
        await companies.add_lines(company.id, [LineDraft(taken)])
    found = await asyncio.gather(
        *(companies.create(f"회사 {i}", [LineDraft(free)]) for i in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, UUID) for each in found) == 1
    assert sum(isinstance(each, Invalid) for each in found) == 3


async def test_lines_are_added_all_or_none(company: Tenant) -> None:
    [free, other, _] = await vacant()
    with pytest.raises(Invalid):
        await companies.add_lines(company.id, [LineDraft(free), LineDraft(company.numbers[0])])
    assert len(await numbers_of(company.id)) == 10
    await companies.add_lines(company.id, [LineDraft(other), LineDraft(free)])
    assert len(await numbers_of(company.id)) == 12
    assert await companies.owner_of(free) == company.id


async def test_bad_numbers_are_told_by_their_place(db: None) -> None:
    [free, _, _] = await vacant()
    assert await problems(
        LineDraft("010-1234-5678"), LineDraft("x"), LineDraft(free, rid="x"), LineDraft(free), LineDraft(spelled(free))
    ) == [
        (ErrorCode.INVALID_FORMAT, ("lines", "0", "number")),
        (ErrorCode.INVALID_FORMAT, ("lines", "1", "number")),
        (ErrorCode.INVALID_FORMAT, ("lines", "2", "rid")),
        (ErrorCode.DUPLICATE, ("lines", "4", "number")),
    ]
    assert await problems() == [(ErrorCode.REQUIRED, ("lines",))]


async def test_a_company_sees_no_other(company: Tenant, stranger: Tenant) -> None:
    assert (await companies.by_ids(company.id, [stranger.id, company.id])).keys() == {company.id}
