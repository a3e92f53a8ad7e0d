"""What a deployment left behind: everything that the function side (`local.runtime`, `local.gateway`) has to know.

Dictionaries are keyed by logical id of the template, which is how a person names things; deployed names are fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function as deployed. `timeout` in seconds, `memory` in MB.

    `reserved` is ReservedConcurrentExecutions, None without a limit of its own. `max_age` is for how many seconds a
    schedule's event may wait while the function is throttled, None without an EventInvokeConfig. `log_format` and
    `log_level` are what the runtime's own logging follows.
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    code: Path
    environment: Mapping[str, str]
    timeout: int
    memory: int
    reserved: int | None = None
    max_age: int | None = None
    log_format: str = "Text"
    log_level: str | None = None


@dataclass(frozen=True, slots=True)
class QueueSource:
    """An event source mapping from a queue to a function (by logical id). `window` in seconds.

    `partial` says that the function answers with ReportBatchItemFailures; `concurrency` is
    ScalingConfig.MaximumConcurrency, None where the template sets none. `visibility` is the queue's time-out (s).
    """

    logical_id: str
    function: str
    queue_arn: str
    queue_url: str
    visibility: int
    batch_size: int = 10
    window: int = 0
    partial: bool = False
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of a function (by logical id), with the text of its event, None for the Scheduler's own."""

    logical_id: str
    name: str
    arn: str
    function: str
    expression: str
    timezone: str = "UTC"
    input: str | None = None


@dataclass(frozen=True, slots=True)
class Cors:
    """The CorsConfiguration of an HTTP API; `max_age` in seconds."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None


@dataclass(slots=True)
class HttpApi:
    """An HTTP API whose one route takes all to a function (by logical id), which has `timeout` seconds to answer.

    `rate` (requests a second) and `burst` are its stage's throttle, or None.
    """

    logical_id: str
    api_id: str
    name: str
    function: str
    timeout: float = 30.0
    cors: Cors | None = None
    rate: float | None = None
    burst: int | None = None


@dataclass(slots=True)
class Deployment:
    """Everything deployed. `queues` maps to URLs, `buckets` to names, `secrets` to ARNs.

    `outputs` are the template's Outputs.
    """

    stack: str
    region: str
    account: str
    functions: dict[str, Function] = field(default_factory=dict)
    sources: list[QueueSource] = field(default_factory=list)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    apis: dict[str, HttpApi] = field(default_factory=dict)
    buckets: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def function(self, name: str) -> Function:
        """The function of that logical id, deployed name or ARN, or an alias of it; KeyError names what isn't."""
        for function in self.functions.values():
            if name in (function.logical_id, function.name, function.arn) or name.startswith(f"{function.arn}:"):
                return function
        raise KeyError(f"{self.stack} has no function {name}; it has {', '.join(sorted(self.functions)) or 'none'}")
