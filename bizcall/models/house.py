"""What every use case writes: messages out, messages done, answers given, records of who did what."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import Now

from bizcall.ids import uuid7
from bizcall.models.base import DirectoryRow, Row, TenantRow


class Outbox(DirectoryRow):
    """A message that waits to be published; outside companies, swept by `due_at`."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    company_id = fields.UUIDField(null=True)
    queue = fields.TextField()
    message_group = fields.TextField(null=True)
    body: dict[str, Any] = fields.JSONField()
    attempts = fields.IntField(default=0)
    created_at = fields.DatetimeField(db_default=Now())
    due_at = fields.DatetimeField()
    request_id = fields.TextField(default="")

    class Meta:
        table = "outbox"


class ActorKind(StrEnum):
    """Who acted."""

    ADMIN = "ADMIN"
    OPERATOR = "OPERATOR"
    SERVICE = "SERVICE"
    SYSTEM = "SYSTEM"
    NOBODY = "NOBODY"


class AuditRecord(TenantRow):
    """Who did what to whose data, from where. Insert only. `subject_ids` are keys, never names or numbers."""

    at = fields.DatetimeField()
    actor_kind = fields.CharEnumField(ActorKind, max_length=10)
    actor_id = fields.UUIDField(null=True)
    action = fields.TextField()
    subject_kind = fields.TextField(default="")
    subject_ids: list[UUID] = ArrayField(element_type="uuid", default=list)
    address = fields.TextField(default="")
    request_id = fields.TextField(default="")
    details: dict[str, Any] = fields.JSONField(default=dict)
    recorded_at = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "audit_record"


class AccessReview(Row):
    """That somebody has reviewed a company's access records of a month. Insert only. The key is (company_id, month)."""

    month = fields.DateField(primary_key=True, generated=False)
    company_id = fields.UUIDField()
    reviewed_by = fields.UUIDField()
    note = fields.TextField()
    records = fields.IntField()
    reviewed_at = fields.DatetimeField()

    class Meta:
        table = "access_review"
