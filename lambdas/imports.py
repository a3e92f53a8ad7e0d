"""Objects that arrived in the bucket: S3 → queue `imports` → here (BK-02, BK-03)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from bizcall import imports
from lambdas.runtime import Body, Context, Event, Services, each_record, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Receive each object that a message names; S3 may name several in one."""

    async def receive(body: Body) -> None:
        for arrival in body["Records"]:
            key = unquote_plus(arrival["s3"]["object"]["key"])
            await imports.receive(key, storage=services.storage, queue=services.queue, clock=services.clock)

    return await each_record(event, receive, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
