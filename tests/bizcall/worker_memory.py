"""A worker's process, whose memory tells of two pieces of work: `python -m tests.bizcall.worker_memory WHAT URL …`.

    feeds URL COMPANY FILE FILE          load these files, one after the other
    exports URL COMPANY EXPORT EXPORT    make the files of these exports

Prints the process's peak after each, in MB.
"""

from __future__ import annotations

import asyncio
import pathlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from benchmarks.measuring import peak_megabytes
from bizcall import database, exports, feeds
from bizcall.feeds import keys
from bizcall.models.exports import State
from bizcall.models.feeds import FeedKind
from bizcall.ports import StoredObject, now
from tests.doubles import MemoryStorage, MemoryStream, RecordingQueue

PIECE_BYTES = 65_536


class Wire(MemoryStorage):
    """A bucket that holds nothing in memory: what is read comes from one file, what is written is gone."""

    def __init__(self, path: pathlib.Path | None = None) -> None:
        super().__init__()
        self.path = path or pathlib.Path()

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """The file."""
        return StoredObject(key, self.path.stat().st_size, "etag", version, now())

    async def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """The file, in pieces as from the network."""
        with self.path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    @asynccontextmanager
    async def stream(self, key: str, *, content_type: str) -> AsyncGenerator[MemoryStream]:
        """What goes nowhere."""
        yield Nowhere()


class Nowhere(MemoryStream):
    """Counts what is written to it, no more."""

    async def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Let it go."""


async def load(company_id: UUID, path: pathlib.Path) -> None:
    """All of a file's calls."""
    file = await feeds.receive(
        keys.feed(FeedKind.CALLS, company_id, path.name), storage=Wire(path), queue=RecordingQueue()
    )
    assert file is not None
    assert file.loaded == file.read


async def make(company_id: UUID, export_id: UUID) -> None:
    """The file of an export."""
    assert await exports.run(company_id, export_id, storage=Wire()) is State.COMPLETED


async def work(what: str, url: str, company: str, *given: str) -> None:
    """As the worker of that name does, by as many connections."""
    await database.connect(url, size=2)
    try:
        for each in given:
            await (load(UUID(company), pathlib.Path(each)) if what == "feeds" else make(UUID(company), UUID(each)))
            print(peak_megabytes())
    finally:
        await database.disconnect()


def main(arguments: Sequence[str]) -> None:
    """The command."""
    asyncio.run(work(*arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
