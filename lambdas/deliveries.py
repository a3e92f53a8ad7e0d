"""Messages of invitations: queue `deliveries` → here → the gateways (IN-10)."""

from __future__ import annotations

import asyncio
from typing import Any

from bizcall import dispatch
from bizcall.dispatch import deliveries, messages
from bizcall.dispatch.deliveries import Delivered
from lambdas.metrics import Metric
from lambdas.runtime import Body, Context, Event, Services, each_record, process

MEASURED = {
    Delivered.SENT: Metric.MESSAGES_SENT,
    Delivered.FAILED: Metric.MESSAGES_FAILED,
    Delivered.UNCERTAIN: Metric.MESSAGES_UNCERTAIN,
}


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Send the message that each record names; all records at once, because most of the time is the gateway's.

    They share one database connection, which nobody holds while he waits for a gateway.
    """
    keys = dispatch.Keys.of(services.settings)
    letterhead = messages.Letterhead.of(services.settings)

    async def deliver(body: Body) -> None:
        became = await deliveries.deliver(
            body,
            sms=services.sms,
            mail=services.mail,
            keys=keys,
            letterhead=letterhead,
            clock=services.clock,
        )
        if became in MEASURED:
            services.metrics.add(MEASURED[became])

    answers = await asyncio.gather(
        *(each_record({"Records": [record]}, deliver, remaining=services.remaining) for record in event["Records"])
    )
    return {"batchItemFailures": [failed for answer in answers for failed in answer["batchItemFailures"]]}


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
