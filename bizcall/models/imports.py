"""Uploads, imports, their rows and what was found in their cells (BK-02, BK-03)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from bizcall.models.base import TenantRow
from bizcall.models.companies import OnError


class Purpose(StrEnum):
    """What an upload is for."""

    SUBSCRIBER_IMPORT = "SUBSCRIBER_IMPORT"
    NOTICE_ATTACHMENT = "NOTICE_ATTACHMENT"
    DOCUMENT = "DOCUMENT"


class Source(StrEnum):
    """How a file came."""

    CONSOLE = "CONSOLE"
    INBOX = "INBOX"


class State(StrEnum):
    """Where an import stands; the last five are final."""

    CHECKING = "CHECKING"
    PREVIEWED = "PREVIEWED"
    REGISTERING = "REGISTERING"
    REGISTERED = "REGISTERED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


class Action(StrEnum):
    """What a row would do, or did."""

    NEW = "NEW"
    CHANGED = "CHANGED"
    REPLACED = "REPLACED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


class Severity(StrEnum):
    """What a finding means for its row."""

    NOTED = "NOTED"
    REPAIRED = "REPAIRED"
    REFUSED = "REFUSED"


class Upload(TenantRow):
    """Leave to put one file into the bucket under `object_key` until `expires_at`; `size` as announced, in bytes."""

    admin_id: UUID = fields.UUIDField()
    purpose = fields.CharEnumField(Purpose, max_length=30)
    file_name: str = fields.TextField()
    size: int = fields.IntField()
    object_key: str = fields.TextField()
    created_at: datetime = fields.DatetimeField()
    expires_at: datetime = fields.DatetimeField()
    request_id: str = fields.TextField(default="")

    class Meta:
        table = "upload"


class Import(TenantRow):
    """One version of one file. `expires_at` is when the preview ends unregistered, `finished_at` when it ended."""

    source = fields.CharEnumField(Source, max_length=10)
    upload_id: UUID | None = fields.UUIDField(null=True)
    object_key: str = fields.TextField()
    object_version: str = fields.TextField(default="")
    object_etag: str = fields.TextField()
    object_size: int = fields.BigIntField()
    file_name: str = fields.TextField()
    state = fields.CharEnumField(State, max_length=20)
    refusal: str | None = fields.TextField(null=True)
    refusal_params: dict[str, Any] = fields.JSONField(default=dict)
    sheet_name: str | None = fields.TextField(null=True)
    ignored_headers: list[str] = ArrayField(element_type="text", default=list)
    rows_new: int = fields.IntField(default=0)
    rows_changed: int = fields.IntField(default=0)
    rows_replaced: int = fields.IntField(default=0)
    rows_unchanged: int = fields.IntField(default=0)
    rows_refused: int = fields.IntField(default=0)
    rows_ignored: int = fields.IntField(default=0)
    content_hash: str | None = fields.TextField(null=True)
    on_error = fields.CharEnumField(OnError, max_length=20, null=True)
    rows_registered: int = fields.IntField(default=0)
    rows_conflicting: int = fields.IntField(default=0)
    rows_invited: int = fields.IntField(default=0)
    requested_by: UUID | None = fields.UUIDField(null=True)
    send_invitations = fields.BooleanField(default=False)
    refused_key: str | None = fields.TextField(null=True)
    result_key: str | None = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField()
    previewed_at: datetime | None = fields.DatetimeField(null=True)
    finished_at: datetime | None = fields.DatetimeField(null=True)
    expires_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "import"


class ImportRow(TenantRow):
    """A row of the sheet as it would be registered, and what became of it."""

    import_id: UUID = fields.UUIDField()
    number: int = fields.IntField()
    action = fields.CharEnumField(Action, max_length=20)
    line_id: UUID | None = fields.UUIDField(null=True)
    line_number: str | None = fields.TextField(null=True)
    subscriber_id: UUID | None = fields.UUIDField(null=True)
    revision: int | None = fields.IntField(null=True)
    name: str = fields.TextField(default="")
    department_id: UUID | None = fields.UUIDField(null=True)
    position: str = fields.TextField(default="")
    mobile: str | None = fields.TextField(null=True)
    email: str | None = fields.TextField(null=True)
    rid_enabled = fields.BooleanField(default=False)
    app_enabled = fields.BooleanField(default=False)
    given: dict[str, str] | None = fields.JSONField(null=True)
    outcome = fields.CharEnumField(Action, max_length=20, null=True)
    became_id: UUID | None = fields.UUIDField(null=True)

    class Meta:
        table = "import_row"


class ImportFinding(TenantRow):
    """What was found in one cell; `number` is the sheet's row, `place` orders the findings of a row."""

    import_id: UUID = fields.UUIDField()
    number: int = fields.IntField()
    place: int = fields.IntField()
    column_name: str = fields.TextField()
    cell: str = fields.TextField()
    code: str = fields.TextField()
    severity = fields.CharEnumField(Severity, max_length=20)
    original: str = fields.TextField()
    params: dict[str, str] = fields.JSONField()

    class Meta:
        table = "import_finding"
