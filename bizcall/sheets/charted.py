"""A table of numbers with a chart of Excel's own, made by openpyxl; for up to some ten thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import NumFmt
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bizcall.sheets.layout import Cells, begin_sheet, saved

_WIDTH, _HEIGHT = 28, 14
"""Centimetres of the chart."""


@dataclass(frozen=True)
class Charted:
    """A sheet: headers, and rows of texts, numbers and moments of Korea's clocks, which are shown as `moments` says.

    The chart stacks `series` columns of numbers (from, to) over the first column.
    """

    name: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str | int | datetime]]
    moments: str
    series: tuple[int, int] | None = None


def charted_workbook(sheets: Sequence[Charted], told: Sequence[tuple[str, str]], *, told_name: str) -> bytes:
    """The file; its last sheet is a table of two columns that tells what it is. Columns count from 1."""
    book = Workbook(write_only=True)
    for each in sheets:
        sheet = begin_sheet(book, each.name, _widths(each))
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(each.headers))}{len(each.rows) + 1}"
        cells = Cells(sheet)
        sheet.append(cells.header(each.headers))
        for row in each.rows:
            sheet.append([_cell(cells, value, each.moments) for value in row])
        if each.series is not None and each.rows:
            sheet.add_chart(_chart(sheet, each, *each.series), f"B{len(each.rows) + 4}")
    sheet = begin_sheet(book, told_name, [18, 80])
    cells = Cells(sheet)
    for label, text in told:
        sheet.append([*cells.header([label]), cells.text(text)])
    return saved(book)


def _widths(charted: Charted) -> list[int]:
    widths = [max(12, 2 * len(header)) for header in charted.headers]
    for place, value in enumerate(charted.rows[0] if charted.rows else ()):
        if isinstance(value, datetime):
            # Excel shows crosses instead of a moment that is wider than its column.
            widths[place] = max(widths[place], len(charted.moments) + 2)
    return widths


def _cell(cells: Cells, value: str | int | datetime, moments: str) -> Cell | int:
    if isinstance(value, int):
        return value
    return cells.text(value) if isinstance(value, str) else cells.moment(value, moments)


def _chart(sheet: Worksheet, charted: Charted, first: int, last: int) -> BarChart:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    chart.title, chart.width, chart.height = charted.name, _WIDTH, _HEIGHT
    # Without this Excel draws no labels at the axes of a chart that openpyxl made.
    chart.x_axis.delete = chart.y_axis.delete = False
    # Categories, each with its label: an axis of dates knows no hours, and has room for days that were not asked for.
    chart.x_axis.auto = False
    chart.x_axis.numFmt = NumFmt(charted.moments, sourceLinked=False)
    rows = len(charted.rows) + 1
    chart.add_data(Reference(sheet, min_col=first, max_col=last, min_row=1, max_row=rows), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=rows))
    return chart
