"""Excel of everything that a filter finds: queue `exports` → here → the bucket (ST-02, MS-01, ST-01)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bizcall import exports
from lambdas.runtime import Body, Context, Event, Services, each_record, process

CONNECTIONS = 2
"""One reads for minutes, the other one notes meanwhile how far that has come."""


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Make the file that each message names."""

    async def run(body: Body) -> None:
        await exports.run(
            UUID(body["companyId"]),
            UUID(body["exportId"]),
            storage=services.storage,
            clock=services.clock,
            remaining=services.remaining,
        )

    return await each_record(event, run, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process(CONNECTIONS).run(handle, event, context)
