"""One JSON object a line on standard output, without personal data, for every logger of the process.

Powertools' formatter does the JSON and the keys of the invocation. What it writes of an exception is replaced here,
because messages of drivers quote the rows that they refused (names, numbers): kept are the types, the places in the
code, and the codes that PostgreSQL, AWS and our own errors carry.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from bizcall import request_ids
from bizcall.errors import BizCallError

LOUD = ("aiobotocore", "botocore", "aioboto3", "asyncio", "tortoise", "mangum")


class SafeFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON, with the id of the request at work, and with exceptions told without their messages."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. The id is asked for here, because messages of several requests are worked on side by side."""
        if request_ids.current() and not hasattr(record, "request_id"):
            record.request_id = request_ids.current()
        return super().format(record)

    def formatException(  # noqa: N802 - the name is logging's
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The chain of an exception, outermost first: what it is, and the frames it came through."""
        return "\n".join(told(ei[1])) if ei[1] is not None else ""


def told(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """The lines of an error, of what caused it, and of a group's members."""
    if id(error) in seen:
        return
    seen |= {id(error)}
    yield named(error)
    yield from (
        f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    )
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from told(member, seen)
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from told(before, seen)


def reason(error: BaseException) -> str:
    """An error and what caused it in one line, without places in the code."""
    return " ← ".join(line for line in told(error) if not line.startswith(" "))


def named(error: BaseException) -> str:
    """The type of an error, and what it carries that can't be personal data."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BizCallError):
        return f"{name}: {error}"
    response: Any = getattr(error, "response", None)
    codes = [getattr(error, "sqlstate", None), getattr(error, "constraint_name", None)]
    if isinstance(response, dict):
        codes += [getattr(error, "operation_name", None), response.get("Error", {}).get("Code")]
    return " ".join([name, *(str(code) for code in codes if code)])


def configure(level: str) -> SafeFormatter:
    """Make this the only output of the process; the keys of an invocation are appended to the formatter returned."""
    formatter = SafeFormatter(
        utc=True, use_rfc3339=True, serialize_stacktrace=False, service="bizcall-admin", name="%(name)s"
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    return formatter
