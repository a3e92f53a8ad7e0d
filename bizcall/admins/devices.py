"""Browsers that an administrator has signed in with: each has a counter of failures of its own (AU-22).

Login IDs are public telephone numbers, so anybody could lock an administrator out; not on a browser that is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from bizcall.admins import tokens
from bizcall.admins.locks import STRANGER
from bizcall.database import query
from bizcall.ids import uuid7
from bizcall.models.accounts import Device

KEPT = timedelta(days=180)


def presented(token: str | None) -> bytes:
    """What is looked up for the token that a client presents; for none, and for what can't be one, nothing has it."""
    return tokens.hashed(token) if token is not None and tokens.readable(token) else b""


async def remember(company_id: UUID, admin_id: UUID, known: UUID, token: str | None, at: datetime) -> tuple[UUID, str]:
    """Key and token of this browser: the one it began with when it was the account's, else a fresh one.

    A token that a client brings is never taken over: whoever planted it would share the browser's counter.
    """
    if known != STRANGER and token is not None:
        rows = await query(
            "UPDATE device SET used_at = $4 WHERE id = $1 AND admin_id = $2 AND token_hash = $3 RETURNING id",
            known,
            admin_id,
            presented(token),
            at,
        )
        if rows:
            return known, token
    fresh = tokens.fresh()
    row = await Device.create(
        id=uuid7(),
        token_hash=tokens.hashed(fresh),
        company_id=company_id,
        admin_id=admin_id,
        created_at=at,
        used_at=at,
    )
    return row.id, fresh


async def forget_all(company_id: UUID, admin_id: UUID) -> None:
    """Forget the account's browsers, in the open transaction: a stranger's from then on."""
    await query("DELETE FROM device WHERE company_id = $1 AND admin_id = $2", company_id, admin_id)
