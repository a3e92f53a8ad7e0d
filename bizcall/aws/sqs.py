"""The queues of a deployment as Queue, and what a message tells beside its body."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bizcall.aws.clients import Clients
from bizcall.aws.faults import translated
from bizcall.errors import Unavailable
from bizcall.ports import Letter

logger = logging.getLogger(__name__)

BATCH_LETTERS = 10
BATCH_BYTES = 256 * 1024
LETTER_ID = "outbox-id"
REQUEST_ID = "request-id"


class SqsQueue:
    """The queues of a deployment; `urls` maps their logical names to addresses."""

    def __init__(self, clients: Clients, urls: Mapping[str, str]) -> None:
        self._clients = clients
        self._urls = urls

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Send to the queue of that name and return the ids that were taken; the rest may be sent again.

        On FIFO queues the id is the deduplication id. Of a batch whose answer was lost nothing counts as taken.
        KeyError for a queue that the deployment doesn't have.
        """
        url = self._urls[queue]
        sqs = await self._clients.get("sqs")
        taken: set[str] = set()
        for batch in _batches(letters):
            try:
                with translated():
                    answer = await sqs.send_message_batch(
                        QueueUrl=url, Entries=[_entry(str(i), letter, url) for i, letter in enumerate(batch)]
                    )
            except Unavailable:
                # What could not be sent stays in the outbox; a further batch would only wait for the same time-outs.
                logger.warning("queue %s is away; %d letters stay behind", queue, len(letters) - len(taken))
                break
            taken |= {batch[int(entry["Id"])].id for entry in answer.get("Successful", [])}
            for refused in answer.get("Failed", []):
                logger.warning("queue %s refused a letter: %s", queue, refused.get("Code"))
        return taken


def attributes(letter_id: str, request_id: str) -> dict[str, Any]:
    """What a message tells beside its body: who it is, and from which request it comes if from any."""
    told = {LETTER_ID: letter_id} | ({REQUEST_ID: request_id} if request_id else {})
    return {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}


def _entry(entry_id: str, letter: Letter, url: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": entry_id,
        "MessageBody": letter.body,
        "MessageAttributes": attributes(letter.id, letter.request_id),
    }
    if url.endswith(".fifo"):
        entry |= {"MessageGroupId": letter.group or letter.id, "MessageDeduplicationId": letter.id}
    return entry


def _batches(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Cut by SQS's limits on a batch: ten messages and 256 KiB together."""
    batch: list[Letter] = []
    size = 0
    for letter in letters:
        weight = len(letter.body.encode())
        if batch and (len(batch) == BATCH_LETTERS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += weight
    if batch:
        yield batch
