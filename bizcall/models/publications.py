"""What the provider publishes for all companies: notices with their attachments, and documents (NO-02, SU-01)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields

from bizcall.ids import uuid7
from bizcall.models.base import DirectoryRow


class NoticeCategory(StrEnum):
    """What a notice is about; 점검 is what makes it important."""

    MAINTENANCE = "MAINTENANCE"
    WORK = "WORK"
    SERVICE = "SERVICE"


class DocumentKind(StrEnum):
    """Which document."""

    ADMIN_MANUAL = "ADMIN_MANUAL"
    APP_MANUAL = "APP_MANUAL"
    PLAN_GUIDE = "PLAN_GUIDE"


class Notice(DirectoryRow):
    """A notice. `published_at` None is a draft; `important` and `listed_at` are made by the database."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    revision: int = fields.IntField(default=1)
    category = fields.CharEnumField(NoticeCategory, max_length=20)
    title: str = fields.TextField()
    folded: str = fields.TextField()
    body: str = fields.TextField()
    published_at: datetime | None = fields.DatetimeField(null=True)
    published_until: datetime | None = fields.DatetimeField(null=True)
    withdrawn_at: datetime | None = fields.DatetimeField(null=True)
    created_at: datetime = fields.DatetimeField()
    updated_at: datetime = fields.DatetimeField()
    important = fields.BooleanField()
    listed_at: datetime = fields.DatetimeField()

    class Meta:
        table = "notice"


class NoticeAttachment(DirectoryRow):
    """A file of a notice; `size` in bytes. The key is (notice_id, id)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    notice_id: UUID = fields.UUIDField()
    place: int = fields.IntField()
    file_name: str = fields.TextField()
    content_type: str = fields.TextField()
    size: int = fields.IntField()
    object_key: str = fields.TextField()

    class Meta:
        table = "notice_attachment"


class DocumentVersion(DirectoryRow):
    """A version of a document, numbered from 1 for each kind; `size` in bytes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharEnumField(DocumentKind, max_length=20)
    number: int = fields.IntField()
    note: str = fields.TextField(default="")
    size: int = fields.IntField()
    object_key: str = fields.TextField()
    created_at: datetime = fields.DatetimeField()
    published_at: datetime = fields.DatetimeField()
    withdrawn_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "document_version"
