"""Bounds that are nearly used up, without the hits that it takes."""

from __future__ import annotations

from datetime import datetime

from bizcall import throttles
from bizcall.database import directory, query
from bizcall.throttles import BOUNDS, Bucket


async def exhaust(bucket: Bucket, subject: str, *, left: int = 0, at: datetime) -> None:
    """Begin a window at `at` whose tightest bound has room for `left` more."""
    tightest = min(BOUNDS[bucket], key=lambda bound: bound.limit)
    async with directory():
        await throttles.take(bucket, subject, at=at)
        rows = await query(
            "UPDATE throttle SET remaining = $3 WHERE bound = $1 AND subject = $2 RETURNING bound",
            tightest.name,
            throttles._hashed(tightest, subject),
            left,
        )
    assert rows
