"""Who holds which line, and in which department, over which interval."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now

from bizcall.models.base import Row, TenantRow


class Department(TenantRow):
    """A department of the flat list; retired, never erased, since history names it (DE-01)."""

    name: str = fields.TextField()
    created_at: datetime = fields.DatetimeField(db_default=Now())
    retired_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "department"


class Subscriber(TenantRow):
    """A person's holding of a line from `started_at` until `ended_at` (IN-03); `revision` counts its changes."""

    line_id: UUID = fields.UUIDField()
    department_id: UUID | None = fields.UUIDField(null=True)
    name: str = fields.TextField()
    position: str = fields.TextField(default="")
    mobile: str | None = fields.TextField(null=True)
    email: str | None = fields.TextField(null=True)
    rid_enabled: bool = fields.BooleanField(default=False)
    app_enabled: bool = fields.BooleanField(default=False)
    revision: int = fields.IntField(default=1)
    invited_at: datetime | None = fields.DatetimeField(null=True)
    started_at: datetime = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)
    updated_at: datetime = fields.DatetimeField()

    class Meta:
        table = "subscriber"


class Membership(Row):
    """In which department a subscriber was from `started_at` until `ended_at`. The database's key has the company too."""

    subscriber_id: UUID = fields.UUIDField(primary_key=True)
    company_id: UUID = fields.UUIDField()
    department_id: UUID | None = fields.UUIDField(null=True)
    started_at: datetime = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "membership"


class LineRow(Row):
    """A line with whoever holds it now (IN-01): a view, read only. `id` is the line's; texts of a free line are empty."""

    id: UUID = fields.UUIDField(primary_key=True)
    company_id: UUID = fields.UUIDField()
    number: str = fields.TextField()
    rid: str | None = fields.TextField(null=True)
    subscriber_id: UUID | None = fields.UUIDField(null=True)
    name: str = fields.TextField()
    position: str = fields.TextField()
    mobile: str | None = fields.TextField(null=True)
    email: str | None = fields.TextField(null=True)
    department_id: UUID | None = fields.UUIDField(null=True)
    department_name: str = fields.TextField()
    rid_enabled: bool = fields.BooleanField()
    app_enabled: bool = fields.BooleanField()
    revision: int | None = fields.IntField(null=True)
    invited_at: datetime | None = fields.DatetimeField(null=True)
    started_at: datetime | None = fields.DatetimeField(null=True)
    updated_at: datetime = fields.DatetimeField()

    class Meta:
        table = "line_row"
