"""Documents that anybody may download (AU-30, SU-01): one object a kind in the bucket, put there by operations.

Kinds are a closed list, so that no client's text ever becomes a key. What is there is looked up at most once a minute
and process, because strangers ask: however often they do, the bucket is asked twice a minute.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bizcall.errors import NotFound
from bizcall.ports import Clock, ObjectMissing, Storage, StoredObject, now

LINK_SECONDS = 300
LOOKED_UP = timedelta(minutes=1)
"""How long what was found counts: so old a new version, and a link to what was removed, may be."""


class DocumentKind(StrEnum):
    """Which document."""

    ADMIN_MANUAL = "ADMIN_MANUAL"
    APP_MANUAL = "APP_MANUAL"


TITLES = {
    DocumentKind.ADMIN_MANUAL: "AI비즈콜 관리자 웹페이지 매뉴얼",
    DocumentKind.APP_MANUAL: "AI비즈콜 앱 매뉴얼",
}


@dataclass(frozen=True)
class Document:
    """A document that is there. `size` is in bytes; the link works for five minutes."""

    kind: DocumentKind
    title: str
    updated_at: datetime
    size: int
    download_url: str


class Documents:
    """The documents in a bucket, and what is remembered of them in this process."""

    def __init__(self, storage: Storage, clock: Clock = now) -> None:
        self._storage, self._clock = storage, clock
        self._found: dict[DocumentKind, tuple[datetime, StoredObject | None]] = {}
        self._looking = asyncio.Lock()

    async def all(self) -> list[Document]:
        """Those that are there, in the order of their kinds."""
        found = [(kind, await self._head(kind)) for kind in DocumentKind]
        return [
            Document(kind, TITLES[kind], stored.modified_at, stored.size, await self._url(kind))
            for kind, stored in found
            if stored is not None
        ]

    async def link(self, kind: DocumentKind) -> str:
        """Where that document is downloaded for the next five minutes; raises NotFound when it isn't there."""
        if await self._head(kind) is None:
            raise NotFound
        return await self._url(kind)

    async def _head(self, kind: DocumentKind) -> StoredObject | None:
        """One at a time, so that many who ask at once cause one look."""
        async with self._looking:
            until, found = self._found.get(kind, (None, None))
            if until is None or until <= self._clock():
                try:
                    found = await self._storage.head(key(kind))
                except ObjectMissing:
                    found = None
                self._found[kind] = (self._clock() + LOOKED_UP, found)
            return found

    async def _url(self, kind: DocumentKind) -> str:
        return await self._storage.download_url(key(kind), file_name=f"{TITLES[kind]}.pdf", seconds=LINK_SECONDS)


def key(kind: DocumentKind) -> str:
    """Where operations put it: documents/admin-manual.pdf."""
    return f"documents/{slug(kind)}.pdf"


def slug(kind: DocumentKind) -> str:
    """The kind as addresses and keys have it: admin-manual."""
    return kind.lower().replace("_", "-")
