"""Administrators as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from bizcall.models import Admin


async def by_ids(company_id: UUID, keys: Sequence[UUID]) -> Mapping[UUID, Admin]:
    """The company's administrators with these keys; others are left out. In an open transaction of the company."""
    rows = await Admin.filter(company_id=company_id, id__in=list(keys))
    return {row.id: row for row in rows}
