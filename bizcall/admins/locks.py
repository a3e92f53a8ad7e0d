"""The lock on signing in (AU-22): five failures, then ten minutes in which nothing is compared.

An attempt is counted by one statement BEFORE the password is compared, and given back when it was right. Counting
afterwards would let every guess that is on its way at the same time be compared: of 100 in parallel, 24 to 95. Hashing
takes too long for an open transaction, so the attempt is recorded in the transaction that counts it, and what became of
it in that of the outcome: a process that dies in between leaves a counted attempt and its record. Rows exist for login
IDs that nobody has as well, or the lock would tell which IDs exist.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ports import Clock, now

logger = logging.getLogger(__name__)

FAILURES_MOST = 5
LOCKED_FOR = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(hours=24)
"""Failures count together until one attempt succeeds, or until none was made for so long."""

STRANGER = UUID(int=0)
"""The counter of all browsers that have not signed in to the account before."""


@dataclass(frozen=True)
class Reserved:
    """An attempt that may be compared. `locks_until` is set for the last one before the lock."""

    login_id: str
    device: UUID
    locks_until: datetime | None


@dataclass(frozen=True)
class Locked:
    """Nothing may be compared before `until`."""

    until: datetime


async def reserve(login_id: str, device: UUID, at: datetime) -> Reserved | Locked:
    """Count one attempt in the open transaction; to be committed before a password is hashed for comparison.

    Attempts while locked change nothing, so they don't lengthen the lock.
    """
    rows = await query(
        """
        INSERT INTO sign_in_attempt AS a (login_id, device, failures, touched_at) VALUES ($1, $2, 1, $3)
        ON CONFLICT (login_id, device) DO UPDATE SET
            failures = CASE WHEN a.locked_until <= $3 OR a.touched_at <= $4 THEN 1 ELSE a.failures + 1 END,
            locked_until = CASE WHEN a.locked_until <= $3 OR a.touched_at <= $4 THEN NULL
                                WHEN a.failures + 1 >= $5 THEN $6::timestamptz END,
            touched_at = $3
        WHERE a.locked_until IS NULL OR a.locked_until <= $3
        RETURNING locked_until
        """,
        login_id,
        device,
        at,
        at - FORGOTTEN_AFTER,
        FAILURES_MOST,
        at + LOCKED_FOR,
    )
    if rows:
        return Reserved(login_id, device, rows[0]["locked_until"])
    # Whoever resets the counter between the two statements was right; this attempt still is one too many.
    return Locked(await until(login_id, device, at) or at)


async def release(reserved: Reserved) -> None:
    """Forget the failures: the attempt was right. In the open transaction."""
    await query(
        "UPDATE sign_in_attempt SET failures = 0, locked_until = NULL WHERE login_id = $1 AND device = $2",
        reserved.login_id,
        reserved.device,
    )


async def until(login_id: str, device: UUID, at: datetime) -> datetime | None:
    """Until when this counter is locked, or None when it isn't; in the open transaction."""
    rows = await query(
        "SELECT locked_until FROM sign_in_attempt WHERE login_id = $1 AND device = $2 AND locked_until > $3",
        login_id,
        device,
        at,
    )
    return rows[0]["locked_until"] if rows else None


async def refuse(login_id: str, device: UUID, at: datetime) -> None:
    """Raises Invalid (LOCKED) while this counter is locked; in the open transaction."""
    if found := await until(login_id, device, at):
        raise locked(found)


def locked(until: datetime) -> Invalid:
    """The refusal while locked, which says until when."""
    return Invalid(Problem(ErrorCode.LOCKED, params={"until": until.isoformat(timespec="seconds")}))


def failed(reserved: Reserved, *path: str) -> Invalid:
    """The refusal of an attempt that was wrong: CREDENTIALS, for the last one LOCKED."""
    if reserved.locks_until is None:
        return Invalid(Problem(ErrorCode.CREDENTIALS, path))
    logger.warning("an account is locked", extra={"event": "SIGN_IN_LOCKED"})
    return locked(reserved.locks_until)


async def clear(login_id: str) -> None:
    """Forget the failures of all its counters, in the open transaction."""
    await query("DELETE FROM sign_in_attempt WHERE login_id = $1", login_id)


async def prune(*, clock: Clock = now) -> int:
    """Delete counters that count for nothing any more and return how many."""
    async with directory():
        rows = await query(
            "DELETE FROM sign_in_attempt WHERE touched_at <= $1 RETURNING failures", clock() - FORGOTTEN_AFTER
        )
    return len(rows)
