"""The months of facts: partitions made ahead of time, and dropped when their time is over.

Both are done as the role that owns the tables, by the function that migrates: what serves requests can drop nothing.
Months are of Korea's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import partial

from bizcall import table_locks
from bizcall.ports import Clock, now
from bizcall.table_locks import PATIENCE, Patience, Run

KOREA = timezone(timedelta(hours=9), "KST")
"""Korea's time; it has had no summer time since 1988."""

WEEKDAYS = "월화수목금토일"
"""As they are written, Monday first."""

AHEAD = 3
"""Months that are made before they begin."""

KEPT = 13
"""Months that are kept behind the present one, unless the deployment says otherwise."""


@dataclass(frozen=True)
class Upkeep:
    """What was done: how many partitions were made, and the names of those dropped."""

    made: int
    dropped: list[str]


async def keep(url: str, *, kept: int = KEPT, clock: Clock = now, patience: Patience = PATIENCE) -> Upkeep:
    """Make the months to come and drop those older than `kept` months; for a schedule, once a day.

    `url` is of the tables' owner. The last three months stay whatever `kept` says. Raises AnotherRun, and TablesBusy:
    all that were to be made are, or none; the same goes for those to be dropped.
    """
    async with table_locks.run(url, patience) as run:
        made = await make(run, kept=kept, clock=clock)
        drop = partial(run.connection.fetchval, "SELECT drop_months($1)", shifted(today(clock), -kept))
        return Upkeep(made, list(await run.change("months to be dropped", drop)))


async def make(run: Run, *, kept: int = KEPT, clock: Clock = now) -> int:
    """Make the months from the oldest one that may be kept to the last one ahead; return how many were missing.

    Raises TablesBusy.
    """
    present = today(clock)
    first, last = shifted(present, -kept), shifted(present, AHEAD)
    made: int = await run.change(
        "months to be made", partial(run.connection.fetchval, "SELECT make_months($1, $2)", first, last)
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
