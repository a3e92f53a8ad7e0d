"""The id under which one request is found in the logs of every function that its consequences come through.

It begins with a request, a message from outside or a schedule's turn; the outbox keeps it with each message, queues
carry it as an attribute, and the worker that takes a message goes on under it. It tells nothing about anybody.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ID = re.compile(r"[A-Za-z0-9_=-]{8,64}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default="")

logger = logging.getLogger(__name__)


def current() -> str:
    """The id under which this task works, empty outside of everything."""
    return _current.get()


def valid(given: object) -> bool:
    """Whether it may be an id: 8 to 64 letters, digits and `_=-`, so that no log or header can be broken by one."""
    return isinstance(given, str) and _ID.fullmatch(given) is not None


@contextmanager
def carried(request_id: str) -> Iterator[None]:
    """Work under that id inside of the block."""
    before = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(before)


def go_on(request_id: str) -> None:
    """Work under an earlier request's id from here to the task's end; the log says so under the id left behind."""
    if request_id and request_id != _current.get():
        logger.info("goes on as an earlier request", extra={"continues": request_id})
        _current.set(request_id)
