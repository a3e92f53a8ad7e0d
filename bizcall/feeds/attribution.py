"""Attribution told anew, at an operator's command: when assignments were entered late, or wrongly (ST-03).

By itself nothing rewrites history: a record is attributed when it is loaded, by the intervals of that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

from bizcall import audit, months
from bizcall.database import lock, query, tenant
from bizcall.feeds.facts import ATTRIBUTES, HELD, KINDS, LINE, Kind
from bizcall.feeds.loading import by_hash
from bizcall.ports import Clock, now
from bizcall.stats import Span, comparing, rollups

TOLD = 1000
"""Changes that the answer lists."""


@dataclass(frozen=True)
class Holding:
    """Who is counted for a record."""

    line_id: UUID
    subscriber_id: UUID
    department_id: UUID


@dataclass(frozen=True)
class Reattributed:
    """So many records of a table went from one holding to another."""

    table: str
    before: Holding
    after: Holding
    records: int


async def reattribute(
    company_id: UUID, span: Span, *, kept: int = months.KEPT, clock: Clock = now
) -> tuple[int, list[Reattributed]]:
    """Attribute the records of the span by the intervals as they are now; rollups follow.

    Returns how many records changed, and what changed, up to 1,000 entries. A day is a transaction, each with a record
    of the audit if it changed anything. A record whose number was nobody's in the company at its moment stays as it is.
    Raises Invalid as `stats.rebuild` does.
    """
    comparing.within_reach(span, kept=kept, clock=clock)
    changed: dict[tuple[str, Holding, Holding], int] = {}
    for kind in KINDS.values():
        for day in span.days():
            for change in await _day(company_id, kind, day, clock):
                key = (change.table, change.before, change.after)
                changed[key] = changed.get(key, 0) + change.records
    found = [Reattributed(*key, records) for key, records in changed.items()]
    return sum(changed.values()), found[:TOLD]


async def _day(company_id: UUID, kind: Kind, day: Span, clock: Clock) -> list[Reattributed]:
    moments = months.begins(day.first), months.begins(day.last + timedelta(days=1))
    async with tenant(company_id):
        await lock(rollups.lock_name(company_id, kind.facts))
        await query(_STAGED)
        await by_hash()
        rows = await query(_found(kind), company_id, *moments)
        await by_hash(False)
        if not rows:
            return []
        for statement in _moved(kind):
            await query(statement, company_id, *moments)
        changes = [
            Reattributed(
                kind.facts.table,
                Holding(*(row[f"old_{column}"] for column in rollups.HOLDER)),
                Holding(*(row[column] for column in rollups.HOLDER)),
                row["count"],
            )
            for row in rows
        ]
        await audit.record(
            company_id,
            audit.system(),
            "feeds.reattribute",
            details={
                "table": kind.facts.table,
                "day": day.first.isoformat(),
                "records": sum(c.records for c in changes),
            },
            clock=clock,
        )
        return changes


_STAGED = (
    'CREATE TEMPORARY TABLE moved (id text COLLATE "C", moment timestamptz, line_id uuid, subscriber_id uuid,'
    " department_id uuid, old_line_id uuid, old_subscriber_id uuid, old_department_id uuid) ON COMMIT DROP"
)


@cache
def _found(kind: Kind) -> str:
    """Note the records whose attribution differs, and count them by what differs."""
    facts = kind.facts
    holder = ", ".join(rollups.HOLDER)
    old = ", ".join(f"old_{column}" for column in rollups.HOLDER)
    return f"""
        WITH found AS (
            INSERT INTO moved (id, moment, old_line_id, old_subscriber_id, old_department_id, {holder})
            SELECT * FROM (
                SELECT record.id, record.moment, record.line_id AS old_line_id,
                       record.subscriber_id AS old_subscriber_id, record.department_id AS old_department_id,
                       {ATTRIBUTES}
                FROM (
                    SELECT fact.id, fact.{facts.moment} AS moment, fact.line_id, fact.subscriber_id,
                           fact.department_id, own.number
                    FROM {facts.table} AS fact JOIN line AS own ON own.company_id = $1 AND own.id = fact.line_id
                    WHERE fact.company_id = $1 AND fact.{facts.moment} >= $2 AND fact.{facts.moment} < $3
                ) AS record JOIN line ON {LINE} {HELD}
            ) AS told WHERE ({holder}) IS DISTINCT FROM ({old})
            RETURNING {holder}, {old}
        )
        SELECT {holder}, {old}, count(*) FROM found GROUP BY {holder}, {old} ORDER BY {holder}, {old}
    """  # noqa: S608 - constants


@cache
def _moved(kind: Kind) -> tuple[str, str, str]:
    """Take the records out of the rollups, change them, and add them again."""
    facts = kind.facts
    of_span = f"""
        fact.company_id = $1 AND fact.{facts.moment} >= $2 AND fact.{facts.moment} < $3
        AND fact.id = moved.id AND fact.{facts.moment} = moved.moment
    """
    counted = f"""
        AS MATERIALIZED (SELECT {", ".join(f"fact.{column}" for column in facts.columns)}
        FROM {facts.table} AS fact, moved WHERE {of_span})
    """  # noqa: S608 - constants
    changed = ", ".join(f"{column} = moved.{column}" for column in rollups.HOLDER)
    return (
        f"WITH gone {counted}, {rollups.subtractions(facts, 'gone')} SELECT 1",
        f"UPDATE {facts.table} AS fact SET {changed} FROM moved WHERE {of_span}",  # noqa: S608 - constants
        f"WITH fresh {counted}, {rollups.additions(facts, 'fresh')} SELECT 1",
    )
