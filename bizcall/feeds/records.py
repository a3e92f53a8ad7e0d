"""Records checked and made ready for COPY: the columns that docs/feeds.md publishes.

Values come from JSON or, all as text, from CSV; a row comes out as PostgreSQL's text format of COPY. Formatting rows
here and letting the server read them takes a third of the time that the driver needs to encode values one by one.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from bizcall import months, phones, texts
from bizcall.feeds.lines import Chunk
from bizcall.feeds.rejects import FileFault, FileRefused, LineFault, Reject
from bizcall.ids import uuid7_text
from bizcall.models.calls import CallType
from bizcall.models.feeds import FeedKind
from bizcall.models.messages import MessageDirection, MessageKind
from bizcall.parties import NAME_MOST, NUMBER_MOST, customer_number

ID_MOST = 64
DETAILS_MOST = 2000
TEXT_MOST = 4000
SECONDS_MOST = 7 * 24 * 3600
REVISION_MOST = 32_000
ALL_REVISIONS = REVISION_MOST + 1

_SPELLINGS = 8192

_AT_A_TIME = 64
"""Records checked before the event loop has its turn: less than a millisecond of work."""

_FUTURE = timedelta(hours=1)
"""Clocks differ."""

_EPOCH = datetime(1970, 1, 1, tzinfo=months.KOREA)

_CALL_TYPES = frozenset(CallType)
_DIRECTIONS = frozenset(MessageDirection)
_KINDS = frozenset(MessageKind)
_ID = re.compile(rf"[!-\[\]-~]{{1,{ID_MOST}}}")
_KOREAN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:[0-5]\d:[0-5]\d\+09:00", re.ASCII)
"""How most moments are written; those of an hour that was seen need no parsing."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
_TO_ESCAPE = re.compile(r"[\\\t\n\r\0]")
_NOTHING = "\\N\t\\N\t\\N"
"""What a record replaces that is no correction."""


REQUIRED = {
    FeedKind.CALLS: ("id", "line", "type", "started_at", "seconds"),
    FeedKind.MESSAGES: ("id", "line", "direction", "kind", "sent_at"),
    FeedKind.CUSTOMERS: ("number", "name", "updated_at"),
}


class _Bad(Exception):
    def __init__(self, fault: LineFault, column: str = "") -> None:
        super().__init__(fault)
        self.fault, self.column = fault, column


@dataclass(frozen=True)
class Window:
    """Moments that facts may have: from the beginning of the oldest month kept to a little ahead of the clock."""

    oldest: datetime
    newest: datetime

    @classmethod
    def around(cls, at: datetime, kept: int) -> Window:
        """The window at that moment when so many months are kept."""
        day: date = at.astimezone(months.KOREA).date()
        return cls(months.begins(months.shifted(day, -kept)), at + _FUTURE)


@dataclass(frozen=True)
class Batch:
    """What a chunk became: so many good records as rows for COPY, and lines that are bad.

    `moments` bounds the moments of the rows, `replaced` those of the records that they replace.
    """

    kind: FeedKind
    rows: bytes
    good: int
    rejects: Sequence[Reject]
    moments: tuple[datetime, datetime] | None
    replaced: tuple[datetime, datetime] | None


async def batch(kind: FeedKind, chunk: Chunk, window: Window) -> Batch:
    """Check the records of a chunk; raises FileRefused when the header won't do.

    On the event loop and a few at a time, since a chunk is checked while the one before it is loaded: a thread would
    keep the loop waiting for up to 5 ms whenever the database has answered, a dozen times a chunk.
    """
    names = None if chunk.header is None else _header(kind, chunk.header)
    reader = _Reader(window)
    row_of = {FeedKind.CALLS: reader.call, FeedKind.MESSAGES: reader.message, FeedKind.CUSTOMERS: reader.customer}[kind]
    rows: list[str] = []
    rejects = list(chunk.rejects)
    for turn, (number, line) in enumerate(chunk.records):
        if not turn % _AT_A_TIME:
            await asyncio.sleep(0)
        try:
            rows.append(row_of(_object(line) if names is None else _fields(line, names), number))
        except _Bad as bad:
            rejects.append(Reject(number, bad.fault, bad.column))
    moments, replaced = _bounds(reader.moments), _bounds(reader.replaced)
    return Batch(kind, "".join(rows).encode(), len(rows), rejects, moments, replaced)


