"""Companies, their lines, and the directory of numbers.

A number belongs to one company at a time (ON-01): its row in the directory is written first, and its primary key is
what two companies that claim one number meet at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bizcall import audit
from bizcall.audit import Actor
from bizcall.database import query, reading, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models import Company
from bizcall.ports import Clock, now


@dataclass(frozen=True)
class LineDraft:
    """A number to subscribe and its representative caller ID, if any, both in normal form."""

    number: str
    rid: str | None = None


def lowest(numbers: Iterable[str]) -> str:
    """The number that represents a company: the lowest, compared without the leading 0 (AU-01)."""
    return min(numbers, key=int)


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Company]:
    """The company itself, if its id is among them: a company sees no other."""
    async with reading(company_id):
        rows = await Company.filter(id=company_id)
    return {row.id: row for row in rows if row.id in ids}


async def policy_save(company_id: UUID, actor: Actor, *, masks_customers: bool, clock: Clock = now) -> Company:
    """Say how the company shows its customers (CU-01); a save that changes nothing is recorded as well."""
    async with tenant(company_id):
        await Company.filter(id=company_id).update(masks_customers=masks_customers)
        details = {"masksCustomers": masks_customers}
        await audit.record(company_id, actor, "companies.policy", [company_id], details, kind="Company", clock=clock)
        return await Company.get(id=company_id)


async def claim(company_id: UUID, drafts: Sequence[LineDraft]) -> None:
    """Write directory and lines in the open transaction, in the order of the numbers so that claims don't deadlock.

    Raises Invalid (DUPLICATE) for those that another company has.
    """
    taken = await query(
        "INSERT INTO number_directory (number, company_id)"
        " SELECT number, $1 FROM unnest($2::text[]) AS wanted (number) ORDER BY number"
        " ON CONFLICT DO NOTHING RETURNING number",
        company_id,
        [draft.number for draft in drafts],
    )
    ours = {row["number"] for row in taken}
    problems = [
        Problem(ErrorCode.DUPLICATE, ("lines", str(index), "number"))
        for index, draft in enumerate(drafts)
        if draft.number not in ours
    ]
    if problems:
        raise Invalid(*problems)
    await query(
        "INSERT INTO line (company_id, id, number, rid) SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[])",
        company_id,
        [uuid7() for _ in drafts],
        [draft.number for draft in drafts],
        [draft.rid for draft in drafts],
    )


async def release(company_id: UUID, numbers: Collection[str], at: datetime) -> None:
    """Retire the lines of these numbers in the open transaction; another company may have the numbers then.

    The caller holds the locks of the lines and has ended their holdings.
    """
    await query(
        "UPDATE line SET retired_at = greatest($3, created_at)"
        " WHERE company_id = $1 AND number = ANY($2::text[]) AND retired_at IS NULL",
        company_id,
        list(numbers),
        at,
    )
    await query(
        "DELETE FROM number_directory WHERE company_id = $1 AND number = ANY($2::text[])", company_id, list(numbers)
    )


async def set_rids(company_id: UUID, rids: Mapping[str, str | None]) -> None:
    """Give lines other caller IDs, by number, in the open transaction; None takes it away."""
    await query(
        "UPDATE line SET rid = v.rid FROM unnest($2::text[], $3::text[]) AS v (number, rid)"
        " WHERE line.company_id = $1 AND line.number = v.number AND line.retired_at IS NULL",
        company_id,
        list(rids),
        list(rids.values()),
    )
