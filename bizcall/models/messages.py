"""Messages and their rollups (MS-01), in the shape of calls."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields

from bizcall.models.base import Row


class MessageDirection(StrEnum):
    """Which way a message went. A rollup has a column of each name in lower case."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"


class MessageKind(StrEnum):
    """Short, long, or with pictures."""

    SMS = "SMS"
    LMS = "LMS"
    MMS = "MMS"


class Message(Row):
    """One message. The key is (company_id, id, sent_at); the other columns are as a call's. `text` is personal."""

    id = fields.CharField(64, primary_key=True)
    company_id: UUID = fields.UUIDField()
    sent_at: datetime = fields.DatetimeField()
    line_id: UUID = fields.UUIDField()
    subscriber_id: UUID = fields.UUIDField()
    department_id: UUID = fields.UUIDField()
    direction = fields.CharEnumField(MessageDirection, max_length=10)
    kind = fields.CharEnumField(MessageKind, max_length=10)
    customer_number: str = fields.TextField()
    customer_tail: str = fields.TextField(generated=True)
    text: str = fields.TextField()
    revision: int = fields.SmallIntField(default=0)

    class Meta:
        table = "message"
