"""Workbooks in and out: the form, the reading of what comes back, and the workbooks that answer it. Knows no database.

Reading, as the import uses it:

    try:
        sheet = read_sheet(data)                  # bytes or a seekable file
        for row in sheet.rows:                    # streamed; holds one row at a time
            cell = row.cells.get(Column.MOBILE)   # None: empty cell, or no such column (see sheet.columns)
            if cell is not None and cell.kind is Kind.ERROR: ...      # cell.reference is the place, "C7"
    except SheetRefused as refused:               # may also come in the middle of the rows
        refused.code, refused.sentence            # for programs, and for the administrator in Korean (see SENTENCES)

Texts of cells are raw: clean them with `bizcall.texts.clean`, and read telephone numbers with
`bizcall.phones.recover(cell.text, stored_as_number=cell.kind is Kind.NUMBER)`. A row of the form nobody filled in
still has its NUMBER cell. Reading is plain computing: on an event loop, run it in a thread.

Writing: `make_form(lines, departments)` is the form; `refused_workbook(rows, departments)` has the form's layout with
bad cells marked and their reasons beside, and is read again by `read_sheet`; `result_workbook(rows)` tells the outcome
of every row. Each answers the bytes of an .xlsx file. Exports have two ways of their own: `streaming`, for millions of
rows, and `charted`, for tables with a chart.
"""

from __future__ import annotations

from bizcall.sheets.cells import Cell, Kind, Sheet, SheetRow
from bizcall.sheets.columns import REQUIRED, Column
from bizcall.sheets.limits import Limits
from bizcall.sheets.outgoing import FormLine, RefusedRow, ResultRow
from bizcall.sheets.reader import read_sheet
from bizcall.sheets.refusals import SENTENCES, Refusal, Sentence, SheetRefused
from bizcall.sheets.writing import make_form, refused_workbook, result_workbook

__all__ = [
    "REQUIRED",
    "SENTENCES",
    "Cell",
    "Column",
    "FormLine",
    "Kind",
    "Limits",
    "Refusal",
    "RefusedRow",
    "ResultRow",
    "Sentence",
    "Sheet",
    "SheetRefused",
    "SheetRow",
    "make_form",
    "read_sheet",
    "refused_workbook",
    "result_workbook",
]
