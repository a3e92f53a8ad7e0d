"""Files of calls, messages and customers: S3 → queue `feeds` → here, and on from where the ledger stands (FD-01)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from bizcall import feeds
from lambdas.runtime import Body, Context, Event, Services, each_record, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Load each object that a message names, or go on with the file that one names."""
    told: dict[str, Any] = {
        "storage": services.storage,
        "queue": services.queue,
        "clock": services.clock,
        "remaining": services.remaining,
        "kept": services.settings.months_kept,
    }

    async def load(body: Body) -> None:
        if "fileId" in body:
            await feeds.read_on(UUID(body["companyId"]), UUID(body["fileId"]), **told)
            return
        for arrival in body["Records"]:
            found = arrival["s3"]["object"]
            await feeds.receive(unquote_plus(found["key"]), found.get("versionId"), **told)

    return await each_record(event, load, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
