"""Administrators as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from bizcall.database import query
from bizcall.models import AccountMessage, AccountRow, Admin
from bizcall.models.accounts import MessageKind
from bizcall.models.companies import PROVIDER_ID


async def by_ids(company_id: UUID, keys: Sequence[UUID]) -> Mapping[UUID, AccountRow]:
    """The company's administrators with these keys; others are left out. In an open transaction."""
    rows = await AccountRow.filter(company_id=company_id, id__in=list(keys))
    return {row.id: row for row in rows}


async def visible_to(company_id: UUID, keys: Sequence[UUID]) -> Mapping[UUID, AccountRow]:
    """Those of these administrators whom a company's people find by id: operators those of every company but theirs.

    In an open transaction.
    """
    if company_id != PROVIDER_ID:
        return await by_ids(company_id, keys)
    return {row.id: row for row in await AccountRow.filter(id__in=list(keys)).exclude(company_id=PROVIDER_ID)}


async def people(company_id: UUID, keys: Sequence[UUID]) -> Mapping[UUID, Admin]:
    """What these administrators told of themselves, for their own company. In an open transaction of it."""
    rows = await Admin.filter(company_id=company_id, id__in=list(keys))
    return {row.id: row for row in rows}


async def welcomes(company_id: UUID, keys: Sequence[UUID]) -> Mapping[UUID, AccountMessage]:
    """The latest welcome message of each of these administrators, of whichever company. In an open transaction.

    `company_id` is the caller's, as loaders are given it; who may see which account was decided where its row was read.
    """
    latest = await query(
        """
        SELECT DISTINCT ON (admin_id) id FROM account_message
        WHERE admin_id = ANY($1::uuid[]) AND kind = $2 ORDER BY admin_id, created_at DESC, id DESC
        """,
        list(keys),
        MessageKind.WELCOME.value,
    )
    rows = await AccountMessage.filter(id__in=[row["id"] for row in latest])
    return {row.admin_id: row for row in rows}
