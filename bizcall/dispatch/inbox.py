"""The inbox: which messages have taken effect, so that one which arrives again changes nothing."""

from __future__ import annotations

from datetime import timedelta

from bizcall.database import directory, query
from bizcall.ports import Clock, now

KEPT = timedelta(days=15)
"""Longer than any queue keeps a message, dead-letter queues and redrive included (14 days at most)."""


async def first_time(consumer: str, message_id: str) -> bool:
    """Note a message in the open transaction of its effect; False when its effect was committed before.

    While another transaction works on the same message this one waits for its end.
    """
    rows = await query(
        "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING message_id",
        consumer,
        message_id,
    )
    return bool(rows)


async def prune(*, clock: Clock = now, limit: int = 10_000) -> int:
    """Forget messages that can't arrive any more, at most `limit`, and return how many."""
    async with directory():
        rows = await query(
            """
            DELETE FROM inbox WHERE (consumer, message_id) IN (
                SELECT consumer, message_id FROM inbox WHERE done_at < $1 ORDER BY done_at LIMIT $2
            ) RETURNING message_id
            """,
            clock() - KEPT,
            limit,
        )
    return len(rows)
