"""What the API reads of invitations, and how far subscribers have come with the app."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Subquery

from bizcall.database import query, reading
from bizcall.keyed import rows_by_ids
from bizcall.models import Delivery, DeliveryAttempt, Invitation, InvitationBatch
from bizcall.models.dispatch import Channel, DeliveryState
from bizcall.paging import Listing, Order

ATTEMPTS_SHOWN = 50


@dataclass(frozen=True)
class InvitationFilter:
    """Which invitations; empty and None mean whichever. States and channels must meet in one message."""

    states: Collection[DeliveryState] = ()
    channels: Collection[Channel] = ()
    subscriber_ids: Collection[UUID] | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True)
class BatchProgress:
    """How far the messages of a batch have come: how many are in which state, and when it began and ended."""

    states: dict[DeliveryState, int] = field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def total(self) -> int:
        """All messages."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """Those on which nobody works any more."""
        return self.total - sum(self.states.get(state, 0) for state in (DeliveryState.QUEUED, DeliveryState.SENDING))


def listing(company_id: UUID, wanted: InvitationFilter) -> Listing[Invitation]:
    """The company's invitations that the filter lets through, newest first."""
    rows = Invitation.filter(company_id=company_id)
    if wanted.subscriber_ids is not None:
        rows = rows.filter(subscriber_id__in=list(wanted.subscriber_ids))
    if wanted.batch_id is not None:
        rows = rows.filter(batch_id=wanted.batch_id)
    if wanted.states or wanted.channels:
        messages = Delivery.filter(company_id=company_id)
        if wanted.states:
            messages = messages.filter(state__in=list(wanted.states))
        if wanted.channels:
            messages = messages.filter(channel__in=list(wanted.channels))
        rows = rows.filter(id__in=Subquery(messages.values("invitation_id")))
    return Listing(rows, Order("invitations", ("created_at", "id"), descending=True))


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Invitation]:
    """Invitations by key."""
    return await rows_by_ids(Invitation, company_id, ids)


async def batches_by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, InvitationBatch]:
    """Batches by key."""
    return await rows_by_ids(InvitationBatch, company_id, ids)


async def batches_of_imports(company_id: UUID, import_ids: Collection[UUID]) -> dict[UUID, InvitationBatch]:
    """The batch that each import asked for; imports without one are left out."""
    async with reading(company_id):
        rows = await InvitationBatch.filter(company_id=company_id, import_id__in=list(import_ids))
    return {row.import_id: row for row in rows if row.import_id is not None}


async def deliveries_by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Delivery]:
    """Messages by key."""
    return await rows_by_ids(Delivery, company_id, ids)


async def deliveries_of(company_id: UUID, invitation_ids: Collection[UUID]) -> dict[UUID, list[Delivery]]:
    """The messages of each invitation, the text message first."""
    async with reading(company_id):
        rows = await Delivery.filter(company_id=company_id, invitation_id__in=list(invitation_ids))
    found: dict[UUID, list[Delivery]] = {key: [] for key in invitation_ids}
    for row in sorted(rows, key=lambda row: row.channel is not Channel.SMS):
        found[row.invitation_id].append(row)
    return found


async def attempts_of(company_id: UUID, delivery_ids: Collection[UUID]) -> dict[UUID, list[DeliveryAttempt]]:
    """The latest 50 attempts at each message, oldest first."""
    async with reading(company_id):
        rows = await DeliveryAttempt.filter(company_id=company_id, delivery_id__in=list(delivery_ids)).order_by(
            "number"
        )
    found: dict[UUID, list[DeliveryAttempt]] = {key: [] for key in delivery_ids}
    for row in rows:
        found[row.delivery_id].append(row)
    return {key: attempts[-ATTEMPTS_SHOWN:] for key, attempts in found.items()}


async def newest_of(company_id: UUID, subscriber_ids: Collection[UUID]) -> dict[UUID, Invitation]:
    """The newest invitation of each subscriber; those never invited are left out."""
    async with reading(company_id):
        newest = await query(
            "SELECT DISTINCT ON (subscriber_id) id FROM invitation"
            " WHERE company_id = $1 AND subscriber_id = ANY($2::uuid[])"
            " ORDER BY subscriber_id, created_at DESC, id DESC",
            company_id,
            list(subscriber_ids),
        )
        rows = await Invitation.filter(company_id=company_id, id__in=[row["id"] for row in newest])
    return {row.subscriber_id: row for row in rows}


async def progress_of(company_id: UUID, batch_ids: Collection[UUID]) -> dict[UUID, BatchProgress]:
    """How far each batch has come, counted from its messages."""
    async with reading(company_id):
        rows = await query(
            """
            SELECT invitation.batch_id, delivery.state, count(*) AS messages, max(delivery.finished_at) AS finished_at,
                   min(attempt.claimed_at) AS started_at
            FROM invitation
            JOIN delivery ON delivery.company_id = $1 AND delivery.invitation_id = invitation.id
            LEFT JOIN delivery_attempt AS attempt
              ON attempt.company_id = $1 AND attempt.delivery_id = delivery.id AND attempt.number = 1
            WHERE invitation.company_id = $1 AND invitation.batch_id = ANY($2::uuid[])
            GROUP BY invitation.batch_id, delivery.state
            """,
            company_id,
            list(batch_ids),
        )
    found: dict[UUID, BatchProgress] = {}
    for key in batch_ids:
        own = [row for row in rows if row["batch_id"] == key]
        started = [row["started_at"] for row in own if row["started_at"] is not None]
        ended = [row["finished_at"] for row in own if row["finished_at"] is not None]
        told = BatchProgress({DeliveryState(row["state"]): row["messages"] for row in own}, min(started, default=None))
        is_over = told.done == told.total and bool(ended)
        found[key] = BatchProgress(told.states, told.started_at, max(ended) if is_over else None)
    return found
