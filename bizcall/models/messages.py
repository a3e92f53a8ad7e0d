"""Messages and their rollups (MS-01), in the shape of calls."""

from __future__ import annotations

from datetime import date, datetime
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


class MessageMeasures(Row):
    """How many messages were sent and received in a bucket."""

    company_id: UUID = fields.UUIDField(primary_key=True)
    sent: int = fields.IntField(default=0)
    received: int = fields.IntField(default=0)

    class Meta:
        abstract = True


class MessageHour(MessageMeasures):
    """The whole company by the hour. The key is (company_id, hour)."""

    hour: datetime = fields.DatetimeField()

    class Meta:
        table = "message_hour"


class MessageDepartmentHour(MessageMeasures):
    """A department by the hour. The key is (company_id, hour, department_id)."""

    hour: datetime = fields.DatetimeField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "message_department_hour"


class MessageDepartmentDay(MessageMeasures):
    """A department by the day. The key is (company_id, day, department_id)."""

    day: date = fields.DateField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "message_department_day"


class MessageLineDay(MessageMeasures):
    """A line by the day, for each of its holders and their departments, which make the key with company and day."""

    day: date = fields.DateField()
    line_id: UUID = fields.UUIDField()
    subscriber_id: UUID = fields.UUIDField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "message_line_day"


class MessageLineMonth(MessageMeasures):
    """The same by the month; `month` is its first day."""

    month: date = fields.DateField()
    line_id: UUID = fields.UUIDField()
    subscriber_id: UUID = fields.UUIDField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "message_line_month"
