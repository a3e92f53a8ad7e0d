"""Serving an ASGI app inside the running loop, for the gateway and whatever else the laptop shows."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator

import uvicorn
from starlette.types import ASGIApp

_GRACE = 3


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve an app while the block lasts and give its address ("http://host:port"); port 0 finds a free one.

    Raises OSError when the port is taken. Signals are left to the caller; requests under way at the end get 3 seconds.
    """
    listening = socket.create_server((host, port))
    # Connections inherit it. asyncio would set it only where the socket names its protocol, which this one doesn't, and
    # every small answer would wait 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # uvicorn would believe whoever is on this machine about the address he comes from.
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        bound = listening.getsockname()
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: Ctrl-C belongs to whoever started everything."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
