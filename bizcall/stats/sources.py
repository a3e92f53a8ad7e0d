"""Where an answer comes from: the coarsest rollup that can give it exactly, else the facts within a bound (ST-03).

The conditions over facts are `history.filters.conditions`; those over a rollup are the same filter over its bucket and
its scope, and `history.filters.expressible` tells whether that is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.history.filters import HistoryFilter, Where, conditions, expressible, rollup_conditions, types_of
from bizcall.stats.buckets import Granularity, expression, labelled
from bizcall.stats.rollups import Facts, Rollup

RAW_MOST = 1_000_000
"""Facts that one answer may be counted from when no rollup can give it."""


class Group(StrEnum):
    """조회 범위: what each row of an answer is about."""

    COMPANY = "COMPANY"
    LINE = "LINE"
    SUBSCRIBER = "SUBSCRIBER"
    DEPARTMENT = "DEPARTMENT"

    @property
    def column(self) -> str | None:
        """The column of facts and rollups that tells rows apart."""
        return None if self is Group.COMPANY else f"{self.value.lower()}_id"


@dataclass(frozen=True)
class Source:
    """A table with its conditions, and how its rows become buckets, subjects and measures, and buckets their keys."""

    table: str
    where: Where
    bucket: str
    key: str
    subject: str
    measures: tuple[tuple[str, str], ...]

    async def rows(self) -> list[dict[str, Any]]:
        """A row for each subject and bucket in which anything is."""
        sums = ", ".join(f"{expression} AS {name}" for name, expression in self.measures)
        summed = f"SELECT {self.subject} AS subject, {self.bucket} AS bucket, {sums} FROM {self.table}"  # noqa: S608 - constants
        return await query(
            f"SELECT subject, {self.key} AS bucket, {', '.join(name for name, _ in self.measures)}"  # noqa: S608 - constants
            f" FROM ({summed} WHERE {self.where.sql} GROUP BY 1, 2) AS summed",
            *self.where.parameters,
        )


# From coarse to fine: the fewer rows there are to add, the better.
_COARSENESS = {"month": 0, "day": 1, "hour": 2}
_FINEST = {Granularity.MONTH: 0, Granularity.DAY: 1, Granularity.HOUR: 2}


def rollup_for(facts: Facts, wanted: HistoryFilter, granularity: Granularity, group: Group) -> Rollup | None:
    """The rollup that can give the answer exactly with the fewest rows; None when none can."""
    able = [
        rollup
        for rollup in facts.rollups
        if (group.column is None or group.column in rollup.scope)
        and _COARSENESS[rollup.bucket] >= _FINEST[granularity]
        and expressible(wanted, rollup)
    ]
    # The company has a row an hour. The months of lines are fewer rows than the hours of departments, whose hours are
    # fewer than the days of lines.
    return min(
        able,
        key=lambda rollup: (bool(rollup.scope), rollup.bucket != "month", len(rollup.scope)),
        default=None,
    )


async def source_for(
    company_id: UUID,
    facts: Facts,
    wanted: HistoryFilter,
    granularity: Granularity,
    group: Group,
) -> Source:
    """Where the answer comes from; raises Invalid (TOO_MANY) when it would have to be counted from too many facts."""
    rollup = rollup_for(facts, wanted, granularity, group)
    if rollup is not None:
        return _rolled(company_id, facts, rollup, wanted, granularity, group)
    where = await bounded(company_id, facts, wanted)
    subject = f"{facts.table}.{group.column}" if group.column else "NULL::uuid"
    return Source(
        facts.table,
        where,
        expression(granularity, f"{facts.table}.{facts.moment}"),
        labelled(granularity, "bucket"),
        subject,
        tuple(facts.measures.items()),
    )


async def bounded(company_id: UUID, facts: Facts, wanted: HistoryFilter) -> Where:
    """Conditions over facts which at most a million rows meet; raises Invalid (TOO_MANY) for more."""
    where = await narrowed(company_id, facts, wanted)
    (found,) = await query(
        f"SELECT count(*) AS n FROM (SELECT FROM {facts.table} WHERE {where.sql} LIMIT {RAW_MOST + 1}) AS met",  # noqa: S608
        *where.parameters,
    )
    if found["n"] > RAW_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": str(RAW_MOST)}))
    return where


async def narrowed(company_id: UUID, facts: Facts, wanted: HistoryFilter) -> Where:
    """The conditions over facts, with the lines that the subscribers held, since facts have an index by line."""
    where = conditions(company_id, wanted, facts)
    if wanted.subscriber_ids is None or wanted.line_ids is not None:
        return where
    rows = await query(
        f"SELECT DISTINCT line_id FROM {facts.table}_line_day"  # noqa: S608 - a constant
        " WHERE company_id = $1 AND subscriber_id = ANY($2::uuid[]) AND day BETWEEN $3 AND $4",
        company_id,
        list(wanted.subscriber_ids),
        wanted.from_on,
        wanted.to_on,
    )
    lines = [row["line_id"] for row in rows]
    place = len(where.parameters) + 1
    return Where(f"{where.sql} AND {facts.table}.line_id = ANY(${place}::uuid[])", [*where.parameters, lines])


def _rolled(
    company_id: UUID,
    facts: Facts,
    rollup: Rollup,
    wanted: HistoryFilter,
    granularity: Granularity,
    group: Group,
) -> Source:
    let = {kind.lower() for kind in types_of(wanted, facts)}
    sums = tuple(
        (name, f"sum({name})::bigint" if name.removesuffix("_seconds") in let else "0::bigint")
        for name in facts.measures
    )
    return Source(
        rollup.table,
        rollup_conditions(company_id, wanted, rollup),
        expression(granularity, rollup.bucket, local=rollup.bucket != "hour"),
        labelled(granularity, "bucket"),
        group.column or "NULL::uuid",
        sums,
    )
