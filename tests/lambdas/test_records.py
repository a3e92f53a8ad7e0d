"""Batches are answered record by record, as far as the time goes (W4, W10)."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Set
from typing import Any

import pytest

from lambdas.records import STOP_BEFORE, Body, each_record

QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:imports"


def record(number: int, body: Any = None, *, group: str | None = None) -> dict[str, Any]:
    """One record of a batch; with a group, of a FIFO queue."""
    attributes = {"MessageGroupId": group} if group else {}
    text = body if isinstance(body, str) else json.dumps({"n": number} if body is None else body)
    arn = f"{QUEUE}.fifo" if group else QUEUE
    return {"messageId": f"m{number}", "body": text, "attributes": attributes, "eventSourceARN": arn}


async def outcome(
    records: list[dict[str, Any]], *, bad: Set[int] = frozenset(), left: list[float] | None = None
) -> tuple[list[int], list[str]]:
    """The numbers handled, in order, and the message ids reported as failed."""
    handled: list[int] = []
    seconds = iter(left or [])

    async def handle(body: Body) -> None:
        handled.append(body["n"])
        if body["n"] in bad:
            raise ValueError

    answer = await each_record({"Records": records}, handle, remaining=lambda: next(seconds, math.inf))
    return handled, [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


async def test_W4_only_the_records_that_fail_come_again() -> None:
    handled, failed = await outcome([record(i) for i in range(10)], bad={2, 5, 9})
    assert handled == list(range(10))
    assert failed == ["m2", "m5", "m9"]


async def test_W4_a_fifo_group_stops_at_its_first_failure_and_the_others_go_on() -> None:
    records = [record(i, group="a" if i % 2 else "b") for i in range(6)]
    handled, failed = await outcome(records, bad={1})
    assert handled == [0, 1, 2, 4]
    assert failed == ["m1", "m3", "m5"]


@pytest.mark.parametrize("body", ["", "no json", "[1]", "null", "7", '"text"', "{", "\u0000"])
async def test_W4_a_garbage_body_fails_alone(body: str) -> None:
    handled, failed = await outcome([record(0), record(1, body), record(2)])
    assert handled == [0, 2]
    assert failed == ["m1"]


async def test_the_test_event_of_s3_is_done_without_being_handled() -> None:
    handled, failed = await outcome([record(0, {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "data"})])
    assert (handled, failed) == ([], [])


async def test_W10_what_there_is_no_time_for_is_reported_without_being_tried() -> None:
    # Two looks at the clock for each record that is begun, one for each that is not.
    handled, failed = await outcome(
        [record(i) for i in range(4)], left=[20, 20, STOP_BEFORE, STOP_BEFORE, STOP_BEFORE - 0.1, 1]
    )
    assert handled == [0, 1]
    assert failed == ["m2", "m3"]


async def test_W10_in_a_fifo_queue_nothing_overtakes_what_there_was_no_time_for() -> None:
    handled, failed = await outcome([record(0, group="a"), record(1, group="a")], left=[1, 99, 99])
    assert handled == []
    assert failed == ["m0", "m1"]


async def test_a_record_that_hangs_is_broken_off_in_time_to_say_so() -> None:
    async def hang(_body: Body) -> None:
        await asyncio.Event().wait()

    seconds = iter([4.0, 1.05])
    answer = await asyncio.wait_for(
        each_record({"Records": [record(0)]}, hang, remaining=lambda: next(seconds)), timeout=5
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
