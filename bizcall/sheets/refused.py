"""The workbooks that answer an upload: the refused rows ready to mend (BK-02), and the outcome of every row.

Written with XlsxWriter, row by row: for 20,000 rows it takes less than half of openpyxl's time, which would pass what a
file may take. The form, which is small, stays with openpyxl (`form.py`).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from bizcall.sheets.columns import OUTCOME_LABEL, REASON_LABEL, Column
from bizcall.sheets.layout import (
    BORDER,
    FILLS,
    LISTS,
    PICK_FROM_LIST,
    SHEET,
    WIDTHS,
    Look,
    choices,
    writable,
)
from bizcall.sheets.outgoing import RefusedRow, ResultRow

_REASON_WIDTH = 80
_ROW_LABEL = "행"
_RESULT_SHEET = "등록 결과"


def refused_file(rows: Iterable[RefusedRow], departments: Sequence[str]) -> bytes:
    """See `writing.refused_workbook`."""
    with _book() as (book, file):
        looks = _looks(book)
        widths = [*(WIDTHS[column] for column in Column), _REASON_WIDTH]
        sheet = _sheet(book, SHEET, widths, [*(column.label for column in Column), REASON_LABEL], looks)
        count = 0
        for count, row in enumerate(rows, 1):
            for place, column in enumerate(Column):
                look = Look.BAD if column in row.reasons else Look.OPEN
                _write(sheet, count, place, row.values.get(column, ""), looks[look])
            _write(sheet, count, len(Column), _reasons(row), looks[Look.BAD])
        for entries, column in choices(len(departments)):
            place = list(Column).index(column)
            picking = {
                "validate": "list",
                "source": entries,
                "error_title": column.label,
                "error_message": PICK_FROM_LIST,
            }
            sheet.data_validation(1, place, max(1, count), place, picking)
        lists = book.add_worksheet(LISTS)
        lists.hide()
        for place, department in enumerate(departments):
            _write(lists, place, 0, department, looks[Look.OPEN])
    return file.getvalue()


def result_file(rows: Iterable[ResultRow]) -> bytes:
    """See `writing.result_workbook`."""
    with _book() as (book, file):
        looks = _looks(book)
        labels = [_ROW_LABEL, OUTCOME_LABEL, REASON_LABEL, *(column.label for column in Column)]
        sheet = _sheet(book, _RESULT_SHEET, [8, 14, 60, *(WIDTHS[column] for column in Column)], labels, looks)
        for number, row in enumerate(rows, 1):
            look = looks[Look.BAD if row.reason else Look.OPEN]
            for place, text in enumerate((str(row.number), row.outcome, row.reason)):
                _write(sheet, number, place, text, look)
            for place, column in enumerate(Column, 3):
                _write(sheet, number, place, row.values.get(column, ""), looks[Look.OPEN])
    return file.getvalue()


@contextmanager
def _book() -> Iterator[tuple[Workbook, io.BytesIO]]:
    file = io.BytesIO()
    book = Workbook(file, {"constant_memory": True})
    yield book, file
    book.close()


def _looks(book: Workbook) -> dict[Look, Format]:
    """One format a look: text, boxed; the header bold."""
    made = {}
    for look in Look:
        properties = {"num_format": "@", "border": 1, "border_color": f"#{BORDER}", "locked": look is not Look.OPEN}
        if look in FILLS:
            properties["bg_color"] = f"#{FILLS[look]}"
        if look is Look.HEADER:
            properties |= {"bold": True, "align": "center", "valign": "vcenter"}
        made[look] = book.add_format(properties)
    return made


def _sheet(
    book: Workbook, title: str, widths: Sequence[int], labels: Sequence[str], looks: dict[Look, Format]
) -> Worksheet:
    """A sheet with its header row, frozen, and column widths in characters."""
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    for place, label in enumerate(labels):
        _write(sheet, 0, place, label, looks[Look.HEADER])
    return sheet


def _write(sheet: Worksheet, row: int, place: int, text: str, look: Format) -> None:
    """A cell that holds text, whatever it looks like: `write_string` makes no formula, number or link of it."""
    if kept := writable(text):
        sheet.write_string(row, place, kept, look)
    else:
        sheet.write_blank(row, place, None, look)


def _reasons(row: RefusedRow) -> str:
    named = (f"{column.label}: {text}" for column, text in row.reasons.items() if column is not None)
    whole = row.reasons.get(None)
    return " / ".join([*([whole] if whole else []), *named])
