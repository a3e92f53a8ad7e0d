"""What a sheet is made of once it has been read: cells with their kind and place, rows, and the sheet itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bizcall.sheets.columns import Column


class Kind(StrEnum):
    """How the file stored a cell, which decides what may have happened to its text."""

    TEXT = "TEXT"
    """Typed as text: `text` is what was typed, leading zeros included, not yet cleaned."""
    NUMBER = "NUMBER"
    """Stored as a number: `text` is the file's own spelling (`1012345678`, `7.080001E9`, `3.0`), never rounded."""
    DATE = "DATE"
    """A number shown as a date or time: `text` is the serial number (or the ISO text) in the file."""
    BOOLEAN = "BOOLEAN"
    """`text` is `TRUE` or `FALSE`."""
    ERROR = "ERROR"
    """`text` is the error's name, for example `#N/A`."""
    UNCALCULATED = "UNCALCULATED"
    """A formula whose result was never saved: `text` is empty."""


class Cell(NamedTuple):
    """One cell that holds something.

    `text` is raw: clean it with `bizcall.texts.clean` before use. It is cut after `Limits.cell_chars + 1` characters,
    so that a longer text is still seen to be too long. `reference` is the place as Excel names it, such as `C7`.
    """

    kind: Kind
    text: str
    reference: str


class SheetRow(NamedTuple):
    """One row below the header in which at least one known column holds something.

    `number` is Excel's row number. `cells` has no entry for an empty cell. `hidden` rows (filtered out or hidden by
    hand) are read like all others; the flag lets the preview say so.
    """

    number: int
    cells: Mapping[Column, Cell]
    hidden: bool


@dataclass(frozen=True)
class Sheet:
    """The sheet that was found, with its rows still to be read.

    `rows` is a stream, read once; it raises `SheetRefused` when the file turns out bad further down, so nothing may
    take effect before it has ended. `columns` maps each column found to its letters. `ignored` are the headers that
    are no column of the form, cleaned, in their order.
    """

    name: str
    header_row: int
    columns: Mapping[Column, str]
    ignored: tuple[str, ...]
    rows: Iterator[SheetRow]
