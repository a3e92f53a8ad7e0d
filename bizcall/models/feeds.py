"""The ledger of feeds (FD-01): which file was read how far, and what became of its records."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tortoise import fields

from bizcall.models.base import TenantRow


class FeedKind(StrEnum):
    """What a file holds."""

    CALLS = "CALLS"
    MESSAGES = "MESSAGES"
    CUSTOMERS = "CUSTOMERS"


class FileState(StrEnum):
    """REFUSED files were not read to their end; what stood before the fault has gone in."""

    LOADING = "LOADING"
    LOADED = "LOADED"
    REFUSED = "REFUSED"


class FeedFile(TenantRow):
    """One version of one object; `lines` and `bytes` (unpacked) say where the next chunk begins.

    `read` records became `loaded`, `corrected` (they replaced another), `known` (here already) or `rejected` ones.
    """

    kind = fields.CharEnumField(FeedKind, max_length=20)
    object_key: str = fields.TextField()
    object_version: str = fields.TextField()
    object_etag: str = fields.TextField()
    object_size: int = fields.BigIntField()
    state = fields.CharEnumField(FileState, max_length=20)
    refusal: str | None = fields.TextField(null=True)
    lines: int = fields.IntField(default=0)
    bytes: int = fields.BigIntField(default=0)
    read: int = fields.IntField(default=0)
    loaded: int = fields.IntField(default=0)
    corrected: int = fields.IntField(default=0)
    known: int = fields.IntField(default=0)
    rejected: int = fields.IntField(default=0)
    rejects_key: str | None = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField()
    finished_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "feed_file"
