"""A Lambda process of its own for `test_runtime.py`: takes the scenario's name, prints what came of it as JSON.

A process of its own, because the loop, the current loop and Tortoise's global context are what is tested.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bizcall import aws, database
from bizcall.errors import Unavailable
from bizcall.settings import Settings
from lambdas import logs, runtime
from lambdas.runtime import InvocationFailed, Process, Services


class Context:
    """The part of Lambda's context that is used."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        """Half a minute."""
        return 30_000


async def backend(_event: Any = None, _services: Any = None) -> dict[str, Any]:
    """Which loop this runs on, and which PostgreSQL process answers it."""
    async with database.directory():
        rows = await database.query("SELECT pg_backend_pid() AS pid")
    return {"pid": rows[0]["pid"], "loop": id(asyncio.get_running_loop())}


def request(path: str = "/") -> dict[str, Any]:
    """An event of the HTTP API, payload format 2.0."""
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
    context = {"http": http, "requestId": "gateway-1", "stage": "$default"}
    return {
        "version": "2.0", "routeKey": "ANY /{proxy+}", "rawPath": path, "rawQueryString": "",
        "headers": {"host": "api"},
        "requestContext": context, "isBase64Encoded": False,
    }  # fmt: skip


def application(services: Services) -> Starlette:
    """An ASGI application that asks the database."""

    async def answer(_request: Request) -> JSONResponse:
        try:
            return JSONResponse({**await backend(), "seconds": services.remaining()})
        except Unavailable:
            return JSONResponse({}, 503)

    return Starlette(routes=[Route("/", answer)])


def two_invocations(process: Process) -> Any:
    """Twice the same function."""
    return [process.run(backend, {}, Context()) for _ in range(2)]


def two_requests(process: Process) -> Any:
    """A function's invocation and then two requests, all of one process."""
    first = process.run(backend, {}, Context())
    answers = [process.serve(application, request(), Context()) for _ in range(2)]
    return [first, *(json.loads(answer["body"]) for answer in answers)]


def killed_while_frozen(process: Process) -> Any:
    """The server ends the connection while nobody looks: as a fail-over does to a frozen process."""
    first = process.run(backend, {}, Context())
    os.kill(first["pid"], signal.SIGTERM)
    time.sleep(0.3)
    return [first, process.run(backend, {}, Context())]


def silent(process: Process) -> Any:
    """The connection is there but nobody answers, as behind a firewall that forgot it."""
    first = process.run(backend, {}, Context())
    os.kill(first["pid"], signal.SIGSTOP)
    try:
        began = time.monotonic()
        return [first, process.run(backend, {}, Context()), time.monotonic() - began]
    finally:
        os.kill(first["pid"], signal.SIGCONT)


def silent_for_a_request(process: Process) -> Any:
    """The same, without a pause, while somebody waits."""
    first = process.serve(application, request(), Context())
    pid = json.loads(first["body"])["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = process.serve(application, request(), Context())
        return [answer["statusCode"], time.monotonic() - began]
    finally:
        os.kill(pid, signal.SIGCONT)


class Changing:
    """A process whose secrets are held here, with a password that was changed since; `reads` counts its readings."""

    def __init__(self, idle: float) -> None:
        parts = urlsplit(os.environ["DATABASE_URL"])
        self.password, self.reads = "the former", 0
        self._right = str(parts.password)
        self._held = {"host": parts.hostname, "port": parts.port, "dbname": "bizcall", "username": parts.username}
        setattr(aws, "secret", self._secret)  # noqa: B010 - its parameters have names that nobody gives
        known = Settings(
            stage="test", database_url=None, database_secret_id="database", origin_secret_id="origin",
            origin_secret_versions=("second", "first"),
        )  # fmt: skip
        self.process = Process(known, idle=idle)

    def mend(self) -> None:
        """Put the right password into the secret."""
        self.password = self._right

    def run(self) -> Any:
        """What an invocation answers, or the name of its fault."""
        try:
            return self.process.run(self._told, {}, Context())
        except InvocationFailed as failed:
            return str(failed)

    async def _secret(self, _clients: aws.Clients, secret_id: str, version: str | None = None) -> str:
        if version is not None:
            return f"{version} of {secret_id}"
        self.reads += 1
        return json.dumps({**self._held, "password": self.password, "sslmode": "disable"})

    async def _told(self, _event: Any, services: Services) -> dict[str, Any]:
        known = [each.get_secret_value() for each in services.settings.origin_secrets]
        return {**await backend(), "origins": known}


def password_changed(_process: Process) -> Any:
    """A process that has read its secrets meets another password, and then comes back after a pause."""
    runtime.READ_AGAIN = math.inf
    changing = Changing(idle=0)
    refused = changing.run()
    changing.mend()
    answers = [refused, changing.run()]
    changing.process.close()
    return [answers, _password_changed_at_work()]


def _password_changed_at_work() -> Any:
    """The same while one invocation follows the other, before and after the secret may be read once more."""
    changing = Changing(idle=runtime.IDLE)
    refused = [changing.run() for _ in range(4)]
    before = changing.reads
    changing.mend()
    runtime.READ_AGAIN = 0
    answers = [refused, before, changing.run(), changing.run(), changing.reads]
    changing.process.close()
    return answers


async def quoting(_event: Any, _services: Any) -> None:
    """Fails as drivers do: with the row in the message."""
    async with database.directory():
        try:
            await database.query("SELECT '홍길동 010-1234-5678'::int")
        except Exception as error:
            raise ValueError("Key (name)=(홍길동 010-1234-5678) already exists") from error


def failing(process: Process) -> Any:
    """An error with personal data in it."""
    try:
        process.run(quoting, {}, Context())
    except Exception as error:
        return [type(error).__name__, str(error), error.__cause__ is None]
    return None


def away(process: Process) -> Any:
    """A request whose process can't be made ready."""
    return process.serve(application, request(), Context())


SCENARIOS: dict[str, Callable[[Process], Any]] = {
    f.__name__: f
    for f in (
        two_invocations,
        two_requests,
        killed_while_frozen,
        silent,
        silent_for_a_request,
        password_changed,
        failing,
        away,
    )
}

if __name__ == "__main__":
    name, idle = sys.argv[1], float(sys.argv[2])
    known = Settings()
    lambda_process = Process(known, logs.configure(known.log_level), idle=idle)
    result = SCENARIOS[name](lambda_process)
    lambda_process.close()
    print(json.dumps({"result": result}))
