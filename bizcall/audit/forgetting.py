"""Forgetting: records are kept for three years (1096 days) and then deleted with their seals, never a part of one (P2).

The database's own function deletes, and it alone decides what is old enough: this role has no DELETE.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from bizcall.audit import chain
from bizcall.database import directory, query, tenant

KEPT = timedelta(days=1096)
"""As in the database's function and in the retention of logs."""

SEALS_MOST = 5
"""Seals of one transaction."""


async def forget(company_id: UUID) -> int:
    """Delete the oldest seals that are over, at most 5, and return how many records went with them."""
    async with tenant(company_id):
        # Nobody seals or verifies meanwhile.
        await query("SELECT number FROM audit_chain WHERE company_id = $1 FOR UPDATE", company_id)
        (row,) = await query("SELECT audit_forget($1, $2) AS gone", company_id, SEALS_MOST)
        gone: int = row["gone"]
        if gone:
            await query(
                "UPDATE audit_chain SET oldest_to = (SELECT min(recorded_to) FROM audit_seal WHERE company_id = $1)"
                " WHERE company_id = $1",
                company_id,
            )
    return gone


async def forget_due(*, stop: Callable[[], bool] = lambda: False) -> int:
    """Forget in all companies until `stop`; return how many records went."""
    async with directory():
        rows = await query(
            "SELECT company_id FROM audit_chain WHERE oldest_to <= now() - $1::interval ORDER BY oldest_to LIMIT $2",
            KEPT,
            chain.COMPANIES_MOST,
        )
    gone = 0
    for row in rows:
        while not stop() and (more := await forget(row["company_id"])):
            gone += more
    return gone
