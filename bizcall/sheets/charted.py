"""A table of numbers with a chart of Excel's own, made by openpyxl; for up to some ten thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from bizcall.sheets.layout import Cells, begin_sheet, saved

_WIDTH, _HEIGHT = 28, 14
"""Centimetres of the chart."""


@dataclass(frozen=True)
class Charted:
    """A sheet: headers, and rows of texts and numbers. The chart stacks `series` columns of numbers (from, to)."""

    name: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str | int]]
    series: tuple[int, int] | None = None


def charted_workbook(sheets: Sequence[Charted], told: Sequence[tuple[str, str]], *, told_name: str) -> bytes:
    """The file; its last sheet is a table of two columns that tells what it is. Columns count from 1."""
    book = Workbook(write_only=True)
    for each in sheets:
        sheet = begin_sheet(book, each.name, [max(12, 2 * len(header)) for header in each.headers])
        cells = Cells(sheet)
        sheet.append(cells.header(each.headers))
        for row in each.rows:
            sheet.append([cells.text(value) if isinstance(value, str) else value for value in row])
        if each.series is not None and each.rows:
            sheet.add_chart(_chart(sheet, each, *each.series), f"B{len(each.rows) + 4}")
    sheet = begin_sheet(book, told_name, [18, 80])
    cells = Cells(sheet)
    for label, text in told:
        sheet.append([*cells.header([label]), cells.text(text)])
    return saved(book)


def _chart(sheet: Worksheet, charted: Charted, first: int, last: int) -> BarChart:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    chart.title, chart.width, chart.height = charted.name, _WIDTH, _HEIGHT
    # Without this Excel draws no labels at the axes of a chart that openpyxl made.
    chart.x_axis.delete = chart.y_axis.delete = False
    rows = len(charted.rows) + 1
    chart.add_data(Reference(sheet, min_col=first, max_col=last, min_row=1, max_row=rows), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=rows))
    return chart
