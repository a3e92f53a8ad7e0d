"""Text messages to administrators: queue `sms` → here → the gateway (AU-24, ON-01)."""

from __future__ import annotations

from typing import Any

from bizcall import dispatch
from bizcall.dispatch import Outcome
from bizcall.keys import Keys
from lambdas.metrics import MESSAGES, Metric
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process

CODES = {Outcome.SENT: Metric.CODES_SENT, Outcome.EXPIRED: Metric.CODES_LATE}
"""What is counted of codes besides: how many there are over the whole service, and who waited for nothing (O6, O11)."""


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Send the code or the account message that each message names."""
    keys = Keys.of(services.settings)

    async def deliver(body: Body) -> None:
        outcome = await dispatch.deliver(
            body, sms=services.sms, keys=keys, settings=services.settings, clock=services.clock
        )
        if outcome in MESSAGES:
            services.metrics.add(MESSAGES[outcome])
        if "code" in body and outcome in CODES:
            services.metrics.add(CODES[outcome])

    return await each_record(event, deliver, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
