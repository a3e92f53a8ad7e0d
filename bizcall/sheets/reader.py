"""Finds the list of users in a workbook and streams its rows (BK-02, BK-03).

Why not openpyxl or calamine: openpyxl takes a multiple of the processor time and follows whatever a hostile file says
(one cell in the last column costs it minutes); calamine ends the whole process on such a file, and reports errors and
numbers in a way that hides what happened to a telephone number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, cast

from bizcall import texts
from bizcall.sheets.archive import Archive
from bizcall.sheets.cells import Cell, Sheet, SheetRow
from bizcall.sheets.columns import Column, HeaderRow, read_header
from bizcall.sheets.limits import Limits
from bizcall.sheets.refusals import Refusal, SheetRefused
from bizcall.sheets.rows import RawRow, Worksheet
from bizcall.sheets.workbook import open_workbook

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
        name = texts.clean(part.name).text
        try:
            sheet = _listed(Worksheet(archive, workbook, part.part, name, limits), name, limits)
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


def _listed(worksheet: Worksheet, name: str, limits: Limits) -> Sheet | None:
    """The sheet from its header on; None if no row is a header. Raises if the only one lacks or repeats columns."""
    rows = worksheet.rows()
    nearest: SheetRefused | None = None
    for row in rows:
        if row.number > limits.header_within:
            break
        header = read_header({letters: cell.text for letters, cell in row.cells.items()})
        if not header.plausible:
            continue
        refused = _fault(header, name, row.number)
        if refused is None:
            columns = {column: letters[0] for column, letters in header.places.items()}
            worksheet.wanted = {letters: column for column, letters in columns.items()}
            return Sheet(name, row.number, columns, tuple(header.ignored), _below(rows, name, row.number, limits))
        nearest = nearest or refused
    if nearest is not None:
        raise nearest
    return None


def _below(rows: Iterator[RawRow], name: str, header_row: int, limits: Limits) -> Iterator[SheetRow]:
    count = 0
    for number, hidden, cells in rows:
        if not cells:
            continue
        count += 1
        if count > limits.rows:
            raise SheetRefused(Refusal.TOO_MANY_ROWS, sheet=name, row=number, limit=limits.rows)
        # From the header on, the worksheet's keys are the columns.
        yield SheetRow(number, cast("Mapping[Column, Cell]", cells), hidden)
    if not count:
        raise SheetRefused(Refusal.NO_ROWS, sheet=name, row=header_row)


def _fault(header: HeaderRow, name: str, number: int) -> SheetRefused | None:
    if header.repeated:
        places = (f"{column.label}({', '.join(letters)})" for column, letters in header.repeated.items())
        return SheetRefused(Refusal.HEADER_REPEATED, sheet=name, row=number, labels=", ".join(places))
    if header.missing:
        labels = "', '".join(column.label for column in header.missing)
        return SheetRefused(Refusal.HEADER_MISSING, sheet=name, row=number, labels=labels)
    return None
