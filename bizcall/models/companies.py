"""Companies, their numbers and administrators."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now

from bizcall.ids import uuid7
from bizcall.models.base import Row, TenantRow


class OnError(StrEnum):
    """What happens to the good rows when others are bad (IN-04, BK-02)."""

    REJECT_ALL = "REJECT_ALL"
    SKIP_BAD_ROWS = "SKIP_BAD_ROWS"


class Company(Row):
    """A tenant. `import_on_error` is its policy for files dropped into the bucket (BK-02)."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    name: str = fields.TextField()
    representative_number: str = fields.TextField()
    import_on_error: OnError = fields.CharEnumField(OnError, max_length=20, default=OnError.REJECT_ALL)
    created_at: datetime = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "company"


class NumberDirectory(Row):
    """Which company has a number: outside companies, so that a number belongs to one at a time (ON-01)."""

    number: str = fields.TextField(primary_key=True)
    company_id: UUID = fields.UUIDField()

    class Meta:
        table = "number_directory"


class Line(TenantRow):
    """A subscribed number; `rid` is the representative caller ID that it may present."""

    number: str = fields.TextField()
    rid: str | None = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField(db_default=Now())
    retired_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "line"


class Admin(TenantRow):
    """A person who signs in to manage the company; what signing in needs stands outside companies."""

    name: str = fields.TextField()
    department: str = fields.TextField(default="")
    position: str = fields.TextField(default="")
    email: str | None = fields.TextField(null=True)
    mobile: str = fields.TextField()
    created_at: datetime = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "admin"
