"""The statements of a delivery's life: claimed, then handed over, put off or ended.

`attempts` of a delivery is the number of its latest claim, and what fences a late worker off: his record of an attempt
is kept, but moves the delivery only as long as nobody has claimed it after him.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall import months
from bizcall.database import query
from bizcall.dispatch import outbox
from bizcall.models.dispatch import AttemptOutcome, Channel, DeliveryReason, DeliveryState

QUEUE = "deliveries"
LEASE = timedelta(seconds=60)
OVERDUE = timedelta(minutes=15)
"""How long a message may be due without being claimed before the sweep puts it into the outbox again."""

TRIES_MOST = 24
"""Attempts at a message that its gateway doesn't take before it has failed: about three quarters of an hour."""

AGAIN_WITHIN = timedelta(seconds=120)
"""For how long after an attempt that may have left a message goes out again by itself, if the gateway hasn't got it."""

BACKOFF_MOST_SECONDS = 300
DAILY_MOST = 20_000
"""Messages of one channel that a company may send on a day of Korea's calendar."""

SPREAD = timedelta(seconds=60)
"""Over how long messages that were put off together are spread, so that they don't come back together."""


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker, and no other, may hand over now. Holds personal data: not for logs."""

    company_id: UUID
    delivery_id: UUID
    attempt: int
    tries: int
    channel: Channel
    gateway: str
    recipient: str
    invitation_id: UUID
    subscriber_id: UUID
    expires_at: datetime
    company: str
    name: str
    number: str
    trial: bool
    """Whether the gateway's breaker was open, and this message tries it."""

    @property
    def reference(self) -> str:
        """What the gateway knows the attempt by."""
        return reference(self.delivery_id, self.attempt)


def reference(delivery_id: UUID, attempt: int) -> str:
    """The name of an attempt outside: letters, digits and a hyphen."""
    return f"{delivery_id.hex}-{attempt}"


def referred(text: str | None) -> tuple[UUID, int] | None:
    """The delivery and the attempt that a reference names; None for any other text."""
    key, _, number = (text or "").partition("-")
    if len(key) != 32 or not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return None
    try:
        return UUID(hex=key), int(number)
    except ValueError:
        return None


def body(company_id: UUID, delivery_id: UUID) -> dict[str, str]:
    """The message of the queue `deliveries`: keys, nothing else."""
    return {"companyId": str(company_id), "delivery": str(delivery_id)}


async def find(company_id: UUID, delivery_id: UUID, gateways: Mapping[Channel, str]) -> dict[str, Any] | None:
    """The delivery, locked, with what its message says and the state of its gateway; None where there is none."""
    rows = await query(
        """
        SELECT delivery.state, delivery.channel, delivery.recipient, delivery.attempts, delivery.tries,
               delivery.due_at, delivery.invitation_id, invitation.subscriber_id, invitation.expires_at,
               company.name AS company, company.state <> 'ACTIVE' AS inactive, subscriber.name, line.number,
               gateway.open_until,
               -- When an attempt began, since somebody asked, that a gateway gave no answer to and says it hasn't got.
               (SELECT min(claimed_at) FROM delivery_attempt
                WHERE company_id = $1 AND delivery_id = $2 AND outcome = 'ABSENT'
                  AND number > delivery.attempts - delivery.tries) AS absent_since,
               subscriber.ended_at IS NULL AND subscriber.app_enabled AND delivery.recipient IS NOT DISTINCT FROM
                   CASE delivery.channel WHEN 'SMS' THEN subscriber.mobile ELSE subscriber.email END AS fit
        FROM delivery
        JOIN invitation ON invitation.company_id = $1 AND invitation.id = delivery.invitation_id
        JOIN subscriber ON subscriber.company_id = $1 AND subscriber.id = invitation.subscriber_id
        JOIN line ON line.company_id = $1 AND line.id = subscriber.line_id
        JOIN company_directory AS company ON company.company_id = $1
        LEFT JOIN gateway ON gateway.name = CASE delivery.channel WHEN 'SMS' THEN $3 ELSE $4 END
        WHERE delivery.company_id = $1 AND delivery.id = $2
        FOR UPDATE OF delivery
        """,
        company_id,
        delivery_id,
        gateways[Channel.SMS],
        gateways[Channel.EMAIL],
    )
    return rows[0] if rows else None


