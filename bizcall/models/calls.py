"""Calls and their rollups (ST-01 … ST-03). Written by `bizcall.feeds` only; a call counts where it started."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields

from bizcall.models.base import Row

NOBODY = UUID(int=0)
"""Stands for "held by nobody" in `subscriber_id` and for "no department" in `department_id`, in facts and rollups."""


class CallType(StrEnum):
    """What became of a call. A rollup has a column of each name in lower case, and one with `_seconds` behind it."""

    OUTGOING = "OUTGOING"
    OUTGOING_FAILED = "OUTGOING_FAILED"
    INCOMING = "INCOMING"
    MISSED = "MISSED"
    MISSED_BUSY = "MISSED_BUSY"
    ABANDONED = "ABANDONED"


class Call(Row):
    """One call. The key is (company_id, id, started_at); `id` is the exchange's.

    `subscriber_id` and `department_id` are whoever held the line, and the department, when the call started.
    `customer_number` is the normal form, or the text that was told instead of a number; `customer_tail` its last four
    characters, made by the database. `seconds` are of conversation.
    """

    id = fields.CharField(64, primary_key=True)
    company_id: UUID = fields.UUIDField()
    started_at: datetime = fields.DatetimeField()
    line_id: UUID = fields.UUIDField()
    subscriber_id: UUID = fields.UUIDField()
    department_id: UUID = fields.UUIDField()
    type = fields.CharEnumField(CallType, max_length=20)
    seconds: int = fields.IntField()
    customer_number: str = fields.TextField()
    customer_tail: str = fields.TextField(generated=True)
    revision: int = fields.SmallIntField(default=0)

    class Meta:
        table = "call"


class CallMeasures(Row):
    """How many calls of each type started in a bucket, and their seconds."""

    company_id: UUID = fields.UUIDField(primary_key=True)
    outgoing: int = fields.IntField(default=0)
    outgoing_failed: int = fields.IntField(default=0)
    incoming: int = fields.IntField(default=0)
    missed: int = fields.IntField(default=0)
    missed_busy: int = fields.IntField(default=0)
    abandoned: int = fields.IntField(default=0)
    outgoing_seconds: int = fields.BigIntField(default=0)
    outgoing_failed_seconds: int = fields.BigIntField(default=0)
    incoming_seconds: int = fields.BigIntField(default=0)
    missed_seconds: int = fields.BigIntField(default=0)
    missed_busy_seconds: int = fields.BigIntField(default=0)
    abandoned_seconds: int = fields.BigIntField(default=0)

    class Meta:
        abstract = True


class CallHour(CallMeasures):
    """The whole company by the hour. The key is (company_id, hour)."""

    hour: datetime = fields.DatetimeField()

    class Meta:
        table = "call_hour"


class CallDepartmentHour(CallMeasures):
    """A department by the hour. The key is (company_id, hour, department_id)."""

    hour: datetime = fields.DatetimeField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "call_department_hour"


class CallDepartmentDay(CallMeasures):
    """A department by the day. The key is (company_id, day, department_id)."""

    day: date = fields.DateField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "call_department_day"


class CallLineDay(CallMeasures):
    """A line by the day, for each of its holders and their departments, which make the key with company and day."""

    day: date = fields.DateField()
    line_id: UUID = fields.UUIDField()
    subscriber_id: UUID = fields.UUIDField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "call_line_day"


class CallLineMonth(CallMeasures):
    """The same by the month; `month` is its first day."""

    month: date = fields.DateField()
    line_id: UUID = fields.UUIDField()
    subscriber_id: UUID = fields.UUIDField()
    department_id: UUID = fields.UUIDField()

    class Meta:
        table = "call_line_month"
