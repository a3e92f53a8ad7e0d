"""On which lines the calls and messages of chosen subscribers lie, since facts have an index by line."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bizcall.database import query
from bizcall.models.calls import NOBODY


async def lines_of(company_id: UUID, subscriber_ids: Sequence[UUID]) -> list[UUID] | None:
    """The lines that these have held, in their order; None where NOBODY is among them, who may be on any line.

    A subscriber is a person's holding of one line, so a fact of his lies on that one. In an open transaction.
    """
    if NOBODY in subscriber_ids:
        return None
    rows = await query(
        "SELECT DISTINCT line_id FROM subscriber WHERE company_id = $1 AND id = ANY($2::uuid[]) ORDER BY line_id",
        company_id,
        list(subscriber_ids),
    )
    return [row["line_id"] for row in rows]