async def claim(
    company_id: UUID, delivery_id: UUID, channel: Channel, gateway: str, at: datetime, *, daily_most: int
) -> int | None:
    """Claim the locked delivery and return the attempt's number; None when the company's day is used up."""
    rows = await query(
        """
        WITH counted AS (
            INSERT INTO delivery_count (company_id, day, channel, messages) SELECT $1, $3, $4, 1 WHERE $5 > 0
            ON CONFLICT (company_id, day, channel) DO UPDATE SET messages = delivery_count.messages + 1
            WHERE delivery_count.messages < $5
            RETURNING company_id
        ), claimed AS (
            UPDATE delivery SET state = 'SENDING', attempts = attempts + 1, tries = tries + 1, lease_until = $7,
                   reason = NULL, gateway_code = NULL
            WHERE company_id = $1 AND id = $2 AND EXISTS (SELECT FROM counted)
            RETURNING attempts
        ), noted AS (
            INSERT INTO delivery_attempt (company_id, delivery_id, number, gateway, outcome, claimed_at)
            SELECT $1, $2, attempts, $8, 'SENDING', $6 FROM claimed
        ), watched AS (
            UPDATE delivery_directory SET due_at = $7 WHERE delivery_id = $2 AND EXISTS (SELECT FROM claimed)
        )
        SELECT attempts FROM claimed
        """,
        company_id,
        delivery_id,
        months.today(lambda: at),
        channel.value,
        daily_most,
        at,
        at + LEASE,
        gateway,
    )
    return rows[0]["attempts"] if rows else None


async def accepted(
    company_id: UUID, delivery_id: UUID, attempt: int, gateway: str, gateway_id: str, at: datetime
) -> None:
    """Record that a gateway took the message; the subscriber counts as invited from then on.

    The delivery becomes SENT unless a report was faster, or somebody has claimed it since.
    """
    await query(
        """
        WITH noted AS (
            UPDATE delivery_attempt SET outcome = 'ACCEPTED', gateway_id = $5, ended_at = $6
            WHERE company_id = $1 AND delivery_id = $2 AND number = $3
        ), moved AS (
            UPDATE delivery SET state = 'SENT', lease_until = NULL, sent_at = $6, finished_at = $6, reason = NULL,
                   gateway_code = NULL
            WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state IN ('SENDING', 'UNKNOWN', 'QUEUED')
            RETURNING id
        ), known AS (
            UPDATE delivery_directory SET gateway = $4, gateway_id = $5, attempt = $3,
                   due_at = CASE WHEN EXISTS (SELECT FROM moved) THEN NULL ELSE due_at END
            WHERE delivery_id = $2 AND company_id = $1 AND (attempt IS NULL OR attempt <= $3)
        )
        UPDATE subscriber SET invited_at = greatest(subscriber.invited_at, $6)
        FROM delivery
        JOIN invitation ON invitation.company_id = $1 AND invitation.id = delivery.invitation_id
        WHERE delivery.company_id = $1 AND delivery.id = $2
          AND subscriber.company_id = $1 AND subscriber.id = invitation.subscriber_id
        """,
        company_id,
        delivery_id,
        attempt,
        gateway,
        gateway_id,
        at,
    )


async def ended(
    company_id: UUID,
    delivery_id: UUID,
    attempt: int,
    state: DeliveryState,
    reason: DeliveryReason,
    at: datetime,
    *,
    outcome: AttemptOutcome,
    code: str | None = None,
) -> None:
    """Record that this attempt was the last one: FAILED for good, or UNKNOWN. Attempt 0 is a message never claimed."""
    await _noted(company_id, delivery_id, attempt, outcome, code, at)
    await query(
        """
        WITH moved AS (
            UPDATE delivery SET state = $4, reason = $5, gateway_code = $6, lease_until = NULL, finished_at = $7
            WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state IN ('QUEUED', 'SENDING')
            RETURNING id
        )
        UPDATE delivery_directory SET due_at = NULL
        WHERE delivery_id = $2 AND company_id = $1 AND EXISTS (SELECT FROM moved)
        """,
        company_id,
        delivery_id,
        attempt,
        state.value,
        reason.value,
        code,
        at,
    )


