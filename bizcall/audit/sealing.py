"""Sealing: a chain of hashes over the records of a company, made by a schedule and never inside a request (P2).

A seal stands for all records of a stretch of time, so the stretch must end where no record can come any more. A record
gets its `recorded_at` from `clock_timestamp()`, thus not before its transaction began. One statement takes the
horizon: the beginning of the oldest transaction that this role has open, this one included. Whatever was recorded
before it has either been committed before that statement, and a later statement sees it (READ COMMITTED), or belongs
to a transaction that statement didn't see yet, whose records are then later than it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall.audit import chain
from bizcall.database import query, tenant

RECORDS_MOST = 10_000
"""Records of one seal, and those recorded in the same microsecond as the last of them."""

MARGIN = timedelta(seconds=10)
"""How far behind the horizon a seal ends, for a server whose clock is set back by a moment."""

logger = logging.getLogger(__name__)


class Blind(Exception):
    """It can't be told which transactions are open: activity tracking is off, or one was prepared for two phases."""


@dataclass(frozen=True)
class Seal:
    """A seal that was made."""

    company_id: UUID
    number: int
    recorded_to: datetime
    records: int
    hash: bytes


async def seal(company_id: UUID, *, most: int = RECORDS_MOST, margin: timedelta = MARGIN) -> Seal | None:
    """Seal what was recorded since the last seal, the oldest `most` records of it; None when there is nothing.

    The head goes into the log as well, a store that survives the database. Raises Blind.
    """
    async with tenant(company_id):
        head = await chain.locked(company_id)
        horizon, at = await _horizon(margin)
        until = await _end(company_id, head.recorded_to, horizon, most)
        number = head.number + 1
        digest = chain.Digest(company_id, number, (head.recorded_to, until), head.hash, at)
        if until > head.recorded_to:
            async for row in chain.recorded(company_id, head.recorded_to, until):
                digest.add(row)
        if not digest.records:
            return None
        made = Seal(company_id, number, until, digest.records, digest.finish())
        await query(
            "INSERT INTO audit_seal (company_id, number, recorded_from, recorded_to, records, previous_hash, hash,"
            " sealed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            company_id,
            number,
            head.recorded_to,
            until,
            made.records,
            head.hash,
            made.hash,
            at,
        )
        await query(
            "UPDATE audit_chain SET number = $2, hash = $3, recorded_to = $4, oldest_to = coalesce(oldest_to, $4)"
            " WHERE company_id = $1",
            company_id,
            number,
            made.hash,
            until,
        )
    head_told = {"company_id": str(company_id), "seal": number, "records": made.records, "hash": made.hash.hex()}
    logger.info("audit records sealed", extra=head_told)
    return made


async def seal_due(
    *, stop: Callable[[], bool] = lambda: False, most: int = RECORDS_MOST, margin: timedelta = MARGIN
) -> int:
    """Seal in all companies, those first that waited longest, until `stop`; return how many seals were made.

    A company that fails keeps no other from its turn; the failures are raised at the end.
    """
    made, failures = 0, []
    for company_id in await chain.least_recently("sealed_at"):
        try:
            while not stop() and (sealed := await seal(company_id, most=most, margin=margin)) is not None:
                made += 1
                if sealed.records < most:
                    break
        except Exception as failure:
            failures.append(failure)
        if stop():
            break
    if failures:
        raise ExceptionGroup("companies that could not be sealed", failures)
    return made


async def _horizon(margin: timedelta) -> tuple[datetime, datetime]:
    """Before which no record can come any more, and what time it is."""
    (row,) = await query(
        "SELECT least(now(), min(xact_start)) AS horizon, now() AS at,"
        " bool_or(state = 'disabled') OR EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())"
        " AS blind FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    )
    if row["blind"]:
        raise Blind
    return row["horizon"] - margin, row["at"]


async def _end(company_id: UUID, since: datetime, horizon: datetime, most: int) -> datetime:
    """Where a seal of about `most` records ends; records of one moment are never parted."""
    rows = await query(
        "SELECT recorded_at + interval '1 microsecond' AS past FROM audit_record"
        " WHERE company_id = $1 AND recorded_at >= $2 AND recorded_at < $3"
        " ORDER BY recorded_at, id OFFSET $4 LIMIT 1",
        company_id,
        since,
        horizon,
        most - 1,
    )
    past: datetime = rows[0]["past"] if rows else horizon
    return past
