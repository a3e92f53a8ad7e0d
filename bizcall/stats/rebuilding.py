"""Rollups made anew from the facts, for when they differ (ST-03)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from uuid import UUID

from bizcall import audit, months
from bizcall.database import lock, query, tenant
from bizcall.ports import Clock, now
from bizcall.stats.comparing import Span, bounds, within, within_reach
from bizcall.stats.rollups import CALLS, MESSAGES, Facts, Rollup, aggregate, lock_name


async def rebuild(company_id: UUID, span: Span, *, kept: int = months.KEPT, clock: Clock = now) -> int:
    """Make all rollups of the span anew, months as wholes, and return how many rows they now have.

    A day, and a month, is a transaction each; loaders wait for no longer than one of them. Raises Invalid for a
    span that is out of reach: where the facts may have been dropped, rollups would become zero.
    """
    within_reach(span, kept=kept, clock=clock)
    rows = 0
    for facts in (CALLS, MESSAGES):
        daily = [rollup for rollup in facts.rollups if rollup.bucket != "month"]
        monthly = [rollup for rollup in facts.rollups if rollup.bucket == "month"]
        for day in span.days():
            rows += await _anew(company_id, facts, daily, day)
        first = span.first.replace(day=1)
        while first <= span.last:
            rows += await _anew(company_id, facts, monthly, Span(first, first))
            first = months.shifted(first, 1)
    async with tenant(company_id):
        details = {"from": span.first.isoformat(), "to": span.last.isoformat(), "rows": rows}
        await audit.record(company_id, audit.system(), "stats.rebuild", details=details, clock=clock)
    return rows


async def _anew(company_id: UUID, facts: Facts, rollups: list[Rollup], span: Span) -> int:
    rows = 0
    async with tenant(company_id):
        await lock(lock_name(company_id, facts))
        for rollup in rollups:
            whole = span.of(rollup)
            moments = months.begins(whole.first), months.begins(whole.last + timedelta(days=1))
            await query(_cleared(rollup), company_id, *bounds(rollup, whole))
            [made] = await query(_made(facts, rollup), company_id, *moments)
            rows += made["count"]
    return rows


@cache
def _cleared(rollup: Rollup) -> str:
    return (
        f"DELETE FROM {rollup.table} WHERE company_id = $1"  # noqa: S608 - constants
        f" AND {rollup.bucket} >= $2 AND {rollup.bucket} < $3"
    )


@cache
def _made(facts: Facts, rollup: Rollup) -> str:
    columns = ", ".join(("company_id", *rollup.keys, *facts.measures))
    return (
        f"WITH made AS (INSERT INTO {rollup.table} ({columns})"  # noqa: S608 - constants
        f" {aggregate(facts, rollup, within(facts), company='$1')} RETURNING 1) SELECT count(*) FROM made"
    )
