"""The registration form (BK-01), made by openpyxl."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FormLine:
    """A line that has no subscriber; `number` is the normal form, `rid` the representative caller ID it may present."""

    number: str
    rid: str | None = None


def make_form(lines: Sequence[FormLine], departments: Sequence[str]) -> bytes:
    """The .xlsx to fill in: one row per line in the given order, departments as a drop-down in the given order."""
    raise NotImplementedError((lines, departments))
