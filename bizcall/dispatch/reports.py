"""What gateways report of messages: kept once each, and folded into the state of the message they speak of (W8).

    take     reports as they come, from a queue or from a poll
    match    reports that came before anybody knew whose they were
    poll     asks a gateway for what it has to say

The state of an attempt is a function of the set of its reports (`bizcall.gateways.settled`), read again as a whole with
each new one, under the lock of the delivery. So order and repetition change nothing. A report may overtake the worker
that sends the very message: it is found by our reference then, or waits, by the gateway's id, for the sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall.database import directory, enter, query, tenant
from bizcall.dispatch.claims import referred
from bizcall.gateways import settled
from bizcall.ports import Clock, Fate, FateState, GatewayBusy, Report, Sms, now

OVERLAP = timedelta(minutes=10)
"""How far a poll reaches back behind the one before it: clocks differ, and what is told twice counts once."""

FIRST_POLL = timedelta(hours=24)
BATCH = 200
POLLED_AT_ONCE = 500
"""Reports of a poll that are compared with those known by one statement: most of them were told a minute ago."""

LOOSE_FOR = timedelta(days=3)
"""How long the sweep tries to find whose a report is."""

KEPT = timedelta(days=30)
LONGEST = 255

logger = logging.getLogger(__name__)


async def take(report: Report, *, clock: Clock = now) -> bool:
    """Keep a report and let it move its message; False for one that was there already, or tells nothing."""
    if report.fate.state is FateState.ABSENT:
        return False
    async with directory():
        fresh = await query(
            """
            INSERT INTO gateway_report (gateway, report_id, gateway_id, reference, fate, code, at, received_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING report_id
            """,
            report.gateway,
            report.id[:LONGEST],
            report.gateway_id,
            report.reference,
            report.fate.state.value,
            report.fate.code,
            report.fate.at,
            clock(),
        )
        if fresh:
            await _settle(report.gateway, report.gateway_id, report.reference, clock())
    return bool(fresh)


async def match(*, clock: Clock = now, limit: int = BATCH) -> int:
    """Find whose the reports are that came too early, and return how many were found. For the sweep."""
    at = clock()
    async with directory():
        loose = await query(
            """
            SELECT DISTINCT report.gateway, report.gateway_id, report.reference
            FROM gateway_report AS report
            JOIN delivery_directory AS known
              ON known.gateway = report.gateway AND known.gateway_id = report.gateway_id
            WHERE report.delivery_id IS NULL AND report.received_at > $1 LIMIT $2
            """,
            at - LOOSE_FOR,
            limit,
        )
    found = 0
    for row in loose:
        async with directory():
            found += await _settle(row["gateway"], row["gateway_id"], row["reference"], at)
    return found


async def poll(sms: Sms, *, clock: Clock = now, stop: Callable[[], bool] = lambda: False) -> int:
    """Ask a gateway for what happened since the last time, and return how many reports were new. For the sweep.

    Until `stop`: then, as after a fault, the next poll begins where this one did, and soon has passed what it knows.
    """
    began = clock()
    async with directory():
        rows = await query("SELECT asked_at FROM gateway WHERE name = $1", sms.name)
    asked = rows[0]["asked_at"] if rows else None
    since = began - FIRST_POLL if asked is None else asked - OVERLAP
    fresh, is_whole = 0, True
    told: list[Report] = []
    try:
        async for report in sms.reports(since):
            told.append(report)
            if len(told) == POLLED_AT_ONCE:
                fresh += await _take_unknown(told, clock, stop)
                told.clear()
            if stop():
                break
    except GatewayBusy:
        # What came before counts.
        logger.warning("gateway %s could not be asked for reports", sms.name)
        is_whole = False
    fresh += await _take_unknown(told, clock, stop)
    if not is_whole or stop():
        return fresh
    async with directory():
        await query(
            "INSERT INTO gateway (name, asked_at) VALUES ($1, $2)"
            " ON CONFLICT (name) DO UPDATE SET asked_at = excluded.asked_at",
            sms.name,
            began,
        )
    return fresh


async def _take_unknown(told: Sequence[Report], clock: Clock, stop: Callable[[], bool]) -> int:
    """Take those of a gateway's reports that it hasn't told before, until `stop`; returns how many were new."""
    if not told:
        return 0
    async with directory():
        rows = await query(
            "SELECT report_id FROM gateway_report WHERE gateway = $1 AND report_id = ANY($2::text[])",
            told[0].gateway,
            [report.id[:LONGEST] for report in told],
        )
    known = {row["report_id"] for row in rows}
    fresh = 0
    for report in told:
        if stop():
            break
        if report.id[:LONGEST] not in known:
            fresh += await take(report, clock=clock)
    return fresh


async def learned(company_id: UUID, delivery_id: UUID, attempt: int, gateway: str, fate: Fate, at: datetime) -> None:
    """Treat the answer to a look-up as one more report, in a transaction of its own."""
    async with tenant(company_id):
        await query(
            """
            INSERT INTO gateway_report (gateway, report_id, gateway_id, fate, code, at, received_at, delivery_id,
                                        attempt)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
            """,
            gateway,
            f"look-up:{delivery_id.hex}-{attempt}:{fate.state}",
            fate.gateway_id or "",
            fate.state.value,
            fate.code,
            fate.at,
            at,
            delivery_id,
            attempt,
        )
        await _fold(company_id, delivery_id, attempt, at)


async def prune(*, clock: Clock = now, limit: int = 10_000) -> int:
    """Forget reports, and whose finished messages were, after 30 days; return how many rows of both."""
    before = clock() - KEPT
    async with directory():
        gone = await query(
            """
            DELETE FROM gateway_report WHERE (gateway, report_id) IN (
                SELECT gateway, report_id FROM gateway_report WHERE received_at < $1 ORDER BY received_at LIMIT $2
            ) RETURNING report_id
            """,
            before,
            limit,
        )
        gone += await query(
            """
            DELETE FROM delivery_directory WHERE delivery_id IN (
                SELECT delivery_id FROM delivery_directory
                WHERE created_at < $1 AND due_at IS NULL ORDER BY created_at LIMIT $2
            ) RETURNING delivery_id
            """,
            before,
            limit,
        )
    return len(gone)


async def _settle(gateway: str, gateway_id: str, reference: str | None, at: datetime) -> int:
    """In the open directory transaction: name the delivery of all loose reports on this message, and fold them."""
    named = referred(reference)
    if named is not None:
        rows = await query("SELECT company_id FROM delivery_directory WHERE delivery_id = $1", named[0])
        owner: dict[str, Any] | None = {**rows[0], "delivery_id": named[0], "attempt": named[1]} if rows else None
    else:
        rows = await query(
            "SELECT company_id, delivery_id, attempt FROM delivery_directory WHERE gateway = $1 AND gateway_id = $2",
            gateway,
            gateway_id,
        )
        owner = rows[0] if rows else None
    if owner is None:
        return 0
    company_id, delivery_id, attempt = owner["company_id"], owner["delivery_id"], owner["attempt"]
    await query(
        "UPDATE gateway_report SET delivery_id = $3, attempt = $4"
        " WHERE gateway = $1 AND gateway_id = $2 AND delivery_id IS NULL",
        gateway,
        gateway_id,
        delivery_id,
        attempt,
    )
    await enter(company_id)
    await _fold(company_id, delivery_id, attempt, at)
    return 1


async def _fold(company_id: UUID, delivery_id: UUID, attempt: int, at: datetime) -> None:
    """Bring an attempt and its delivery to what all reports on it say together."""
    # The lock first: who waits for it sees, in the next statement, the reports of whoever had it.
    locked = await query(
        "SELECT attempts FROM delivery WHERE company_id = $1 AND id = $2 FOR UPDATE", company_id, delivery_id
    )
    reports = await query(
        "SELECT gateway_id, fate, code, at FROM gateway_report WHERE delivery_id = $1 AND attempt = $2",
        delivery_id,
        attempt,
    )
    fate = settled(Fate(FateState(row["fate"]), row["gateway_id"], row["code"], row["at"]) for row in reports)
    if not locked or fate is None:
        return
    await query(
        """
        WITH noted AS (
            UPDATE delivery_attempt SET outcome = 'ACCEPTED', fate = $4, fate_code = $5,
                   ended_at = coalesce(ended_at, $6), gateway_id = coalesce(nullif(gateway_id, ''), nullif($7, ''))
            WHERE company_id = $1 AND delivery_id = $2 AND number = $3
            RETURNING gateway
        ), moved AS (
            UPDATE delivery SET
                state = CASE $4 WHEN 'DELIVERED' THEN 'DELIVERED' WHEN 'FAILED' THEN 'FAILED' ELSE 'SENT' END,
                reason = CASE $4 WHEN 'FAILED' THEN 'NOT_DELIVERED' END,
                gateway_code = CASE $4 WHEN 'FAILED' THEN $5 END,
                lease_until = NULL, sent_at = coalesce(sent_at, $6), finished_at = $6
            -- Asked for again, it waits for its next attempt, unless it has arrived. And so did one whose earlier
            -- attempt turns out to have arrived.
            WHERE company_id = $1 AND id = $2 AND EXISTS (SELECT FROM noted)
              AND ($4 = 'DELIVERED' AND state <> 'DELIVERED' OR attempts = $3 AND state <> 'QUEUED')
            RETURNING invitation_id
        ), known AS (
            UPDATE delivery_directory SET due_at = NULL,
                   gateway = coalesce(delivery_directory.gateway, noted.gateway),
                   gateway_id = coalesce(delivery_directory.gateway_id, nullif($7, '')),
                   attempt = coalesce(delivery_directory.attempt, $3)
            FROM noted
            WHERE delivery_directory.delivery_id = $2 AND delivery_directory.company_id = $1
              AND EXISTS (SELECT FROM moved)
        )
        UPDATE subscriber SET invited_at = greatest(subscriber.invited_at, $6)
        FROM moved JOIN invitation ON invitation.company_id = $1 AND invitation.id = moved.invitation_id
        WHERE subscriber.company_id = $1 AND subscriber.id = invitation.subscriber_id AND subscriber.invited_at IS NULL
        """,
        company_id,
        delivery_id,
        attempt,
        fate.state.value,
        fate.code,
        at,
        fate.gateway_id or "",
    )
