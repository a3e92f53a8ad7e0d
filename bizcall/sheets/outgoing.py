"""What our workbooks are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bizcall.sheets.columns import Column


@dataclass(frozen=True)
class FormLine:
    """A line that has no subscriber; `number` is the normal form, `rid` the representative caller ID it may present."""

    number: str
    rid: str | None = None


@dataclass(frozen=True)
class RefusedRow:
    """A row to mend: what stood in its cells, and a Korean reason per bad cell, or under None for the whole row."""

    values: Mapping[Column, str]
    reasons: Mapping[Column | None, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ResultRow:
    """The outcome of a row: `number` is its place in the uploaded sheet, `outcome` and `reason` are Korean texts."""

    number: int
    values: Mapping[Column, str]
    outcome: str
    reason: str = ""
