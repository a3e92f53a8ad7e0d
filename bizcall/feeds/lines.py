"""An object as chunks of lines: whatever its size, and however long its lines, a bounded piece of it is in memory.

Own code rather than `gzip` and `csv` on the whole stream: those read from files, not from the pieces that a bucket
gives, put no bound on a line, and can't go on behind a bad one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from bizcall.feeds.rejects import FileFault, FileRefused, LineFault, Reject

LINE_MOST = 64 * 1024
"""Bytes of a line, and of a CSV record that runs over several."""

FIRST_LINES = 2_000
"""Of the first chunk: while it is read the database has nothing to do yet."""

CHUNK_LINES = 10_000
CHUNK_BYTES = 4 * 1024 * 1024
LINES_MOST = 50_000_000
BYTES_MOST = 8 * 1024**3
"""How long a file may be, unpacked. What is continued is unpacked from its beginning: that must take a small part of
the time of an invocation (docs/feeds.md), or most of it would go by on the way to where the last one stopped."""

PLAIN_BYTES_MOST = 2 * 1024**3
"""The same where it isn't packed, since all of that must be fetched again."""

HOLLOW_MOST = 1_000
"""Packed members in which nothing is: each costs time, and none brings a file on."""

MEMBERS_MOST = 1_000_000
"""Packed members at all: each takes some ten microseconds, however little is in it."""

PIECE_BYTES = 16 * 1024
"""Bytes that are cut, or fed to the unpacker, at once: some tenths of a millisecond, in which the loop waits."""

RATIO_MOST = 100
"""How many bytes one packed byte may become. Records of calls become ten to twenty."""

RATIO_FROM = 1024 * 1024
"""Unpacked bytes from which on the ratio is looked at."""

_GZIP = 31
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_RETURN = 13
_BLANK = 32


