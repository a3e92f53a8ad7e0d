"""The files of the zoo that openpyxl makes: `python -m tests.data.make.by_openpyxl`."""

from __future__ import annotations

import datetime
import unicodedata
from pathlib import Path

from openpyxl import Workbook, load_workbook

from bizcall.sheets import FormLine, make_form
from tests.data.make.people import DEPARTMENTS, LABELS, NUMBERS, ROWS, target


def book(rows=ROWS, labels=LABELS, first_row=1):
    made = Workbook()
    sheet = made.active
    sheet.title = "사용자 등록"
    for at, values in enumerate((labels, *rows), start=first_row):
        for column, value in enumerate(values, start=1):
            sheet.cell(at, column, value)
    return made


def changed(**changes):
    """The first row with some of its values replaced, then the second row."""
    names = ("number", "name", "department", "position", "mobile", "email", "rid", "app")
    first = [changes.get(name, value) for name, value in zip(names, ROWS[0], strict=True)]
    return [tuple(first), ROWS[1]]


def plain():
    book().save(target("plain.xlsx"))


def forms():
    lines = [FormLine(number, "0215441000" if at % 3 == 0 else None) for at, number in enumerate(NUMBERS[10:])]
    form = make_form(lines, DEPARTMENTS)
    Path(target("form_empty.xlsx")).write_bytes(form)
    filled = load_workbook(target("form_empty.xlsx"))
    sheet = filled["사용자 등록"]
    for at, values in enumerate(ROWS, start=2):
        for column, value in enumerate(values[1:], start=2):
            sheet.cell(at, column).value = value
    filled.save(target("form_filled.xlsx"))


def damage():
    book(changed(number=7080001010, mobile=1023456701)).save(target("lost_zeros.xlsx"))
    book(changed(mobile="1.02E+09", number="7.08E+10")).save(target("exponents.xlsx"))
    book(
        changed(mobile="０１０－２３４５－６７０１", name="　김민준 ", email="ｍｉｎｊｕｎ＠ｅｘａｍｐｌｅ．ｃｏｍ")
    ).save(target("full_width.xlsx"))
    decomposed = unicodedata.normalize("NFD", "김민준")
    book(changed(name=decomposed, department=unicodedata.normalize("NFD", "영업팀"))).save(target("nfd.xlsx"))
    book(changed(name="김\u200b민준\ufeff", department="영업팀\u00a0", mobile="010\u00a02345\u00a06701")).save(
        target("invisible.xlsx")
    )
    moment = datetime.datetime(2026, 3, 4, 5, 6)  # noqa: DTZ001  (cells of Excel know no time zone)
    book(changed(department=datetime.date(2026, 1, 2), position=moment)).save(target("dates.xlsx"))
    book(changed(name="김" * 1200)).save(target("long_text.xlsx"))
    book(changed(name='=HYPERLINK("http://x","y")', position="=1+1")).save(target("formulas_uncached.xlsx"))


def layouts():
    shifted = book(first_row=4)
    shifted.active["A1"] = "2026년 직원 명단"
    shifted.active["A2"] = "작성자: 총무"
    shifted.save(target("header_shifted.xlsx"))
    order = (4, 1, 0, 2, 5, 3, 7, 6)
    book([[row[at] for at in order] for row in ROWS], [LABELS[at] for at in order]).save(
        target("header_reordered.xlsx")
    )
    aliases = ("회사 전화번호 *", "성 명", "부서명\n(선택)", "직급", "핸드폰", "E-mail", "RID", "앱")
    book(labels=aliases).save(target("header_aliases.xlsx"))
    book([row[:1] + row[2:] for row in ROWS], LABELS[:1] + LABELS[2:]).save(target("header_missing.xlsx"))
    book(labels=(*LABELS[:3], "이름", *LABELS[4:])).save(target("header_duplicate.xlsx"))
    book(labels=("가", "나", "다", "라", "마", "바", "사", "아")).save(target("header_absent.xlsx"))
    book([]).save(target("no_rows.xlsx"))
    gaps = [ROWS[0], [None] * 8, ["", " "], ROWS[1], *[[None] * 8] * 5, ROWS[2]]
    book(gaps).save(target("blank_rows.xlsx"))
    merged = book()
    merged.active["C3"] = None
    merged.active.merge_cells("C2:C3")
    merged.save(target("merged.xlsx"))
    hidden = book()
    hidden.active.row_dimensions[3].hidden = True
    hidden.save(target("hidden_rows.xlsx"))
    sheets = book()
    sheets.active.sheet_state = "hidden"
    sheets.create_sheet("메모")["A1"] = "참고"
    visible = sheets.create_sheet("명단")
    for row in (LABELS, *ROWS[:2]):
        visible.append(row)
    sheets.active = 2
    sheets.save(target("hidden_sheet.xlsx"))


def many_rows():
    made = Workbook(write_only=True)
    sheet = made.create_sheet("사용자 등록")
    sheet.append(LABELS[:2])
    for _ in range(20_001):
        sheet.append(("070-8000-1010", "김민준"))
    made.save(target("rows_20001.xlsx"))


if __name__ == "__main__":
    for make in (plain, forms, damage, layouts, many_rows):
        make()
