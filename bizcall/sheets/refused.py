"""The workbooks that answer an upload: the refused rows ready to mend (BK-02), and the outcome of every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openpyxl import Workbook

from bizcall.sheets.columns import OUTCOME_LABEL, REASON_LABEL, Column, column_names
from bizcall.sheets.layout import SHEET, WIDTHS, Cells, Look, add_lists, begin_sheet, drop_downs, saved
from bizcall.sheets.writing import RefusedRow, ResultRow

_REASON_WIDTH = 80
_ROW_LABEL = "행"
_RESULT_SHEET = "등록 결과"


def refused_file(rows: Iterable[RefusedRow], departments: Sequence[str]) -> bytes:
    """See `writing.refused_workbook`."""
    book = Workbook(write_only=True)
    columns = dict(zip(Column, column_names(len(Column)), strict=True))
    sheet = begin_sheet(book, SHEET, [*(WIDTHS[column] for column in Column), _REASON_WIDTH])
    cells = Cells(sheet)
    sheet.append(cells.header([*(column.label for column in Column), REASON_LABEL]))
    count = 0
    for row in rows:
        count += 1
        looks = ((column, Look.BAD if column in row.reasons else Look.OPEN) for column in Column)
        written = [cells.text(row.values.get(column, ""), look) for column, look in looks]
        sheet.append([*written, cells.text(_reasons(row), Look.BAD)])
    for validation in drop_downs(len(departments), max(1, count), columns):
        sheet.data_validations.append(validation)
    add_lists(book, departments)
    return saved(book)


def result_file(rows: Iterable[ResultRow]) -> bytes:
    """See `writing.result_workbook`."""
    book = Workbook(write_only=True)
    sheet = begin_sheet(book, _RESULT_SHEET, [8, 14, 60, *(WIDTHS[column] for column in Column)])
    cells = Cells(sheet)
    sheet.append(cells.header([_ROW_LABEL, OUTCOME_LABEL, REASON_LABEL, *(column.label for column in Column)]))
    for row in rows:
        look = Look.BAD if row.reason else Look.OPEN
        answer = [cells.text(text, look) for text in (str(row.number), row.outcome, row.reason)]
        sheet.append([*answer, *(cells.text(row.values.get(column, "")) for column in Column)])
    return saved(book)


def _reasons(row: RefusedRow) -> str:
    named = (f"{column.label}: {text}" for column, text in row.reasons.items() if column is not None)
    whole = row.reasons.get(None)
    return " / ".join([*([whole] if whole else []), *named])
