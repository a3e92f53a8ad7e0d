"""One loop for life, connections that outlive pauses, and batches answered record by record (W4, W10)."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from lambdas.runtime import STOP_BEFORE, Body, each_record
from local.postgres import Postgres
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
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


class Child:
    """What a process of its own printed: its result, and its log as JSON objects and as text."""

    def __init__(self, scenario: str, environment: dict[str, str], idle: float) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.lambdas.process", scenario, str(idle)],
            cwd=ROOT, env={"PATH": os.environ["PATH"], "STAGE": "test", **environment},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        self.text = done.stdout + done.stderr
        *self.log, last = [json.loads(line) for line in done.stdout.splitlines()]
        self.result: Any = last["result"]


def child(scenario: str, postgres: Postgres, *, idle: float = 30, **environment: str) -> Child:
    """Run a scenario against the tests' database."""
    return Child(scenario, {"DATABASE_URL": postgres.url("app"), **environment}, idle)


def test_W10_invocations_share_one_loop_and_one_connection(postgres: Postgres, db: None) -> None:
    first, second = child("two_invocations", postgres).result
    assert first == second


def test_W10_requests_run_on_the_loop_of_the_process(postgres: Postgres, db: None) -> None:
    first, *requests = child("two_requests", postgres).result
    assert [(r["pid"], r["loop"]) for r in requests] == [(first["pid"], first["loop"])] * 2
    assert requests[0]["seconds"] == 30


def test_D1_a_connection_ended_during_a_pause_costs_no_request(postgres: Postgres, db: None) -> None:
    first, second = child("killed_while_frozen", postgres).result
    assert first["pid"] != second["pid"]
    assert first["loop"] == second["loop"]


def test_D3_a_connection_that_says_nothing_is_left_after_a_short_trial(postgres: Postgres, db: None) -> None:
    first, second, seconds = child("silent", postgres, idle=0).result
    assert first["pid"] != second["pid"]
    assert seconds < PATIENCE


@pytest.mark.parametrize("idle", [0, 30])
def test_D3_a_request_is_answered_in_time_while_the_database_says_nothing(
    postgres: Postgres, db: None, idle: float
) -> None:
    status, seconds = child("silent_for_a_request", postgres, idle=idle).result
    # With a trial before it the silent connection is left and another one answers.
    assert status == (200 if idle == 0 else 503)
    # Without a bound of the request's own it would be the 25 seconds of one statement.
    assert seconds < 20


def test_D_a_process_that_comes_back_or_is_refused_at_work_reads_changed_secrets(postgres: Postgres, db: None) -> None:
    (refused, answered), (refusals, reads, first, second, reads_after) = child("password_changed", postgres).result
    assert refused == "Unavailable"
    assert answered["pid"]
    assert answered["origins"] == ["second of origin", "first of origin"]
    # Without a pause: when it began, and once more after the first refusal; then not until READ_AGAIN is over.
    assert refusals == ["Unavailable"] * 4
    assert (reads, reads_after) == (2, 3)
    assert first["pid"] == second["pid"]


def test_P6_an_error_is_told_without_what_it_quotes(postgres: Postgres, db: None) -> None:
    done = child("failing", postgres)
    assert done.result == ["InvocationFailed", "ValueError", True]
    assert "1234" not in done.text
    assert "홍길동" not in done.text
    (line,) = [entry for entry in done.log if entry["level"] == "ERROR"]
    assert line["request_id"] == "request-1"
    assert line["exception_name"] == "ValueError"
    assert "22P02" in line["exception"]
    assert "process.py" in line["exception"]


def test_a_process_that_can_not_be_made_ready_answers_503() -> None:
    environment = {
        "DATABASE_SECRET_ID": "database", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "t",
        "AWS_SECRET_ACCESS_KEY": "t", "AWS_DEFAULT_REGION": "ap-northeast-2",
    }  # fmt: skip
    answer = Child("away", environment, 30).result
    assert answer["statusCode"] == 503
    assert json.loads(answer["body"])["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "requestId": "gateway-1"}
