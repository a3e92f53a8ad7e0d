"""Each night: do rollups say what the facts say? A sample of each company is counted again from raw rows (ST-03).

What a night misses: differences on days that it doesn't take, unless they change what a month comes to in a department;
of its two months, those within a department between lines that it doesn't take, or between days that it doesn't take;
of a month with more than five million records, all but its sampled days and lines.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from bizcall import months
from bizcall.database import directory, query, tenant
from bizcall.ports import Clock, now
from bizcall.stats.comparing import Difference, Span, differences, totals_differ, within_reach
from bizcall.stats.rollups import CALLS, MESSAGES

LINES = 50
"""Lines of which a month is compared one by one: all of a large company's would take minutes."""

logger = logging.getLogger(__name__)


class Differs(Exception):
    """Rollups differ from the facts; the message names tables and counts, the log the rows."""


@dataclass(frozen=True)
class Verified:
    """How many companies were looked at, and how many rows of rollups whose facts are gone were forgotten."""

    companies: int
    forgotten: int


async def nightly(
    *,
    clock: Clock = now,
    kept: int = months.KEPT,
    chance: random.Random | None = None,
    remaining: Callable[[], float] = lambda: float("inf"),
    stop_before: float = 40.0,
    companies: Sequence[UUID] | None = None,
) -> Verified:
    """Forget rollups whose facts are dropped and verify a sample of each company, in another order each night.

    The sample of a company is yesterday and another day of the months kept, the months of both in total and of each
    department, and of 50 lines. Raises Differs at the end when anything differed anywhere. Companies for which no time
    is left have their turn another night.
    """
    chance = chance or random.Random()  # noqa: S311 - no secret depends on it
    turns = list(await _all() if companies is None else companies)
    chance.shuffle(turns)
    seen = forgotten = 0
    found: list[Difference] = []
    today = months.today(clock)
    oldest = months.shifted(today, -kept)
    for company_id in turns:
        if remaining() < stop_before:
            logger.warning("no time left to verify all companies", extra={"left": len(turns) - seen})
            break
        forgotten += await forget(company_id, oldest)
        days = {today - timedelta(days=1), oldest + timedelta(days=chance.randrange((today - oldest).days))}
        found += await verify(company_id, sorted(days), chance=chance)
        seen += 1
    if found:
        raise Differs(f"{len(found)} rows of {', '.join(sorted({difference.table for difference in found}))}")
    return Verified(seen, forgotten)


async def _all() -> list[UUID]:
    """Every company that has a number."""
    async with directory():
        rows = await query("SELECT DISTINCT company_id FROM number_directory ORDER BY company_id")
    return [row["company_id"] for row in rows]


async def verify(company_id: UUID, days: list[date], *, chance: random.Random | None = None) -> list[Difference]:
    """Count these days of a company again, in every rollup; return what differs, which is logged too.

    Of their months, each rollup is counted in total and by departments, and those of lines for up to 50 lines, chosen
    by chance.
    """
    chance = chance or random.Random()  # noqa: S311 - no secret depends on it
    found: list[Difference] = []
    for facts in (CALLS, MESSAGES):
        for rollup in facts.rollups:
            for day in days:
                async with tenant(company_id, read_only=True):
                    lines = None
                    if rollup.bucket == "month":
                        rows = await query("SELECT id FROM line WHERE company_id = $1 ORDER BY id", company_id)
                        lines = chance.sample([row["id"] for row in rows], min(LINES, len(rows)))
                    found += await differences(company_id, facts, rollup, Span(day, day), lines)
        for month in sorted({day.replace(day=1) for day in days}):
            async with tenant(company_id, read_only=True):
                found += await totals_differ(company_id, facts, month)
    for difference in found:
        logger.error(
            "a rollup differs from its facts",
            extra={"company_id": str(company_id), "table": difference.table, "row": difference.row},
        )
    return found


async def verify_span(company_id: UUID, span: Span, *, kept: int = months.KEPT, clock: Clock = now) -> list[Difference]:
    """Count each day of the span again, as `verify` does; raises Invalid for a span that is out of reach."""
    within_reach(span, kept=kept, clock=clock)
    return await verify(company_id, [day.first for day in span.days()])


async def forget(company_id: UUID, oldest: date) -> int:
    """Delete rollups of days before that one, whose facts are dropped with their months; return how many rows."""
    gone = 0
    async with tenant(company_id):
        for facts in (CALLS, MESSAGES):
            for rollup in facts.rollups:
                before = months.begins(oldest) if rollup.bucket == "hour" else oldest
                rows = await query(
                    f"WITH gone AS (DELETE FROM {rollup.table} WHERE company_id = $1 AND {rollup.bucket} < $2"  # noqa: S608
                    " RETURNING 1) SELECT count(*) FROM gone",
                    company_id,
                    before,
                )
                gone += rows[0]["count"]
    return gone
