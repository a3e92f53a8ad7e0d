"""What a person reads of the functions' logs."""

from __future__ import annotations

import json

from local.loglines import readable


def line(**entry: object) -> str:
    """The plain text of a readable line."""
    text = readable("ImportsFunction", json.dumps(entry))
    assert text is not None
    return text.plain


def test_a_line_has_the_time_in_seoul_the_function_the_message_and_what_else_is_known() -> None:
    told = line(timestamp="2026-01-02T15:00:01Z", level="INFO", message="읽음", service="x", rows=12, name="lambdas.x")
    assert told == "00:00:01 imports       읽음 rows=12"


def test_a_traceback_follows_on_lines_of_its_own() -> None:
    told = line(timestamp="2026-01-02T15:00:01Z", level="ERROR", message="failed", exception="ValueError\n  a.py:1 f")
    assert told.splitlines() == ["00:00:01 imports       failed", f"{'':10}ValueError", f"{'':12}a.py:1 f"]


def test_an_error_that_left_the_handler_is_told_once() -> None:
    assert (
        readable("ApiFunction", json.dumps({"level": "WARN", "message": "LAMBDA_WARNING: Unhandled exception."}))
        is None
    )
    assert "ImportError: no module" in line(
        errorType="ImportError", errorMessage="no module", stackTrace=[], requestId=""
    )


def test_what_is_no_json_stays_as_it_is() -> None:
    text = readable("ApiFunction", "plain [bold]text[/]")
    assert text is not None
    assert text.plain.endswith("plain [bold]text[/]")


def test_metrics_are_no_line_for_people() -> None:
    assert readable("FeedsFunction", json.dumps({"_aws": {}, "FeedRecordsRead": [1]})) is None
