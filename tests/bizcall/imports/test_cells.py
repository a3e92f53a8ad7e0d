"""Cells made canonical, and rows compared with their lines; no database (BK-03, IN-02, IN-03)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall.ids import uuid7
from bizcall.imports import cells, checking
from bizcall.imports.cells import Draft
from bizcall.models.imports import Action
from bizcall.sheets import Cell, Column, Kind, Sheet, SheetRow

LETTERS = dict(zip(Column, "ABCDEFGH", strict=True))
NUMBER = "07012345678"
ON = ["ON", "on", "O", "o", "Y", "yes", "예", "네", "TRUE", "1", "○", "사용", "Ｏ", " ON "]
OFF = ["OFF", "off", "X", "x", "N", "no", "아니오", "아니요", "FALSE", "0", "×", "미사용", "사용 안함"]


def cell(column: Column, text: str, kind: Kind = Kind.TEXT) -> Cell:
    return Cell(kind, text, f"{LETTERS[column]}2")


def row(**texts: str | Cell) -> SheetRow:
    found = {}
    for name, text in {"number": NUMBER, **texts}.items():
        column = Column(name.upper())
        found[column] = text if isinstance(text, Cell) else cell(column, text)
    return SheetRow(2, found, False)


def read(**texts: str | Cell) -> Draft:
    draft = cells.read(row(**texts), LETTERS)
    assert draft is not None
    return draft


def codes(draft: Draft) -> list[str]:
    return [finding.code.value for finding in draft.findings]


def line(**values: Any) -> dict[str, Any]:
    free: dict[str, Any] = dict.fromkeys(["rid", "subscriber_id", "revision", "mobile", "email", "department_id"]) | {
        "id": uuid7(),
        "number": NUMBER,
        "name": "",
        "position": "",
        "rid_enabled": False,
        "app_enabled": False,
    }
    return free | values


def held(**values: Any) -> dict[str, Any]:
    holder = {"subscriber_id": uuid7(), "revision": 3, "name": "홍길동", "mobile": "01011112222", "email": "a@b.kr"}
    return line(**(holder | values))


def checked(
    drafts: list[Draft], *lines: dict[str, Any], columns: Any = LETTERS, departments: Any = None
) -> checking.Checked:
    sheet = Sheet("명단", 1, columns, (), iter(()))
    return checking.check(checking.Reading(sheet, drafts, 0), lines, departments or {})


@pytest.mark.parametrize(("texts", "value"), [(ON, True), (OFF, False)])
def test_BK_03_ON_and_OFF_are_read_in_all_their_spellings(texts: list[str], value: bool) -> None:
    for text in texts:
        draft = read(name="홍", app=text)
        assert draft.app is value, text
        assert codes(draft) in ([], ["SWITCH_READ"])
    assert read(name="홍", app=cell(Column.APP, "TRUE", Kind.BOOLEAN)).app is True


def test_BK_03_what_is_neither_ON_nor_OFF_is_refused() -> None:
    assert codes(read(name="홍", app="아마도")) == ["SWITCH_INVALID"]


def test_BK_03_hyphens_and_spaces_in_numbers_need_no_telling() -> None:
    draft = read(number="070-1234-5678", name="홍", mobile="010 1111 2222")

    assert (draft.line_number, draft.mobile, draft.findings) == (NUMBER, "01011112222", [])


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"number": "없음", "name": "홍"}, "NUMBER_INVALID"),
        ({"number": " ", "name": "홍"}, "NUMBER_MISSING"),
        ({"number": cell(Column.NUMBER, "7.0E+10"), "name": "홍"}, "DIGITS_LOST"),
        ({"number": cell(Column.NUMBER, "70000000000", Kind.DATE), "name": "홍"}, "DATE_FOUND"),
        ({"name": " \u200b", "position": "대리"}, "NAME_MISSING"),
        ({"name": "홍" * 51}, "TOO_LONG"),
        ({"name": cell(Column.NAME, "TRUE", Kind.BOOLEAN)}, "NOT_TEXT"),
        ({"name": cell(Column.NAME, "#N/A", Kind.ERROR)}, "ERROR_CELL"),
        ({"name": cell(Column.NAME, "", Kind.UNCALCULATED)}, "NOT_CALCULATED"),
        ({"name": "홍", "position": "과" * 51}, "TOO_LONG"),
        ({"name": "홍", "mobile": "02-123-4567"}, "MOBILE_INVALID"),
        ({"name": "홍", "mobile": cell(Column.MOBILE, "1.05", Kind.NUMBER)}, "MOBILE_INVALID"),
        ({"name": "홍", "email": "a@b@c"}, "EMAIL_INVALID"),
        ({"name": "홍", "email": "a" * 250 + "@b.kr"}, "TOO_LONG"),
        ({"app": "ON"}, "NAME_MISSING"),
    ],
)
def test_BK_03_what_can_not_be_meant_is_refused_in_its_cell(texts: dict[str, Any], code: str) -> None:
    draft = read(**texts)

    assert draft.bad
    assert codes(draft) == [code]
    assert draft.findings[0].cell.endswith("2")


@pytest.mark.parametrize(
    "texts",
    [{}, {"rid": "OFF", "app": "OFF"}, {"name": " "}, {"number": "※ 위 명단은 대외비입니다"}, {"number": "합계"}],
)
def test_BK_03_a_row_that_names_nobody_is_no_row(texts: dict[str, str]) -> None:
    assert cells.read(row(**texts), LETTERS) is None


def test_BK_03_a_whole_number_may_be_a_name_or_position() -> None:
    draft = read(name=cell(Column.NAME, "7.0", Kind.NUMBER), position=cell(Column.POSITION, "3", Kind.NUMBER))

    assert (draft.name, draft.position, draft.findings) == ("7", "3", [])


def test_BK_03_what_databases_can_not_hold_is_replaced() -> None:
    draft = read(name="홍\0길\ud800동", app="\0\udc00x")

    assert draft.name == "홍길동"
    assert [finding.original for finding in draft.findings] == ["홍\ufffd길?동", "\ufffd?x"]


@given(st.lists(st.tuples(st.sampled_from(Column), st.sampled_from(Kind), st.text(max_size=60))))
def test_BK_03_no_cells_bring_the_reading_down(given_cells: list[tuple[Column, Kind, str]]) -> None:
    found = {column: Cell(kind, text, "A2") for column, kind, text in given_cells}
    draft = cells.read(SheetRow(2, found, False), LETTERS)

    if draft is not None:
        (row,) = checked([draft], line()).rows
        assert row.action in (Action.NEW, Action.REFUSED)
        assert "\0" not in str(row.given)


@pytest.mark.parametrize(
    ("texts", "action"),
    [
        ({"name": "홍길동", "mobile": "010-1111-2222", "email": "a@b.kr"}, Action.UNCHANGED),
        ({"name": "홍길동", "mobile": "010-9999-2222", "email": "z@b.kr"}, Action.CHANGED),
        ({"name": "홍길순", "mobile": "010-1111-2222", "email": "z@b.kr"}, Action.CHANGED),
        ({"name": "홍길순", "email": "A@B.kr"}, Action.CHANGED),
        ({"name": "홍길순", "mobile": "010-9999-2222", "email": "z@b.kr"}, Action.REPLACED),
        ({"name": "홍길순"}, Action.REPLACED),
    ],
)
def test_IN_03_name_and_contacts_both_different_is_a_replacement(texts: dict[str, str], action: Action) -> None:
    (found,) = checked([read(**texts)], holder := held()).rows

    assert found.action is action
    assert (found.subscriber_id, found.revision) == (holder["subscriber_id"], 3)


def test_IN_03_a_column_that_the_sheet_lacks_leaves_what_stands_there() -> None:
    columns = {Column.NUMBER: "A", Column.NAME: "B"}
    department = uuid7()
    holder = held(department_id=department, position="과장", app_enabled=True)

    (same,) = checked([read(name="홍길동")], holder, columns=columns).rows
    (renamed,) = checked([read(name="홍길순")], holder, columns=columns).rows

    assert same.action is Action.UNCHANGED
    assert renamed.action is Action.CHANGED
    kept = (renamed.department_id, renamed.position, renamed.mobile, renamed.email, renamed.app_enabled)
    assert kept == (department, "과장", "01011112222", "a@b.kr", True)


def test_IN_03_an_empty_cell_empties_the_value_but_leaves_the_switch() -> None:
    holder = held(position="과장", app_enabled=True)

    (found,) = checked([read(name="홍길동", email="a@b.kr")], holder).rows

    assert (found.action, found.position, found.mobile, found.app_enabled) == (Action.CHANGED, "", None, True)


def test_IN_02_a_RID_is_switched_on_only_where_there_is_one() -> None:
    without = checked([read(name="홍", rid="ON")], line())
    having = checked([read(name="홍", rid="ON")], line(rid="07000000000"))

    assert [finding.code.value for finding in without.findings] == ["NO_RID"]
    assert without.findings[0].cell == "G2"
    assert having.rows[0].rid_enabled is True


def test_BK_03_a_number_that_two_rows_name_is_refused_in_both() -> None:
    one, two = read(name="홍"), read(name="김")
    two.number = 9
    found = checked([one, two], line())

    assert [row.action for row in found.rows] == [Action.REFUSED, Action.REFUSED]
    assert [finding.params["row"] for finding in found.findings] == ["9", "2"]


@pytest.mark.parametrize(
    ("name", "code", "params"),
    [
        ("영업 팀", "DEPARTMENT_MISSPELT", {"near": "영업팀"}),
        ("영업딤", "DEPARTMENT_MISSPELT", {"near": "영업팀"}),
        ("홍보", "DEPARTMENT_UNKNOWN", {"existing": "영업팀, 개발팀"}),
    ],
)
def test_BK_03_an_unknown_department_is_answered_by_those_that_exist(
    name: str, code: str, params: dict[str, str]
) -> None:
    departments = {"영업팀": uuid7(), "개발팀": uuid7()}
    (finding,) = checked([read(name="홍", department=name)], line(), departments=departments).findings

    assert (finding.code.value, finding.params, finding.cell) == (code, params, "C2")


def test_BK_03_departments_that_are_listed_are_few() -> None:
    departments = {f"부서{chr(0xAC00 + n * 600)}": uuid7() for n in range(12)}
    (finding,) = checked([read(name="홍", department="xyz")], line(), departments=departments).findings

    assert finding.params["existing"].endswith("…")
    assert finding.params["existing"].count(",") == checking.DEPARTMENTS_NAMED


def test_BK_02_a_refused_row_keeps_what_stood_in_it() -> None:
    (found,) = checked([read(name=" 홍 ", mobile="12", position="대리", app="네")], line()).rows

    assert found.given == {
        "NUMBER": "070-1234-5678", "NAME": "홍", "POSITION": "대리", "MOBILE": "12", "APP": "ON"
    }  # fmt: skip