@dataclass
class Chunk:
    """Lines that go in together. `lines` and `size` (bytes, unpacked) are the place behind it."""

    lines: int
    size: int
    header: bytes | None
    records: list[tuple[int, bytes]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


async def unpacked(pieces: AsyncIterator[bytes], *, packed: bool) -> AsyncIterator[bytes]:
    """The contents, in small pieces; raises FileRefused for what is no gzip, is cut off, or is a bomb."""
    if not packed:
        size = 0
        async for piece in _small(pieces):
            size += len(piece)
            if size > PLAIN_BYTES_MOST:
                raise FileRefused(FileFault.TOO_LARGE)
            yield piece
        return
    member: zlib._Decompress | None = None
    filled = False
    came, went, members, hollow, complete = 0, 0, 0, 0, False
    async for piece in _small(pieces):
        rest = piece
        while rest:
            if member is None:
                # Further members may follow the first, and zeros may pad the last.
                rest = rest.lstrip(b"\0") if members else rest
                if not rest:
                    break
                member, filled, complete = zlib.decompressobj(_GZIP), False, False
            try:
                data = member.decompress(rest, PIECE_BYTES)
            except zlib.error:
                raise FileRefused(FileFault.DAMAGED if went or members else FileFault.NOT_GZIP) from None
            left = member.unused_data if member.eof else member.unconsumed_tail
            came, went = came + len(rest) - len(left), went + len(data)
            if went > RATIO_FROM and went > came * RATIO_MOST:
                raise FileRefused(FileFault.TOO_DENSE)
            if data:
                filled = True
                yield data
            rest = left
            if member.eof:
                member, members, hollow, complete = None, members + 1, hollow + (not filled), True
                if hollow > HOLLOW_MOST or members > MEMBERS_MOST:
                    raise FileRefused(FileFault.DAMAGED)
    if not complete:
        raise FileRefused(FileFault.DAMAGED if came else FileFault.NOT_GZIP)


async def _small(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes; the unpacker copies what it was given and hasn't used each time, so that must not be much."""
    async for piece in pieces:
        for begin in range(0, len(piece), PIECE_BYTES):
            yield piece[begin : begin + PIECE_BYTES]


async def chunks(pieces: AsyncIterator[bytes], *, csv: bool, after: int) -> AsyncIterator[Chunk]:
    """The lines behind the first `after`, chunk by chunk; empty ones, and those of blanks, are left out.

    A CSV without records is one chunk, of its header; without a header it is refused. When the pieces end by
    FileRefused, the complete lines before it still come, and then it is raised.
    """
    cut = _Cutter(csv=csv, after=after)
    refused: FileRefused | None = None
    try:
        async for piece in pieces:
            for chunk in cut.take(piece):
                yield chunk
            if cut.passes(LINES_MOST, BYTES_MOST):
                raise FileRefused(FileFault.TOO_LARGE)
            # A file that is at hand would keep the loop to itself, while the database has answered.
            await asyncio.sleep(0)
    except FileRefused as fault:
        refused = fault
    for chunk in cut.end(whole=refused is None):
        yield chunk
    if refused is not None:
        raise refused


class _Cutter:
    """Cuts pieces into lines, lines into records, records into chunks."""

    def __init__(self, *, csv: bool, after: int) -> None:
        self._csv, self._after = csv, after
        self._tail = b""
        self._tail_is_too_long = False
        self._number = self._offset = 0
        self._header: bytes | None = None
        self._open: list[tuple[int, bytes]] = []
        self._open_bytes = 0
        self._begin = 0
        self._most = min(FIRST_LINES, CHUNK_LINES)
        self._chunk = Chunk(0, 0, None)

    def take(self, piece: bytes) -> Iterator[Chunk]:
        """The chunks that this piece completes."""
        lines = self._lines(self._tail + piece)
        plain = self._plain()
        for line in lines:
            if (
                plain
                and 0 < len(line) <= LINE_MOST
                and line[0] > _BLANK
                and line[-1] != _RETURN
                and not (self._csv and b'"' in line)
            ):
                # What most lines are; the way through the methods takes four times as long.
                self._number += 1
                self._offset += len(line) + 1
                self._chunk.records.append((self._number, line))
            else:
                self._line(line, 1)
                plain = self._plain()
            # A chunk ends between records only, because the next one may be begun by another process; and also where
            # there were none, so that the place moves on behind any lines.
            full = len(self._chunk.records) >= self._most or self._offset - self._begin >= CHUNK_BYTES
            if full and not self._open:
                yield self._closed()
        if len(self._tail) > LINE_MOST:
            self._offset += len(self._tail)
            self._tail, self._tail_is_too_long = b"", True

    def _lines(self, whole: bytes) -> list[bytes]:
        """The complete lines; none where all of them were read before, since counting takes a fraction of cutting."""
        breaks = whole.count(b"\n") if 0 < self._number < self._after else 0
        if not breaks or self._number + breaks >= self._after:
            lines = whole.split(b"\n")
            self._tail = lines.pop()
            return lines
        end = whole.rindex(b"\n") + 1
        self._number, self._offset, self._tail = self._number + breaks, self._offset + end, whole[end:]
        self._tail_is_too_long = False
        return []

    def passes(self, lines: int, size: int) -> bool:
        """Whether more was taken than so many lines, or bytes."""
        return self._number > lines or self._offset + len(self._tail) > size

    def _plain(self) -> bool:
        """Whether the next line stands for itself, whatever came before it."""
        return self._number > self._after and not self._open and not self._tail_is_too_long

    def end(self, *, whole: bool) -> Iterator[Chunk]:
        """The last chunk. What stands behind the last line break counts only if the file is `whole`."""
        if whole and (self._tail or self._tail_is_too_long):
            self._line(self._tail, 0)
        while self._open and whole:
            self._give_up_open()
        if whole and self._csv and self._header is None:
            raise FileRefused(FileFault.HEADER)
        # Of a CSV the header is to be looked at, also when nothing stands behind it.
        alone = whole and self._csv and not self._after and not self._begin
        if self._chunk.records or self._chunk.rejects or alone:
            yield self._closed()

    def _closed(self) -> Chunk:
        done = self._chunk
        done.lines, done.size, done.header = self._number, self._offset, self._header
        self._chunk, self._begin, self._most = Chunk(0, 0, None), self._offset, CHUNK_LINES
        return done

    def _line(self, line: bytes, ending: int) -> None:
        self._number += 1
        self._offset += len(line) + ending
        too_long, self._tail_is_too_long = self._tail_is_too_long or len(line) > LINE_MOST, False
        if self._number == 1:
            if line.startswith(_UTF_16):
                raise FileRefused(FileFault.ENCODING)
            line = line.removeprefix(_BOM)
            if self._csv:
                if too_long:
                    raise FileRefused(FileFault.HEADER)
                self._header = line.removesuffix(b"\r")
                return
        if self._number <= self._after:
            self._begin = self._offset
            return
        if too_long:
            while self._open:
                self._give_up_open()
            self._chunk.rejects.append(Reject(self._number, LineFault.TOO_LONG))
            return
        self._record(self._number, line.removesuffix(b"\r"))

    def _record(self, number: int, line: bytes) -> None:
        if self._csv and (self._open or line.count(b'"') % 2):
            self._open.append((number, line))
            self._open_bytes += len(line) + 1
            if len(self._open) > 1 and line.count(b'"') % 2:
                first, joined = self._open[0][0], b"\n".join(part for _, part in self._open)
                self._open, self._open_bytes = [], 0
                self._add(first, joined)
            elif self._open_bytes > LINE_MOST:
                self._give_up_open()
        elif line.strip():
            self._add(number, line)

    def _add(self, number: int, record: bytes) -> None:
        self._chunk.records.append((number, record))

    def _give_up_open(self) -> None:
        """A quote was never closed: its line is bad, and those that it swallowed are looked at again by themselves."""
        (number, _), *swallowed = self._open
        self._open, self._open_bytes = [], 0
        self._chunk.rejects.append(Reject(number, LineFault.QUOTES))
        for line_number, line in swallowed:
            self._record(line_number, line)
