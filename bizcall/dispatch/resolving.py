"""For the sweep: messages whose worker died, whose gateway gave no answer, or that nobody came for.

A message in SENDING whose lease has ended may or may not have left. The gateway is asked by our reference:

    it has the message       the message is SENT, with whatever else the gateway knows
    it has no such message   the message goes out again, but only within 120 s of the attempt; later it is UNKNOWN,
                             because nobody expects a temporary password any more and "not there" may yet turn out wrong
                             (so it is published at once, and who claims it looks at the time again)
    it can't tell            the message is UNKNOWN

UNKNOWN is listed (`invitations(filter: {states: [UNKNOWN]})`), and only a person sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall.database import directory, query, tenant
from bizcall.dispatch import claims, outbox, reports
from bizcall.models.dispatch import AttemptOutcome, Channel, DeliveryReason, DeliveryState
from bizcall.ports import Clock, Fate, FateState, GatewayFault, Queue, Sms, now

ASKED_FOR = timedelta(hours=1)
"""How long a gateway that doesn't answer is asked about a message, once a minute."""

ASKED_AGAIN = timedelta(seconds=50)
BATCH = 200
GRACE = timedelta(seconds=5)
"""Clocks of two processes differ; a look-up that begins a little earlier misses nothing."""

logger = logging.getLogger(__name__)


async def resolve(
    *, sms: Sms, queue: Queue, clock: Clock = now, limit: int = BATCH, stop: Callable[[], bool] = lambda: False
) -> int:
    """Look after deliveries that are due for it, at most `limit` and until `stop`, and return how many were seen to.

    Each is claimed by moving its time in the directory, so sweeps that overlap look after different ones.
    """
    at = clock()
    async with directory():
        due = await query(
            """
            UPDATE delivery_directory SET due_at = $1::timestamptz + $3 WHERE delivery_id IN (
                SELECT delivery_id FROM delivery_directory WHERE due_at <= $1 ORDER BY due_at LIMIT $2
                FOR UPDATE SKIP LOCKED
            ) RETURNING delivery_id, company_id
            """,
            at,
            limit,
            ASKED_AGAIN,
        )
    failures: list[Exception] = []
    done = 0
    for row in due:
        if stop():
            break
        done += 1
        try:
            await _one(row["company_id"], row["delivery_id"], sms, queue, clock)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("deliveries that could not be looked after", failures)
    return done


async def _one(company_id: UUID, delivery_id: UUID, sms: Sms, queue: Queue, clock: Clock) -> None:
    at = clock()
    async with tenant(company_id):
        found = await _attempt(company_id, delivery_id)
        if found is None or found["state"] not in (DeliveryState.QUEUED, DeliveryState.SENDING):
            await _watch(company_id, delivery_id, None)
            return
        if found["state"] == DeliveryState.QUEUED:
            await _queue_again(company_id, delivery_id, found["due_at"], at)
            return
        if found["lease_until"] > at:
            await _watch(company_id, delivery_id, found["lease_until"])
            return
    # The network is asked outside of any transaction; whatever happens meanwhile wins by the attempt's number.
    fate: Fate | None = None
    # A recipient who was erased meanwhile (P7) can't be named to the gateway.
    if found["channel"] == Channel.SMS and found["gateway"] == sms.name and found["recipient"]:
        try:
            fate = await sms.look_up(
                claims.reference(delivery_id, found["attempts"]),
                to=found["recipient"],
                since=found["claimed_at"] - GRACE,
            )
        except GatewayFault as fault:
            if at - found["claimed_at"] < ASKED_FOR:
                logger.warning("a gateway could not be asked: %s", fault, extra={"delivery": str(delivery_id)})
                return
    again = await _decide(company_id, delivery_id, found, fate, clock())
    if again is not None:
        await outbox.publish([again], queue=queue)


async def _decide(
    company_id: UUID, delivery_id: UUID, found: dict[str, Any], fate: Fate | None, at: datetime
) -> UUID | None:
    """Record what the answer means; returns the outbox row of a message that goes out again."""
    attempt = found["attempts"]
    if fate is not None and fate.state is not FateState.ABSENT:
        await reports.learned(company_id, delivery_id, attempt, found["gateway"], fate, at)
        return None
    async with tenant(company_id):
        if fate is not None and at - found["claimed_at"] <= claims.AGAIN_WITHIN:
            return await claims.put_off(
                company_id, delivery_id, attempt, at, DeliveryReason.NOT_TAKEN, at, outcome=AttemptOutcome.ABSENT
            )
        await claims.ended(
            company_id,
            delivery_id,
            attempt,
            DeliveryState.UNKNOWN,
            DeliveryReason.NO_ANSWER if fate is None else DeliveryReason.NOT_TAKEN,
            at,
            outcome=AttemptOutcome.UNCERTAIN,
            code=found["code"],
        )
    logger.warning(
        "what became of a message is unknown",
        extra={"event": "MESSAGE_UNKNOWN", "delivery": str(delivery_id), "attempt": attempt},
    )
    return None


async def _attempt(company_id: UUID, delivery_id: UUID) -> dict[str, Any] | None:
    rows = await query(
        """
        SELECT delivery.state, delivery.channel, delivery.recipient, delivery.due_at, delivery.lease_until,
               delivery.attempts, attempt.gateway, attempt.claimed_at, attempt.code
        FROM delivery LEFT JOIN delivery_attempt AS attempt
          ON attempt.company_id = $1 AND attempt.delivery_id = delivery.id AND attempt.number = delivery.attempts
        WHERE delivery.company_id = $1 AND delivery.id = $2
        """,
        company_id,
        delivery_id,
    )
    return rows[0] if rows else None


async def _queue_again(company_id: UUID, delivery_id: UUID, due_at: datetime, at: datetime) -> None:
    """Nobody claimed it in time: its message is put into the outbox once more, which is harmless if it still waits."""
    overdue_at = due_at + claims.OVERDUE
    if overdue_at > at:
        await _watch(company_id, delivery_id, overdue_at)
        return
    logger.error("a message was due and nobody came for it", extra={"delivery": str(delivery_id)})
    await outbox.put(claims.QUEUE, claims.body(company_id, delivery_id), company_id=company_id, clock=lambda: at)
    await _watch(company_id, delivery_id, at + claims.OVERDUE)


async def _watch(company_id: UUID, delivery_id: UUID, due_at: datetime | None) -> None:
    await query(
        "UPDATE delivery_directory SET due_at = $3 WHERE delivery_id = $2 AND company_id = $1",
        company_id,
        delivery_id,
        due_at,
    )
