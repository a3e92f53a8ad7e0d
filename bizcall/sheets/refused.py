"""The workbooks that answer an upload: the refused rows ready to mend (BK-02), and the outcome of every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bizcall.sheets.columns import Column


@dataclass(frozen=True)
class RefusedRow:
    """A row to mend: what stood in its cells, and a Korean reason per bad cell, or under None for the row as a whole."""

    values: Mapping[Column, str]
    reasons: Mapping[Column | None, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ResultRow:
    """The outcome of a row: `number` is its place in the uploaded sheet, `outcome` and `reason` are Korean texts."""

    number: int
    values: Mapping[Column, str]
    outcome: str
    reason: str = ""


def refused_workbook(rows: Iterable[RefusedRow], departments: Sequence[str]) -> bytes:
    """The refused rows in the form's layout, bad cells filled red, their reasons in a last column "사유"."""
    raise NotImplementedError((rows, departments))


def result_workbook(rows: Iterable[ResultRow]) -> bytes:
    """Every row with the columns "결과" and "사유" before the form's own."""
    raise NotImplementedError(rows)
