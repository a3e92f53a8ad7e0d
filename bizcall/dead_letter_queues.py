"""Dead-letter queues of SQS behind the protocol of `bizcall/dispatch/dead_letters.py`.

By receive, send and delete: SQS's own redrive can't be limited or told of letter by letter, and the local server has
none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bizcall.aws import BATCH_LETTERS, LETTER_ID, REQUEST_ID, Clients, attributes, translated
from bizcall.dispatch.dead_letters import DeadLetter

HELD = 60
"""Seconds for which a letter is hidden from everybody else while it is listed or sent again."""

PATIENCE = 1
"""Seconds that SQS has for finding letters: without, it asks only some of its machines and may miss them."""


class SqsDeadLetters:
    """The dead-letter queues of the queues whose addresses are `urls`, by logical name."""

    def __init__(self, clients: Clients, urls: Mapping[str, str]) -> None:
        self._clients = clients
        self._urls = urls
        self._dead: dict[str, str] = {}

    async def source(self, queue: str) -> str:
        """The full name of the queue; raises KeyError for one that isn't there."""
        return self._urls[queue].rsplit("/", 1)[-1]

    async def count(self, queue: str) -> int:
        """About how many wait, those that somebody holds included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs, url = await self._clients.get("sqs"), await self._dead_url(queue)
        with translated():
            answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    async def take(self, queue: str, most: int) -> Sequence[DeadLetter]:
        """Hold at most `most` and at most 10 for a minute, in the order of their groups; none when there are none."""
        sqs, url = await self._clients.get("sqs"), await self._dead_url(queue)
        with translated():
            answer = await sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(most, BATCH_LETTERS),
                VisibilityTimeout=HELD,
                WaitTimeSeconds=PATIENCE,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        return [_letter(message) for message in answer.get("Messages", [])]

    async def give_back(self, queue: str, letters: Sequence[DeadLetter]) -> None:
        """Hold them no longer."""
        sqs, url = await self._clients.get("sqs"), await self._dead_url(queue)
        for batch in _tens(letters):
            entries = [
                {"Id": str(place), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for place, letter in enumerate(batch)
            ]
            with translated():
                await sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)

    async def send_again(self, queue: str, letters: Sequence[DeadLetter]) -> Sequence[DeadLetter]:
        """Send to the queue, ids and groups as they were, and return those that were taken."""
        sqs, url = await self._clients.get("sqs"), self._urls[queue]
        taken: list[DeadLetter] = []
        for batch in _tens(letters):
            with translated():
                answer = await sqs.send_message_batch(
                    QueueUrl=url, Entries=[_entry(str(place), letter) for place, letter in enumerate(batch)]
                )
            taken += [batch[int(entry["Id"])] for entry in answer.get("Successful", [])]
        return taken

    async def delete(self, queue: str, letters: Sequence[DeadLetter]) -> None:
        """Remove them from the dead letters."""
        sqs, url = await self._clients.get("sqs"), await self._dead_url(queue)
        for batch in _tens(letters):
            entries = [{"Id": str(place), "ReceiptHandle": letter.receipt} for place, letter in enumerate(batch)]
            with translated():
                await sqs.delete_message_batch(QueueUrl=url, Entries=entries)

    async def _dead_url(self, queue: str) -> str:
        """The address of a queue's dead letters, as the queue itself names them; asked once."""
        if queue not in self._dead:
            sqs, url = await self._clients.get("sqs"), self._urls[queue]
            with translated():
                answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
                policy = json.loads(answer["Attributes"]["RedrivePolicy"])
                name = policy["deadLetterTargetArn"].rsplit(":", 1)[-1]
                self._dead[queue] = (await sqs.get_queue_url(QueueName=name))["QueueUrl"]
        return self._dead[queue]


def _letter(message: Mapping[str, Any]) -> DeadLetter:
    system = message["Attributes"]
    told = message.get("MessageAttributes", {})
    sent = told.get(LETTER_ID, {}).get("StringValue")
    return DeadLetter(
        id=sent or message["MessageId"],
        stay=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        group=system.get("MessageGroupId"),
        sent_at=datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC),
        request_id=told.get(REQUEST_ID, {}).get("StringValue", ""),
    )


def _entry(entry_id: str, letter: DeadLetter) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": entry_id,
        "MessageBody": letter.body,
        # The id that it had, even if SQS gave it: the consumers' inboxes know it by that.
        "MessageAttributes": attributes(letter.id, letter.request_id),
    }
    if letter.group is not None:
        # Of this stay among the dead: a redrive that is repeated within 5 minutes sends nothing, a later one does.
        entry |= {"MessageGroupId": letter.group, "MessageDeduplicationId": letter.stay}
    return entry


def _tens(letters: Sequence[DeadLetter]) -> list[Sequence[DeadLetter]]:
    return [letters[start : start + BATCH_LETTERS] for start in range(0, len(letters), BATCH_LETTERS)]
