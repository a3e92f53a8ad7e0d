"""The messages of a queue's batch: each handled alone, and those told that have to come again.

Own code rather than Powertools' batch processor, because that one runs all records at once, on a pool of one
connection and without the order of FIFO groups.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from bizcall import aws, request_ids
from bizcall.dispatch import dead_letters
from lambdas import logs

logger = logging.getLogger(__name__)

Body = Mapping[str, Any]
"""The JSON object that a message of a queue is."""

STOP_BEFORE = 3.0
"""Seconds before the function's time limit from when on no further record is begun."""

FINISH_BEFORE = 1.0
"""Seconds before the limit at which a record under way is broken off, so that its failure can still be reported."""

NOTE = 0.7
"""Seconds for filing the reason of a failure: less than what is left when a record was broken off."""


async def each_record(
    event: Mapping[str, Any], handle: Callable[[Body], Coroutine[Any, Any, object]], *, remaining: Callable[[], float]
) -> dict[str, list[dict[str, str]]]:
    """Handle the messages of a queue's batch in their order, and report those that have to come again.

    A record fails alone, also when its body is no JSON object; but in a FIFO queue it takes the later ones of its group
    with it, or they would overtake it. Records for which no time is left are reported without being tried.
    """
    failed: list[dict[str, str]] = []
    stopped: set[str] = set()
    for record in event["Records"]:
        attributes = record.get("attributes", {})
        group = attributes.get("MessageGroupId") if record.get("eventSourceARN", "").endswith(".fifo") else None
        done = False
        if group in stopped:
            logger.info("message %s waits for an earlier one of its group", record["messageId"])
        elif remaining() < STOP_BEFORE:
            logger.warning("no time left for message %s", record["messageId"])
        else:
            with request_ids.carried(_request_id(record)):
                done = await _one(record, handle, remaining)
        if not done:
            failed.append({"itemIdentifier": record["messageId"]})
            if group is not None:
                stopped.add(group)
    return {"batchItemFailures": failed}


async def _one(
    record: Mapping[str, Any], handle: Callable[[Body], Coroutine[Any, Any, object]], remaining: Callable[[], float]
) -> bool:
    began = time.monotonic()
    try:
        body = json.loads(record["body"])
        if not isinstance(body, dict):
            raise TypeError("the body is no JSON object")
        if body.get("Event") == "s3:TestEvent":
            # S3 sends it when the notification is set up.
            return True
        limit = remaining() - FINISH_BEFORE
        async with asyncio.timeout(None if limit == math.inf else limit):
            # In a task of its own, so that nothing a broken-off record leaves in its context reaches the next one.
            await asyncio.create_task(handle(body))
    except Exception as error:
        # Whatever one record does, the others get their turn; SQS repeats it, and gives it up after five times.
        logger.exception("message %s failed", record["messageId"])
        await _noted(record, error)
        return False
    logger.info("message %s handled", record["messageId"], extra={"milliseconds": _milliseconds(began)})
    return True


def _milliseconds(began: float) -> int:
    return round(1000 * (time.monotonic() - began))


async def _noted(record: Mapping[str, Any], error: Exception) -> None:
    """File the reason for those who will find the message among the dead letters; the log holds the rest."""
    try:
        async with asyncio.timeout(NOTE):
            await asyncio.create_task(
                dead_letters.note(record["eventSourceARN"].rsplit(":", 1)[-1], _id(record), logs.reason(error))
            )
    except Exception as failure:
        logger.warning("the reason of message %s is in the log only: %s", record["messageId"], type(failure).__name__)


def _id(record: Mapping[str, Any]) -> str:
    sent: str | None = record.get("messageAttributes", {}).get(aws.LETTER_ID, {}).get("stringValue")
    return sent or str(record["messageId"])


def _request_id(record: Mapping[str, Any]) -> str:
    """That of the request from which the message comes; what came from outside begins a way by its own id."""
    sent = record.get("messageAttributes", {}).get(aws.REQUEST_ID, {}).get("stringValue")
    return str(sent if request_ids.valid(sent) else record["messageId"])