def _bounds(moments: list[datetime]) -> tuple[datetime, datetime] | None:
    return (min(moments), max(moments)) if moments else None


def _header(kind: FeedKind, line: bytes) -> Sequence[str]:
    try:
        names = [name.strip().lower() for name in next(csv.reader([line.decode()], strict=True), [])]
    except UnicodeDecodeError:
        raise FileRefused(FileFault.ENCODING) from None
    except csv.Error:
        raise FileRefused(FileFault.HEADER) from None
    if len(set(names)) < len(names) or not set(REQUIRED[kind]) <= set(names):
        raise FileRefused(FileFault.HEADER)
    return names


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        _text_of(line)
        raise _Bad(LineFault.JSON) from None
    if not isinstance(found, dict):
        raise _Bad(LineFault.JSON)
    return found


def _fields(line: bytes, names: Sequence[str]) -> Mapping[str, Any]:
    text = _text_of(line)
    if '"' not in text:
        values = text.split(",")
    else:
        try:
            values = next(csv.reader(io.StringIO(text, newline="\n"), strict=True))
        except csv.Error:
            raise _Bad(LineFault.QUOTES) from None
    if len(values) != len(names):
        raise _Bad(LineFault.COLUMNS)
    return dict(zip(names, values, strict=True))


def _text_of(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise _Bad(LineFault.ENCODING) from None


class _Reader:
    """Makes rows, and notes the moments in them."""

    def __init__(self, window: Window) -> None:
        self._oldest, self._newest = window.oldest, window.newest
        # Hours that lie whole within the window; a reader is of one kind of records, so of one window.
        self._hours: set[str] = set()
        self.moments: list[datetime] = []
        self.replaced: list[datetime] = []

    def call(self, raw: Mapping[str, Any], place: int) -> str:
        """A row of calls."""
        begin = self._common(raw, place, "started_at")
        return f"{begin}\t{_one_of(raw, 'type', _CALL_TYPES)}\t{_whole(raw, 'seconds', SECONDS_MOST)}\n"

    def message(self, raw: Mapping[str, Any], place: int) -> str:
        """A row of messages."""
        begin = self._common(raw, place, "sent_at")
        direction, kind = _one_of(raw, "direction", _DIRECTIONS), _one_of(raw, "kind", _KINDS)
        return f"{begin}\t{direction}\t{kind}\t{_text(raw, 'text', TEXT_MOST)}\n"

    def customer(self, raw: Mapping[str, Any], place: int) -> str:
        """A row of customers."""
        number = _party(raw, "number")
        if not number:
            raise _Bad(LineFault.REQUIRED, "number")
        name = _text(raw, "name", NAME_MOST, tidy=True)
        if not name:
            raise _Bad(LineFault.REQUIRED, "name")
        updated = self._moment(raw, "updated_at", oldest=False)
        return f"{place}\t{uuid7_text()}\t{number}\t{name}\t{_text(raw, 'details', DETAILS_MOST)}\t{updated}\n"

    def _common(self, raw: Mapping[str, Any], place: int, moment_column: str) -> str:
        """What calls and messages share: place, id, moment, number, customer, revision, what is replaced, below."""
        key = _key(raw, "id")
        if key is None:
            raise _Bad(LineFault.REQUIRED, "id")
        number = raw.get("line")
        if not number:
            raise _Bad(LineFault.REQUIRED, "line")
        line = _normal(number) if isinstance(number, str) else None
        if line is None:
            raise _Bad(LineFault.FORMAT, "line")
        moment = self._moment(raw, moment_column)
        corrects, revision = _NOTHING, 0
        if raw.get("replaces_id") or raw.get(f"replaces_{moment_column}") or raw.get("revision"):
            corrects, revision = self._correction(raw, key, moment, f"replaces_{moment_column}")
        return f"{place}\t{key}\t{moment}\t{line}\t{_party(raw, 'customer')}\t{revision}\t{corrects}"

    def _correction(self, raw: Mapping[str, Any], key: str, moment: str, column: str) -> tuple[str, int]:
        """What is replaced, as columns of the row, and the revision of what replaces it."""
        revision = _whole(raw, "revision", REVISION_MOST) if raw.get("revision") not in (None, "") else 0
        replaced, former = _key(raw, "replaces_id"), moment
        if replaced is None and not raw.get(column):
            # A later revision of a record replaces the earlier ones under the same id and moment.
            replaced = key
        elif replaced is None or not raw.get(column):
            raise _Bad(LineFault.REPLACES)
        else:
            former = self._moment(raw, column)
        began = datetime.fromisoformat(former)
        if (replaced, began) == (key, datetime.fromisoformat(moment)):
            if raw.get("replaces_id"):
                revision = revision or 1
            if not revision:
                return _NOTHING, 0
            below = revision
        else:
            below = revision or ALL_REVISIONS
        self.replaced.append(began)
        return f"{replaced}\t{former}\t{below}", revision

    def _moment(self, raw: Mapping[str, Any], column: str, *, oldest: bool = True) -> str:
        """A moment in whole seconds, by Korea's clock, also where none was told: PostgreSQL reads fewer offsets."""
        text = raw.get(column)
        if not text:
            raise _Bad(LineFault.REQUIRED, column)
        if not isinstance(text, str) or not 19 <= len(text) <= 40:
            raise _Bad(LineFault.FORMAT, column)
        korean = _KOREAN.fullmatch(text)
        if korean and text[:13] in self._hours:
            return text
        first = self._oldest if oldest else _EPOCH
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=moment.tzinfo or months.KOREA)
            if moment < first:
                raise _Bad(LineFault.TOO_OLD, column)
            if moment > self._newest:
                raise _Bad(LineFault.IN_FUTURE, column)
        except (ValueError, OverflowError):
            raise _Bad(LineFault.FORMAT, column) from None
        moment = moment.astimezone(months.KOREA).replace(microsecond=0)
        self.moments.append(moment)
        if korean:
            hour = moment.replace(minute=0, second=0)
            ends = hour + timedelta(hours=1)
            if first <= hour and ends <= self._newest:
                self._hours.add(text[:13])
                self.moments += (hour, ends)
        return moment.isoformat()


