"""Ids, cursors and moments as any client can read them: what tests look for in answers, and what differs each time."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from bizcall.paging import CURSOR_VERSION

KEY = re.compile(r"[0-9a-f]{32}")
"""A key as ids and cursors hold it."""

MOMENT = r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)"
"""A pattern of times in UTC, as answers and cursors write them."""


def unpacked(text: str) -> str | None:
    """What stands in an id or a cursor, and in some other texts by chance; None for a text in which nothing can."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        return None


def placed(text: str) -> list[Any] | None:
    """The parts of a cursor: the version, its order's mark, the values of its place; None for any other text."""
    try:
        parts = json.loads(unpacked(text) or "")
    except ValueError:
        return None
    if not isinstance(parts, list):
        return None
    version, mark, *_ = parts
    assert (version, len(mark)) == (CURSOR_VERSION, 12)
    return parts
