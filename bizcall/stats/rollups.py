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
    """A table and what makes its key beside the company: the bucket's column, and further columns of the fact.

    Loading sums the groups of the `finer` rollup, where there is one, instead of grouping all facts once more.
    """

    table: str
    bucket: str
    scope: tuple[str, ...] = ()
    finer: Rollup | None = None

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
        return _bucket(name, self.moment)


def _bucket(name: str, moment: str) -> str:
    """The bucket of that name in which a moment (timestamptz) lies."""
    if name == "hour":
        return f"date_trunc('hour', {moment}, 'Asia/Seoul')"
    local = f"{moment} AT TIME ZONE 'Asia/Seoul'"
    return f"({local})::date" if name == "day" else f"date_trunc('month', {local})::date"


def _rollups(fact: str) -> tuple[Rollup, ...]:
    department_hour = Rollup(f"{fact}_department_hour", "hour", ("department_id",))
    line_day = Rollup(f"{fact}_line_day", "day", HOLDER)
    return (
        Rollup(f"{fact}_hour", "hour", finer=department_hour),
        department_hour,
        Rollup(f"{fact}_department_day", "day", ("department_id",), finer=department_hour),
        line_day,
        Rollup(f"{fact}_line_month", "month", HOLDER, finer=line_day),
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
    finest_first = sorted(facts.rollups, key=lambda rollup: rollup.finer is not None)
    told = [f"told_{rollup.table} AS ({_told(facts, rollup, source, company)})" for rollup in finest_first]
    return ", ".join([*told, *(_addition(facts, rollup) for rollup in facts.rollups)])


def subtractions(facts: Facts, source: str, *, company: str = "$1") -> str:
    """CTEs that take the rows of the CTE `source` away; only for whoever holds the facts' lock alone."""
    return ", ".join(_subtraction(facts, rollup, source, company) for rollup in facts.rollups)


def lock_name(company_id: UUID, facts: Facts) -> str:
    """The lock of a company's facts: shared by those who add, held alone by whoever changes or takes away."""
    return f"stats.{facts.table} {company_id}"


def _named(facts: Facts) -> Sequence[tuple[str, str]]:
    return tuple(facts.measures.items())


def _told(facts: Facts, rollup: Rollup, source: str, company: str) -> str:
    """The rollup's rows of the CTE `source`, from the groups of the finer rollup if there is one."""
    if rollup.finer is None:
        return aggregate(facts, rollup, source, company=company)
    finer = rollup.finer
    if rollup.bucket == finer.bucket:
        bucket = finer.bucket
    else:
        moment = f"({finer.bucket}::timestamp AT TIME ZONE 'Asia/Seoul')" if finer.bucket == "day" else finer.bucket
        bucket = _bucket(rollup.bucket, moment)
    scope = "".join(f"{column}, " for column in rollup.scope)
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in facts.measures)
    numbers = ", ".join(str(place + 1) for place in range(len(rollup.keys) + 1))
    return (
        f"SELECT company_id, {bucket} AS {rollup.bucket}, {scope}{sums}"  # noqa: S608 - all of it is made of constants
        f" FROM told_{finer.table} GROUP BY {numbers} ORDER BY {numbers}"
    )


def _addition(facts: Facts, rollup: Rollup) -> str:
    keys = ", ".join(("company_id", *rollup.keys))
    columns = f"{keys}, {', '.join(facts.measures)}"
    sums = ", ".join(f"{name} = {rollup.table}.{name} + excluded.{name}" for name in facts.measures)
    return (
        f"into_{rollup.table} AS (INSERT INTO {rollup.table} ({columns})"  # noqa: S608 - constants
        f" SELECT {columns} FROM told_{rollup.table} ORDER BY {keys}"
        f" ON CONFLICT ({keys}) DO UPDATE SET {sums})"
    )


def _subtraction(facts: Facts, rollup: Rollup, source: str, company: str) -> str:
    differences = ", ".join(f"{name} = kept.{name} - gone.{name}" for name in facts.measures)
    same = " AND ".join(f"kept.{key} = gone.{key}" for key in rollup.keys)
    return (
        f"from_{rollup.table} AS (UPDATE {rollup.table} AS kept SET {differences}"  # noqa: S608 - constants
        f" FROM ({aggregate(facts, rollup, source, company=company)}) AS gone"
        f" WHERE kept.company_id = {company} AND {same})"
    )
