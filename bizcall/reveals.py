"""What lists hide, shown once to somebody who says why (CU-01, MS-01): the audit record goes with it or nothing does.

A record's subject is the customer's row, where there is one; which call or message was opened stands in its details.

What one administrator opens is bounded: for much there are files, which ask for a fresh code.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from bizcall import audit, calls, messages, throttles
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem, Throttled
from bizcall.history.keys import FactKey
from bizcall.models import Customer
from bizcall.ports import Clock, now
from bizcall.reasons import Reason
from bizcall.throttles import Bucket

logger = logging.getLogger(__name__)

NOT_FOUND = Problem(ErrorCode.NOT_FOUND, ("id",))


@dataclass(frozen=True)
class OfCall:
    """Whoever was on the other side of a call."""

    key: FactKey
    seen: ClassVar[str] = "call"


@dataclass(frozen=True)
class OfMessage:
    """Whoever was on the other side of a message."""

    key: FactKey
    seen: ClassVar[str] = "message"


@dataclass(frozen=True)
class Party:
    """A customer unmasked. `customer` is None where address books don't know the number."""

    number: str
    customer: Customer | None


async def message_text(
    company_id: UUID, actor: Actor, key: FactKey | None, reason: Reason, *, clock: Clock = now
) -> str:
    """The text of a message (MS-01); raises Invalid (NOT_FOUND at `id`, or what is wrong with the reason), Throttled.

    `key` None is that of nothing.
    """
    reason = reason.checked()
    if key is None:
        raise Invalid(NOT_FOUND)
    async with _bounded(company_id, actor, clock):
        rows = await query(
            "SELECT message.text, customer.id AS customer_id FROM message"
            " LEFT JOIN customer ON customer.company_id = $1 AND customer.number = message.customer_number"
            " WHERE message.company_id = $1 AND message.id = $2 AND message.sent_at = $3",
            company_id,
            key.id,
            key.moment,
        )
        if not rows:
            raise Invalid(NOT_FOUND)
        subjects = [row["customer_id"] for row in rows if row["customer_id"]]
        details = {**reason.told(), "message": str(key)}
        await audit.record(company_id, actor, "messages.reveal", subjects, details, kind="Customer", clock=clock)
    text: str = rows[0]["text"]
    return text


async def customer(
    company_id: UUID, actor: Actor, of: UUID | OfCall | OfMessage | None, reason: Reason, *, clock: Clock = now
) -> Party:
    """A customer by key or by a call or message (CU-01); raises Invalid and Throttled as `message_text` does."""
    reason = reason.checked()
    async with _bounded(company_id, actor, clock):
        party = await _party(company_id, of)
        if party is None:
            raise Invalid(NOT_FOUND)
        subjects = [] if party.customer is None else [party.customer.id]
        seen = {} if of is None or isinstance(of, UUID) else {of.seen: str(of.key)}
        details = {**reason.told(), **seen}
        await audit.record(company_id, actor, "customers.reveal", subjects, details, kind="Customer", clock=clock)
    return party


@asynccontextmanager
async def _bounded(company_id: UUID, actor: Actor, clock: Clock) -> AsyncGenerator[None]:
    """The transaction in which something is opened, which counts with it; raises Throttled."""
    try:
        async with tenant(company_id):
            await throttles.take(Bucket.REVEAL, None if actor.id is None else str(actor.id), at=clock())
            yield
    except Throttled:
        logger.warning(
            "an administrator has opened as much as he may", extra={"event": "REVEALS_SPENT", "admin_id": str(actor.id)}
        )
        raise


async def _party(company_id: UUID, of: UUID | OfCall | OfMessage | None) -> Party | None:
    if isinstance(of, UUID):
        row = await Customer.get_or_none(company_id=company_id, id=of)
        return None if row is None else Party(row.number, row)
    number = await _number(company_id, of)
    return None if number is None else Party(number, await Customer.get_or_none(company_id=company_id, number=number))


async def _number(company_id: UUID, of: OfCall | OfMessage | None) -> str | None:
    """The number on the other side, '' where none was told; None where there is no such call or message."""
    rows: list[calls.CallRow | messages.MessageRow] = []
    if isinstance(of, OfCall):
        rows += (await calls.by_keys(company_id, [of.key])).values()
    elif isinstance(of, OfMessage):
        rows += (await messages.by_keys(company_id, [of.key])).values()
    return rows[0].customer_number if rows else None
