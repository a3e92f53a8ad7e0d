"""An event source mapping: long polls of one queue, genuine SQS events, and what becomes of each message afterwards."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.deploy.model import QueueSource
from local.runtime.api import MAX_PAYLOAD
from local.runtime.errors import FunctionError, Throttled, TooLarge

log = logging.getLogger(__name__)

# The most messages that one request receives or deletes.
_SQS_BATCH = 10
# Shorter than AWS's 20 s: a poll that is given up stays in the local server and takes a message to nobody.
_LONG_POLL = 5
_PAUSE_AFTER_ERROR = 1.0


class Poller:
    """Polls one queue for as long as `run` runs.

    `invoke` calls the function. `concurrency` batches are with the function at a time; while all are, nothing more is
    received, so the messages wait in the queue. `retry_after` (seconds) makes failed messages visible again sooner than
    the queue would; None leaves them to it, as AWS does.
    """

    def __init__(
        self,
        sqs: Any,
        source: QueueSource,
        invoke: Callable[[Any], Awaitable[Any]],
        *,
        concurrency: int,
        retry_after: int | None,
    ) -> None:
        self._sqs = sqs
        self._source = source
        self._invoke = invoke
        self._slots = asyncio.Semaphore(concurrency)
        self._retry_after = retry_after

    async def run(self) -> None:
        """Receive and hand over until cancelled; batches under way are cancelled with it, their messages come again."""
        async with asyncio.TaskGroup() as batches:
            while True:
                await self._slots.acquire()
                try:
                    messages = await self._receive()
                except (BotoCoreError, ClientError) as error:
                    log.warning("%s: %s", self._source.queue_url, error)
                    await asyncio.sleep(_PAUSE_AFTER_ERROR)
                    messages = []
                if not messages:
                    self._slots.release()
                    continue
                batches.create_task(self._handle(messages)).add_done_callback(lambda _: self._slots.release())

    async def _receive(self) -> list[dict[str, Any]]:
        """A batch: full, or as full as its window let it get; without a window what the first answer brings, if any."""
        messages = await self._request(self._source.batch_size, _LONG_POLL)
        until = time.monotonic() + self._source.window
        while messages and len(messages) < self._source.batch_size and (left := until - time.monotonic()) > 0:
            messages += await self._request(self._source.batch_size - len(messages), math.ceil(left))
        return messages

    async def _request(self, most: int, wait: int) -> list[dict[str, Any]]:
        answer = await self._sqs.receive_message(
            QueueUrl=self._source.queue_url,
            MaxNumberOfMessages=min(_SQS_BATCH, self._source.batch_size, most),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    async def _handle(self, messages: Sequence[Mapping[str, Any]]) -> None:
        records = [record(message, self._source.queue_arn) for message in messages]
        for batch in _cut(list(zip(messages, records, strict=True))):
            failed = await self._failed([entry for _, entry in batch])
            await self._finish([message for message, _ in batch], failed)

    async def _failed(self, records: list[dict[str, Any]]) -> set[str]:
        """Run the function and return the ids of the messages which have to come again."""
        ids = {entry["messageId"] for entry in records}
        try:
            answer = await self._invoke({"Records": records})
        except (FunctionError, Throttled, TooLarge) as error:
            log.warning("%s: %d messages come again: %s", self._source.function, len(ids), error)
            return ids
        return failed_ids(answer, ids) if self._source.partial else set()

    async def _finish(self, messages: Sequence[Mapping[str, Any]], failed: set[str]) -> None:
        """Delete what is done; let what failed come again, for its queue to move it to the dead letters some day."""
        url = self._source.queue_url
        done = [message for message in messages if message["MessageId"] not in failed]
        again = [message for message in messages if message["MessageId"] in failed]
        try:
            for start in range(0, len(done), _SQS_BATCH):
                entries = [
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(done[start : start + _SQS_BATCH])
                ]
                await self._sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            if self._retry_after is not None:
                for message in again:
                    await self._sqs.change_message_visibility(
                        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=self._retry_after
                    )
        except (BotoCoreError, ClientError) as error:
            # The messages will come again, as they may at any time: delivery is at least once.
            log.warning("%s: %s", url, error)


def record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    """A received message as the record that Lambda makes of it."""
    made = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if digest := message.get("MD5OfMessageAttributes"):
        made["md5OfMessageAttributes"] = digest
    return made


def failed_ids(answer: Any, ids: set[str]) -> set[str]:
    """The failed messages of a partial batch response.

    AWS's rules: null, no list and an empty list mean success; anything malformed, an unknown id included, fails the
    whole batch.
    """
    if answer is None:
        return set()
    try:
        failures = answer.get("batchItemFailures") or []
        failed = {failure["itemIdentifier"] for failure in failures}
    except (AttributeError, TypeError, KeyError):
        return ids
    return ids if failed - ids else failed


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        made["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        made["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return made


_Entry = tuple[Mapping[str, Any], dict[str, Any]]


def _cut(entries: list[_Entry]) -> Iterator[list[_Entry]]:
    """Batches that fit into one event: Lambda sends fewer messages rather than more than it takes."""
    batch: list[_Entry] = []
    size = 0
    for entry in entries:
        length = len(json.dumps(entry[1], ensure_ascii=False).encode()) + 2
        if batch and size + length > MAX_PAYLOAD - 64:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch
