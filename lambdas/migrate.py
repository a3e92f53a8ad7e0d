"""Schema changes: invoked once by each deployment, as the role that owns the tables; a second call changes nothing."""

from __future__ import annotations

from typing import Any

from bizcall import migrate
from lambdas.runtime import Context, Event, Services, process


async def handle(_event: Event, services: Services) -> dict[str, Any]:
    """Apply what is missing and tell the names of the files applied."""
    return {"applied": await migrate.apply(services.database_url)}


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
