"""A TCP proxy that misbehaves on demand, to stand between the product and its database.

async with proxy(host, port) as between:
    between.latency = 0.3          seconds before each piece, both ways
    between.hang()                 bytes are taken and go nowhere
    between.cut(after=100)         every connection is reset once that many more bytes have come from the server
    between.reset()                all connections end with RST, now
    await between.refuse()         the same, and nobody listens any more
    await between.heal()           as if nothing had been
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from bizcall import connections, database
from bizcall.connections import ACQUIRE
from tests.statements import Recorded

PIECE = 65536


class Proxy:
    """Passes bytes on between its own port and a server's, with the faults that are switched on."""

    def __init__(self, host: str, port: int) -> None:
        self.latency = 0.0
        self.accepted = 0
        self.port = 0
        self._upstream = (host, port)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._left: int | None = None
        self._always = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Listen on the port of the last time, or on any at first."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def hang(self) -> None:
        """Take bytes and pass none on."""
        self._flowing.clear()

    def cut(self, *, after: int, always: bool = False) -> None:
        """Reset all connections once `after` more bytes have come from the server; new ones too, if `always`."""
        self._left, self._always = after, always

    def reset(self) -> None:
        """End all connections with RST."""
        for writer in self._writers:
            raw = writer.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def refuse(self) -> None:
        """End all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()
        await asyncio.sleep(0)

    async def heal(self) -> None:
        """Pass everything on; connections that were made to hang go on where they stood."""
        self.latency, self._left = 0.0, None
        self._flowing.set()
        if self._server is None:
            await self.listen()

    async def close(self) -> None:
        """Stop for good."""
        await self.refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            back, forth = await asyncio.open_connection(*self._upstream)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, forth}
        self._writers |= ends
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.wait(
                [
                    asyncio.ensure_future(self._pump(reader, forth, counted=False)),
                    asyncio.ensure_future(self._pump(back, writer, counted=True)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE):
                if self.latency:
                    await asyncio.sleep(self.latency)
                await self._flowing.wait()
                if counted and self._left is not None:
                    piece = piece[: self._left]
                    self._left -= len(piece)
                sink.write(piece)
                await sink.drain()
                if self._left == 0:
                    self._left = 0 if self._always else None
                    self.reset()
                    return


@asynccontextmanager
async def proxy(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy in front of a server, on a port of its own."""
    between = Proxy(host, port)
    await between.listen()
    try:
        yield between
    finally:
        await between.close()


@asynccontextmanager
async def between(url: str, *, size: int = 5, command_timeout: float = 3.0) -> AsyncIterator[Proxy]:
    """Connect the product to its database through a proxy, and at the end directly again, as the other tests expect.

    The defaults, and the wait for a free connection, are the API's own patience.
    """
    parts = urlsplit(url)
    async with proxy(parts.hostname or "", parts.port or 0) as made:
        await database.disconnect()
        through = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{made.port}")).geturl()
        await database.connect(through, size=size, command_timeout=command_timeout)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(connections, "ACQUIRE", ACQUIRE)
                yield made
        finally:
            await made.heal()
            await database.disconnect()
            await database.connect(url, size=5, connection_class=Recorded)
