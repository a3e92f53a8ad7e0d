"""One readable line for each line that a function printed: its JSON for machines, in a terminal, for people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

_SEOUL = ZoneInfo("Asia/Seoul")
_STYLES = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
# Known from the line's place, or of use only where many processes write into one log.
_LEFT_OUT = frozenset({
    *("level", "message", "timestamp", "service", "location", "exception", "exception_name", "logger"),
    *("errorType", "errorMessage", "stackTrace", "requestId", "name", "request_id", "xray_trace_id"),
})  # fmt: skip


def readable(function: str, line: str) -> Text | None:
    """The line of that function (logical id): time in Seoul, function, message, then the remaining keys, dimmed.

    A traceback follows on lines of its own. What is no JSON object stays as it is; None for lines that say nothing
    which the next one doesn't say better.
    """
    name = function.removesuffix("Function").lower()
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        return Text().append(f"{'':8} {name:<14}", "cyan").append(line)
    if "_aws" in entry:
        # Metrics, which CloudWatch counts and the laptop doesn't.
        return None
    message, trace = entry.get("message"), entry.get("exception")
    if str(message).startswith("LAMBDA_WARNING"):
        # awslambdaric's general advice, before the line with the error itself.
        return None
    if message is None and "errorType" in entry:
        # How awslambdaric tells of an error that left the handler.
        message, trace = f"{entry['errorType']}: {entry.get('errorMessage')}", "".join(entry.get("stackTrace") or [])
    style = _STYLES.get(str(entry.get("level")), "")
    text = Text().append(f"{_clock(entry.get('timestamp')):8} {name:<14}", "cyan").append(str(message or ""), style)
    for key, value in entry.items():
        if key not in _LEFT_OUT and value is not None:
            text.append(f" {key}={_value(value)}", "dim")
    for row in str(trace or "").splitlines():
        text.append(f"\n{'':10}{row}", style)
    return text


def _clock(timestamp: Any) -> str:
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone(_SEOUL).strftime("%H:%M:%S")
    except ValueError:
        return ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
