"""Invented calls, messages and customers for the demo company: this month until now, and the two before it.

They take the way of every feed but for the bucket: the files lie in memory. A month's records are the same whenever it
is invented (`local/generator.py`). Beside them the last month has some that are known by name, all of the first line
with KNOWN_CUSTOMER, so that a test of a page can say what it must show: `known`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime

from bizcall import feeds, months
from bizcall.feeds import keys
from bizcall.models.feeds import FeedKind
from bizcall.ports import Clock, Letter, StoredObject, Stream, UploadForm, now
from local import generator, seed

CALLS = 900
MESSAGES = 250
_MONTHS = 3

KNOWN_CUSTOMER = ("01009999999", "홍길동", "데모 고객")
"""Number, name and details; the others have invented names."""

KNOWN_CALLS = (
    ("demo-OUTGOING", "OUTGOING", 60),
    ("demo-OUTGOING_FAILED", "OUTGOING_FAILED", 0),
    ("demo-INCOMING", "INCOMING", 120),
    ("demo-ABANDONED", "ABANDONED", 0),
    ("demo-MISSED", "MISSED", 0),
    ("demo-MISSED_BUSY", "MISSED_BUSY", 0),
)
"""Id, type and seconds; on the first day of the last month, one a minute from 10:00 on."""

KNOWN_MESSAGES = (
    ("demo-SENT", "SENT", "안녕하세요. 데모상사입니다."),
    ("demo-RECEIVED", "RECEIVED", "네. 확인했습니다."),
)
"""Id, direction and text; on the same day, one a minute from 11:00 on."""


class Files:
    """A bucket that holds what it was made of, and takes reject files without keeping them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """The file."""
        return StoredObject(key, len(self._files[key]), "demo", version, now())

    async def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """The file, whole."""
        yield self._files[key]

    async def write(self, key: str, body: bytes, *, content_type: str) -> StoredObject:
        """Forget it."""
        return StoredObject(key, len(body), "demo", None, now())

    def stream(self, key: str, *, content_type: str) -> AbstractAsyncContextManager[Stream]:
        """Nothing is streamed here."""
        raise NotImplementedError

    async def copy(self, source: StoredObject, key: str) -> None:
        """Nothing is copied here."""
        raise NotImplementedError

    async def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> UploadForm:
        """Nobody uploads here."""
        raise NotImplementedError

    async def download_url(self, key: str, *, file_name: str, seconds: int) -> str:
        """Nobody downloads here."""
        raise NotImplementedError


class NoQueue:
    """Takes everything."""

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Take it."""
        return {letter.id for letter in letters}


async def feed(*, clock: Clock = now) -> int:
    """Load the months into the database that is connected, and return how many records went in."""
    files: dict[str, bytes] = {}
    present = months.today(clock)
    for back in range(_MONTHS):
        month = months.shifted(present, -back)
        for kind, count in ((FeedKind.CALLS, CALLS), (FeedKind.MESSAGES, MESSAGES)):
            name = generator.name(kind.lower(), month.year, month.month)
            files[keys.feed(kind, seed.COMPANY_ID, name)] = _body(kind, month.year, month.month, count, clock())
    oldest = months.shifted(present, 1 - _MONTHS)
    name = generator.name("customers", oldest.year, oldest.month)
    files[keys.feed(FeedKind.CUSTOMERS, seed.COMPANY_ID, name)] = _body(
        FeedKind.CUSTOMERS, oldest.year, oldest.month, CALLS, clock()
    )
    last = months.shifted(present, -1)
    for kind, lines in known(last).items():
        name = f"known-{kind.lower()}-{last:%Y-%m}.csv"
        files[keys.feed(kind, seed.COMPANY_ID, name)] = "".join([generator.HEADERS[kind.lower()], *lines]).encode()
    storage, queue = Files(files), NoQueue()
    loaded = [await feeds.receive(key, storage=storage, queue=queue, clock=clock) for key in files]
    return sum(file.loaded for file in loaded if file is not None)


def known(month: date) -> dict[FeedKind, list[str]]:
    """The known calls and messages, and their customer, as lines of feeds; `month` is its first day."""
    line, (customer, name, details) = seed.NUMBERS[0], KNOWN_CUSTOMER
    calls = [
        f"{each},{line},{kind},{month}T10:{minute:02d}:00+09:00,{seconds},{customer}\n"
        for minute, (each, kind, seconds) in enumerate(KNOWN_CALLS)
    ]
    messages = [
        f"{each},{line},{direction},SMS,{month}T11:{minute:02d}:00+09:00,{customer},{text}\n"
        for minute, (each, direction, text) in enumerate(KNOWN_MESSAGES)
    ]
    customers = [f"{customer},{name},{details},{month}T00:00:00+09:00\n"]
    return {FeedKind.CALLS: calls, FeedKind.MESSAGES: messages, FeedKind.CUSTOMERS: customers}


def _body(kind: FeedKind, year: int, month: int, count: int, at: datetime) -> bytes:
    """The file's contents, without what lies in the future."""
    told = kind.lower()
    lines = generator.lines(told, seed.NUMBERS, year, month, count)
    if kind is not FeedKind.CUSTOMERS:
        moment = generator.HEADERS[told].split(",").index("started_at" if kind is FeedKind.CALLS else "sent_at")
        lines = (line for line in lines if datetime.fromisoformat(line.split(",")[moment]) <= at)
    return "".join([generator.HEADERS[told], *lines]).encode()
