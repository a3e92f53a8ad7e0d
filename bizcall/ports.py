"""The outside world as the business sees it: small protocols, each with its real adapter in `bizcall/aws.py`.

Tests pass recording twins (`tests/doubles.py`); nothing here is built at import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is; tests turn it."""

    def __call__(self) -> datetime:
        """The present moment, aware, in UTC."""


def now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class StoredObject:
    """An object in the bucket. `version` is None where the bucket keeps no versions; `size` is in bytes."""

    key: str
    size: int
    etag: str
    version: str | None


@dataclass(frozen=True)
class UploadForm:
    """A presigned POST: the client sends `fields` and then `file`, as multipart/form-data, to `url`."""

    url: str
    fields: Mapping[str, str]


class ObjectMissing(Exception):
    """The key, or that version of it, is not in the bucket (any more)."""


class Storage(Protocol):
    """One bucket."""

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """Describe an object; raises ObjectMissing."""

    def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """Stream an object in pieces of at most 1 MiB; raises ObjectMissing."""

    async def write(self, key: str, body: bytes, *, content_type: str) -> StoredObject:
        """Store an object whole, replacing what was there."""

    async def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> UploadForm:
        """A presigned POST for exactly this key and type and 1 to `max_bytes` bytes, valid for `seconds`."""

    async def download_url(self, key: str, *, file_name: str, seconds: int) -> str:
        """A presigned GET, valid for `seconds`, which saves under `file_name` (any script)."""


@dataclass(frozen=True)
class Letter:
    """One message for a queue: `id` is the outbox row's id, `group` orders FIFO queues."""

    id: str
    body: str
    group: str | None = None


class Queue(Protocol):
    """Takes messages for the workers; one may arrive twice and, but for the groups of a FIFO queue, in any order."""

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Send to the queue of that name and return the ids that were taken; the rest may be sent again."""


class Sms(Protocol):
    """A gateway for text messages."""

    async def send(self, to: str, text: str, *, reference: str) -> str:
        """Hand over one message and return the gateway's id. `to` is normalised; `reference` is ours, for look-ups."""
