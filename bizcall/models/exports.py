"""Exports: Excel files of everything that a filter finds (ST-02, MS-01, ST-01)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields

from bizcall.models.base import TenantRow


class Kind(StrEnum):
    """What a file holds."""

    CALLS = "CALLS"
    MESSAGES = "MESSAGES"
    CALL_STATISTICS = "CALL_STATISTICS"
    MESSAGE_STATISTICS = "MESSAGE_STATISTICS"


class State(StrEnum):
    """Where an export stands; only the first two are not final, and COMPLETED becomes EXPIRED."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Export(TenantRow):
    """One request. `attempts` fences off late workers; `expires_at` is when the file is over, `file_size` in bytes.

    `unmasked` is what was asked for, `is_masked` what the file became; `as_of` is when data last arrived before.
    """

    kind = fields.CharEnumField(Kind, max_length=20)
    asked: dict[str, Any] = fields.JSONField()
    unmasked = fields.BooleanField()
    purpose: str = fields.TextField()
    note: str = fields.TextField()
    requested_by: UUID = fields.UUIDField()
    state = fields.CharEnumField(State, max_length=20)
    failure: str | None = fields.TextField(null=True)
    attempts: int = fields.SmallIntField(default=0)
    lease_until: datetime | None = fields.DatetimeField(null=True)
    rows_total: int = fields.IntField()
    rows_done: int = fields.IntField(default=0)
    is_masked = fields.BooleanField(null=True)
    as_of: datetime | None = fields.DatetimeField(null=True)
    object_key: str | None = fields.TextField(null=True)
    file_size: int | None = fields.BigIntField(null=True)
    created_at: datetime = fields.DatetimeField()
    started_at: datetime | None = fields.DatetimeField(null=True)
    finished_at: datetime | None = fields.DatetimeField(null=True)
    expires_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "export"
