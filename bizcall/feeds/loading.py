"""A chunk's records become facts and rollups, in the transaction that moves the file's place in the ledger.

The rows go by COPY into a temporary table, since PostgreSQL refuses COPY on tables under row-level security; from there
one statement inserts what is new and adds exactly that to each rollup. A record counts once, in whatever order, however
often and by however many loaders it comes, because

- its key (company, id, moment) lets it in once, and only what went in is added;
- what a correction replaces is noted beside the facts, so that the replaced record is taken out if it is there and kept
  out if it comes later; a second one that replaces the same is refused, or both would count;
- whoever corrects holds the company's facts alone, those who only add share them, and all insert in the order of keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from bizcall import erasures
from bizcall.database import copy, lock, query
from bizcall.feeds.facts import ATTRIBUTES, HELD, KINDS, LINE, Kind
from bizcall.feeds.ledger import Counts
from bizcall.feeds.records import Batch
from bizcall.feeds.rejects import LineFault, Reject
from bizcall.models.feeds import FeedKind
from bizcall.stats import rollups

_CUSTOMERS = (
    'place integer, id uuid, number text COLLATE "C", name text COLLATE "C", details text COLLATE "C",'
    " updated_at timestamptz"
)


class Loaded(NamedTuple):
    """What became of a batch, and its bad lines, those that only the database knows to be bad included."""

    counts: Counts
    rejects: Sequence[Reject]


async def load(company_id: UUID, batch: Batch) -> Loaded:
    """Put the batch in, inside the open transaction."""
    if not batch.good:
        return Loaded(Counts(rejected=len(batch.rejects)), batch.rejects)
    refused: list[Reject] = []
    if batch.kind is FeedKind.CUSTOMERS:
        await _stage(_CUSTOMERS, batch)
        await lock(erasures.lock_name(company_id), shared=True)
        [done] = await query(_CUSTOMERS_PUT, company_id)
        loaded, corrected = done["loaded"], done["corrected"]
    else:
        kind = KINDS[batch.kind]
        await lock(rollups.lock_name(company_id, kind.facts), shared=batch.replaced is None)
        await _stage(kind.staged, batch)
        refused = await _unknown_lines(company_id)
        if batch.replaced is not None:
            refused += await _rivals(company_id, kind, batch.replaced)
        loaded, corrected = await _load_facts(company_id, kind, batch)
    rejects = sorted([*batch.rejects, *refused])
    known = batch.good - len(refused) - loaded - corrected
    return Loaded(Counts(loaded, corrected, known, len(rejects)), rejects)


async def _load_facts(company_id: UUID, kind: Kind, batch: Batch) -> tuple[int, int]:
    if batch.replaced is not None:
        await query(_noted(kind), company_id)
        await query(_replaced(kind), company_id, *batch.replaced)
    await by_hash()
    [done] = await query(_inserted(kind), company_id, *(batch.moments or ()))
    return done["count"] - done["corrected"], done["corrected"]


async def by_hash(wanted: bool = True) -> None:
    """Have joins of the open transaction made by hash or merge, or, with False, as the planner likes.

    A table that was never analysed looks empty to the planner, which would go through all holders for each record.
    """
    await query("SELECT set_config('enable_nestloop', $1, true)", "off" if wanted else "on")


async def _stage(columns: str, batch: Batch) -> None:
    await query(f"CREATE TEMPORARY TABLE staged ({columns}) ON COMMIT DROP")
    await copy("staged", batch.rows)


async def _unknown_lines(company_id: UUID) -> list[Reject]:
    """Take out of what is staged all records whose number was not the company's when they happened."""
    rows = await query(
        f"""
        DELETE FROM staged AS record WHERE NOT EXISTS (SELECT FROM line WHERE {LINE}) RETURNING place
        """,  # noqa: S608 - LINE is a constant
        company_id,
    )
    return [Reject(row["place"], LineFault.LINE_UNKNOWN, "line") for row in rows]


async def _rivals(company_id: UUID, kind: Kind, replaced: tuple[datetime, datetime]) -> list[Reject]:
    """Take out of what is staged all corrections of a record that another one has corrected already, or does before."""
    rows = await query(
        """
        WITH first AS (
            SELECT DISTINCT ON (replaces_id, replaces_moment, below) replaces_id, replaces_moment, below, id, moment
            FROM staged WHERE replaces_id IS NOT NULL ORDER BY replaces_id, replaces_moment, below, place
        ), standing AS (
            SELECT first.replaces_id, first.replaces_moment, first.below,
                   coalesce(correction.by_id, first.id) AS id,
                   coalesce(correction.by_started_at, first.moment) AS moment
            FROM first LEFT JOIN correction ON correction.company_id = $1 AND correction.kind = $2
                AND correction.id = first.replaces_id AND correction.started_at = first.replaces_moment
                AND correction.started_at BETWEEN $3 AND $4 AND correction.below = first.below
        )
        DELETE FROM staged USING standing
        WHERE staged.replaces_id = standing.replaces_id AND staged.replaces_moment = standing.replaces_moment
          AND staged.below = standing.below AND (staged.id, staged.moment) <> (standing.id, standing.moment)
        RETURNING staged.place
        """,
        company_id,
        kind.kind.value,
        *replaced,
    )
    return [Reject(row["place"], LineFault.REPLACED, "replaces_id") for row in rows]


