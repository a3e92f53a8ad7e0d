"""Links by which a browser takes files straight from the bucket.

Whoever makes one for a file with people in it records it first, in his transaction (P1). Documents and notices' files,
which are for everybody, leave no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bizcall.ports import Clock, Storage

LINK_SECONDS = 300


@dataclass(frozen=True)
class Download:
    """A presigned link and until when it works."""

    url: str
    expires_at: datetime


async def link(storage: Storage, key: str, file_name: str, clock: Clock) -> Download:
    """A link for five minutes, which saves the object under `file_name`."""
    until = clock() + timedelta(seconds=LINK_SECONDS)
    return Download(await storage.download_url(key, file_name=file_name, seconds=LINK_SECONDS), until)
