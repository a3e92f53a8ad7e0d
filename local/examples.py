"""The operations of `examples/operations/` as they can be sent to the demo company today.

Their variables are those of the demo company in October 2026. Its invented months are this one and the two before it,
so dates, and the ids of calls and messages, in which a moment stands, are moved on until October is the last month.
The files share one idempotency key, which would be KEY_REUSED in the second: `body` puts another in its place.
"""

from __future__ import annotations

import calendar
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from bizcall import months
from bizcall.history.keys import FactKey
from bizcall.ports import Clock, now
from schema.node import encode, split

FOLDER = Path(__file__).parents[1] / "examples" / "operations"
WRITTEN = date(2026, 10, 1)
KEY = "one-for-a-press-of-the-button"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?=$|T)")


def names() -> list[str]:
    """All of them, as in "histories/calls"."""
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.graphql"))


def document(name: str) -> str:
    """The document, whose first line is a comment with the statements that it serves."""
    return (FOLDER / f"{name}.graphql").read_text("utf-8")


def variables(name: str, *, clock: Clock = now) -> dict[str, Any]:
    """Its variables, moved to the last month."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    last = months.shifted(months.today(clock), -1)
    by = (last.year - WRITTEN.year) * 12 + last.month - WRITTEN.month
    return {key: _moved(value, by) for key, value in found.items()}


def body(name: str) -> str:
    """The body of a request, with an idempotency key that nobody has used."""
    told = json.dumps({"query": document(name), "variables": variables(name)}, ensure_ascii=False)
    return told.replace(f'"{KEY}"', f'"example-{uuid4()}"')


def _moved(value: Any, by: int) -> Any:
    """The same with every date in it so many months later."""
    if isinstance(value, dict):
        return {key: _moved(each, by) for key, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, by) for each in value]
    if not isinstance(value, str):
        return value
    if found := _DATE.match(value):
        return f"{_later(date.fromisoformat(found[0]), by)}{value[found.end() :]}"
    kind, key = split(value) or ("", "")
    if kind in ("Call", "Message") and (fact := FactKey.parse(key)):
        moment = fact.moment.astimezone(months.KOREA)
        on = _later(moment.date(), by)
        return encode(kind, str(replace(fact, moment=moment.replace(year=on.year, month=on.month, day=on.day))))
    return value


def _later(day: date, by: int) -> date:
    """The same day so many months later, or the last one of a month that is too short."""
    first = months.shifted(day, by)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))
