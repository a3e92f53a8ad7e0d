"""The outside world as the business sees it: protocols, with adapters in `bizcall/aws/` and `bizcall/gateways/`.

Tests pass recording twins (`tests/doubles.py`); nothing here is built at import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from bizcall.errors import Unavailable


class Clock(Protocol):
    """Says what time it is; tests turn it."""

    def __call__(self) -> datetime:
        """The present moment, aware, in UTC."""


def now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class StoredObject:
    """An object in the bucket. `version` is None where the bucket keeps no versions; `size` is in bytes.

    `modified_at` is by the bucket's clock when it was asked, by ours when it was written.
    """

    key: str
    size: int
    etag: str
    version: str | None
    modified_at: datetime = field(compare=False)


@dataclass(frozen=True)
class UploadForm:
    """A presigned POST: the client sends `fields` and then `file`, as multipart/form-data, to `url`."""

    url: str
    fields: Mapping[str, str]


class ObjectMissing(Exception):
    """The key, or that version of it, is not in the bucket (any more)."""


class Stream(Protocol):
    """An object that is being stored."""

    async def write(self, piece: bytes) -> None:
        """Add to it; pieces may be of any size, and little more than one part of them is held."""


class Storage(Protocol):
    """One bucket."""

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """Describe an object; raises ObjectMissing."""

    def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """Stream an object in pieces of at most 1 MiB; raises ObjectMissing."""

    async def write(self, key: str, body: bytes, *, content_type: str) -> StoredObject:
        """Store an object whole, replacing what was there."""

    def stream(self, key: str, *, content_type: str) -> AbstractAsyncContextManager[Stream]:
        """Store an object part by part; it is there when the block ends well, and nothing is after an error."""

    async def copy(self, source: StoredObject, key: str) -> None:
        """Store that very version under `key` as well; raises ObjectMissing when the bucket has it no more."""

    async def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> UploadForm:
        """A presigned POST for exactly this key and type and 1 to `max_bytes` bytes, valid for `seconds`."""

    async def download_url(self, key: str, *, file_name: str, seconds: int) -> str:
        """A presigned GET, valid for `seconds`, which saves under `file_name` (any script)."""


@dataclass(frozen=True)
class Letter:
    """One message for a queue: `id` is the outbox row's id, `group` orders FIFO queues, `request_id` is its origin."""

    id: str
    body: str
    group: str | None = None
    request_id: str = ""


class Queue(Protocol):
    """Takes messages for the workers; one may arrive twice and, but for the groups of a FIFO queue, in any order."""

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Send to the queue of that name and return the ids that were taken; the rest may be sent again."""


class GatewayFault(Exception):
    """A gateway didn't take a message. Says a code of the gateway's: never a number, an address or the text.

    `GatewayRefused`    for good: the same message would be refused again
    `GatewayBusy`       not taken for certain, and may be tried again
    └── `GatewayDown`   likewise, and the gateway itself is at fault: the breaker counts it
    `GatewayUncertain`  it may have been taken; only `look_up` or a report tells
    """


class GatewayRefused(GatewayFault):
    """This message will never be taken: a number that can't be, a sender that isn't registered, a text too long."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class GatewayBusy(GatewayFault, Unavailable):
    """Not taken; `retry_after` is in seconds where the gateway named a time, else the caller backs off by itself."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class GatewayDown(GatewayBusy):
    """Not taken, for what befalls every message: no connection, an error of the gateway's own, no credit, no access."""


class GatewayUncertain(GatewayFault):
    """The request left and no answer that could be read came back."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FateState(StrEnum):
    """How far a message is known to have come; the order is that of time, and the last two are final."""

    ABSENT = "ABSENT"
    """The gateway was asked and has no such message at that moment; one that is still on its way there may yet show."""
    ACCEPTED = "ACCEPTED"
    SENT = "SENT"
    """Handed on to the carrier."""
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Fate:
    """What a gateway knows of one message. `code` is the gateway's own; `at` is when that state was reached there."""

    state: FateState
    gateway_id: str | None
    code: str
    at: datetime


@dataclass(frozen=True)
class Report:
    """One report of a gateway on one message. The same report carries the same `id` however often it is told."""

    id: str
    gateway: str
    gateway_id: str
    reference: str | None
    fate: Fate


class Sms(Protocol):
    """A gateway for text messages. `name` is what deliveries and reports know it by."""

    name: str

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """Hand over one message and return the gateway's id; raises a GatewayFault.

        `to` is normalised; `reference` is ours and comes back in look-ups and reports. With a `subject` it goes as a
        long message (LMS), without as a short one; `bizcall.dispatch.texts.fitted` decides which it has to be.
        """

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """What became of the message of that reference, sent to `to` at `since` or later; None where it can't be told.

        Raises GatewayBusy, which says nothing about the message.
        """

    def reports(self, since: datetime) -> AsyncIterator[Report]:
        """What the gateway has to say on messages that changed at `since` or later, in any order, some told before.

        Ends at once for a gateway that has no reports to ask for. Raises GatewayBusy; what came before it counts.
        """


class Mail(Protocol):
    """A gateway for e-mail. `name` is what deliveries and reports know it by."""

    name: str

    async def send(self, message: bytes, *, to: str, reference: str) -> str:
        """Hand over one whole message (RFC 5322) for one address and return the gateway's id; raises a GatewayFault."""
