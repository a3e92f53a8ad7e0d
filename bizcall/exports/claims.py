"""The statements of an export's life: claimed, carried on, ended.

`attempts` is the number of the latest claim: whoever holds an earlier one has lost it, and what he says counts no more.
Each statement that changes when the sweep has to look moves the deadline, which stands outside companies, along.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from bizcall.database import query
from bizcall.dispatch import put
from bizcall.exports.failures import Failure
from bizcall.ports import Clock

logger = logging.getLogger(__name__)

QUEUE = "exports"
LEASE = timedelta(seconds=90)
"""How long a worker that says nothing keeps an export: longer than any one statement or part of an upload takes."""

WAITING_MOST = timedelta(minutes=15)
"""How long an export waits for a worker before its message is sent again."""

ATTEMPTS_MOST = 3
LIFE = timedelta(hours=24)
"""How long a file is kept."""


async def enqueue(company_id: UUID, export_id: UUID, *, clock: Clock) -> UUID:
    """Write the message for a worker into the open transaction; returns its id, to be published after commit."""
    body = {"companyId": str(company_id), "exportId": str(export_id)}
    return await put(QUEUE, body, company_id=company_id, clock=clock)


async def watch(company_id: UUID, export_id: UUID, due_at: datetime) -> None:
    """Let the sweep look at an export at that time."""
    await query(
        "INSERT INTO export_deadline (export_id, company_id, due_at) VALUES ($2, $1, $3)"
        " ON CONFLICT (export_id) DO UPDATE SET due_at = excluded.due_at",
        company_id,
        export_id,
        due_at,
    )


async def claim(company_id: UUID, export_id: UUID, at: datetime) -> int | None:
    """Take an export that waits, or whose worker has lost it; returns the claim's number, None if there is nothing."""
    rows = await query(
        """
        UPDATE export SET state = 'RUNNING', attempts = attempts + 1, lease_until = $3, rows_done = 0,
               started_at = coalesce(started_at, $4)
        WHERE company_id = $1 AND id = $2 AND attempts < $5
          AND (state = 'QUEUED' OR (state = 'RUNNING' AND lease_until <= $4))
        RETURNING attempts
        """,
        company_id,
        export_id,
        at + LEASE,
        at,
        ATTEMPTS_MOST,
    )
    if not rows:
        return None
    await watch(company_id, export_id, at + LEASE)
    attempt: int = rows[0]["attempts"]
    return attempt


async def carry_on(company_id: UUID, export_id: UUID, attempt: int, done: int, at: datetime) -> bool:
    """Note how far it has come and keep the claim; False when it is somebody else's, or was cancelled."""
    rows = await query(
        "UPDATE export SET rows_done = $4, lease_until = $5"
        " WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'RUNNING' RETURNING id",
        company_id,
        export_id,
        attempt,
        done,
        at + LEASE,
    )
    if rows:
        await watch(company_id, export_id, at + LEASE)
    return bool(rows)


async def let_go(company_id: UUID, export_id: UUID, attempt: int, at: datetime) -> None:
    """Give a claim back, so that the next sweep finds another worker."""
    rows = await query(
        "UPDATE export SET lease_until = $4"
        " WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'RUNNING' RETURNING id",
        company_id,
        export_id,
        attempt,
        at,
    )
    if rows:
        await watch(company_id, export_id, at)


async def complete(
    company_id: UUID,
    export_id: UUID,
    attempt: int,
    at: datetime,
    *,
    rows: int,
    masked: bool,
    as_of: datetime | None,
    key: str,
    size: int,
) -> bool:
    """The file lies there; False when the claim was lost before, and the file is nobody's."""
    found = await query(
        """
        UPDATE export SET state = 'COMPLETED', lease_until = NULL, rows_done = $4, rows_total = $4, is_masked = $5,
               as_of = $6, object_key = $7, file_size = $8, finished_at = $9, expires_at = $10
        WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'RUNNING' RETURNING id
        """,
        company_id,
        export_id,
        attempt,
        rows,
        masked,
        as_of,
        key,
        size,
        at,
        at + LIFE,
    )
    if found:
        await watch(company_id, export_id, at + LIFE)
    return bool(found)


async def fail(company_id: UUID, export_id: UUID, attempt: int, failure: Failure, at: datetime) -> None:
    """It ended without a file."""
    rows = await query(
        "UPDATE export SET state = 'FAILED', failure = $4, lease_until = NULL, finished_at = $5"
        " WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state IN ('QUEUED', 'RUNNING') RETURNING id",
        company_id,
        export_id,
        attempt,
        failure.value,
        at,
    )
    if rows:
        await forget(export_id)
        logger.error(
            "an export failed: %s", failure.value, extra={"event": "EXPORT_FAILED", "export_id": str(export_id)}
        )


async def cancel(company_id: UUID, export_id: UUID, at: datetime) -> bool:
    """A user ended it; False when it had ended already."""
    rows = await query(
        "UPDATE export SET state = 'CANCELLED', lease_until = NULL, finished_at = $3"
        " WHERE company_id = $1 AND id = $2 AND state IN ('QUEUED', 'RUNNING') RETURNING id",
        company_id,
        export_id,
        at,
    )
    if rows:
        await forget(export_id)
    return bool(rows)


async def cancel_all(company_id: UUID, at: datetime) -> int:
    """End all exports of a company that wait or run, in the open transaction, and return how many."""
    rows = await query(
        """
        WITH ended AS (
            UPDATE export SET state = 'CANCELLED', lease_until = NULL, finished_at = $2
            WHERE company_id = $1 AND state IN ('QUEUED', 'RUNNING') RETURNING id
        ), forgotten AS (
            DELETE FROM export_deadline WHERE company_id = $1 AND export_id IN (SELECT id FROM ended)
        )
        SELECT id FROM ended
        """,
        company_id,
        at,
    )
    return len(rows)


async def expire(company_id: UUID, export_id: UUID) -> None:
    """Its file is over."""
    await query(
        "UPDATE export SET state = 'EXPIRED' WHERE company_id = $1 AND id = $2 AND state = 'COMPLETED'",
        company_id,
        export_id,
    )
    await forget(export_id)


async def forget(export_id: UUID) -> None:
    """The sweep need not look any more."""
    await query("DELETE FROM export_deadline WHERE export_id = $1", export_id)
