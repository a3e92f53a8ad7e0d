"""The workbook that all measurements read: the form as people fill it in and Excel saves it."""

from __future__ import annotations

from pathlib import Path

DEPARTMENTS = ("경영지원팀", "영업팀", "개발팀", "고객지원팀")


def numbers(rows: int) -> list[str]:
    """As many 070 numbers."""
    return [f"070{80_000_000 + row}" for row in range(rows)]


def made_sheet(path: Path, rows: int) -> None:
    """Save a sheet in which every row names somebody, with as many different numbers and addresses as there are rows.

    Telephone numbers have hyphens, as the form has them.
    """
    import xlsxwriter

    from bizcall.phones import formatted
    from bizcall.sheets import Column

    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("사용자 등록")
    sheet.write_row(0, 0, [column.label for column in Column])
    for row, number in enumerate(numbers(rows)):
        person = (f"김{row % 3000}", DEPARTMENTS[row % 4], ("사원", "대리", "과장")[row % 3])
        contacts = (formatted(f"010{20_000_000 + row}"), f"user{row}@example.co.kr")
        sheet.write_row(row + 1, 0, (formatted(number), *person, *contacts, "OFF", "ON"))
    book.close()
