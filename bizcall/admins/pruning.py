"""Forgetting what signing in leaves behind; the schedule calls it."""

from __future__ import annotations

from datetime import timedelta

from bizcall.admins import locks
from bizcall.admins.devices import KEPT as DEVICE_KEPT
from bizcall.database import directory, query
from bizcall.ports import Clock, now

CHALLENGES_KEPT = timedelta(days=2)
"""Their codes count for the limit of ten a day, so longer than a day."""

SESSIONS_KEPT = timedelta(days=30)
MESSAGES_KEPT = timedelta(days=90)


async def prune(*, clock: Clock = now) -> int:
    """Delete old attempts, challenges with codes, sessions, devices, messages; returns how many but the codes."""
    at = clock()
    deleted = await locks.prune(clock=clock)
    async with directory():
        for statement, before in (
            ("DELETE FROM challenge WHERE expires_at < $1 RETURNING id", at - CHALLENGES_KEPT),
            ("DELETE FROM session WHERE expires_at < $1 RETURNING id", at - SESSIONS_KEPT),
            ("DELETE FROM device WHERE used_at < $1 RETURNING id", at - DEVICE_KEPT),
            ("DELETE FROM account_message WHERE created_at < $1 RETURNING id", at - MESSAGES_KEPT),
        ):
            deleted += len(await query(statement, before))
    return deleted
