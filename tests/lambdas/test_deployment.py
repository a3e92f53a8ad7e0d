"""Migrations as a step of a deployment: done, told to CloudFormation, and never left without an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas import deployment, migrate
from lambdas.runtime import InvocationFailed


class Context:
    """The part of Lambda's context that is used."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        """Five minutes."""
        return 300_000


def event(kind: str) -> dict[str, Any]:
    """What CloudFormation sends."""
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation.example/answer?signed",
        "StackId": "stack",
        "RequestId": "asked",
        "LogicalResourceId": "Migration",
        "ResourceProperties": {"Code": "arn:1"},
    }


def answer(kind: str, work: Any) -> dict[str, Any]:
    """What CloudFormation is told."""
    told: list[tuple[str, bytes]] = []
    deployment.step(event(kind), Context(), work, put=lambda url, body: told.append((url, body)))
    [(url, body)] = told
    assert url == "https://cloudformation.example/answer?signed"
    return dict(json.loads(body))


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_the_work_is_done_and_told(kind: str) -> None:
    done: list[int] = []
    told = answer(kind, lambda: done.append(1))
    assert done == [1]
    assert (told["Status"], told["PhysicalResourceId"], told["RequestId"]) == ("SUCCESS", "Migration", "asked")


def test_work_that_fails_stops_the_deployment_and_quotes_nothing() -> None:
    def fail() -> None:
        raise InvocationFailed("UniqueViolationError") from ValueError("홍길동 010-1234-5678")

    told = answer("Update", fail)
    assert told["Status"] == "FAILED"
    assert told["Reason"] == "UniqueViolationError: see the log, request request-1"


def test_a_process_that_cannot_begin_is_told_by_its_type_alone() -> None:
    def fail() -> None:
        raise ValueError("input_value='postgresql://owner:secret@host/db'")

    assert answer("Create", fail)["Reason"] == "ValueError: see the log, request request-1"


def test_a_stack_that_is_deleted_is_not_migrated() -> None:
    assert answer("Delete", lambda: pytest.fail("migrated"))["Status"] == "SUCCESS"


def test_only_what_cloudformation_asks_is_answered_and_by_https_only() -> None:
    assert deployment.asked(event("Create"))
    assert not deployment.asked({"do": "months"})
    with pytest.raises(ValueError, match="https"):
        deployment._put("http://cloudformation.example/answer", b"{}")


def test_the_function_migrates_when_cloudformation_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []

    class Running:
        """In place of the process."""

        def run(self, handle: Any, event: Any, context: Any) -> dict[str, Any]:
            """Note what is to be handled."""
            ran.append((handle, event))
            return {"applied": []}

    monkeypatch.setattr(migrate, "process", Running)
    monkeypatch.setattr(deployment, "_put", lambda url, body: ran.append(json.loads(body)["Status"]))
    assert migrate.handler(event("Update"), Context()) == {}
    assert ran == [(migrate.handle, {}), "SUCCESS"]
