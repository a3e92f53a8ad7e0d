"""What the functions printed, kept in the state folder so that a request can be followed afterwards.

The last 40 MB, in two files; each line is a JSON object of the function's logical id and what it printed.
"""

from __future__ import annotations

import json
import logging
import pathlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from logging.handlers import RotatingFileHandler

NAME = "functions.log"
_BYTES = 20 * 1024 * 1024


@contextmanager
def writing(home: pathlib.Path) -> Iterator[Callable[[str, str], None]]:
    """What keeps (function, line); the file is opened with the first line."""
    handler = RotatingFileHandler(home / NAME, maxBytes=_BYTES, backupCount=1, encoding="utf-8", delay=True)

    def write(function: str, line: str) -> None:
        text = json.dumps([function, line], ensure_ascii=False)
        handler.handle(logging.LogRecord(NAME, logging.INFO, "", 0, text, None, None))

    with closing(handler):
        yield write


def lines(home: pathlib.Path, request_id: str | None = None) -> Iterator[tuple[str, str]]:
    """(function, line) in the order they came; with an id, the lines of that request and of what came of it."""
    for path in (home / f"{NAME}.1", home / NAME):
        if not path.exists():
            continue
        with path.open(encoding="utf-8") as file:
            for text in file:
                function, line = json.loads(text)
                if request_id is None or _belongs(line, request_id):
                    yield function, line


def _belongs(line: str, request_id: str) -> bool:
    if request_id not in line:
        return False
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return isinstance(entry, dict) and request_id in (entry.get("request_id"), entry.get("continues"))
