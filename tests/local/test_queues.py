"""Event source mappings: what the functions got, what came again, and what ended among the dead letters."""

from __future__ import annotations

import asyncio
import collections
import json
from typing import Any

import pytest

from local.runtime.queues import failed_ids
from tests.local.actors import Actors
from tests.patience import ends


def seen(actors: Actors, name: str) -> collections.Counter[Any]:
    """How often each number was handed over."""
    return collections.Counter(body.get("number") for line in actors.recorded(name) for body in line["bodies"])


async def test_only_the_reported_messages_come_again_and_end_among_the_dead_letters(actors: Actors) -> None:
    await actors.send("PartialQueue", *({"number": f"p{number}", "fail": number == 3} for number in range(5)))
    dead = await dead_letters(actors, 1)
    assert [body["number"] for body in dead] == ["p3"]
    counts = seen(actors, "partial")
    assert {number: counts[number] for number in ("p0", "p1", "p2", "p3", "p4")} == {
        "p0": 1,
        "p1": 1,
        "p2": 1,
        "p3": 2,
        "p4": 1,
    }


async def test_a_record_is_as_aws_makes_it(actors: Actors) -> None:
    await actors.sqs.send_message(
        QueueUrl=actors.deployment.queues["PartialQueue"],
        MessageBody='{"number": "한글"}',
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "가"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    await actors.until(lambda: seen(actors, "partial")["한글"] == 1)
    record = next(
        record
        for line in actors.recorded("partial")
        for record in line["records"]
        if record["body"] == '{"number": "한글"}'
    )
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":stage-PartialQueue")
    assert record["awsRegion"] == "ap-northeast-2"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert int(record["attributes"]["SentTimestamp"]) > 10**12
    assert record["messageAttributes"]["text"]["stringValue"] == "가"
    assert record["messageAttributes"]["raw"]["binaryValue"] == "AP8="
    assert set(record) >= {"messageId", "receiptHandle", "md5OfBody", "md5OfMessageAttributes"}


async def test_a_malformed_answer_fails_the_whole_batch(actors: Actors) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
    await actors.send("PartialQueue", {"number": "m1", "answer": answer}, {"number": "m2", "answer": answer})
    dead = await dead_letters(actors, 2)
    assert {body["number"] for body in dead} == {"m1", "m2"}


async def test_without_partial_answers_an_exception_brings_the_whole_batch_again(actors: Actors) -> None:
    await actors.send("WholeQueue", *({"number": f"w{number}", "fail once": number == 1} for number in range(3)))
    await actors.until(lambda: all(seen(actors, "whole")[f"w{number}"] >= 2 for number in range(3)))
    await emptied(actors, "WholeQueue")


async def test_a_batch_may_be_larger_than_one_request_receives(actors: Actors) -> None:
    await actors.send("WholeQueue", *({"number": f"b{number}"} for number in range(15)))
    await actors.until(lambda: sum(count for key, count in seen(actors, "whole").items() if key[0] == "b") >= 15)
    assert max(len(line["bodies"]) for line in actors.recorded("whole")) > 10
    await emptied(actors, "WholeQueue")


async def test_a_group_keeps_its_order_through_failures(actors: Actors) -> None:
    bodies = [{"number": number, "fail once": number in (3, 4)} for number in range(12)]
    await actors.send("OrderedQueue", *bodies, groups=["even" if number % 2 == 0 else "odd" for number in range(12)])
    await actors.until(lambda: len(actors.recorded("ordered")) >= 12)
    for group, numbers in (("even", range(0, 12, 2)), ("odd", range(1, 12, 2))):
        assert [line["number"] for line in actors.recorded("ordered") if line["group"] == group] == list(numbers)
    await emptied(actors, "OrderedQueue")


async def test_no_more_batches_run_at_a_time_than_the_template_allows(actors: Actors) -> None:
    await actors.send("NarrowQueue", *range(6))
    await actors.until(lambda: len(actors.recorded("slow")) >= 6)
    lines = actors.recorded("slow")
    most = max(sum(other["start"] <= line["start"] < other["end"] for other in lines) for line in lines)
    assert most == 2
    assert len({line["pid"] for line in lines}) == 2


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"else": 1}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "x"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{"identifier": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": ["a"]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ["a"]}]}, {"a", "b"}),
        ({"batchItemFailures": 7}, {"a", "b"}),
        ("done", {"a", "b"}),
        ([], {"a", "b"}),
    ],
)
def test_which_messages_failed(answer: Any, failed: set[str]) -> None:
    assert failed_ids(answer, {"a", "b"}) == failed


async def dead_letters(actors: Actors, count: int) -> list[Any]:
    """The bodies of the dead letters of PartialQueue, once there are so many."""
    found: list[Any] = []
    async with ends():
        while len(found) < count:
            found += [json.loads(message["Body"]) for message in await actors.receive("PartialDead")]
    return found


async def emptied(actors: Actors, queue: str) -> None:
    """Wait until everything is deleted from a queue."""
    async with ends():
        while await actors.waiting(queue):  # noqa: ASYNC110 - the queue is in another server, which tells nobody.
            await asyncio.sleep(0.05)
