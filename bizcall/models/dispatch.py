"""Invitations to the app, the messages they are made of, and what gateways report of these (IN-10)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from bizcall.models.base import DirectoryRow, Row, TenantRow


class Channel(StrEnum):
    """By which way a message goes."""

    SMS = "SMS"
    EMAIL = "EMAIL"


class DeliveryState(StrEnum):
    """How far a message has come; the last four are final, but reports and asking again may still move them."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class DeliveryReason(StrEnum):
    """Why a message was put off, ended, or is unknown."""

    DAILY_LIMIT = "DAILY_LIMIT"
    GATEWAY_PAUSED = "GATEWAY_PAUSED"
    GATEWAY_BUSY = "GATEWAY_BUSY"
    GATEWAY_REFUSED = "GATEWAY_REFUSED"
    NOT_DELIVERED = "NOT_DELIVERED"
    NO_ANSWER = "NO_ANSWER"
    NOT_TAKEN = "NOT_TAKEN"
    INVITATION_EXPIRED = "INVITATION_EXPIRED"
    SUBSCRIBER_CHANGED = "SUBSCRIBER_CHANGED"
    COMPANY_INACTIVE = "COMPANY_INACTIVE"
    INTERNAL = "INTERNAL"


class AttemptOutcome(StrEnum):
    """What came of one claim. Only ACCEPTED, UNCERTAIN and SENDING may have reached anybody."""

    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    BUSY = "BUSY"
    UNCERTAIN = "UNCERTAIN"
    ABSENT = "ABSENT"
    DROPPED = "DROPPED"


class ReportedFate(StrEnum):
    """What a gateway reports of a message, in the order of time; the last two are final."""

    ACCEPTED = "ACCEPTED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class InvitationBatch(TenantRow):
    """One request for invitations; the counts are of what it caused."""

    requested_by: UUID | None = fields.UUIDField(null=True)
    import_id: UUID | None = fields.UUIDField(null=True)
    invitations: int = fields.IntField()
    deliveries: int = fields.IntField()
    created_at: datetime = fields.DatetimeField()

    class Meta:
        table = "invitation_batch"


class Invitation(TenantRow):
    """One subscriber asked to install the app, until `expires_at`; `channels` has a delivery each.

    `used_at` is when its temporary password signed somebody in (IN-11).
    """

    subscriber_id: UUID = fields.UUIDField()
    batch_id: UUID = fields.UUIDField()
    channels: list[str] = ArrayField(element_type="text")
    created_at: datetime = fields.DatetimeField()
    expires_at: datetime = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"


class Delivery(TenantRow):
    """One message of an invitation; changed by `bizcall.dispatch` only."""

    invitation_id: UUID = fields.UUIDField()
    channel = fields.CharEnumField(Channel, max_length=10)
    recipient: str = fields.TextField()
    state = fields.CharEnumField(DeliveryState, max_length=20)
    reason: str | None = fields.TextField(null=True)
    gateway_code: str | None = fields.TextField(null=True)
    attempts: int = fields.IntField(default=0)
    tries: int = fields.IntField(default=0)
    due_at: datetime = fields.DatetimeField()
    lease_until: datetime | None = fields.DatetimeField(null=True)
    sent_at: datetime | None = fields.DatetimeField(null=True)
    finished_at: datetime | None = fields.DatetimeField(null=True)
    created_at: datetime = fields.DatetimeField()

    class Meta:
        table = "delivery"


class DeliveryAttempt(Row):
    """One claim of a delivery. The key is (company_id, delivery_id, number)."""

    delivery_id: UUID = fields.UUIDField(primary_key=True)
    company_id: UUID = fields.UUIDField()
    number: int = fields.IntField()
    gateway: str = fields.TextField()
    outcome = fields.CharEnumField(AttemptOutcome, max_length=20)
    code: str | None = fields.TextField(null=True)
    gateway_id: str | None = fields.TextField(null=True)
    fate = fields.CharEnumField(ReportedFate, max_length=20, null=True)
    fate_code: str | None = fields.TextField(null=True)
    claimed_at: datetime = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "delivery_attempt"


class DeliveryCount(Row):
    """Messages of a company on a day of Korea's calendar. The key is (company_id, day, channel)."""

    company_id: UUID = fields.UUIDField(primary_key=True)
    day: date = fields.DateField()
    channel = fields.CharEnumField(Channel, max_length=10)
    messages: int = fields.IntField()

    class Meta:
        table = "delivery_count"


class GatewayReport(DirectoryRow):
    """What a gateway reported of a message; outside companies. The key is (gateway, report_id)."""

    report_id = fields.CharField(255, primary_key=True)
    gateway: str = fields.TextField()
    gateway_id: str = fields.TextField()
    reference: str | None = fields.TextField(null=True)
    fate = fields.CharEnumField(ReportedFate, max_length=20)
    code: str = fields.TextField()
    at: datetime = fields.DatetimeField()
    received_at: datetime = fields.DatetimeField()
    delivery_id: UUID | None = fields.UUIDField(null=True)
    attempt: int | None = fields.IntField(null=True)

    class Meta:
        table = "gateway_report"