def _key(raw: Mapping[str, Any], column: str) -> str | None:
    value = raw.get(column)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _Bad(LineFault.FORMAT, column)
    return value


def _one_of(raw: Mapping[str, Any], column: str, known: frozenset[str]) -> str:
    value = raw.get(column)
    if isinstance(value, str) and value in known:
        return value
    raise _Bad(LineFault.VALUE if value else LineFault.REQUIRED, column)


def _whole(raw: Mapping[str, Any], column: str, most: int) -> int:
    value = raw.get(column)
    if value in (None, ""):
        raise _Bad(LineFault.REQUIRED, column)
    if isinstance(value, str) and len(value) <= 10 and value.removeprefix("-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Bad(LineFault.FORMAT, column)
    if not 0 <= value <= most:
        raise _Bad(LineFault.RANGE, column)
    return value


def _text(raw: Mapping[str, Any], column: str, most: int, *, tidy: bool = False) -> str:
    value = raw.get(column)
    if value in (None, ""):
        return ""
    if not isinstance(value, str):
        raise _Bad(LineFault.FORMAT, column)
    if tidy:
        value = texts.clean(value).text
    if len(value) > most:
        raise _Bad(LineFault.RANGE, column)
    return _escaped(value)


def _escaped(text: str) -> str:
    """As COPY's text format has it; few texts need it, and looking for that is quicker than translating."""
    return text.translate(_ESCAPES) if _TO_ESCAPE.search(text) else text


def _party(raw: Mapping[str, Any], column: str) -> str:
    """The outside party's number in its normal form, or what was told instead of one."""
    value = raw.get(column)
    if value in (None, ""):
        return ""
    if not isinstance(value, str):
        raise _Bad(LineFault.FORMAT, column)
    told = _told(value) if len(value) <= NUMBER_MOST else None
    if told is None:
        raise _Bad(LineFault.RANGE, column)
    return told


# Bounded for memory: an office's lines, and the customers of a few days, are met again and again; caches of all
# customers of a month cost tens of megabytes and save no time that could be measured.
@lru_cache(maxsize=_SPELLINGS)
def _told(text: str) -> str | None:
    """None for a text that is too long once it is composed, by which some letters become two or three."""
    told = customer_number(text)
    return _escaped(told) if len(told) <= NUMBER_MOST else None


@lru_cache(maxsize=_SPELLINGS)
def _normal(text: str) -> str | None:
    return phones.normalise(text) if len(text) <= NUMBER_MOST else None
