"""What the API reads of exports."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from bizcall.database import reading
from bizcall.models import Export
from bizcall.models.exports import Kind
from bizcall.paging import Listing, Order


def listing(company_id: UUID, *, kinds: Collection[Kind] = ()) -> Listing[Export]:
    """The company's exports, newest first; an empty filter means all."""
    rows = Export.filter(company_id=company_id)
    if kinds:
        rows = rows.filter(kind__in=list(kinds))
    return Listing(rows, Order("exports", ("created_at", "id"), descending=True))


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Export]:
    """Exports by key."""
    async with reading(company_id):
        found = await Export.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in found}
