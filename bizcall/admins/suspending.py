"""The accounts of a company whose contract is suspended, resumed (CO-01) or ended, in the caller's open transaction.

    hold      first: whoever signs in, registers or resets at this moment has done so, or waits and finds the change
    suspend   no password is right any more, and what was open is over; passwords stay for the day they are resumed
    resume    they are as they were, signed out
    end       for good

Between `hold` and the others the caller changes the company's state, so that who appoints an administrator meanwhile
has done so or finds it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bizcall.admins import challenges, credentials
from bizcall.database import query


async def hold(company_id: UUID) -> None:
    """Lock the company's accounts until the end of the transaction."""
    await query(
        "SELECT 1 FROM credential WHERE company_id = $1 AND ended_at IS NULL ORDER BY admin_id FOR UPDATE", company_id
    )


async def suspend(company_id: UUID, at: datetime) -> int:
    """Suspend the company's accounts and end their challenges and sessions; returns how many sessions."""
    rows = await query(
        """
        UPDATE credential SET suspended_at = $2 WHERE company_id = $1 AND ended_at IS NULL AND suspended_at IS NULL
        RETURNING mobile
        """,
        company_id,
        at,
    )
    for mobile in sorted({row["mobile"] for row in rows}):
        await challenges.end_resets(mobile, at)
    await query(
        """
        UPDATE challenge SET used_at = $2 WHERE company_id = $1 AND used_at IS NULL
          AND admin_id IN (SELECT admin_id FROM credential WHERE company_id = $1)
        """,
        company_id,
        at,
    )
    ended = await query(
        """
        UPDATE session SET ended_at = $2 WHERE company_id = $1 AND ended_at IS NULL
          AND admin_id IN (SELECT admin_id FROM credential WHERE company_id = $1)
        RETURNING id
        """,
        company_id,
        at,
    )
    return len(ended)


async def resume(company_id: UUID) -> None:
    """Let the company's accounts be used again."""
    await query(
        "UPDATE credential SET suspended_at = NULL WHERE company_id = $1 AND suspended_at IS NOT NULL", company_id
    )


async def end(company_id: UUID, at: datetime) -> list[UUID]:
    """End the company's accounts for good, with those administrators who have none; returns whose."""
    accounts = await query(
        "SELECT admin_id FROM credential WHERE company_id = $1 AND ended_at IS NULL ORDER BY admin_id", company_id
    )
    for row in accounts:
        await credentials.end(company_id, row["admin_id"], at)
    rest = await query(
        "UPDATE admin SET ended_at = $2 WHERE company_id = $1 AND ended_at IS NULL RETURNING id", company_id, at
    )
    return [*(row["admin_id"] for row in accounts), *(row["id"] for row in rest)]
