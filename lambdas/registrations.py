"""Previewed imports that are to be applied: queue `registrations`, in order within a company (BK-02)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bizcall import imports
from lambdas.runtime import Context, Event, Message, Services, each_record, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Apply the import that each message names."""

    async def register(message: Message) -> None:
        company_id, import_id = UUID(message.body["companyId"]), UUID(message.body["importId"])
        await imports.register_queued(
            company_id, import_id, storage=services.storage, queue=services.queue, clock=services.clock
        )

    return await each_record(event, register, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
