"""Companies, their lines, and the directory of numbers.

A number belongs to one company at a time (ON-01): its row in the directory is written first, and its primary key is
what two companies that claim one number meet at. A line is the company's from `created_at` until `retired_at`, both as
the provider tells them, and calls are attributed by that; since it may tell them late, `number_freed` keeps until when
a number was somebody's, before which nobody else's line of it begins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bizcall.database import query, reading
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models import Company


@dataclass(frozen=True)
class LineDraft:
    """A number to subscribe and its representative caller ID, if any, both in normal form; `since` None is from now."""

    number: str
    rid: str | None = None
    since: datetime | None = None


def lowest(numbers: Iterable[str]) -> str:
    """The number that represents a company: the lowest, compared without the leading 0 (AU-01)."""
    return min(numbers, key=int)


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Company]:
    """The company itself, if its id is among them: a company sees no other."""
    async with reading(company_id):
        rows = await Company.filter(id=company_id)
    return {row.id: row for row in rows if row.id in ids}


async def claim(company_id: UUID, drafts: Sequence[LineDraft]) -> None:
    """Write directory and lines in the open transaction, in the order of the numbers so that claims don't deadlock.

    A line begins no earlier than its number was free. Raises Invalid (DUPLICATE) for those that another company has.
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
        """
        INSERT INTO line (company_id, id, number, rid, created_at)
        SELECT $1, v.id, v.number, v.rid, greatest(coalesce(v.since, now()), number_freed.freed_at)
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) AS v (id, number, rid, since)
        LEFT JOIN number_freed ON number_freed.number = v.number
        """,
        company_id,
        [uuid7() for _ in drafts],
        [draft.number for draft in drafts],
        [draft.rid for draft in drafts],
        [draft.since for draft in drafts],
    )


async def antedate(company_id: UUID, since: Mapping[str, datetime]) -> None:
    """Let lines begin earlier, by number, in the open transaction; not those whose number was somebody's since then."""
    await query(
        """
        UPDATE line SET created_at = v.since
        FROM unnest($2::text[], $3::timestamptz[]) AS v (number, since)
        LEFT JOIN number_freed ON number_freed.number = v.number
        WHERE line.company_id = $1 AND line.number = v.number AND line.retired_at IS NULL
          AND v.since < line.created_at AND (number_freed.freed_at IS NULL OR number_freed.freed_at <= v.since)
        """,
        company_id,
        list(since),
        list(since.values()),
    )


async def release(company_id: UUID, until: Mapping[str, datetime]) -> None:
    """Retire lines in the open transaction, each number at its moment; another company may have the numbers then.

    A number may have no line, where its end is told before its beginning: nobody's begins before that either. The
    caller holds the locks of the lines and has ended their holdings.
    """
    await query(
        """
        WITH v AS (SELECT * FROM unnest($2::text[], $3::timestamptz[]) AS v (number, at)), retired AS (
            UPDATE line SET retired_at = greatest(v.at, line.created_at) FROM v
            WHERE line.company_id = $1 AND line.number = v.number AND line.retired_at IS NULL
            RETURNING line.number, line.retired_at
        )
        INSERT INTO number_freed (number, freed_at)
        SELECT v.number, coalesce(retired.retired_at, v.at) FROM v LEFT JOIN retired USING (number) ORDER BY number
        ON CONFLICT (number) DO UPDATE SET freed_at = greatest(number_freed.freed_at, excluded.freed_at)
        """,
        company_id,
        list(until),
        list(until.values()),
    )
    await query("DELETE FROM number_directory WHERE company_id = $1 AND number = ANY($2::text[])", company_id, [*until])


async def set_rids(company_id: UUID, rids: Mapping[str, str | None]) -> None:
    """Give lines other caller IDs, by number, in the open transaction; None takes it away."""
    await query(
        "UPDATE line SET rid = v.rid FROM unnest($2::text[], $3::text[]) AS v (number, rid)"
        " WHERE line.company_id = $1 AND line.number = v.number AND line.retired_at IS NULL",
        company_id,
        list(rids),
        list(rids.values()),
    )
