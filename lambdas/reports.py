"""What SES tells of mails: topic → queue `reports` → here (IN-10). What SMS gateways report, the sweep fetches."""

from __future__ import annotations

from typing import Any

from bizcall.dispatch import reports
from bizcall.gateways import ses_events
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Take the report in each message."""

    async def take(body: Body) -> None:
        report = ses_events.report(body)
        if report is not None:
            await reports.take(report, clock=services.clock)

    return await each_record(event, take, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
