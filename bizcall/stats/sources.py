"""Where an answer comes from: the coarsest rollup that can give it exactly, else the facts within a bound (ST-03).

The conditions over facts are `history.conditions.conditions`; those over a rollup are the same filter over its bucket
and its scope, and `history.conditions.expressible` tells whether that is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.history.conditions import Where, conditions, expressible, rollup_conditions
from bizcall.history.filters import HistoryFilter, types_of
from bizcall.history.lines import READ_MOST, lines_of, reads_too_many
from bizcall.models.calls import NOBODY
from bizcall.stats.buckets import Granularity, place_of_day, place_of_moment
from bizcall.stats.rollups import Facts, Rollup

RAW_MOST = 1_000_000
"""Facts that one answer may be counted from when no rollup can give it; READ_MOST says among how many."""


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


class Columns(NamedTuple):
    """What there is about one subject: places of buckets, in any order, and for each of these a value a measure."""

    places: list[int]
    measures: dict[str, list[int]]


@dataclass(frozen=True)
class Source:
    """Where an answer comes from: rows of a table, each of which has a subject, the place of its bucket, and measures.

    `place` counts buckets from the period's first one on. `summed` says that there is one row at most for each subject
    and place. Rows of facts are counted, no more than `most` of them, those of rollups added.
    """

    facts: Facts
    table: str
    where: Where
    place: str
    subject: str
    sums: tuple[str, ...]
    summed: bool = False

    async def columns(self) -> dict[UUID, Columns]:
        """The measures by subject, the company's under NOBODY; raises Invalid (TOO_MANY) for too many facts.

        PostgreSQL makes the series: a row for each bucket would take longer to be handed over than to be added up. It
        gives each bucket to all aggregates before the next one, so their arrays are in one order, whichever that is;
        to sort them would take as long as to read them.
        """
        names = tuple(self.facts.measures)
        arrays = ", ".join(f"array_agg({name}) AS {name}" for name in names)
        buckets = self._counted() if self.table == self.facts.table else self._added()
        rows = await query(
            f"SELECT subject, array_agg(place) AS place, {arrays}"  # noqa: S608 - constants
            f" FROM ({buckets}) AS bucket GROUP BY subject",
            *self.where.parameters,
        )
        found = {row["subject"] or NOBODY: Columns(row["place"], {name: row[name] for name in names}) for row in rows}
        if self.table == self.facts.table:
            counts = [kind.lower() for kind in self.facts.types]
            if sum(sum(each.measures[name]) for each in found.values() for name in counts) > RAW_MOST:
                raise too_many()
        return found

    def _added(self) -> str:
        names = tuple(self.facts.measures)
        let = ((name, name if name in self.sums else "0::bigint") for name in names)
        columns = ", ".join(f"{value if self.summed else f'sum({value})::bigint'} AS {name}" for name, value in let)
        rows = f"SELECT {self.subject} AS subject, {self.place} AS place, {columns} FROM {self.table}"  # noqa: S608
        return f"{rows} WHERE {self.where.sql}{'' if self.summed else ' GROUP BY 1, 2'}"

    def _counted(self) -> str:
        """By type first: so each fact is added to two sums instead of being looked at by one for each measure."""
        facts = self.facts
        seconds = f"{facts.table}.seconds" if facts.with_seconds else "0"
        some = (
            f"SELECT {self.subject} AS subject, {self.place} AS place, {facts.table}.{facts.type} AS type,"  # noqa: S608
            f" {seconds} AS seconds FROM {facts.table} WHERE {self.where.sql} LIMIT {RAW_MOST + 1}"
        )
        of_types = "SELECT subject, place, type, count(*) AS n, sum(seconds) AS seconds"
        of_types += f" FROM ({some}) AS fact GROUP BY 1, 2, 3"
        columns = [
            f"coalesce(sum(n) FILTER (WHERE type = '{kind}'), 0)::bigint AS {kind.lower()}" for kind in facts.types
        ]
        if facts.with_seconds:
            columns += [
                f"coalesce(sum(seconds) FILTER (WHERE type = '{kind}'), 0)::bigint AS {kind.lower()}_seconds"
                for kind in facts.types
            ]
        return f"SELECT subject, place, {', '.join(columns)} FROM ({of_types}) AS of_type GROUP BY 1, 2"  # noqa: S608


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
    # The company has a row an hour. The months of lines are fewer rows than the days and hours of departments, which
    # are fewer than the days of lines.
    return min(
        able,
        key=lambda rollup: (
            bool(rollup.scope),
            rollup.bucket != "month",
            len(rollup.scope),
            _COARSENESS[rollup.bucket],
        ),
        default=None,
    )


async def source_for(
    company_id: UUID,
    facts: Facts,
    wanted: HistoryFilter,
    granularity: Granularity,
    group: Group,
    *,
    hurried: bool = True,
) -> Source:
    """Where the answer comes from: the best rollup, else the facts; raises Invalid as `narrowed` does."""
    rollup = rollup_for(facts, wanted, granularity, group)
    if rollup is not None:
        return _rolled(company_id, facts, rollup, wanted, granularity, group)
    return Source(
        facts,
        facts.table,
        await narrowed(company_id, facts, wanted, hurried=hurried),
        place_of_moment(granularity, f"{facts.table}.{facts.moment}"),
        f"{facts.table}.{group.column}" if group.column else "NULL::uuid",
        tuple(facts.measures),
    )


async def bounded(company_id: UUID, facts: Facts, wanted: HistoryFilter) -> Where:
    """Conditions over facts which at most a million rows meet; raises Invalid (TOO_MANY) for more."""
    where = await narrowed(company_id, facts, wanted)
    (found,) = await query(
        f"SELECT count(*) AS n FROM (SELECT FROM {facts.table} WHERE {where.sql} LIMIT {RAW_MOST + 1}) AS met",  # noqa: S608
        *where.parameters,
    )
    if found["n"] > RAW_MOST:
        raise too_many()
    return where


def too_many(most: int | None = None) -> Invalid:
    """What is said where `most` facts would not do, RAW_MOST if it isn't given."""
    return Invalid(Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": str(RAW_MOST if most is None else most)}))


async def narrowed(company_id: UUID, facts: Facts, wanted: HistoryFilter, *, hurried: bool = True) -> Where:
    """The conditions over facts, with the lines that they lie on, since facts have an index by line.

    Raises Invalid (TOO_MANY) where the facts would be looked for among more than READ_MOST, unless who asks isn't
    `hurried`: a worker has longer for a statement than the API.
    """
    lines = await lines_of(company_id, facts, wanted)
    if hurried and await reads_too_many(company_id, facts, wanted, lines):
        raise too_many(READ_MOST)
    return conditions(company_id, wanted if lines is None else replace(wanted, line_ids=tuple(lines)), facts)


def _rolled(
    company_id: UUID,
    facts: Facts,
    rollup: Rollup,
    wanted: HistoryFilter,
    granularity: Granularity,
    group: Group,
) -> Source:
    let = {kind.lower() for kind in types_of(wanted, facts)}
    place = place_of_moment if rollup.bucket == "hour" else place_of_day
    return Source(
        facts,
        rollup.table,
        rollup_conditions(company_id, wanted, rollup),
        place(granularity, rollup.bucket),
        group.column or "NULL::uuid",
        tuple(name for name in facts.measures if name.removesuffix("_seconds") in let),
        summed=rollup.bucket == granularity.lower() and rollup.scope == ((group.column,) if group.column else ()),
    )
