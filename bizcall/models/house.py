"""What every use case writes: messages out, messages done, answers given, records of who did what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import Now

from bizcall.ids import uuid7
from bizcall.models.base import Row, TenantRow


class Outbox(Row):
    """A message that waits to be published; outside companies, swept by `due_at`."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    company_id: UUID | None = fields.UUIDField(null=True)
    queue: str = fields.TextField()
    message_group: str | None = fields.TextField(null=True)
    body: dict[str, Any] = fields.JSONField()
    attempts: int = fields.IntField(default=0)
    created_at: datetime = fields.DatetimeField(db_default=Now())
    due_at: datetime = fields.DatetimeField()

    class Meta:
        table = "outbox"


class Inbox(Row):
    """A message whose effect a consumer has committed; outside companies. The key is (consumer, message_id)."""

    message_id: str = fields.TextField(primary_key=True)
    consumer: str = fields.TextField()
    done_at: datetime = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "inbox"


class IdempotencyKey(Row):
    """The stored answer of an operation that must not happen twice, for 24 hours. The key is (company_id, key)."""

    key: str = fields.TextField(primary_key=True)
    company_id: UUID = fields.UUIDField()
    operation: str = fields.TextField()
    input_hash: bytes = fields.BinaryField()
    answer: Any = fields.JSONField()
    created_at: datetime = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "idempotency_key"


class ActorKind(StrEnum):
    """Who acted."""

    ADMIN = "ADMIN"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"
    NOBODY = "NOBODY"


class AuditRecord(TenantRow):
    """Who did what to whose data, from where. Insert only. `subject_ids` are keys, never names or numbers."""

    at: datetime = fields.DatetimeField()
    actor_kind: ActorKind = fields.CharEnumField(ActorKind, max_length=10)
    actor_id: UUID | None = fields.UUIDField(null=True)
    action: str = fields.TextField()
    subject_kind: str = fields.TextField(default="")
    subject_ids: list[UUID] = ArrayField(element_type="uuid", default=list)
    address: str = fields.TextField(default="")
    request_id: str = fields.TextField(default="")
    details: dict[str, Any] = fields.JSONField(default=dict)

    class Meta:
        table = "audit_record"
