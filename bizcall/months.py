"""The months of facts: partitions made ahead of time, and dropped when their time is over.

Both are done as the role that owns the tables, by the function that migrates: what serves requests can drop nothing.
Months are of Korea's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from bizcall import tls
from bizcall.ports import Clock, now

KOREA = timezone(timedelta(hours=9), "KST")
"""Korea's time; it has had no summer time since 1988."""

AHEAD = 3
"""Months that are made before they begin."""

KEPT = 13
"""Months that are kept behind the present one, unless the deployment says otherwise."""

LOCK_SECONDS = 10


@dataclass(frozen=True)
class Upkeep:
    """What was done: how many partitions were made, and the names of those dropped."""

    made: int
    dropped: list[str]


async def keep(url: str, *, kept: int = KEPT, clock: Clock = now) -> Upkeep:
    """Make the months to come and drop those older than `kept` months; for a schedule, once a day.

    `url` is of the tables' owner. The last three months stay whatever `kept` says.
    """
    connection = await tls.connect(url)
    try:
        # Dropping waits for whoever reads, and everybody else would wait behind it.
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        made = await make(connection, kept=kept, clock=clock)
        dropped = await connection.fetchval("SELECT drop_months($1)", shifted(today(clock), -kept))
        return Upkeep(made, list(dropped))
    finally:
        await connection.close()


async def make(connection: Any, *, kept: int = KEPT, clock: Clock = now) -> int:
    """Make the months from the oldest one that may be kept to the last one ahead; return how many were missing."""
    present = today(clock)
    made: int = await connection.fetchval(
        "SELECT make_months($1, $2)", shifted(present, -kept), shifted(present, AHEAD)
    )
    return made


def today(clock: Clock = now) -> date:
    """The present day in Korea."""
    return clock().astimezone(KOREA).date()


def shifted(day: date, months: int) -> date:
    """The first day of the month that lies so many months from that of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, 1)


def begins(day: date) -> datetime:
    """The first moment of a day in Korea."""
    return datetime(day.year, day.month, day.day, tzinfo=KOREA)
