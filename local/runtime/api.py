"""A Lambda Runtime API on loopback: what the process of one execution environment asks for work and answers to.

Only that process may ask: a page in the machine's browser could fetch an event away from it, and under a name of its
own for 127.0.0.1 even read it, so requests that a browser sent or that come under another name are refused.

The emulators there are bring containers or a closed set of event sources; the protocol itself is four requests, and
awslambdaric, which speaks the other end of it, is the very client that runs on AWS.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from local.runtime.errors import FunctionError, too_large

MAX_PAYLOAD = 6 * 1024 * 1024
_PREFIX = "/2018-06-01/runtime"
_BROWSERS = frozenset({"Origin", "Sec-Fetch-Site"})
# Lambda lets an answer be this much larger than a request.
_MAX_ANSWER = MAX_PAYLOAD + 100


@dataclass(slots=True)
class Invocation:
    """An event on its way through a function. `deadline` in epoch seconds; `answer` is JSON text or the error."""

    payload: bytes
    deadline: float
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: asyncio.Future[bytes] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, error: FunctionError) -> None:
        """End with an error, unless it has ended already."""
        if not self.answer.done():
            self.answer.set_exception(error)


class RuntimeAPI:
    """The server of one environment.

    `ready` is set while the process waits for an event: the first time when it is initialised, later when it is idle.
    `init_error` resolves to what the process reported when its initialisation failed.
    """

    def __init__(self, function_arn: str) -> None:
        self.ready = asyncio.Event()
        self.init_error: asyncio.Future[FunctionError] = asyncio.get_running_loop().create_future()
        self._arn = function_arn
        self._next: asyncio.Queue[Invocation] = asyncio.Queue()
        self._current: Invocation | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen on a free port of loopback; returns "host:port"."""
        app = web.Application(client_max_size=0, middlewares=[_no_browser])
        app.router.add_get(f"{_PREFIX}/invocation/next", self._give)
        app.router.add_post(f"{_PREFIX}/invocation/{{id}}/response", self._take_answer)
        app.router.add_post(f"{_PREFIX}/invocation/{{id}}/error", self._take_error)
        app.router.add_post(f"{_PREFIX}/init/error", self._take_init_error)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"{host}:{port}"

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    def send(self, invocation: Invocation) -> None:
        """Hand an event to the process; one at a time."""
        self.ready.clear()
        self._current = invocation
        self._next.put_nowait(invocation)

    async def _give(self, request: web.Request) -> web.Response:
        self.ready.set()
        invocation = await self._next.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }
        return web.Response(body=invocation.payload, content_type="application/json", headers=headers)

    async def _take_answer(self, request: web.Request) -> web.Response:
        invocation, body = self._running(request), await request.read()
        if len(body) > _MAX_ANSWER:
            invocation.fail(too_large(len(body), _MAX_ANSWER))
            raise web.HTTPRequestEntityTooLarge(max_size=_MAX_ANSWER, actual_size=len(body))
        if not invocation.answer.done():
            invocation.answer.set_result(body)
        return _accepted()

    async def _take_error(self, request: web.Request) -> web.Response:
        invocation = self._running(request)
        invocation.fail(FunctionError(_error(await request.read())))
        return _accepted()

    async def _take_init_error(self, request: web.Request) -> web.Response:
        error = FunctionError(_error(await request.read()))
        if not self.init_error.done():
            self.init_error.set_result(error)
        return _accepted()

    def _running(self, request: web.Request) -> Invocation:
        if self._current is None or request.match_info["id"] != self._current.request_id:
            raise web.HTTPBadRequest(text='{"errorType":"InvalidRequestID"}')
        return self._current


@web.middleware
async def _no_browser(request: web.Request, handler: Handler) -> web.StreamResponse:
    if urlsplit(f"//{request.host}").hostname != "127.0.0.1" or _BROWSERS.intersection(request.headers):
        raise web.HTTPForbidden
    return await handler(request)


def _error(body: bytes) -> dict[str, Any]:
    payload = json.loads(body)
    return payload if isinstance(payload, dict) else {"errorMessage": str(payload)}


def _accepted() -> web.Response:
    return web.json_response({"status": "OK"}, status=202)
