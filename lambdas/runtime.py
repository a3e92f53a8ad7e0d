"""The only home of loop and start-up in a Lambda process.

A process serves one invocation at a time and is frozen between them, so it has one event loop for life (clients, pool
and context variables belong to it), opens everything on the first invocation, and distrusts its database connection
after every pause. `asyncio.run` would close the loop under all of that.

    def handler(event, context):
        return process().run(handle, event, context)
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import math
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol, TypeVar

from pydantic import SecretStr

from bizcall import aws, database, gateways, request_ids, tls
from bizcall.errors import BizCallError, Unavailable
from bizcall.ports import Clock, Mail, Queue, Sms, Storage, now
from bizcall.settings import Settings, settings
from lambdas import logs
from lambdas.metrics import Metrics

logger = logging.getLogger(__name__)
T = TypeVar("T")

Event = Mapping[str, Any]

PAUSE = 0.2
"""Seconds between two invocations within which no process is frozen for long enough to miss anything."""

IDLE = 30.0
"""Seconds without an invocation after which the database connection is tried before it is used."""

READ_AGAIN = 5.0
"""Seconds between two readings of the secrets at the least while the database doesn't let the role in."""

PING = 1.0
"""Seconds that the database has to answer that trial."""

STATEMENT = 25.0
"""Seconds that one statement of a worker may take."""

API_STATEMENT = 3.0
"""The same for the API, where somebody waits: together with the trial and what is cleared away, an answer in 5 s."""


class Context(Protocol):
    """What Lambda hands over beside the event."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the process is killed."""


@dataclass(frozen=True)
class Services:
    """What a handler may use. `remaining` tells the seconds left to this invocation."""

    settings: Settings
    storage: Storage
    queue: Queue
    sms: Sms
    mail: Mail
    clock: Clock = now
    remaining: Callable[[], float] = lambda: math.inf
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def database_url(self) -> str:
        """Where PostgreSQL is, password included; for what must connect by itself."""
        if self.settings.database_url is None:
            raise RuntimeError("neither DATABASE_URL nor DATABASE_SECRET_ID is set")
        return self.settings.database_url.get_secret_value()


class InvocationFailed(Exception):
    """Told to Lambda instead of the error itself, whose message may quote a person's data; the log holds the rest."""


