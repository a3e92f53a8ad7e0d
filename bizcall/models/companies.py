"""Companies, their numbers and administrators."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.fields.db_defaults import Now

from bizcall.ids import uuid7
from bizcall.models.base import DirectoryRow, Row, TenantRow

PROVIDER_ID = UUID("00000000-0000-7fff-8000-000000000000")
"""The provider's own company, which has no lines: its administrators are the operators (docs/decisions/0011)."""


class OnError(StrEnum):
    """What happens to the good rows when others are bad (IN-04, BK-02)."""

    REJECT_ALL = "REJECT_ALL"
    SKIP_BAD_ROWS = "SKIP_BAD_ROWS"


class CompanyState(StrEnum):
    """How a company's contract stands. Suspended, nobody signs in and nothing is sent; ended, it is over for good."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"


class Company(Row):
    """A tenant. `import_on_error` and `import_sends_invitations` are its policy for dropped files (BK-02).

    `masks_customers` says whether lists and files hide customers' names and numbers (CU-01).
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.TextField()
    representative_number = fields.TextField()
    import_on_error = fields.CharEnumField(OnError, max_length=20, default=OnError.REJECT_ALL)
    import_sends_invitations = fields.BooleanField(default=False)
    plan_code: str | None = fields.TextField(null=True)
    masks_customers = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "company"


class CompanyDirectory(DirectoryRow):
    """What is told of a company where nobody has signed in yet; a trigger keeps it like the company's own row.

    `state` is how its contract stands, since `state_changed_at`; `ended_at` is dated by the database.
    """

    company_id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    representative_number = fields.TextField()
    created_at = fields.DatetimeField(db_default=Now())
    disposed_at = fields.DatetimeField(null=True)
    state = fields.CharEnumField(CompanyState, max_length=10, default=CompanyState.ACTIVE)
    state_changed_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "company_directory"


class NumberDirectory(DirectoryRow):
    """Which company has a number: outside companies, so that a number belongs to one at a time (ON-01)."""

    number = fields.CharField(12, primary_key=True)
    company_id = fields.UUIDField()

    class Meta:
        table = "number_directory"


class Line(TenantRow):
    """A subscribed number; `rid` is the representative caller ID that it may present.

    It is the company's from `created_at` until before `retired_at`, by the provider's word and not by when that came.
    """

    number = fields.TextField()
    rid = fields.TextField(null=True)
    created_at = fields.DatetimeField(db_default=Now())
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "line"


class Admin(TenantRow):
    """A person who signs in to manage the company; what signing in needs stands outside companies.

    `name` is empty until he has registered (AU-02); `ended_at` is set when another one took his place (AU-32)
    or the company's contract ended (CO-02). Some time after that he is forgotten (P7): the mobile is empty then, and
    later the name.
    """

    name = fields.TextField()
    department = fields.TextField(default="")
    position = fields.TextField(default="")
    email = fields.TextField(null=True)
    mobile = fields.TextField()
    created_at = fields.DatetimeField(db_default=Now())
    ended_at = fields.DatetimeField(null=True)
    forgotten_at = fields.DatetimeField(null=True)

    class Meta:
        table = "admin"
