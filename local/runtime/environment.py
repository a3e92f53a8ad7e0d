"""One execution environment: a Runtime API and one awslambdaric process, which takes one event at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.deploy.model import Function
from local.runtime import errors
from local.runtime.api import Invocation, RuntimeAPI
from local.runtime.logs import Lines

SETTLE_LIMIT = 1.0
_CHILD = Path(__file__).with_name("child.py")
# What the shell may lend to a function; any more would hide what AWS doesn't set.
_INHERITED = ("HOME", "PATH", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Settings:
    """What all environments of a run share.

    `env` is laid over each function's own variables; `say` gets (function's logical id, line) for all that is printed.
    `init_limit` (seconds) is Lambda's for importing the handler.
    """

    region: str
    env: Mapping[str, str]
    say: Callable[[str, str], None]
    init_limit: float = 10.0


class Environment:
    """A process that is initialised and waits for events; made by `start`."""

    def __init__(self, function: Function, settings: Settings, api: RuntimeAPI, process: Process) -> None:
        self.function = function
        self._settings = settings
        self._api = api
        self._process = process
        self._stopped = False
        lines = Lines(lambda line: settings.say(function.logical_id, line))
        self._output = asyncio.create_task(lines.follow(process.stdout)) if process.stdout else None

    @classmethod
    async def start(cls, function: Function, settings: Settings, request_id: str) -> Environment:
        """Start a process and let it import the handler, in at most `settings.init_limit` seconds.

        As on AWS, what failed is tried once more, within the function's time limit, and told by FunctionError then.
        """
        try:
            return await cls._start(function, settings, request_id, settings.init_limit)
        except errors.FunctionError as error:
            settings.say(function.logical_id, f"INIT_REPORT Phase: init Status: {_status(error)}")
        return await cls._start(function, settings, request_id, float(function.timeout))

    @classmethod
    async def _start(cls, function: Function, settings: Settings, request_id: str, limit: float) -> Environment:
        api = RuntimeAPI(function.arn)
        address = await api.start()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", str(_CHILD), function.handler, str(os.getpid())),
            env=_variables(function, settings, address),
            cwd=function.code,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        environment = cls(function, settings, api, process)
        try:
            await environment._initialised(request_id, limit)
        except BaseException:
            await environment.stop()
            raise
        return environment

    async def _initialised(self, request_id: str, limit: float) -> None:
        ready = asyncio.create_task(self._api.ready.wait())
        in_time = await self._first_of(ready, self._api.init_error, limit=limit)
        ready.cancel()
        if self._api.init_error.done():
            raise self._api.init_error.result()
        if not in_time:
            raise errors.timed_out(request_id, limit)
        if not self._api.ready.is_set():
            raise errors.exited(request_id, await self._process.wait())

    @property
    def alive(self) -> bool:
        """Whether the process is there and can take another event."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def invoke(self, payload: bytes, request_id: str) -> bytes:
        """Run one event (JSON) through the handler and return its answer (JSON).

        Raises FunctionError in Lambda's words. After the time limit, a crash or a cancellation the process is gone.
        """
        limit = self.function.timeout
        invocation = Invocation(payload, time.time() + limit, request_id)
        self._api.send(invocation)
        try:
            in_time = await self._first_of(invocation.answer, limit=limit)
        except asyncio.CancelledError:
            await self.stop()
            raise
        if invocation.answer.done():
            return invocation.answer.result()
        returncode = await self._process.wait() if in_time else None
        await self.stop()
        error = errors.timed_out(request_id, limit) if returncode is None else errors.exited(request_id, returncode)
        self._settings.say(self.function.logical_id, str(error.args[0]))
        raise error

    async def settle(self) -> None:
        """Wait until the process asks for work again after an answer.

        One that has ended, or doesn't ask within SETTLE_LIMIT seconds, is stopped.
        """
        ready = asyncio.create_task(self._api.ready.wait())
        await self._first_of(ready, limit=SETTLE_LIMIT)
        ready.cancel()
        if not self.alive or not self._api.ready.is_set():
            await self.stop()

    async def stop(self) -> None:
        """Kill the process with all that it started, and close the Runtime API."""
        if not self._stopped:
            # Once only: later the number may belong to others.
            self._stopped = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        if self._output is not None:
            # A grandchild which left the group may hold the pipe open; what it says then is not waited for.
            await asyncio.wait([self._output], timeout=1)
            self._output.cancel()
        await self._api.stop()

    async def _first_of(self, *awaited: asyncio.Future[Any], limit: float) -> bool:
        """Wait for one of the futures or for the process's end; False if neither came within `limit` seconds."""
        ended = asyncio.create_task(self._process.wait())
        done, _ = await asyncio.wait([*awaited, ended], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        return bool(done)


def _variables(function: Function, settings: Settings, address: str) -> dict[str, str]:
    """The process's environment: Lambda's variables, the function's, the caller's, and little else."""
    variables = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    variables |= {
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime("%Y/%m/%d/[$LATEST]local", time.gmtime()),
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_REGION": settings.region,
        "LAMBDA_TASK_ROOT": str(function.code),
        "LANG": "en_US.UTF-8",
        "PYTHONPATH": str(function.code),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
    if function.log_level:
        variables["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
    return {**variables, **function.environment, **settings.env}


def _status(error: errors.FunctionError) -> str:
    return "timeout" if error.kind == "Sandbox.Timedout" else f"error {error}"
