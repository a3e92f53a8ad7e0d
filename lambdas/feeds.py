"""Files of calls, messages and customers: S3 → queue `feeds` → here, and on from where the ledger stands (FD-01)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from bizcall import feeds
from bizcall.models import FeedFile
from lambdas.metrics import Metric
from lambdas.records import Body, each_record
from lambdas.runtime import Context, Event, Services, process


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Load each object that a message names, or go on with the file that one names."""
    told: dict[str, Any] = {
        "storage": services.storage,
        "queue": services.queue,
        "clock": services.clock,
        "remaining": services.remaining,
        "kept": services.settings.months_kept,
    }

    async def load(body: Body) -> None:
        began = services.clock()
        if "fileId" in body:
            _measure(await feeds.read_on(UUID(body["companyId"]), UUID(body["fileId"]), **told), began, services)
            return
        for arrival in body["Records"]:
            found = arrival["s3"]["object"]
            file = await feeds.receive(unquote_plus(found["key"]), found.get("versionId"), **told)
            _measure(file, began, services)

    return await each_record(event, load, remaining=services.remaining)


def _measure(file: FeedFile | None, began: datetime, services: Services) -> None:
    """Once for each file, however often it is told of: by whoever finished it, after `began`."""
    if file is None or file.finished_at is None or file.finished_at < began:
        return
    services.metrics.add(Metric.FEED_RECORDS_READ, file.read)
    services.metrics.add(Metric.FEED_RECORDS_REJECTED, file.rejected)
    services.metrics.add(Metric.FEED_FILES_REFUSED, file.refusal is not None)
    services.metrics.add(Metric.FEED_SECONDS, (file.finished_at - file.created_at).total_seconds())


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)
