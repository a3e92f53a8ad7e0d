"""The statements that make invitations: thousands at once, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall.database import query
from bizcall.dispatch import claims, outbox
from bizcall.ids import uuid7
from bizcall.models.dispatch import Channel, InvitationBatch
from bizcall.subscribers import saving

LIFE = timedelta(days=7)
"""How long an invitation's temporary password is good for (IN-11)."""


@dataclass(frozen=True)
class Candidate:
    """A subscriber who may be invited. `waits` says that messages of an earlier invitation are still on their way.

    `contacts_at` is when mobile or address were last set, None if it was never noted.
    """

    id: UUID
    app_enabled: bool
    mobile: str | None
    email: str | None
    contacts_at: datetime | None
    ended: bool
    invited: bool
    waits: bool

    def recipients(self, channels: Iterable[Channel]) -> dict[Channel, str]:
        """Where the subscriber is reached by those of the channels that he has."""
        known = {Channel.SMS: self.mobile, Channel.EMAIL: self.email}
        return {channel: to for channel in channels if (to := known[channel]) is not None}


async def candidates(company_id: UUID, subscriber_ids: Collection[UUID]) -> dict[UUID, Candidate]:
    """Those of the ids that the company has, their lines locked, so that nobody else invites or changes them now."""
    ids = list(subscriber_ids)
    await saving.lock_lines_of(company_id, ids)
    rows = await query(
        """
        SELECT id, app_enabled, mobile, email, contacts_at, ended_at IS NOT NULL AS ended,
               invited_at IS NOT NULL AS invited,
               EXISTS (
                   SELECT FROM invitation JOIN delivery
                     ON delivery.company_id = $1 AND delivery.invitation_id = invitation.id
                   WHERE invitation.company_id = $1 AND invitation.subscriber_id = subscriber.id
                     AND delivery.state IN ('QUEUED', 'SENDING')
               ) AS waits
        FROM subscriber WHERE company_id = $1 AND id = ANY($2::uuid[])
        """,
        company_id,
        ids,
    )
    return {row["id"]: Candidate(**row) for row in rows}


async def write(
    company_id: UUID,
    wanted: Sequence[tuple[UUID, dict[Channel, str]]],
    at: datetime,
    *,
    requested_by: UUID | None,
    import_id: UUID | None = None,
) -> tuple[InvitationBatch, list[UUID]]:
    """Make a batch of invitations for subscribers with their recipients; returns it and the outbox messages."""
    invitations = [(uuid7(), subscriber_id, recipients) for subscriber_id, recipients in wanted]
    deliveries = [
        (uuid7(), invitation_id, channel, to)
        for invitation_id, _, recipients in invitations
        for channel, to in recipients.items()
    ]
    batch = InvitationBatch(
        id=uuid7(),
        company_id=company_id,
        requested_by=requested_by,
        import_id=import_id,
        invitations=len(invitations),
        deliveries=len(deliveries),
        created_at=at,
    )
    await query(
        """
        WITH batch AS (
            INSERT INTO invitation_batch (company_id, id, created_at, requested_by, import_id, invitations, deliveries)
            VALUES ($1, $2, $3, $8, $9, $10, $11)
        )
        INSERT INTO invitation (company_id, id, subscriber_id, batch_id, channels, created_at, expires_at)
        SELECT $1, id, subscriber_id, $2, string_to_array(channels, ','), $3, $4
        FROM unnest($5::uuid[], $6::uuid[], $7::text[]) AS made (id, subscriber_id, channels)
        """,
        company_id,
        batch.id,
        at,
        at + LIFE,
        [invitation_id for invitation_id, _, _ in invitations],
        [subscriber_id for _, subscriber_id, _ in invitations],
        [",".join(recipients) for _, _, recipients in invitations],
        requested_by,
        import_id,
        batch.invitations,
        batch.deliveries,
    )
    await query(
        """
        WITH made AS (
            INSERT INTO delivery (company_id, id, invitation_id, channel, recipient, state, due_at, created_at)
            SELECT $1, id, invitation_id, channel, recipient, 'QUEUED', $2, $2
            FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[]) AS made (id, invitation_id, channel, recipient)
            RETURNING id
        )
        INSERT INTO delivery_directory (delivery_id, company_id, due_at, created_at)
        SELECT id, $1, $7, $2 FROM made
        """,
        company_id,
        at,
        [delivery_id for delivery_id, _, _, _ in deliveries],
        [invitation_id for _, invitation_id, _, _ in deliveries],
        [channel.value for _, _, channel, _ in deliveries],
        [to for _, _, _, to in deliveries],
        at + claims.OVERDUE,
    )
    bodies = [claims.body(company_id, delivery_id) for delivery_id, _, _, _ in deliveries]
    return batch, await outbox.put_many(claims.QUEUE, bodies, company_id=company_id, clock=lambda: at)