class Process:
    """One Lambda process: a loop, and what was opened on it. `idle` is in seconds, `connections` of the database."""

    def __init__(
        self,
        settings: Settings,
        formatter: logs.SafeFormatter | None = None,
        *,
        idle: float = IDLE,
        connections: int = 1,
    ) -> None:
        self._settings = settings
        self._formatter = formatter
        self._idle = idle
        self._connections = connections
        self._runner = asyncio.Runner()
        # Mangum asks for the current loop instead of taking one.
        asyncio.set_event_loop(self._runner.get_loop())
        self._clients = aws.Clients()
        self._metrics = Metrics(settings.metrics_namespace)
        self._services: Services | None = None
        self._application: Callable[[Any, Any], dict[str, Any]] | None = None
        self._last = time.monotonic()
        self._refusals = database.refusals()
        self._read_again = -math.inf
        self._statement = STATEMENT

    def run(self, handle: Callable[[Event, Services], Coroutine[Any, Any, T]], event: Event, context: Context) -> T:
        """Answer one invocation; raises InvocationFailed, and nothing else."""

        async def invocation() -> T:
            with request_ids.carried(context.aws_request_id):
                return await handle(event, await self._ready(context))

        self._label(context.aws_request_id)
        try:
            return self._run(invocation())
        except Exception as error:
            logger.exception("the invocation failed")
            raise InvocationFailed(type(error).__name__) from None
        finally:
            self._metrics.tell()
            self._last = time.monotonic()

    def serve(self, build: Callable[[Services], Any], event: Event, context: Context) -> dict[str, Any]:
        """Answer one request of the HTTP API by the ASGI application that `build` makes, once for the process."""
        request_id = event.get("requestContext", {}).get("requestId", context.aws_request_id)
        self._label(request_id)
        self._statement = API_STATEMENT
        try:
            services = self._run(self._ready(context))
            if self._application is None:
                self._application = _adapted(build(services))
            return self._application(event, context)
        except Unavailable:
            logger.exception("the process could not be made ready")
            return _away(request_id)
        except Exception as error:
            logger.exception("the request failed outside the application")
            raise InvocationFailed(type(error).__name__) from None
        finally:
            self._last = time.monotonic()

    def close(self) -> None:
        """Give everything back; for tests, Lambda kills instead."""
        if self._services is not None:
            self._run(database.disconnect())
        self._run(self._clients.close())
        self._runner.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        # The runner's own context would carry what one invocation leaves in it into all later ones: Tortoise, for one,
        # leaves a transaction in it that was broken off while it began.
        return self._runner.run(work, context=contextvars.copy_context())

    async def _ready(self, context: Context) -> Services:
        if self._services is None:
            self._services = await self._open()
        else:
            await self._fresh()
        return replace(self._services, remaining=lambda: context.get_remaining_time_in_millis() / 1000)

    async def _open(self) -> Services:
        known = await self._secrets()
        services = Services(
            settings=known,
            storage=aws.S3Storage(self._clients, known.bucket),
            queue=aws.SqsQueue(self._clients, known.queue_urls),
            sms=await gateways.text_messages(known, self._clients),
            mail=gateways.electronic_mail(known, self._clients),
            metrics=self._metrics,
        )
        await database.connect(services.database_url, size=self._connections, command_timeout=self._statement)
        return services

    async def _secrets(self) -> Settings:
        found: dict[str, SecretStr | tuple[SecretStr, ...]] = {}
        if self._settings.database_url is None and self._settings.database_secret_id:
            text = await aws.secret(self._clients, self._settings.database_secret_id)
            found["database_url"] = SecretStr(aws.database_url(text))
        if self._settings.secret_key is None and self._settings.key_secret_id:
            found["secret_key"] = SecretStr(await aws.secret(self._clients, self._settings.key_secret_id))
        if self._settings.origin_secret_id:
            # Those that the deployment names, since it tells CloudFront which to send: what was put there since shuts
            # nobody out, and one that leaked is good no longer than it is named.
            found["origin_secrets"] = tuple(
                [
                    SecretStr(await aws.secret(self._clients, self._settings.origin_secret_id, version))
                    for version in self._settings.origin_secret_versions
                ]
            )
        known = self._settings.model_copy(update=found)
        url = known.database_url
        if url is not None and not tls.is_verified(url.get_secret_value()) and known.stage == "production":
            raise tls.Unverified("in production the database's certificate is verified")
        return known

    async def _fresh(self) -> None:
        """Let the loop see what happened to its sockets while the process was frozen, and try the database after long.

        The pool drops a connection by itself once the loop has read its end, which takes a few turns of the loop. A
        connection that a firewall forgot ends without a word; only asking tells. Where the role was not let in, be it
        at work, the secrets are read again.
        """
        if database.refusals() > self._refusals and time.monotonic() - self._read_again >= READ_AGAIN:
            self._read_again = time.monotonic()
            logger.warning("the secrets are read again")
            await self._reopen()
            self._refusals = database.refusals()
            return
        away = time.monotonic() - self._last
        if away > PAUSE:
            for _ in range(5):
                await asyncio.sleep(0.0005)
        if away < self._idle:
            return
        # In a task, and so a context, of its own: see _run.
        if not await asyncio.create_task(_answers()):
            logger.warning("the database connection did not outlive the pause")
            await self._reopen()

    async def _reopen(self) -> None:
        """Start again with a new pool and new secrets: the password may have been changed in the meantime."""
        try:
            async with asyncio.timeout(PING):
                await database.disconnect()
        except TimeoutError:
            # The pool has given the silent connection up by now, so the second time there is nobody to wait for.
            await database.disconnect()
        self._services = None
        self._services = await self._open()
        self._application = None

    def _label(self, request_id: str) -> None:
        if self._formatter is not None:
            self._formatter.append_keys(request_id=request_id)


@cache
def process(connections: int = 1) -> Process:
    """The process that this is, set up by its environment at the first invocation."""
    known = settings()
    return Process(known, logs.configure(known.log_level), connections=connections)


def _adapted(application: Any) -> Callable[[Any, Any], dict[str, Any]]:
    from mangum import Mangum

    return Mangum(application, lifespan="off")


async def _answers() -> bool:
    try:
        async with asyncio.timeout(PING), database.directory():
            await database.query("SELECT 1")
    except (BizCallError, TimeoutError):
        return False
    return True


def _away(request_id: str) -> dict[str, Any]:
    error = {"message": "잠시 후 다시 시도해 주세요.", "extensions": {"code": "UNAVAILABLE", "requestId": request_id}}
    return {
        "statusCode": 503,
        "headers": {"content-type": "application/json; charset=utf-8", "retry-after": "5", "cache-control": "no-store"}
        | {"x-request-id": request_id},
        "body": json.dumps({"errors": [error]}, ensure_ascii=False),
    }
