"""Finds the list of users in a workbook and streams its rows (BK-02, BK-03).

Why not openpyxl or calamine: openpyxl takes five times the processor time and follows whatever a hostile file says
(one cell in the last column costs it minutes); calamine ends the whole process on such a file, and reports errors and
numbers in a way that hides what happened to a telephone number.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, TypeVar
from xml.etree.ElementTree import Element

from bizcall import texts
from bizcall.sheets.archive import Archive
from bizcall.sheets.cells import Cell, Kind, Sheet, SheetRow
from bizcall.sheets.columns import Column, HeaderRow, column_names, read_header
from bizcall.sheets.limits import Limits
from bizcall.sheets.refusals import Refusal, SheetRefused
from bizcall.sheets.workbook import SPREADSHEET, SheetPart, Workbook, open_workbook, plain_text, unescaped
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
_new_cell = _new_row = tuple.__new__
_Key = TypeVar("_Key")
_HEADER_LABELS = "', '".join(column.label for column in (Column.NUMBER, Column.NAME, Column.DEPARTMENT))


def read_sheet(source: bytes | BinaryIO, limits: Limits | None = None) -> Sheet:
    """Open a workbook, find the first visible sheet with a recognised header, and start reading it.

    Raises `SheetRefused` here or while `rows` is read; nothing else, whatever the bytes are. A sheet whose header
    lacks a required column or names one twice is refused only if no other sheet serves.
    """
    limits = limits or Limits()
    archive = Archive(source, limits, _stopwatch(limits))
    workbook = open_workbook(archive, limits)
    visible = [part for part in workbook.sheets if part.visible]
    if not visible:
        raise SheetRefused(Refusal.NO_SHEET)
    nearest: SheetRefused | None = None
    for part in visible:
        rows = _Rows(archive, workbook, part, limits)
        try:
            sheet = rows.sheet()
        except SheetRefused as refused:
            if refused.code not in (Refusal.HEADER_MISSING, Refusal.HEADER_REPEATED):
                raise
            nearest = nearest or refused
            continue
        if sheet is not None:
            return sheet
    raise nearest or SheetRefused(Refusal.HEADER_NOT_FOUND, limit=limits.header_within, labels=_HEADER_LABELS)


def _stopwatch(limits: Limits) -> Callable[[], None]:
    """Refuses once this thread has computed for longer than allowed since now."""
    end = time.thread_time() + limits.cpu_seconds

    def check() -> None:
        if time.thread_time() > end:
            raise SheetRefused(Refusal.TOO_SLOW)

    return check


class _Rows:
    """One worksheet's rows, in two passes over one stream: the header first, then what stands below it."""

    def __init__(self, archive: Archive, workbook: Workbook, part: SheetPart, limits: Limits) -> None:
        self._archive = archive
        self._strings = workbook.strings
        self._dates = workbook.dates
        self._part = part
        self._limits = limits
        self._name = texts.clean(part.name).text
        self._all = {name: name for name in column_names(limits.columns)}
        self._order = list(self._all)

    def sheet(self) -> Sheet | None:
        """The sheet from its header on; None if no row is a header. Raises if the only one lacks or repeats columns."""
        rows = self._elements()
        nearest: SheetRefused | None = None
        for number, element in rows:
            if number > self._limits.header_within:
                break
            cells = self._cells(element, number, self._all)
            header = read_header({letters: cell.text for letters, cell in cells.items()})
            if not header.plausible:
                continue
            refused = self._judge(header, number)
            if refused is None:
                columns = {column: letters[0] for column, letters in header.places.items()}
                return Sheet(self._name, number, columns, tuple(header.ignored), self._below(rows, number, columns))
            nearest = nearest or refused
        if nearest is not None:
            raise nearest
        return None

    def _judge(self, header: HeaderRow, number: int) -> SheetRefused | None:
        if header.repeated:
            places = (f"{column.label}({', '.join(letters)}열)" for column, letters in header.repeated.items())
            return SheetRefused(Refusal.HEADER_REPEATED, sheet=self._name, row=number, labels=", ".join(places))
        if header.missing:
            labels = "', '".join(column.label for column in header.missing)
            return SheetRefused(Refusal.HEADER_MISSING, sheet=self._name, row=number, labels=labels)
        return None

    def _below(
        self, rows: Iterator[tuple[int, Element]], header_row: int, columns: Mapping[Column, str]
    ) -> Iterator[SheetRow]:
        wanted = {letters: column for column, letters in columns.items()}
        count = 0
        for number, element in rows:
            cells = self._cells(element, number, wanted)
            if not cells:
                continue
            count += 1
            if count > self._limits.rows:
                raise SheetRefused(Refusal.TOO_MANY_ROWS, sheet=self._name, row=number, limit=self._limits.rows)
            yield _new_row(SheetRow, (number, cells, element.get("hidden") in _TRUE))
        if not count:
            raise SheetRefused(Refusal.NO_ROWS, sheet=self._name, row=header_row)

    def _elements(self) -> Iterator[tuple[int, Element]]:
        """Each row with its number; rows without one follow the row before."""
        previous = 0
        for _, elements in batches(self._archive.chunks(self._part.part), ("sheetData",), self._part.part):
            for element in elements:
                if element.tag not in _ROW_TAGS:
                    continue
                text = element.get("r")
                number = previous + 1 if text is None else int(text) if text.isdecimal() and len(text) < 8 else 0
                if not previous < number <= _LAST_ROW:
                    raise self._damaged(previous + 1)
                previous = number
                yield number, element

    def _cells(self, row: Element, number: int, wanted: Mapping[str, _Key]) -> dict[_Key, Cell]:
        """The cells that hold something, by what their columns mean to the caller."""
        found: dict[_Key, Cell] = {}
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
        if not raw:
            return (Kind.UNCALCULATED if formula and stored == "n" else Kind.TEXT), ""
        if stored == "s":
            try:
                return Kind.TEXT, self._strings.at(raw)
            except (ValueError, IndexError) as error:
                raise self._damaged(number) from error
        if stored == "b":
            return Kind.BOOLEAN, "TRUE" if raw.strip() in _TRUE else "FALSE"
        if stored == "n":
            kind = Kind.DATE if element.get("s") in self._dates else Kind.NUMBER
        else:
            kind = _KINDS.get(stored, Kind.TEXT)
            if stored == "str" and "_x" in raw:
                raw = unescaped(raw)
        return kind, "" if raw.isspace() else raw[: self._limits.cell_chars + 1]

    def _damaged(self, number: int) -> SheetRefused:
        return SheetRefused(Refusal.DAMAGED, where=f"{self._part.part}, row {number}")

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
            reference = f"{letters}{number}" if letters != _BEYOND else f"{number}"
            raise SheetRefused(
                Refusal.TOO_MANY_COLUMNS, sheet=self._name, row=number, reference=reference, limit=self._limits.columns
            )
