"""The environments of one function: warm ones are used again, and never are more busy than is allowed."""

from __future__ import annotations

import asyncio
import json
import signal
import uuid
from collections.abc import Mapping
from typing import Any

from local.deploy.model import Function
from local.runtime.api import MAX_PAYLOAD
from local.runtime.environment import Environment, Settings
from local.runtime.errors import Throttled, TooLarge, exited


class Pool:
    """Runs a function's events, each in an environment of its own at a time.

    Above the function's reserved concurrency an invocation is throttled, as on AWS. `cap` is the laptop's own limit:
    above it an invocation waits, because two cores are no reason to fail.
    """

    def __init__(self, function: Function, settings: Settings, *, cap: int) -> None:
        self.function = function
        self._settings = settings
        self._slots = asyncio.Semaphore(cap)
        self._busy = 0
        self._stopped = asyncio.Event()
        self._warm: list[Environment] = []
        self._all: set[Environment] = set()

    async def invoke(self, event: Any) -> Any:
        """The handler's answer to an event (both as JSON values). Raises FunctionError, Throttled or TooLarge."""
        payload = json.dumps(event, ensure_ascii=False).encode()
        if len(payload) > MAX_PAYLOAD:
            raise TooLarge(f"{self.function.name}: an event of {len(payload)} bytes; Lambda takes {MAX_PAYLOAD}")
        if self.function.reserved is not None and self._busy >= self.function.reserved:
            raise Throttled(
                f"{self.function.name}: {self.function.reserved} concurrent executions are reserved, all busy"
            )
        self._busy += 1
        try:
            async with self._slots:
                return json.loads(await self._run(payload))
        finally:
            self._busy -= 1

    @property
    def pids(self) -> Mapping[int, bool]:
        """The process ids of all environments, and whether each is warm and idle."""
        return {environment.pid: environment in self._warm for environment in self._all if environment.alive}

    async def stop(self) -> None:
        """Kill every environment. What runs, waits or comes later ends with FunctionError."""
        self._stopped.set()
        await asyncio.gather(*(environment.stop() for environment in self._all))
        self._all.clear()
        self._warm.clear()

    async def _run(self, payload: bytes) -> bytes:
        request_id = str(uuid.uuid4())
        environment = None if self._stopped.is_set() else await self._take_warm()
        if environment is None:
            environment = await self._start(request_id)
            self._all.add(environment)
        try:
            answer = await environment.invoke(payload, request_id)
        finally:
            # It asks for the next event within a millisecond; not waiting for that would start another one meanwhile.
            await environment.settle()
            if environment.alive:
                self._warm.append(environment)
            else:
                self._all.discard(environment)
        return answer

    async def _start(self, request_id: str) -> Environment:
        if not self._stopped.is_set():
            environment = await Environment.start(self.function, self._settings, request_id)
            if not self._stopped.is_set():
                return environment
            # Stopped meanwhile, which this environment has escaped.
            await environment.stop()
        raise exited(request_id, -signal.SIGKILL)

    async def _take_warm(self) -> Environment | None:
        """The environment that was used last; one which died while it was idle is cleared away."""
        while self._warm:
            environment = self._warm.pop()
            if environment.alive:
                return environment
            self._all.discard(environment)
            await environment.stop()
        return None
