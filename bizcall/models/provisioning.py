"""Plans, the provider's events, and what they add up to (ON-01): all of it outside companies."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from bizcall.models.base import DirectoryRow


class EventKind(StrEnum):
    """What an event tells."""

    SUBSCRIPTION_COMPLETED = "SUBSCRIPTION_COMPLETED"
    LINES_CHANGED = "LINES_CHANGED"
    SUBSCRIPTION_CHANGED = "SUBSCRIPTION_CHANGED"


class EventState(StrEnum):
    """Where an event stands; APPLIED is final, and a rejected one may be sent again."""

    APPLIED = "APPLIED"
    WAITING = "WAITING"
    REJECTED = "REJECTED"


class Plan(DirectoryRow):
    """What a company subscribes: `monthly_fee` in won, None where it is agreed one by one; `place` orders the guide."""

    code = fields.CharField(30, primary_key=True)
    name: str = fields.TextField()
    guide: str = fields.TextField(default="")
    monthly_fee: int | None = fields.IntField(null=True)
    place: int = fields.IntField(default=0)

    class Meta:
        table = "plan"


class ProvisioningEvent(DirectoryRow):
    """An event of the provider's. `reason` and `path` tell why it waits or was rejected; see bizcall/provisioning."""

    id: UUID = fields.UUIDField(primary_key=True)
    event_id: str | None = fields.TextField(null=True)
    subscription: str | None = fields.TextField(null=True)
    kind = fields.CharEnumField(EventKind, max_length=30, null=True)
    state = fields.CharEnumField(EventState, max_length=10)
    reason: str | None = fields.TextField(null=True)
    path: str = fields.TextField(default="")
    source: str = fields.TextField(default="")
    occurred_at: datetime | None = fields.DatetimeField(null=True)
    received_at: datetime = fields.DatetimeField()
    company_id: UUID | None = fields.UUIDField(null=True)
    fingerprint: bytes = fields.BinaryField()
    body: Any = fields.JSONField(null=True)
    numbers: list[str] = ArrayField(element_type="text", default=list)
    due_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "provisioning_event"
