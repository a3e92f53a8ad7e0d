"""The workbooks that answer an upload."""

from __future__ import annotations

import io

from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bizcall.sheets import Column, RefusedRow, ResultRow, read_sheet, refused_workbook, result_workbook
from bizcall.texts import clean

_ROW = RefusedRow(
    {Column.NUMBER: "070-8000-1010", Column.NAME: "=1+1", Column.MOBILE: "7.0E+10", Column.EMAIL: "#N/A"},
    {Column.MOBILE: "숫자가 손상되었습니다.", None: "등록할 수 없는 행입니다."},
)


def test_BK_02_refused_rows_can_be_uploaded_again() -> None:
    sheet = read_sheet(refused_workbook([_ROW, _ROW], ["영업팀"]))
    rows = list(sheet.rows)
    assert sheet.ignored == ("사유",)
    assert [row.number for row in rows] == [2, 3]
    assert {column: cell.text for column, cell in rows[0].cells.items()} == _ROW.values


def test_BK_02_bad_cells_are_marked_and_their_reasons_stand_beside() -> None:
    sheet = load_workbook(io.BytesIO(refused_workbook([_ROW], ["영업팀"])))["사용자 등록"]
    filled = {cell.coordinate for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert filled == {"E2", "I2"}
    assert sheet["I2"].value == "등록할 수 없는 행입니다. / 휴대폰 번호: 숫자가 손상되었습니다."


def test_BK_02_results_tell_the_outcome_of_every_row() -> None:
    book = result_workbook([ResultRow(2, _ROW.values, "등록"), ResultRow(5, {}, "거부", "없는 번호입니다.")])
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert [[cell.value for cell in row[:4]] for row in sheet.iter_rows()] == [
        ["행", "결과", "사유", "가입 전화번호"],
        ["2", "등록", None, "070-8000-1010"],
        ["5", "거부", "없는 번호입니다.", None],
    ]


@settings(max_examples=60, deadline=None)
@example("_x0041_ _x005F_")
@given(st.text(st.characters(exclude_characters="\v\f"), max_size=40))
def test_X1_any_text_comes_back_as_text(text: str) -> None:
    row = RefusedRow({Column.NUMBER: "1", Column.NAME: text}, {Column.NAME: text})
    (read,) = read_sheet(refused_workbook([row], [])).rows
    cell = read.cells.get(Column.NAME)
    assert clean(cell.text if cell else "").text == clean(text).text
