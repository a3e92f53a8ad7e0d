"""How the workbooks that we write look: colours, widths, drop-downs, what cells can hold; and openpyxl's part."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from bizcall.sheets.columns import Column, column_names

SHEET = "사용자 등록"
LISTS = "목록"
ON_OFF = ("ON", "OFF")
WIDTHS: Mapping[Column, int] = {
    Column.NUMBER: 18,
    Column.NAME: 16,
    Column.DEPARTMENT: 20,
    Column.POSITION: 14,
    Column.MOBILE: 18,
    Column.EMAIL: 32,
    Column.RID: 11,
    Column.APP: 11,
}

BORDER = "BFBFBF"
PICK_FROM_LIST = "목록에 있는 값을 선택해 주세요."

_THIN = Side(style="thin", color=f"FF{BORDER}")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_CELL_LIMIT = 32_767
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# Excel reads `_x0041_` as a character; openpyxl would write it as it is.
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class Look(Enum):
    """How a cell looks and whether a protected sheet lets it be changed."""

    OPEN = "open"
    LOCKED = "locked"
    BAD = "bad"
    HEADER = "header"


FILLS = {Look.LOCKED: "F2F2F2", Look.BAD: "FFC7CE", Look.HEADER: "D9E1F2"}


def writable(text: str) -> str:
    """The text without what no workbook can hold, cut where a cell ends."""
    return _UNWRITABLE.sub("", text)[:_CELL_LIMIT]


class Cells:
    """Makes the cells of one sheet; each look is worked out once, since openpyxl takes most of its time for that."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._looks = {look: _styled(WriteOnlyCell(sheet), look) for look in Look}
        self._moments: dict[tuple[datetime, str], Cell] = {}

    def text(self, text: str, look: Look = Look.OPEN) -> Cell:
        """A cell that holds `text` as text: never a formula, a number or a date, whatever it looks like."""
        written = _LOOKS_ESCAPED.sub("_x005F_", writable(text))[:_CELL_LIMIT]
        cell = WriteOnlyCell(self._sheet, value=written or None)
        if written:
            # openpyxl takes "=1+1" for a formula and "#N/A" for an error; both are words that somebody typed.
            cell.data_type = "s"
        # One style object for all: openpyxl has no public way to share one, and its type stubs leave this one out.
        cell._style = self._looks[look]._style  # type: ignore[attr-defined]
        return cell

    def moment(self, at: datetime, shown: str) -> Cell:
        """A cell that holds a moment of Korea's clocks, without a zone, as a date of Excel's; `shown` is its format.

        The same moment gets the same cell: it may stand in many rows.
        """
        if (at, shown) not in self._moments:
            cell = WriteOnlyCell(self._sheet, value=at)
            cell.number_format, cell.border = shown, _BOX
            self._moments[at, shown] = cell
        return self._moments[at, shown]

    def header(self, labels: Sequence[str]) -> list[Cell]:
        """The cells of the header row."""
        return [self.text(label, Look.HEADER) for label in labels]


def _styled(cell: Cell, look: Look) -> Cell:
    cell.number_format = "@"
    cell.border = _BOX
    cell.protection = Protection(locked=look in (Look.LOCKED, Look.HEADER))
    if look is Look.HEADER:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center")
    if look is not Look.OPEN:
        cell.fill = PatternFill("solid", fgColor=f"FF{FILLS[look]}")
    return cell


def begin_sheet(book: Workbook, title: str, widths: Sequence[int]) -> Worksheet:
    """A sheet with a frozen header row and column widths in characters."""
    sheet: Worksheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for letters, width in zip(column_names(len(widths)), widths, strict=True):
        sheet.column_dimensions[letters].width = width
    return sheet


def add_lists(book: Workbook, departments: Sequence[str]) -> None:
    """A hidden sheet that holds the entries of the drop-downs; a list inside a validation ends at 255 characters."""
    sheet: Worksheet = book.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    cells = Cells(sheet)
    for department in departments:
        sheet.append([cells.text(department)])


def choices(departments: int) -> list[tuple[str | list[str], Column]]:
    """Which columns are picked from a list: the entries, or the cells of the hidden sheet that hold them."""
    named: list[tuple[str | list[str], Column]] = []
    if departments:
        named.append((f"={LISTS}!$A$1:$A${departments}", Column.DEPARTMENT))
    return named + [(list(ON_OFF), column) for column in (Column.RID, Column.APP)]


def drop_downs(departments: int, rows: int, columns: Mapping[Column, str]) -> list[DataValidation]:
    """Validations for `rows` rows under the header: departments from the hidden sheet, ON or OFF for the switches."""
    validations = []
    for entries, column in choices(departments):
        formula = entries.removeprefix("=") if isinstance(entries, str) else f'"{",".join(entries)}"'
        validation = DataValidation(
            type="list",
            formula1=formula,
            allow_blank=True,
            showErrorMessage=True,
            errorTitle=column.label,
            error=PICK_FROM_LIST,
        )
        validation.add(f"{columns[column]}2:{columns[column]}{rows + 1}")
        validations.append(validation)
    return validations


def protect(sheet: Worksheet) -> None:
    """Lock the locked cells, without a password; looks may still be changed and rows sorted or filtered."""
    protection = sheet.protection
    protection.sheet = True
    protection.formatCells = False
    protection.formatColumns = False
    protection.formatRows = False
    protection.sort = False
    protection.autoFilter = False


def saved(book: Workbook) -> bytes:
    """The workbook's file."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
