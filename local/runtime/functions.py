"""All functions of a deployment, running: their pools, their queues' pollers and their schedules."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from local.deploy.model import Deployment, Schedule
from local.runtime import schedules
from local.runtime.environment import Settings
from local.runtime.errors import FunctionError, Throttled, TooLarge
from local.runtime.pool import Pool
from local.runtime.queues import Poller

log = logging.getLogger(__name__)

_ANYONE = "local"
_THROTTLED_SECONDS = 1.0
"""Before the event of a schedule is tried again that the function had no room for."""


class Functions:
    """Runs a deployment's functions while its `async with` lasts; `listen` sets pollers and schedules to work in it.

    `endpoint` is the AWS-compatible server. `env` is laid over each function's variables, after AWS_ENDPOINT_URL and
    credentials for it. `on_log` gets (logical id, line) of all that functions print, and of what Lambda itself would
    write to their logs.

    `cap`: environments of a function at a time; above it invocations wait. `retry_after`: seconds until messages come
    again whose function failed (None: the queue's own visibility time-out, as on AWS).
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        endpoint: str,
        on_log: Callable[[str, str], None],
        env: Mapping[str, str] | None = None,
        cap: int = 4,
        retry_after: int | None = 1,
    ) -> None:
        self.deployment = deployment
        self._endpoint = endpoint
        self._cap = cap
        self._retry_after = retry_after
        credentials = {"AWS_ACCESS_KEY_ID": _ANYONE, "AWS_SECRET_ACCESS_KEY": _ANYONE, "AWS_ENDPOINT_URL": endpoint}
        settings = Settings(deployment.region, {**credentials, **(env or {})}, on_log)
        self._pools = {name: Pool(function, settings, cap=cap) for name, function in deployment.functions.items()}
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] | None = None
        self._stack = AsyncExitStack()
        self._sqs: Any = None
        self._began = dt.datetime.now(dt.UTC)

    async def __aenter__(self) -> Self:
        import aioboto3
        from botocore.config import Config

        self._broken = asyncio.get_running_loop().create_future()
        self._began = dt.datetime.now(dt.UTC)
        session = aioboto3.Session(
            aws_access_key_id=_ANYONE, aws_secret_access_key=_ANYONE, region_name=self.deployment.region
        )
        config = Config(max_pool_connections=100, read_timeout=60, retries={"mode": "standard", "max_attempts": 2})
        self._sqs = await self._stack.enter_async_context(
            session.client("sqs", endpoint_url=self._endpoint, config=config)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(pool.stop() for pool in self._pools.values()))
        await self._stack.aclose()

    def listen(self) -> None:
        """Poll the queues and follow the schedules from now on. Raises BadExpression."""
        for source in self.deployment.sources:
            pool = self._pools[source.function]
            limits = (self._cap, source.concurrency, pool.function.reserved)
            poller = Poller(
                self._sqs,
                source,
                pool.invoke,
                # A function with no concurrency at all is throttled, so its poller still needs one batch to find out.
                concurrency=max(1, min(limit for limit in limits if limit is not None)),
                retry_after=self._retry_after,
            )
            self._spawn(poller.run())
        for schedule in self.deployment.schedules.values():
            # Before anything waits: an expression that can't be followed is refused.
            self._next(schedule, self._began)
            self._spawn(self._follow(schedule))

    async def invoke(self, function: str, event: Any) -> Any:
        """Call a function (by logical id, name or ARN) and return its answer; event and answer are JSON values.

        Raises FunctionError, Throttled or TooLarge.
        """
        return await self._pools[self.deployment.function(function).logical_id].invoke(event)

    async def fire_schedule(self, name: str) -> Any:
        """Fire a schedule (by logical id) now, whatever its expression says.

        Returns the function's answer, which AWS drops; raises FunctionError, Throttled or TooLarge.
        """
        if name not in self.deployment.schedules:
            raise KeyError(f"no schedule {name}; there are {', '.join(sorted(self.deployment.schedules)) or 'none'}")
        return await self._fire(self.deployment.schedules[name], dt.datetime.now(dt.UTC))

    def processes(self, function: str) -> Mapping[int, bool]:
        """The process ids of a function's environments, and whether each is idle."""
        return self._pools[self.deployment.function(function).logical_id].pids

    async def watch(self) -> None:
        """Wait until a poller or a schedule breaks, which is a defect of this package, and raise what broke it."""
        if self._broken is not None:
            await asyncio.shield(self._broken)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("an event source broke", exc_info=error)
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)
            # Whoever doesn't watch has read it in the log.
            self._broken.exception()

    def _next(self, schedule: Schedule, after: dt.datetime) -> dt.datetime:
        return schedules.next_time(schedule.expression, after, timezone=schedule.timezone, start=self._began)

    async def _follow(self, schedule: Schedule) -> None:
        """Fire a schedule at its times; one firing doesn't wait for another, as they don't on AWS."""
        after = self._began
        async with asyncio.TaskGroup() as firings:
            while True:
                due = self._next(schedule, after)
                await self._sleep_until(due)
                firings.create_task(self._try_firing(schedule, due))
                after = max(due, dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))

    async def _sleep_until(self, due: dt.datetime) -> None:
        """Sleep, a minute at most at a time: a clock may be set, and a laptop may be closed for the night."""
        left = (due - dt.datetime.now(dt.UTC)).total_seconds()
        while left > 0:
            await asyncio.sleep(min(left, 60))
            left = (due - dt.datetime.now(dt.UTC)).total_seconds()

    async def _try_firing(self, schedule: Schedule, due: dt.datetime) -> None:
        try:
            await self._fire(schedule, due)
        except (FunctionError, Throttled, TooLarge) as error:
            log.warning("%s: given up: %s", schedule.logical_id, error)

    async def _fire(self, schedule: Schedule, due: dt.datetime) -> Any:
        """Invoke once; while the function is throttled, again until the event is too old for it."""
        function = self.deployment.functions[schedule.function]
        event = schedules.event(schedule, due, region=self.deployment.region, account=self.deployment.account)
        loop = asyncio.get_running_loop()
        until = loop.time() + (function.max_age or 0)
        while True:
            try:
                return await self._pools[function.logical_id].invoke(event)
            except Throttled:
                if loop.time() >= until:
                    raise
                await asyncio.sleep(_THROTTLED_SECONDS)
