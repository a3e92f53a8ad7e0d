"""Once a minute: what processes that died left behind, and what nobody carried on."""

from __future__ import annotations

from typing import Any

from bizcall import dispatch, imports
from bizcall.dispatch import inbox
from lambdas.runtime import Context, Event, Services, process


async def handle(_event: Event, services: Services) -> dict[str, Any]:
    """Send what is due in the outbox, end what has expired, and tell how much of each."""
    sent = await dispatch.sweep(queue=services.queue, clock=services.clock)
    expired = await imports.expire(clock=services.clock)
    forgotten = await inbox.prune(clock=services.clock)
    return {"sent": sent, "expired": expired, "forgotten": forgotten}


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
