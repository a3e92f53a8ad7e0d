"""Calls and their rollups (ST-01 … ST-03). Written by `bizcall.feeds` only; a call counts where it started."""

from __future__ import annotations

from datetime import datetime
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
