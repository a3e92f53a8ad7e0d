"""One loop for life, and connections that outlive pauses (W10)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.postgres import Postgres
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]


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
