"""Objects that arrived in the bucket: S3 → queue `imports` → here (BK-02, BK-03)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from bizcall import imports
from bizcall.models.imports import State
from lambdas.metrics import Metric
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Receive each object that a message names; S3 may name several in one."""

    async def receive(body: Body) -> None:
        for arrival in body["Records"]:
            key, began = unquote_plus(arrival["s3"]["object"]["key"]), services.clock()
            found = await imports.receive(key, storage=services.storage, queue=services.queue, clock=services.clock)
            checked_at = (found.previewed_at or found.finished_at) if found else None
            # What was checked before, and is only told of again, was measured then.
            if found is None or checked_at is None or checked_at < began:
                continue
            services.metrics.add(Metric.IMPORT_FILES_REFUSED, found.state is State.REFUSED)
            services.metrics.add(Metric.IMPORT_ROWS_REFUSED, found.rows_refused)
            # A dropped file is registered in the same go.
            services.metrics.add(Metric.IMPORT_ROWS_REGISTERED, found.rows_registered)
            services.metrics.add(Metric.IMPORT_SECONDS, (checked_at - found.created_at).total_seconds())

    return await each_record(event, receive, remaining=services.remaining)


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
