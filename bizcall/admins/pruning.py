"""Forgetting what signing in leaves behind; the schedule calls it."""

from __future__ import annotations

from datetime import timedelta

from bizcall.admins import locks
from bizcall.admins.codes import DEVICE_KEPT
from bizcall.database import directory, query
from bizcall.ports import Clock, now

CHALLENGES_KEPT = timedelta(days=2)
"""Their codes count for the limit of ten a day, so longer than a day."""

SESSIONS_KEPT = timedelta(days=30)


async def prune(*, clock: Clock = now) -> int:
    """Delete old attempts, challenges with their codes, sessions and devices; returns how many rows but the codes."""
    at = clock()
    deleted = await locks.prune(clock=clock)
    async with directory():
        for statement, before in (
            ("DELETE FROM challenge WHERE expires_at < $1 RETURNING id", at - CHALLENGES_KEPT),
            ("DELETE FROM session WHERE expires_at < $1 RETURNING id", at - SESSIONS_KEPT),
            ("DELETE FROM device WHERE used_at < $1 RETURNING id", at - DEVICE_KEPT),
        ):
            deleted += len(await query(statement, before))
    return deleted
