"""The provider's events: S3 or the outbox → queue `provisioning` → here (ON-01)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from bizcall import provisioning
from bizcall.keys import Keys
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Receive the objects that a message names, or try the events of a subscription that wait."""
    surroundings: Any = {
        "keys": Keys.of(services.settings),
        "storage": services.storage,
        "queue": services.queue,
        "clock": services.clock,
    }

    async def receive(body: Body) -> None:
        if "subscription" in body:
            await provisioning.settle(body["subscription"], **surroundings)
            return
        for arrival in body["Records"]:
            named = arrival["s3"]["object"]
            # The version, since the file may have been replaced by another event since.
            await provisioning.receive(unquote_plus(named["key"]), named.get("versionId"), **surroundings)

    return await each_record(event, receive, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
