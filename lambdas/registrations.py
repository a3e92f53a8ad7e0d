"""Imports to carry on: registrations to apply, answers that lack; queue `registrations`, in order within a company."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bizcall import imports
from lambdas.metrics import Metric
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Carry on the import that each message names (BK-02)."""

    async def register(body: Body) -> None:
        company_id, import_id = UUID(body["companyId"]), UUID(body["importId"])
        began = services.clock()
        found = await imports.register_queued(
            company_id, import_id, storage=services.storage, queue=services.queue, clock=services.clock
        )
        # One that was registered before, and is only told of again, was measured then.
        if found is not None and found.finished_at is not None and found.finished_at >= began:
            services.metrics.add(Metric.IMPORT_ROWS_REGISTERED, found.rows_registered)

    return await each_record(event, register, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
