"""The form (BK-01): what openpyxl and LibreOffice find in it."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bizcall.sheets import Column, FormLine, make_form, read_sheet

_LINES = [FormLine(f"0708000{number}", "0215441000" if number % 2 else None) for number in range(1000, 1030)]
_DEPARTMENTS = ["경영지원팀", "영업팀", "=1+1", "@SUM(A1)", *(f"아주 긴 이름의 부서 {at}" for at in range(60))]


@pytest.fixture(scope="module")
def form() -> bytes:
    return make_form(_LINES, _DEPARTMENTS)


def test_BK_01_numbers_are_locked_text_and_everything_else_is_open(form: bytes) -> None:
    sheet = load_workbook(io.BytesIO(form))["사용자 등록"]
    assert sheet.protection.sheet
    assert sheet.freeze_panes == "A2"
    for row in sheet.iter_rows(min_row=2, max_row=31, max_col=8):
        number, *others = row
        assert number.data_type == "s"
        assert number.protection.locked
        assert not any(cell.protection.locked for cell in others)
        assert all(cell.number_format == "@" for cell in row)
    assert sheet["A2"].value == "070-8000-1000"


def test_BK_01_header_is_recognised_and_every_line_is_there(form: bytes) -> None:
    sheet = read_sheet(form)
    assert list(sheet.columns) == list(Column)
    assert [row.cells[Column.NUMBER].text for row in sheet.rows] == [f"070-8000-{at}" for at in range(1000, 1030)]


def test_BK_01_drop_downs_offer_all_departments_and_on_off(form: bytes) -> None:
    book = load_workbook(io.BytesIO(form))
    choices = {str(validation.sqref): validation for validation in book["사용자 등록"].data_validations.dataValidation}
    assert choices["C2:C31"].formula1 == "목록!$A$1:$A$64"
    assert choices["H2:H31"].formula1 == '"ON,OFF"'
    assert book["목록"].sheet_state == "hidden"
    assert [cell.value for (cell,) in book["목록"].iter_rows()] == _DEPARTMENTS
    assert "작성 안내" in book.sheetnames


def test_IN_02_lines_without_a_rid_offer_only_off(form: bytes) -> None:
    validations = load_workbook(io.BytesIO(form))["사용자 등록"].data_validations.dataValidation
    offers = {row: choice.formula1 for choice in validations for row in range(2, 32) if f"G{row}" in choice.sqref}
    assert offers == {row: '"OFF"' if row % 2 == 0 else '"ON,OFF"' for row in range(2, 32)}


def test_X1_no_department_becomes_a_formula(form: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "/sheet" in name)


def test_BK_01_a_company_without_lines_or_departments_gets_a_form() -> None:
    assert load_workbook(io.BytesIO(make_form([], [])))["사용자 등록"].max_row == 1


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_BK_01_libreoffice_opens_and_saves_it_unchanged(form: bytes, tmp_path: Path) -> None:
    (tmp_path / "form.xlsx").write_bytes(form)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    kind = ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "saved")]
    subprocess.run(["soffice", profile, "--headless", *kind, str(tmp_path / "form.xlsx")], check=True, timeout=120)
    before, after = load_workbook(io.BytesIO(form)), load_workbook(tmp_path / "saved" / "form.xlsx")
    assert after.sheetnames == before.sheetnames
    for ours, theirs in zip(before, after, strict=True):
        assert theirs.sheet_state == ours.sheet_state
        assert theirs.protection.sheet == ours.protection.sheet
        for cell in (cell for row in ours.iter_rows() for cell in row):
            saved = theirs[cell.coordinate]
            assert (saved.value, saved.data_type if saved.value else None) == (cell.value, "s" if cell.value else None)
            assert saved.protection.locked == cell.protection.locked
    offers = {
        str(choice.formula1).replace("$", "").replace("'", "")
        for choice in after.worksheets[0].data_validations.dataValidation
    }
    assert {'"ON,OFF"', '"OFF"', "목록!A1:A64"} <= offers
