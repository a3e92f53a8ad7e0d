"""Events that wait are tried again by schedule, in case what they wait for has come in another way, and to end them."""

from __future__ import annotations

from bizcall.database import directory, query
from bizcall.dispatch import outbox
from bizcall.ports import Clock, Queue, now
from bizcall.provisioning.applying import QUEUE, RETRY

BATCH = 100


async def remind(*, queue: Queue, clock: Clock = now) -> int:
    """Send the subscriptions whose events are due to their worker, at most 100 events, and return how many events.

    The schedule has neither the secret for temporary passwords nor a place in the bucket; the worker has.
    """
    at = clock()
    async with directory():
        rows = await query(
            """
            UPDATE provisioning_event SET due_at = $2 WHERE id IN (
                SELECT id FROM provisioning_event WHERE state = 'WAITING' AND due_at <= $1
                ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
            ) RETURNING subscription
            """,
            at,
            at + RETRY,
            BATCH,
        )
        messages = [
            await outbox.put(QUEUE, {"subscription": subscription}, company_id=None, clock=clock)
            for subscription in sorted({row["subscription"] for row in rows})
        ]
    await outbox.publish(messages, queue=queue)
    return len(rows)
