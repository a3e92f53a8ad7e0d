"""Excel of everything that a filter finds: queue `exports` → here → the bucket (ST-02, MS-01, ST-01)."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from bizcall import exports
from bizcall.models.exports import State
from lambdas.metrics import Metric
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process

CONNECTIONS = 2
"""One reads for minutes, the other one notes meanwhile how far that has come."""


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Make the file that each message names."""

    async def run(body: Body) -> None:
        began = time.monotonic()
        state = await exports.run(
            UUID(body["companyId"]),
            UUID(body["exportId"]),
            storage=services.storage,
            clock=services.clock,
            remaining=services.remaining,
        )
        if state is State.COMPLETED:
            services.metrics.add(Metric.EXPORTS_COMPLETED)
            services.metrics.add(Metric.EXPORT_SECONDS, time.monotonic() - began)

    return await each_record(event, run, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process(CONNECTIONS).run(handle, event, context)
