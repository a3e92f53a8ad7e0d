"""Rows of a company by key, as pages and loaders ask for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from bizcall.database import reading
from bizcall.models.base import TenantRow

R = TypeVar("R", bound=TenantRow)


async def rows_by_ids(model: type[R], company_id: UUID, ids: Collection[UUID]) -> dict[UUID, R]:
    """The rows of these ids; what isn't there, or is another company's, is left out."""
    async with reading(company_id):
        found = await model.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in found}
