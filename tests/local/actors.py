"""What the tests of the runtime share: the running functions, their queues, and what they have recorded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import pathlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Self

import aioboto3

from local.deploy import Deployment
from local.runtime import Functions
from tests.patience import ends


@dataclass(frozen=True)
class Actors:
    """The running stage. `lines` are (function, line) of all logs; `folder` is where functions write what they saw."""

    deployment: Deployment
    running: Functions
    lines: list[tuple[str, str]]
    folder: pathlib.Path
    sqs: Any

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        endpoint: str,
        deployment: Deployment,
        running: Functions,
        lines: list[tuple[str, str]],
        folder: pathlib.Path,
    ) -> AsyncIterator[Self]:
        """The stage with a client of its queues."""
        session = aioboto3.Session(
            aws_access_key_id="local", aws_secret_access_key="local", region_name=deployment.region
        )
        async with session.client("sqs", endpoint_url=endpoint) as sqs:
            yield cls(deployment, running, lines, folder, sqs)

    async def send(self, queue: str, *bodies: Any, groups: list[str] | None = None) -> None:
        """Send messages (JSON values) to a queue by logical id; FIFO queues need the group of each."""
        url = self.deployment.queues[queue]
        for start in range(0, len(bodies), 10):
            entries: list[dict[str, Any]] = []
            for number, body in enumerate(bodies[start : start + 10], start):
                entry: dict[str, Any] = {"Id": str(number), "MessageBody": json.dumps(body)}
                if groups is not None:
                    entry |= {
                        "MessageGroupId": groups[number],
                        "MessageDeduplicationId": f"{queue}-{id(bodies)}-{number}",
                    }
                entries.append(entry)
            answer = await self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
            assert not answer.get("Failed")

    def recorded(self, name: str) -> list[dict[str, Any]]:
        """What the functions have written under a name, oldest first."""
        path = self.folder / name
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; TimeoutError if it never does."""
        async with ends():
            while not condition():  # noqa: ASYNC110 - other processes write files, nothing here can be waited for.
                await asyncio.sleep(0.02)

    async def receive(self, queue: str) -> list[dict[str, Any]]:
        """Take up to ten messages off a queue that no function reads, waiting up to a second for the first."""
        url = self.deployment.queues[queue]
        answer = await self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            await self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    async def waiting(self, queue: str) -> int:
        """How many messages are in a queue, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self.sqs.get_queue_attributes(QueueUrl=self.deployment.queues[queue], AttributeNames=names)
        return sum(int(value) for value in answer["Attributes"].values())
