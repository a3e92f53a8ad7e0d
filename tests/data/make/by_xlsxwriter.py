"""The files of the zoo that XlsxWriter makes, with shared strings as Excel does.

Run by `python -m tests.data.make.by_xlsxwriter`.
"""

from __future__ import annotations

import xlsxwriter

from tests.data.make.people import LABELS, ROWS, target


def begin(name, labels=LABELS, **options):
    book = xlsxwriter.Workbook(target(name), options)
    sheet = book.add_worksheet("사용자 등록")
    sheet.write_row(0, 0, labels)
    return book, sheet


def shared_strings():
    book, sheet = begin("shared_strings.xlsx")
    for at, row in enumerate(ROWS, start=1):
        sheet.write_row(at, 0, row)
    sheet.write_rich_string("B2", book.add_format({"bold": True}), "김", "민준")
    book.close()


def formulas_cached():
    book, sheet = begin("formulas_cached.xlsx")
    sheet.write_row(1, 0, ROWS[0])
    sheet.write_formula("B2", '=CONCATENATE("김","민준")', None, "김민준")
    sheet.write_formula("A2", "=7080001000+10", None, 7080001010)
    sheet.write_formula("G2", "=1=1", None, True)
    book.close()


def errors():
    book, sheet = begin("error_cells.xlsx")
    sheet.write_row(1, 0, ROWS[0])
    sheet.write_formula("C2", "=VLOOKUP(1,A1:B2,2,0)", None, "#N/A")
    sheet.write_formula("E2", "=Z99", None, "#REF!")
    sheet.write_boolean("H2", True)
    book.close()


def number_formats():
    """Numbers that Excel shows with their zero: the zero is in the format only."""
    book, sheet = begin("number_formats.xlsx")
    sheet.write_row(1, 0, ROWS[0])
    sheet.write_number("A2", 7080001010, book.add_format({"num_format": "00000000000"}))
    sheet.write_number("E2", 1023456701, book.add_format({"num_format": "0##-####-####"}))
    sheet.write_number("D2", 46024, book.add_format({"num_format": "yyyy년 mm월 dd일"}))
    book.close()


def formatted_tail():
    """Cells below the data that carry nothing but a border, and a reason column from an earlier answer."""
    book, sheet = begin("formatted_tail.xlsx", (*LABELS, "사유"))
    border = book.add_format({"border": 1})
    for at, row in enumerate(ROWS, start=1):
        sheet.write_row(at, 0, (*row, "휴대폰 번호: 없는 번호입니다."))
    for at in range(6, 3000):
        for column in range(8):
            sheet.write_blank(at, column, None, border)
    book.close()


def escapes():
    book, sheet = begin("escapes.xlsx")
    sheet.write_row(1, 0, ROWS[0])
    sheet.write_string("B2", "김\x01민준")
    sheet.write_string("D2", "_x0041_")
    sheet.write_string("C2", "  영업팀\n")
    book.close()


def wide():
    book, sheet = begin("far_cell.xlsx")
    sheet.write_row(1, 0, ROWS[0])
    sheet.write_string("XFD1048576", "x")
    book.close()


if __name__ == "__main__":
    for make in (shared_strings, formulas_cached, errors, number_formats, formatted_tail, escapes, wide):
        make()
