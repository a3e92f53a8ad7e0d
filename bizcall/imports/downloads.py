"""Links by which a browser takes workbooks straight from the bucket.

Whoever makes one records it first, in his transaction: no link leaves without a record (P1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bizcall import audit
from bizcall.audit import Actor
from bizcall.ports import Clock, Storage

LINK_SECONDS = 300


class File(StrEnum):
    """What a link leads to, as its record names it."""

    FORM = "FORM"
    REFUSED_ROWS = "REFUSED_ROWS"


@dataclass(frozen=True)
class Download:
    """A presigned link and until when it works."""

    url: str
    expires_at: datetime


async def record(company_id: UUID, actor: Actor, file: File, import_id: UUID | None = None, *, clock: Clock) -> None:
    """Record in the open transaction that somebody is about to get a link to this file, of an import perhaps."""
    subjects, kind = ([company_id], "Company") if import_id is None else ([import_id], "Import")
    await audit.record(company_id, actor, "imports.download", subjects, {"file": file}, kind=kind, clock=clock)


async def link(storage: Storage, key: str, file_name: str, clock: Clock) -> Download:
    """A link for five minutes, which saves the object under `file_name`."""
    until = clock() + timedelta(seconds=LINK_SECONDS)
    return Download(await storage.download_url(key, file_name=file_name, seconds=LINK_SECONDS), until)
