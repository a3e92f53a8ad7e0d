"""Streams the rows of one worksheet: the short way as far as it goes, then through the parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element

from bizcall.sheets.archive import Archive
from bizcall.sheets.cells import Cell, Kind
from bizcall.sheets.columns import column_names
from bizcall.sheets.limits import Limits
from bizcall.sheets.quick import PARTS, Departed, QuickRow, quick_rows
from bizcall.sheets.refusals import Refusal, SheetRefused
from bizcall.sheets.workbook import SPREADSHEET, Workbook, plain_text, unescaped
from bizcall.sheets.xml import batches

_LAST_ROW = 1_048_576
_DIGITS = "0123456789"
_BEYOND = "…"
_COLUMN_NAME = re.compile("[A-Z]{1,3}")
_ROW_TAGS, _CELL_TAGS, _VALUE_TAGS, _INLINE_TAGS, _FORMULA_TAGS = (
    frozenset(namespace + name for namespace in SPREADSHEET) for name in ("row", "c", "v", "is", "f")
)
_KINDS = {"e": Kind.ERROR, "d": Kind.DATE}
_TRUE = ("1", "true")
# The tuple's own constructor, since the one of a NamedTuple takes twice as long and there are 160,000 cells.
_new_cell = tuple.__new__


class RawRow(NamedTuple):
    """A row with the cells that hold something, by what `Worksheet.wanted` says of their columns."""

    number: int
    hidden: bool
    cells: dict[str, Cell]


class Worksheet:
    """One worksheet's rows. `wanted` maps column letters to keys and may be changed while the rows are read."""

    def __init__(self, archive: Archive, workbook: Workbook, part: str, name: str, limits: Limits) -> None:
        self._archive = archive
        self._strings = workbook.strings
        self._dates = workbook.dates
        self._part = part
        self._name = name
        self._limits = limits
        self._all = {letters: letters for letters in column_names(limits.columns)}
        self._order = list(self._all)
        self.wanted: Mapping[str, str] = self._all

    def rows(self) -> Iterator[RawRow]:
        """Every row, also those without cells. Raises `SheetRefused`."""
        previous = 0
        try:
            for quick in quick_rows(self._archive.chunks(self._part), SPREADSHEET):
                if not previous < quick.number <= _LAST_ROW:
                    break
                cells = self._quick_cells(quick)
                previous = quick.number
                yield RawRow(previous, quick.hidden, cells)
            else:
                return
        except Departed:
            pass
        # The parser begins again from the top, so that it judges the whole file; the rows already given are the same.
        for number, element in self._elements():
            if number > previous:
                yield RawRow(number, element.get("hidden") in _TRUE, self._cells(element, number))

    def _elements(self) -> Iterator[tuple[int, Element]]:
        """Each row with its number; rows without one follow the row before."""
        previous = 0
        for _, elements in batches(self._archive.chunks(self._part), ("sheetData",), self._part):
            for element in elements:
                if element.tag not in _ROW_TAGS:
                    continue
                text = element.get("r")
                number = previous + 1 if text is None else int(text) if text.isdecimal() and len(text) < 8 else 0
                if not previous < number <= _LAST_ROW:
                    raise self._damaged(previous + 1)
                previous = number
                yield number, element

    def _cells(self, row: Element, number: int) -> dict[str, Cell]:
        """The cells that hold something, by what their columns mean to the caller."""
        wanted = self.wanted
        found: dict[str, Cell] = {}
        row_text = str(number)
        shared = self._strings.texts
        text_kind = Kind.TEXT
        letters = ""
        for element in row:
            attribute = element.attrib.get
            place = attribute("r")
            letters = place.rstrip(_DIGITS) if place is not None else self._after(letters, element)
            children = len(element)
            if not children:
                continue
            key = wanted.get(letters)
            if key is None:
                if letters not in self._all:
                    self._refuse_place(element, letters, number)
            # Nine of ten cells are a shared string: the short way, with the same outcome as the long one.
            elif children == 1 and attribute("t") == "s":
                try:
                    index = int(element[0].text or "")
                    text = shared[index]
                except (ValueError, IndexError) as error:
                    raise self._damaged(number) from error
                # A negative one would count from the end; no workbook has it.
                if text and index >= 0:
                    found[key] = _new_cell(Cell, (text_kind, text, letters + row_text))
            else:
                kind, text = self._value(element, number)
                if text or kind is Kind.UNCALCULATED:
                    found[key] = _new_cell(Cell, (kind, text, letters + row_text))
        return found

    def _quick_cells(self, row: QuickRow) -> dict[str, Cell]:
        """The same as `_cells`, of a row that was read the short way."""
        wanted = self.wanted
        found: dict[str, Cell] = {}
        row_text = str(row.number)
        shared = self._strings.texts
        text_kind = Kind.TEXT
        for _, letters, digits, style, stored, value, inline in zip(*(iter(row.parts),) * PARTS, strict=True):
            if digits != row_text or letters is None:
                raise Departed
            key = wanted.get(letters)
            if key is None and letters in self._all:
                continue
            if stored == "s" and value:
                try:
                    index = int(value)
                    text = shared[index]
                except (ValueError, IndexError):
                    raise Departed from None
                kind = text_kind
                if index < 0:
                    raise Departed
            else:
                raw = value if value is not None else unescaped(inline or "")
                kind, text = self._judged(stored or "n", style, raw, row.number)
            if text:
                if key is None:
                    raise self._too_far(letters, row.number)
                found[key] = _new_cell(Cell, (kind, text, letters + row_text))
        return found

    def _value(self, element: Element, number: int) -> tuple[Kind, str]:
        """Kind and raw text of a cell; the text is empty if nothing is to be seen in it."""
        if element.tag not in _CELL_TAGS:
            return Kind.TEXT, ""
        stored = element.get("t", "n")
        raw = ""
        formula = False
        for child in element:
            tag = child.tag
            if tag in _VALUE_TAGS:
                raw = child.text or ""
            elif tag in _INLINE_TAGS:
                raw = plain_text(child)
            elif tag in _FORMULA_TAGS:
                formula = True
        if not raw and formula and stored == "n":
            return Kind.UNCALCULATED, ""
        return self._judged(stored, element.get("s"), raw, number)

    def _judged(self, stored: str, style: str | None, raw: str, number: int) -> tuple[Kind, str]:
        """Kind and raw text of what a cell of type `stored` holds."""
        if not raw:
            return Kind.TEXT, ""
        if stored == "s":
            try:
                return Kind.TEXT, self._strings.at(raw)
            except (ValueError, IndexError) as error:
                raise self._damaged(number) from error
        if stored == "b":
            return Kind.BOOLEAN, "TRUE" if raw.strip() in _TRUE else "FALSE"
        if stored == "n":
            kind = Kind.DATE if style in self._dates else Kind.NUMBER
        else:
            kind = _KINDS.get(stored, Kind.TEXT)
            if stored == "str" and "_x" in raw:
                raw = unescaped(raw)
        return kind, "" if raw.isspace() else raw[: self._limits.cell_chars + 1]

    def _damaged(self, number: int) -> SheetRefused:
        return SheetRefused(Refusal.DAMAGED, where=f"{self._part}, row {number}")

    def _after(self, letters: str, element: Element) -> str:
        """The column of a cell that doesn't name its own: the next one; beyond the limit a name that is nowhere."""
        if element.tag not in _CELL_TAGS:
            return letters
        index = self._order.index(letters) + 1 if letters in self._all else len(self._order) if letters else 0
        return self._order[index] if index < len(self._order) else _BEYOND

    def _refuse_place(self, element: Element, letters: str, number: int) -> None:
        """Refuse a cell outside the columns that are read, unless it holds nothing."""
        if letters != _BEYOND and not _COLUMN_NAME.fullmatch(letters):
            raise self._damaged(number)
        kind, text = self._value(element, number)
        if text or kind is Kind.UNCALCULATED:
            raise self._too_far(letters if letters != _BEYOND else "", number)

    def _too_far(self, letters: str, number: int) -> SheetRefused:
        place: dict[str, str | int] = {"row": number, "reference": f"{letters}{number}", "limit": self._limits.columns}
        return SheetRefused(Refusal.TOO_MANY_COLUMNS, sheet=self._name, **place)
