"""What rollups say against what the facts say, over a span of days (ST-03)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from uuid import UUID

from bizcall import months
from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ports import Clock
from bizcall.stats.rollups import Facts, Rollup, aggregate

logger = logging.getLogger(__name__)

SPAN_MOST = 400
"""Days that one command counts again or makes anew."""

SHOWN = 20
"""Differing rows of one rollup that are told."""


MONTH_MOST = 5_000_000
"""Records of a company's month up to which they are all counted again. Each takes the server some 0.5 µs where they are
at hand; a statement has 25 s, also where so many, a gigabyte, must be read from the disk first.
"""


@dataclass(frozen=True)
class Difference:
    """A row of a rollup's table that is not what the facts say; its key and measures as one text, keys only."""

    table: str
    row: str


@dataclass(frozen=True)
class Span:
    """Days of Korea's calendar, from `first` to `last`, both included. Raises ValueError when they are reversed."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("a span ends before it begins")

    def of(self, rollup: Rollup) -> Span:
        """The span in whole buckets of that rollup: a month can only be told as a whole."""
        if rollup.bucket != "month":
            return self
        return Span(self.first.replace(day=1), months.shifted(self.last, 1) - timedelta(days=1))

    def days(self) -> list[Span]:
        """Each day of it."""
        return [
            Span(day, day) for day in (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))
        ]


def within_reach(span: Span, *, kept: int, clock: Clock) -> None:
    """Raises Invalid, OUT_OF_RANGE: at `from` for days before the facts that are kept, at `to` for more than 400."""
    oldest = months.shifted(months.today(clock), -kept)
    if span.first < oldest:
        raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, ("from",), {"minimum": oldest.isoformat()}))
    newest = span.first + timedelta(days=SPAN_MOST - 1)
    if span.last > newest:
        raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, ("to",), {"maximum": newest.isoformat()}))


async def differences(
    company_id: UUID, facts: Facts, rollup: Rollup, span: Span, lines: Sequence[UUID] | None = None
) -> list[Difference]:
    """Up to 20 rows of a rollup that differ, in the open transaction; one statement, so that no loader comes between.

    `lines` narrows a rollup that has lines to some of them, which the facts' index finds.
    """
    whole = span.of(rollup)
    narrowed = lines is not None and "line_id" in rollup.scope
    rows = await query(
        _compared(facts, rollup, narrowed),
        company_id,
        months.begins(whole.first),
        months.begins(whole.last + timedelta(days=1)),
        *bounds(rollup, whole),
        *([list(lines or ())] if narrowed else ()),
    )
    return [Difference(rollup.table, row["row"]) for row in rows]


async def totals_differ(company_id: UUID, facts: Facts, month: date) -> list[Difference]:
    """Up to 20 departments, or the company as a whole, of which some rollup's month differs in total, in the open
    transaction; `month` is its first day.

    One look at the facts of the month for all rollups. Of a month with more than `MONTH_MOST` records, as its rollup
    of lines tells, nothing is counted, which the log says.
    """
    span = Span(month, month).of(facts.rollups[-1])
    after = span.last + timedelta(days=1)
    moments, days = (months.begins(span.first), months.begins(after)), (span.first, after)
    [size] = await query(_sized(facts), company_id, month)
    if size["records"] > MONTH_MOST:
        logger.warning(
            "a month is too large to be counted again",
            extra={"company_id": str(company_id), "table": facts.table, "month": month.isoformat()},
        )
        return []
    rows = await query(_totalled(facts), company_id, *moments, *days)
    return [Difference(row["name"], row["row"]) for row in rows]


def bounds(rollup: Rollup, span: Span) -> tuple[object, object]:
    """The first and the first no longer bucket of the span, in the type of the rollup's column."""
    after = span.last + timedelta(days=1)
    return (months.begins(span.first), months.begins(after)) if rollup.bucket == "hour" else (span.first, after)


def within(facts: Facts, narrowed: bool = False) -> str:
    """The facts of a span: the parameters $2 and $3 are its moments, $6 are the lines where it is narrowed."""
    also = " AND line_id = ANY($6::uuid[])" if narrowed else ""
    return (
        f"(SELECT {', '.join(facts.columns)} FROM {facts.table} WHERE company_id = $1"  # noqa: S608 - constants
        f" AND {facts.moment} >= $2 AND {facts.moment} < $3{also}) AS fact"
    )


@cache
def _compared(facts: Facts, rollup: Rollup, narrowed: bool) -> str:
    columns = ", ".join((*rollup.keys, *facts.measures))
    # A correction may leave a row of zeros, which says the same as no row.
    nothing = " AND ".join(f"{name} = 0" for name in facts.measures)
    also = " AND line_id = ANY($6::uuid[])" if narrowed else ""
    kept = (
        f"SELECT {columns} FROM {rollup.table} WHERE company_id = $1"  # noqa: S608 - constants
        f" AND {rollup.bucket} >= $4 AND {rollup.bucket} < $5{also} AND NOT ({nothing})"
    )
    told = f"SELECT {columns} FROM ({aggregate(facts, rollup, within(facts, narrowed), company='$1')}) AS told"  # noqa: S608
    return (
        (
            f"SELECT found::text AS row FROM ((TABLE kept EXCEPT TABLE told) UNION ALL (TABLE told EXCEPT TABLE kept))"  # noqa: S608
            f" AS found LIMIT {SHOWN}"
        )
        .replace("TABLE kept", kept)
        .replace("TABLE told", told)
    )


@cache
def _sized(facts: Facts) -> str:
    records = " + ".join(name for name in facts.measures if not name.endswith("_seconds"))
    month = next(rollup for rollup in facts.rollups if rollup.bucket == "month")
    return f"SELECT coalesce(sum({records}), 0) AS records FROM {month.table} WHERE company_id = $1 AND month = $2"  # noqa: S608


@cache
def _totalled(facts: Facts) -> str:
    measures = ", ".join(f"{aggregated} AS {name}" for name, aggregated in facts.measures.items())
    sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in facts.measures)
    compared = []
    for rollup in facts.rollups:
        scope, grouped = ("department_id, ", "GROUP BY department_id") if "department_id" in rollup.scope else ("", "")
        something = " OR ".join(f"sum({name}) > 0" for name in facts.measures)
        # A correction may leave rows of zeros, which say the same as no row.
        grouped = f"{grouped} HAVING {something}" if grouped else ""
        first, after = ("$2", "$3") if rollup.bucket == "hour" else ("$4", "$5")
        kept = (
            f"SELECT {scope}{sums} FROM {rollup.table} WHERE company_id = $1"  # noqa: S608 - constants
            f" AND {rollup.bucket} >= {first} AND {rollup.bucket} < {after} {grouped}"
        )
        told = f"SELECT {scope}{sums} FROM told {grouped}"  # noqa: S608 - constants
        compared.append(
            f"SELECT '{rollup.table}' AS name, found::text AS row"  # noqa: S608 - constants
            f" FROM (({kept} EXCEPT {told}) UNION ALL ({told} EXCEPT {kept})) AS found"
        )
    return (
        f"WITH told AS MATERIALIZED (SELECT department_id, {measures} FROM {within(facts)} GROUP BY department_id)"  # noqa: S608
        f" {' UNION ALL '.join(compared)} LIMIT {SHOWN}"
    )
