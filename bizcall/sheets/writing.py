"""The functions that make our workbooks.

openpyxl and XlsxWriter are imported when a workbook is written, not when one is read: openpyxl alone takes a quarter
of a second and 10 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bizcall.sheets.outgoing import FormLine, RefusedRow, ResultRow


def make_form(lines: Sequence[FormLine], departments: Sequence[str]) -> bytes:
    """The .xlsx to fill in: one row per line in the given order, departments as a drop-down in the given order.

    The number is text and locked, all other cells of the rows are open; lines without a RID offer only OFF.
    """
    from bizcall.sheets.form import form_file

    return form_file(lines, departments)


def refused_workbook(rows: Iterable[RefusedRow], departments: Sequence[str]) -> bytes:
    """The refused rows in the form's layout, bad cells filled red, their reasons in a last column "사유".

    Nothing is locked: a wrong number must be mendable too. `read_sheet` reads it and takes no notice of the reasons.
    """
    from bizcall.sheets.refused import refused_file

    return refused_file(rows, departments)


def result_workbook(rows: Iterable[ResultRow]) -> bytes:
    """Every row with its place, "결과" and "사유" before the form's own columns."""
    from bizcall.sheets.refused import result_file

    return result_file(rows)