async def put_off(
    company_id: UUID,
    delivery_id: UUID,
    attempt: int,
    until: datetime,
    reason: DeliveryReason,
    at: datetime,
    *,
    outcome: AttemptOutcome | None = None,
    code: str | None = None,
) -> UUID | None:
    """Put the message back into the queue, to be claimed at `until`; returns the outbox row, None if it has moved on.

    Without `outcome` it wasn't claimed. With one, no gateway took it for certain, and its place in the company's day
    is given back.
    """
    if outcome is not None:
        await _noted(company_id, delivery_id, attempt, outcome, code, at)
    moved = await query(
        """
        WITH moved AS (
            UPDATE delivery SET state = 'QUEUED', reason = $4, gateway_code = $5, lease_until = NULL, due_at = $6
            WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state IN ('QUEUED', 'SENDING')
            RETURNING id, channel
        ), watched AS (
            UPDATE delivery_directory SET due_at = $7
            WHERE delivery_id = $2 AND company_id = $1 AND EXISTS (SELECT FROM moved)
        ), returned AS (
            UPDATE delivery_count SET messages = messages - 1
            FROM moved, delivery_attempt
            WHERE delivery_attempt.company_id = $1 AND delivery_attempt.delivery_id = $2
              AND delivery_attempt.number = $3 AND $8
              AND delivery_count.company_id = $1 AND delivery_count.channel = moved.channel
              AND delivery_count.day = (delivery_attempt.claimed_at AT TIME ZONE 'Asia/Seoul')::date
              AND delivery_count.messages > 0
        )
        SELECT id FROM moved
        """,
        company_id,
        delivery_id,
        attempt,
        reason.value,
        code,
        until,
        until + OVERDUE,
        outcome is not None,
    )
    if not moved:
        return None
    return await outbox.put(
        QUEUE, body(company_id, delivery_id), company_id=company_id, delay=until - at, clock=lambda: at
    )


async def uncertain(
    company_id: UUID, delivery_id: UUID, attempt: int, code: str, until: datetime, at: datetime
) -> None:
    """Record that the gateway may have taken the message; at `until` the sweep asks the gateway what became of it."""
    await _noted(company_id, delivery_id, attempt, AttemptOutcome.UNCERTAIN, code, at)
    await query(
        """
        WITH moved AS (
            UPDATE delivery SET lease_until = $4, gateway_code = $5
            WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'SENDING'
            RETURNING id
        )
        UPDATE delivery_directory SET due_at = $4
        WHERE delivery_id = $2 AND company_id = $1 AND EXISTS (SELECT FROM moved)
        """,
        company_id,
        delivery_id,
        attempt,
        until,
        code,
    )


def backoff(tries: int, retry_after: float | None = None) -> timedelta:
    """Full jitter between 1 s and a ceiling that doubles with each try, 300 s at most; later if the gateway said so.

    What the gateway asks for is believed up to an hour.
    """
    ceiling = min(BACKOFF_MOST_SECONDS, 2.0 ** min(tries, 10))
    jitter = random.uniform(1, max(ceiling, 1))  # noqa: S311  # spreads load, keeps no secret
    return timedelta(seconds=jitter + min(max(retry_after or 0.0, 0.0), 3_600.0))


def spread(until: datetime) -> datetime:
    """Some moment in the minute after `until`."""
    return until + random.random() * SPREAD  # noqa: S311  # spreads load, keeps no secret


def next_day(at: datetime) -> datetime:
    """The next midnight in Korea."""
    return months.begins(months.today(lambda: at) + timedelta(days=1))


async def _noted(
    company_id: UUID, delivery_id: UUID, attempt: int, outcome: AttemptOutcome, code: str | None, at: datetime
) -> None:
    """What came of an attempt; one that was accepted after all keeps that."""
    await query(
        "UPDATE delivery_attempt SET outcome = $4, code = coalesce($5, code), ended_at = $6"
        " WHERE company_id = $1 AND delivery_id = $2 AND number = $3 AND outcome IN ('SENDING', 'UNCERTAIN')",
        company_id,
        delivery_id,
        attempt,
        outcome.value,
        code,
        at,
    )
