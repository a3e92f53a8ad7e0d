"""Schema changes and the months of facts: what only the role that owns the tables can do.

{"RequestType": …}  CloudFormation's, in each deployment before the other functions change: apply what is missing
{}                  the same by hand; a second call changes nothing
{"do": "months"}    by schedule, once a day: make the months to come, drop those whose time is over
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bizcall import migrate, months
from lambdas import deployment
from lambdas.runtime import Context, Event, Services, process

CONNECTIONS = 2
"""The migrations' own beside that of the process."""


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Do what the event says, and tell the names of the files applied, or of the months dropped."""
    kept = services.settings.months_kept
    if event.get("do") == "months":
        return asdict(await months.keep(services.database_url, kept=kept, clock=services.clock))
    return {"applied": await migrate.apply(services.database_url, kept=kept)}


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    if deployment.asked(event):
        deployment.step(event, context, lambda: process().run(handle, {}, context))
        return {}
    return process().run(handle, event, context)
