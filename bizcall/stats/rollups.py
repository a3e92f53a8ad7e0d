"""The rollups as data, and the statements that keep them equal to the facts (ST-03).

A rollup is a bucket of time and a scope; its measures are columns, a count (and for calls the seconds) of each type.
One description here makes the statements of loading, correcting, rebuilding and verifying, so that they can't differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from bizcall.models.calls import CallType
from bizcall.models.messages import MessageDirection

HOLDER = ("line_id", "subscriber_id", "department_id")


@dataclass(frozen=True)
class Rollup:
    """A table and what makes its key beside the company: the bucket's column, and further columns of the fact."""

    table: str
    bucket: str
    scope: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The key without the company."""
        return (self.bucket, *self.scope)


@dataclass(frozen=True)
class Facts:
    """A table of facts: the column of its moment, that of its type, its types, and the rollups of it."""

    table: str
    moment: str
    type: str
    types: tuple[str, ...]
    with_seconds: bool
    rollups: tuple[Rollup, ...]

    @cached_property
    def measures(self) -> dict[str, str]:
        """The columns of measures, each with the aggregate over facts that it is."""
        counts = {name.lower(): f"count(*) FILTER (WHERE {self.type} = '{name}')" for name in self.types}
        if not self.with_seconds:
            return counts
        return counts | {
            f"{name.lower()}_seconds": f"coalesce(sum(seconds) FILTER (WHERE {self.type} = '{name}'), 0)::bigint"
            for name in self.types
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a fact that rollups are made of."""
        return ("company_id", self.moment, *HOLDER, self.type, *(("seconds",) if self.with_seconds else ()))

    def bucket(self, name: str) -> str:
        """The expression for a bucket of that name."""
        if name == "hour":
            return f"date_trunc('hour', {self.moment}, 'Asia/Seoul')"
        local = f"{self.moment} AT TIME ZONE 'Asia/Seoul'"
        return f"({local})::date" if name == "day" else f"date_trunc('month', {local})::date"


def _rollups(fact: str) -> tuple[Rollup, ...]:
    return (
        Rollup(f"{fact}_hour", "hour"),
        Rollup(f"{fact}_department_hour", "hour", ("department_id",)),
        Rollup(f"{fact}_line_day", "day", HOLDER),
        Rollup(f"{fact}_line_month", "month", HOLDER),
    )


CALLS = Facts("call", "started_at", "type", tuple(CallType), True, _rollups("call"))
MESSAGES = Facts("message", "sent_at", "direction", tuple(MessageDirection), False, _rollups("message"))


def aggregate(facts: Facts, rollup: Rollup, source: str, *, company: str) -> str:
    """The SELECT of a rollup's rows from `source`, which has the facts' columns; `company` is the parameter."""
    keys = ", ".join(
        [f"{facts.bucket(rollup.bucket)} AS {rollup.bucket}", *rollup.scope, *(f"{a} AS {m}" for m, a in _named(facts))]
    )
    numbers = ", ".join(str(place) for place in range(2, len(rollup.keys) + 2))
    return (
        f"SELECT {company}::uuid AS company_id, {keys} FROM {source}"  # noqa: S608 - all of it is made of constants
        f" WHERE company_id = {company} GROUP BY {numbers} ORDER BY {numbers}"
    )


def additions(facts: Facts, source: str, *, company: str = "$1") -> str:
    """CTEs that add the rows of the CTE `source` to each rollup, to be put behind it.

    Each inserts in the order of its key, so that loaders that run at the same time wait for each other and never
    deadlock.
    """
    return ", ".join(_addition(facts, rollup, source, company) for rollup in facts.rollups)


def subtractions(facts: Facts, source: str, *, company: str = "$1") -> str:
    """CTEs that take the rows of the CTE `source` away; only for whoever holds the facts' lock alone."""
    return ", ".join(_subtraction(facts, rollup, source, company) for rollup in facts.rollups)


def lock_name(company_id: UUID, facts: Facts) -> str:
    """The lock of a company's facts: shared by those who add, held alone by whoever changes or takes away."""
    return f"stats.{facts.table} {company_id}"


def _named(facts: Facts) -> Sequence[tuple[str, str]]:
    return tuple(facts.measures.items())


def _addition(facts: Facts, rollup: Rollup, source: str, company: str) -> str:
    columns = ", ".join(("company_id", *rollup.keys, *facts.measures))
    sums = ", ".join(f"{name} = {rollup.table}.{name} + excluded.{name}" for name in facts.measures)
    return (
        f"into_{rollup.table} AS (INSERT INTO {rollup.table} ({columns})"
        f" {aggregate(facts, rollup, source, company=company)}"
        f" ON CONFLICT (company_id, {', '.join(rollup.keys)}) DO UPDATE SET {sums})"
    )


def _subtraction(facts: Facts, rollup: Rollup, source: str, company: str) -> str:
    differences = ", ".join(f"{name} = kept.{name} - gone.{name}" for name in facts.measures)
    same = " AND ".join(f"kept.{key} = gone.{key}" for key in rollup.keys)
    return (
        f"from_{rollup.table} AS (UPDATE {rollup.table} AS kept SET {differences}"  # noqa: S608 - constants
        f" FROM ({aggregate(facts, rollup, source, company=company)}) AS gone"
        f" WHERE kept.company_id = {company} AND {same})"
    )
