"""The outside world in memory: a bucket with versions, a queue and gateways that keep what they get, and a clock."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple

from bizcall.errors import Unavailable
from bizcall.ports import Fate, Letter, ObjectMissing, Report, StoredObject, UploadForm, now

PIECE_BYTES = 1024 * 1024


@dataclass
class MemoryStream:
    """An object that is being stored; after `broken_after` bytes the bucket is away."""

    broken_after: int | None = None
    body: bytearray = field(default_factory=bytearray)

    async def write(self, piece: bytes) -> None:
        """Add to it."""
        self.body += piece
        if self.broken_after is not None and len(self.body) > self.broken_after:
            raise Unavailable("the bucket is away")


@dataclass
class MemoryStorage:
    """One bucket. With `versioned=False` an object that is replaced is gone, as in a bucket without versions.

    `aborted` are the keys of streams that were left by an error.
    """

    versioned: bool = True
    types: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    modified: dict[str, datetime] = field(default_factory=dict)
    aborted: list[str] = field(default_factory=list)
    broken_after: int | None = None
    _objects: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    _versions: count[int] = field(default_factory=lambda: count(1))

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """Describe an object; raises ObjectMissing."""
        self.asked.append(key)
        name, body = self._find(key, version)
        return StoredObject(key, len(body), _etag(body), name if self.versioned else None, self.modified[key])

    async def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """Stream an object in pieces of at most 1 MiB; raises ObjectMissing."""
        _, body = self._find(key, version)
        for start in range(0, len(body), PIECE_BYTES):
            yield body[start : start + PIECE_BYTES]

    async def write(self, key: str, body: bytes, *, content_type: str) -> StoredObject:
        """Store an object whole, replacing what was there."""
        version = f"v{next(self._versions)}"
        before = self._objects.get(key, []) if self.versioned else []
        self._objects[key] = [*before, (version, body)]
        self.types[key] = content_type
        self.written.append(key)
        self.modified[key] = now()
        return StoredObject(key, len(body), _etag(body), version if self.versioned else None, self.modified[key])

    @asynccontextmanager
    async def stream(self, key: str, *, content_type: str) -> AsyncGenerator[MemoryStream]:
        """Store an object part by part; the block's error leaves nothing behind."""
        stream = MemoryStream(self.broken_after)
        try:
            yield stream
        except BaseException:
            self.aborted.append(key)
            raise
        await self.write(key, bytes(stream.body), content_type=content_type)

    async def delete(self, key: str) -> None:
        """What a lifecycle rule or an operator does: the object is gone with all its versions."""
        self._objects.pop(key, None)

    async def copy(self, source: StoredObject, key: str) -> None:
        """Store that very version under `key` as well; raises ObjectMissing when the bucket has it no more."""
        _, body = self._find(source.key, source.version)
        if _etag(body) != source.etag:
            raise ObjectMissing(source.key)
        await self.write(key, body, content_type=self.types[source.key])

    async def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> UploadForm:
        """A form that says what it was made of."""
        fields = {"key": key, "Content-Type": content_type, "max": str(max_bytes), "seconds": str(seconds)}
        return UploadForm("memory://bucket", fields)

    async def download_url(self, key: str, *, file_name: str, seconds: int) -> str:
        """An address that says what it was made of."""
        return f"memory://bucket/{key}?name={file_name}&seconds={seconds}"

    async def body(self, key: str) -> bytes:
        """The whole object as it now stands; raises ObjectMissing."""
        return b"".join([piece async for piece in self.read(key)])

    def _find(self, key: str, version: str | None) -> tuple[str, bytes]:
        for name, body in reversed(self._objects.get(key, [])):
            if version in (None, name):
                return name, body
        raise ObjectMissing(key)


@dataclass
class RecordingQueue:
    """Takes every letter and keeps it; `away` makes it refuse."""

    letters: list[tuple[str, Letter]] = field(default_factory=list)
    away: Exception | None = None

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Take all."""
        if self.away is not None:
            raise self.away
        self.letters += [(queue, letter) for letter in letters]
        return {letter.id for letter in letters}


@dataclass
class Turned:
    """A clock that stands still until it is turned."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """The moment it shows."""
        return self.at

    def turn(self, **by: float) -> None:
        """Move on by days, minutes, seconds, …"""
        self.at += timedelta(**by)


class SentText(NamedTuple):
    """A text message as it was handed over."""

    to: str
    text: str
    subject: str | None
    reference: str


@dataclass
class RecordingSms:
    """Takes every text message and keeps it; with `away` it raises that after noting the message.

    `fates` is what it knows by reference when it is asked, and `told` what it reports.
    """

    name: str = "recording-sms"
    sent: list[SentText] = field(default_factory=list)
    away: Exception | None = None
    fates: dict[str, Fate] = field(default_factory=dict)
    told: list[Report] = field(default_factory=list)

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """Take it, or raise."""
        self.sent.append(SentText(to, text, subject, reference))
        if self.away is not None:
            raise self.away
        return f"gateway-{reference}"

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """What it was told to know."""
        return self.fates.get(reference)

    async def reports(self, since: datetime) -> AsyncIterator[Report]:
        """What it was told to tell, of that moment or later."""
        for report in self.told:
            if report.fate.at >= since:
                yield report


class Phone(RecordingSms):
    """A gateway that keeps what it is given, and shows codes."""

    @property
    def received(self) -> list[tuple[str, str]]:
        """What arrived, as (mobile, text)."""
        return [(message.to, message.text) for message in self.sent]

    @property
    def code(self) -> str:
        """The six digits of the last text."""
        found = re.search(r"\d{6}", self.received[-1][1])
        assert found
        return found[0]

    @property
    def password(self) -> str:
        """The temporary password of the last text."""
        found = re.search(r"비밀번호: (\w+)", self.received[-1][1])
        assert found
        return found[1]


class SentMail(NamedTuple):
    """A mail as it was handed over."""

    to: str
    message: bytes
    reference: str


@dataclass
class RecordingMail:
    """Takes every mail and keeps it; with `away` it raises that after noting the mail."""

    name: str = "recording-mail"
    sent: list[SentMail] = field(default_factory=list)
    away: Exception | None = None

    async def send(self, message: bytes, *, to: str, reference: str) -> str:
        """Take it, or raise."""
        self.sent.append(SentMail(to, message, reference))
        if self.away is not None:
            raise self.away
        return f"gateway-{reference}"


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
