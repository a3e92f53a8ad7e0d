"""Each minute: exports that a worker left behind are begun again or ended, and files whose time is over expire."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bizcall.database import directory, query, tenant
from bizcall.dispatch import publish
from bizcall.exports import claims
from bizcall.exports.failures import Failure
from bizcall.models import Export
from bizcall.models.exports import State
from bizcall.ports import Clock, Queue, now

BATCH = 100


async def sweep(*, queue: Queue, clock: Clock = now) -> int:
    """Look after exports that are due, in all companies, at most 100, and return how many."""
    at = clock()
    async with directory():
        due = await query(
            "SELECT export_id, company_id FROM export_deadline WHERE due_at <= $1 ORDER BY due_at LIMIT $2", at, BATCH
        )
    for row in due:
        async with tenant(row["company_id"]):
            message = await _look_after(row["company_id"], row["export_id"], at, clock)
        if message is not None:
            await publish([message], queue=queue)
    return len(due)


async def _look_after(company_id: UUID, export_id: UUID, at: datetime, clock: Clock) -> UUID | None:
    """Returns the message for another worker, where one is needed."""
    rows = Export.filter(company_id=company_id, id=export_id)
    found = await rows.select_for_update(skip_locked=True).get_or_none()
    if found is None:
        # Whoever holds it is changing it, and another sweep sees what it has become; of one that is gone there is
        # nothing to look after, and it would be due before all others for ever.
        if not await rows.exists():
            await claims.forget(export_id)
        return None
    if found.state is State.COMPLETED:
        if found.expires_at is not None and found.expires_at <= at:
            await claims.expire(company_id, export_id)
    elif found.state not in (State.QUEUED, State.RUNNING):
        await claims.forget(export_id)
    elif found.lease_until is not None and found.lease_until > at:
        return None
    elif found.attempts >= claims.ATTEMPTS_MOST:
        await claims.fail(company_id, export_id, found.attempts, Failure.INTERRUPTED, at)
    else:
        await claims.watch(company_id, export_id, at + claims.WAITING_MOST)
        return await claims.enqueue(company_id, export_id, clock=clock)
    return None
