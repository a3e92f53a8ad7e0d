"""Messages of invitations, and e-mails of accounts: queue `deliveries` → here → the gateways (IN-10, RV-01, P2)."""

from __future__ import annotations

import asyncio
from typing import Any

from bizcall import review_reminders
from bizcall.dispatch import Outcome, deliveries
from bizcall.dispatch.deliveries import Delivered
from bizcall.dispatch.mails import Letterhead
from bizcall.keys import Keys
from lambdas.metrics import MESSAGES
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Send the message that each record names; all records at once, because most of the time is the gateway's.

    They share one database connection, which nobody holds while he waits for a gateway.
    """
    keys = Keys.of(services.settings)
    letterhead = Letterhead.of(services.settings)

    async def deliver(body: Body) -> None:
        became: Outcome | Delivered
        if "message" in body:
            became = await review_reminders.deliver(
                body,
                mail=services.mail,
                letterhead=letterhead,
                site_url=services.settings.site_url,
                clock=services.clock,
            )
        else:
            became = await deliveries.deliver(
                body,
                sms=services.sms,
                mail=services.mail,
                keys=keys,
                letterhead=letterhead,
                clock=services.clock,
            )
        if became in MESSAGES:
            services.metrics.add(MESSAGES[became])

    answers = await asyncio.gather(
        *(each_record({"Records": [record]}, deliver, remaining=services.remaining) for record in event["Records"])
    )
    return {"batchItemFailures": [failed for answer in answers for failed in answer["batchItemFailures"]]}


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
