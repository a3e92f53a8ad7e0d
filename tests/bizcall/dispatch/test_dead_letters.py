"""Dead letters on an AWS-compatible server: found with their reasons, sent again once, poison in nobody's way (W5)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bizcall import aws
from bizcall.database import directory, query
from bizcall.dead_letter_queues import SqsDeadLetters
from bizcall.dispatch import dead_letters
from bizcall.dispatch.dead_letters import DeadLetter
from bizcall.dispatch.inbox import KEPT
from bizcall.ids import uuid7
from bizcall.ports import Letter, now
from lambdas.records import Body, each_record
from local.deploy.model import QueueSource
from local.postgres import Postgres
from local.runtime.queues import Poller
from tests.proxy import between


class Office:
    """A queue with dead letters behind it, and the worker of the laptop's runtime on it."""

    def __init__(self, clients: aws.Clients, url: str, arn: str) -> None:
        self.clients, self.url, self.arn = clients, url, arn
        self.name = url.rsplit("/", 1)[-1]
        self.urls = {"work": url}
        self.letters = SqsDeadLetters(clients, self.urls)
        self.seen: list[str] = []
        self.bad: Callable[[Body], bool] = lambda _message: False

    async def send(self, *letters: Letter) -> None:
        """As the outbox does."""
        taken = await aws.SqsQueue(self.clients, self.urls).send("work", letters)
        assert taken == {letter.id for letter in letters}

    async def handle(self, event: Any) -> Any:
        """The worker: what `bad` says fails."""

        async def one(message: Body) -> None:
            if self.bad(message):
                raise ValueError("홍길동 010-1234-5678")
            self.seen.append(message["id"])

        return await each_record(event, one, remaining=lambda: 30)

    async def done(self, count: int) -> bool:
        """Whether so many were handled."""
        return len(self.seen) == count

    async def idle(self) -> bool:
        """Whether the queue holds nothing any more."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs = await self.clients.get("sqs")
        found = await sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return not any(int(value) for value in found["Attributes"].values())

    async def dead(self, count: int) -> bool:
        """Whether so many lie among the dead."""
        return await self.letters.count("work") == count


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    for _ in range(400):
        if await done():
            return
        await asyncio.sleep(0.05)
    pytest.fail("not within 20 s")


@pytest.fixture(params=["standard", "fifo"])
async def office(request: pytest.FixtureRequest, clients: aws.Clients, db: None) -> AsyncIterator[Office]:
    """A queue that gives a message up after 3 failures, and its worker at work."""
    sqs = await clients.get("sqs")
    end = ".fifo" if request.param == "fifo" else ""
    fifo = {"FifoQueue": "true"} if end else {}
    name = uuid7().hex
    dead = (await sqs.create_queue(QueueName=f"{name}-dead{end}", Attributes=fifo))["QueueUrl"]

    async def arn(url: str) -> str:
        answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    policy = json.dumps({"deadLetterTargetArn": await arn(dead), "maxReceiveCount": 3})
    url = (await sqs.create_queue(QueueName=f"{name}{end}", Attributes={**fifo, "RedrivePolicy": policy}))["QueueUrl"]
    made = Office(clients, url, await arn(url))
    source = QueueSource("WorkQueue", "WorkFunction", made.arn, url, visibility=30, batch_size=1, partial=True)
    worker = asyncio.create_task(Poller(sqs, source, made.handle, concurrency=1, retry_after=0).run())
    yield made
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def letter(number: int, group: str | None = None) -> Letter:
    """A letter of the outbox."""
    key = str(uuid7())
    return Letter(key, json.dumps({"n": number, "id": key}), group)


async def test_W5_poison_ends_among_the_dead_with_its_reason_and_holds_up_nobody(office: Office) -> None:
    poison, *healthy = [letter(number, f"g{number}") for number in range(4)]
    office.bad = lambda message: message["n"] == 0
    await office.send(poison, *healthy)
    await until(lambda: office.dead(1))
    await until(lambda: office.done(3))

    assert sorted(office.seen) == sorted(one.id for one in healthy)
    (found,) = await dead_letters.listed("work", letters=office.letters)
    assert found.id == poison.id
    assert (found.reason.text, found.reason.failures, found.reason.redriven) == ("builtins.ValueError", 3, 0)
    assert found.reason.failed_at is not None


async def test_listing_moves_nothing_and_may_be_repeated(office: Office) -> None:
    await bury(office, *(letter(number, f"g{number}") for number in range(12)))
    first = await dead_letters.listed("work", letters=office.letters)
    assert len(first) == 12
    assert await dead_letters.listed("work", letters=office.letters) == first
    assert len(await dead_letters.listed("work", letters=office.letters, limit=5)) == 5
    assert await office.letters.count("work") == 12


async def test_a_redrive_sends_all_in_order_with_their_ids_and_leaves_nothing(office: Office) -> None:
    sent = [letter(number, "g") for number in range(12)]
    await bury(office, *sent)

    done = await dead_letters.redrive("work", letters=office.letters)

    assert (sorted(done.ids), done.left) == (sorted(one.id for one in sent), 0)
    await until(lambda: office.done(12))
    wanted = [one.id for one in sent]
    assert office.seen == wanted if office.name.endswith(".fifo") else sorted(office.seen) == wanted
    assert (await dead_letters.redrive("work", letters=office.letters)).ids == []


async def test_a_limit_is_kept_and_the_rest_stays(office: Office) -> None:
    await bury(office, *(letter(number, f"g{number}") for number in range(5)))
    done = await dead_letters.redrive("work", letters=office.letters, limit=2)
    assert (len(done.ids), done.left) == (2, 3)


async def test_a_letter_that_dies_again_tells_how_often_it_was_sent_again(office: Office) -> None:
    poison = letter(0, "g")
    office.bad = lambda _message: True
    await office.send(poison)
    await until(lambda: office.dead(1))
    await dead_letters.redrive("work", letters=office.letters)
    await until(lambda: office.dead(1))
    (found,) = await dead_letters.listed("work", letters=office.letters)
    assert (found.id, found.reason.failures, found.reason.redriven) == (poison.id, 6, 1)


class Breaking(SqsDeadLetters):
    """Dies between sending and deleting."""

    held: Sequence[DeadLetter] = ()

    async def delete(self, queue: str, letters: Sequence[DeadLetter]) -> None:
        """Dies."""
        self.held = letters
        raise KeyboardInterrupt


async def test_a_redrive_that_is_broken_off_loses_nothing_and_is_known_again_when_repeated(office: Office) -> None:
    sent = [letter(number, "g") for number in range(3)]
    await bury(office, *sent)
    breaking = Breaking(office.clients, office.urls)
    with pytest.raises(KeyboardInterrupt):
        await dead_letters.redrive("work", letters=breaking)
    assert await office.letters.count("work") == 3
    # As a minute would.
    await office.letters.give_back("work", breaking.held)
    assert len((await dead_letters.redrive("work", letters=office.letters)).ids) == 3
    await until(lambda: office.idle())
    # Twice each at the most, under ids that consumers know again; a FIFO queue drops the second where it sees it.
    assert set(office.seen) == {one.id for one in sent}
    assert 3 <= len(office.seen) <= 6
    assert office.name.endswith(".fifo") or len(office.seen) == 6


async def test_letters_are_listed_and_sent_again_without_the_database(office: Office, postgres: Postgres) -> None:
    await bury(office, letter(1, "g"))
    async with between(postgres.url("app")) as wire:
        await wire.refuse()
        (found,) = await dead_letters.listed("work", letters=office.letters)
        assert found.reason.text == dead_letters.UNKNOWN
        assert len((await dead_letters.redrive("work", letters=office.letters)).ids) == 1


async def test_reasons_are_forgotten_when_no_queue_keeps_the_message_any_more(db: None) -> None:
    queue, later = uuid7().hex, now() + KEPT + timedelta(minutes=1)
    await dead_letters.note(queue, "old", "x" * 5000)
    await dead_letters.note(queue, "fresh", "y", clock=lambda: later)
    while await dead_letters.prune(clock=lambda: later):
        pass
    async with directory():
        rows = await query("SELECT message_id FROM message_failure WHERE queue = $1", queue)
    assert [row["message_id"] for row in rows] == ["fresh"]


async def bury(office: Office, *letters: Letter) -> None:
    """Put letters straight among the dead."""
    dead = await office.letters._dead_url("work")
    taken = await aws.SqsQueue(office.clients, {"dead": dead}).send("dead", letters)
    assert len(taken) == len(letters)
