"""Who holds which line, and in which department, over which interval."""

from __future__ import annotations

from tortoise import fields
from tortoise.fields.db_defaults import Now

from bizcall.models.base import Row, TenantRow


class Department(TenantRow):
    """A department of the flat list; retired, never erased, since history names it (DE-01)."""

    name = fields.TextField()
    created_at = fields.DatetimeField(db_default=Now())
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "department"


class Subscriber(TenantRow):
    """A person's holding of a line from `started_at` until `ended_at` (IN-03); `revision` counts its changes.

    From `forgotten_at` on the name is empty, and nothing else of the person is known either (P7). `contacts_at` is when
    mobile or address were last set, None for those from before it was noted.
    """

    line_id = fields.UUIDField()
    department_id = fields.UUIDField(null=True)
    name = fields.TextField()
    position = fields.TextField(default="")
    mobile = fields.TextField(null=True)
    email = fields.TextField(null=True)
    contacts_at = fields.DatetimeField(null=True)
    rid_enabled = fields.BooleanField(default=False)
    app_enabled = fields.BooleanField(default=False)
    revision = fields.IntField(default=1)
    invited_at = fields.DatetimeField(null=True)
    app_signed_in_at = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    forgotten_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "subscriber"


class Membership(Row):
    """In which department a subscriber was from `started_at` until `ended_at`. The key has the company too."""

    subscriber_id = fields.UUIDField(primary_key=True)
    company_id = fields.UUIDField()
    department_id = fields.UUIDField(null=True)
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "membership"


class LineRow(Row):
    """A line with whoever holds it now (IN-01): a view. `id` is the line's; texts of a free line are empty."""

    id = fields.UUIDField(primary_key=True)
    company_id = fields.UUIDField()
    number = fields.TextField()
    rid = fields.TextField(null=True)
    subscriber_id = fields.UUIDField(null=True)
    name = fields.TextField()
    position = fields.TextField()
    mobile = fields.TextField(null=True)
    email = fields.TextField(null=True)
    department_id = fields.UUIDField(null=True)
    department_name = fields.TextField()
    rid_enabled = fields.BooleanField()
    app_enabled = fields.BooleanField()
    revision = fields.IntField(null=True)
    invited_at = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()
    app_signed_in_at = fields.DatetimeField(null=True)

    class Meta:
        table = "line_row"
