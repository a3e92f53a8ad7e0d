"""Headers as people write them."""

from __future__ import annotations

import pytest

from bizcall.sheets.columns import Column, column_names, read_header, recognise


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("가입 전화번호", Column.NUMBER),
        (" 가입\n전화번호 * ", Column.NUMBER),
        ("사용자 명", Column.NAME),
        ("이름(필수)", Column.NAME),
        ("성　명", Column.NAME),
        ("부서명", Column.DEPARTMENT),
        ("직급", Column.POSITION),
        ("핸드폰", Column.MOBILE),
        ("휴대폰번호", Column.MOBILE),
        ("E-mail", Column.EMAIL),
        ("Ｅ－ＭＡＩＬ", Column.EMAIL),
        ("메일", Column.EMAIL),
        ("RID 사용", Column.RID),
        ("앱사용 여부", Column.APP),
        ("사유", None),
        ("", None),
    ],
)
def test_BK_03_headers_are_recognised(header: str, column: Column | None) -> None:
    assert recognise(header) is column


def test_BK_03_every_label_names_its_own_column() -> None:
    assert [recognise(column.label) for column in Column] == list(Column)


def test_BK_03_a_header_row_tells_what_is_missing_and_repeated() -> None:
    header = read_header({"A": "이름", "C": "성명", "D": "비고"})
    assert header.missing == [Column.NUMBER]
    assert header.repeated == {Column.NAME: ["A", "C"]}
    assert header.ignored == ["비고"]
    assert not header.plausible


def test_column_letters_count_as_excel_does() -> None:
    names = column_names(16_384)
    assert (names[0], names[25], names[26], names[49], names[701], names[702]) == ("A", "Z", "AA", "AX", "ZZ", "AAA")
    assert (len(names), names[-1]) == (16_384, "XFD")