@cache
def _noted(kind: Kind) -> str:
    """Note what the staged records replace."""
    return f"""
        INSERT INTO correction (company_id, kind, id, started_at, below, by_id, by_started_at)
        SELECT DISTINCT ON (replaces_id, replaces_moment)
               $1, '{kind.kind}', replaces_id, replaces_moment, below, id, moment
        FROM staged WHERE replaces_id IS NOT NULL ORDER BY replaces_id, replaces_moment, below DESC
        ON CONFLICT (company_id, kind, id, started_at) DO UPDATE
        SET below = excluded.below, by_id = excluded.by_id, by_started_at = excluded.by_started_at
        WHERE excluded.below > correction.below OR excluded.below = correction.below AND correction.by_id IS NULL
    """  # noqa: S608 - constants


@cache
def _replaced(kind: Kind) -> str:
    """Take out the facts that the staged records replace, from the rollups too."""
    facts = kind.facts
    columns = ", ".join(f"fact.{column}" for column in facts.columns)
    return f"""
        WITH gone AS (
            DELETE FROM {facts.table} AS fact USING (
                SELECT replaces_id, replaces_moment, max(below) AS below FROM staged
                WHERE replaces_id IS NOT NULL GROUP BY replaces_id, replaces_moment
            ) AS record
            WHERE fact.company_id = $1 AND fact.id = record.replaces_id AND fact.{facts.moment} = record.replaces_moment
              AND fact.{facts.moment} BETWEEN $2 AND $3 AND fact.revision < record.below
            RETURNING {columns}
        ), {rollups.subtractions(facts, "gone")}
        SELECT count(*) FROM gone
    """  # noqa: S608 - constants


@cache
def _inserted(kind: Kind) -> str:
    """Put in what is new and was not replaced already, and add it to the rollups."""
    facts = kind.facts
    own = ", ".join(kind.own)
    staged_own = ", ".join(f"record.{column}" for column in kind.own)
    return f"""
        WITH fresh AS (
            INSERT INTO {facts.table} (company_id, id, {facts.moment}, line_id, subscriber_id, department_id,
                                       customer_number, revision, {own})
            SELECT $1, record.id, record.moment, {ATTRIBUTES}, record.customer_number, record.revision, {staged_own}
            FROM staged AS record JOIN line ON {LINE} {HELD}
            LEFT JOIN correction ON correction.company_id = $1 AND correction.kind = '{kind.kind}'
                AND correction.id = record.id AND correction.started_at = record.moment
                AND correction.started_at BETWEEN $2 AND $3
            WHERE record.revision >= coalesce(correction.below, 0)
            ORDER BY record.id, record.moment, record.revision DESC, record.place
            ON CONFLICT DO NOTHING
            RETURNING id, revision, {", ".join(facts.columns)}
        ), {rollups.additions(facts, "fresh")}
        SELECT count(*), count(*) FILTER (WHERE EXISTS (
            SELECT FROM staged WHERE staged.below IS NOT NULL AND staged.id = fresh.id
                AND staged.moment = fresh.{facts.moment} AND staged.revision = fresh.revision)) AS corrected
        FROM fresh
    """  # noqa: S608 - constants


_CUSTOMERS_PUT = f"""
    WITH newest AS (
        SELECT DISTINCT ON (number) id, number, name, details, updated_at FROM staged
        ORDER BY number, updated_at DESC, name DESC, details DESC
    ), erased AS (
        SELECT newest.number FROM newest JOIN erased_customer AS erased ON erased.company_id = $1
            AND erased.number_hash = {erasures.hashed("newest.number")} AND erased.erased_at >= newest.updated_at
        WHERE EXISTS (SELECT FROM erased_customer WHERE company_id = $1)
    ), put AS (
        INSERT INTO customer AS kept (company_id, id, number, name, details, updated_at)
        SELECT $1, id, number, name, details, updated_at FROM newest
        WHERE number NOT IN (SELECT number FROM erased) ORDER BY number
        ON CONFLICT (company_id, number) DO UPDATE
        SET name = excluded.name, details = excluded.details, updated_at = excluded.updated_at
        WHERE (excluded.updated_at, excluded.name, excluded.details) > (kept.updated_at, kept.name, kept.details)
        RETURNING id
    )
    SELECT count(*) FILTER (WHERE newest.id IS NOT NULL) AS loaded,
           count(*) FILTER (WHERE newest.id IS NULL) AS corrected
    FROM put LEFT JOIN newest USING (id)
"""  # noqa: S608 - constants
"""Of records of one moment that differ the greater text stands, so that their order doesn't matter.

Numbers are hashed only where the company has erased somebody: EXISTS is asked once, before the join is begun."""
