"""The columns of the form (BK-01) and how their headers are recognised in files that people have changed (BK-03)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bizcall import texts


class Column(StrEnum):
    """A column of the form, in the form's order."""

    NUMBER = "NUMBER"
    NAME = "NAME"
    DEPARTMENT = "DEPARTMENT"
    POSITION = "POSITION"
    MOBILE = "MOBILE"
    EMAIL = "EMAIL"
    RID = "RID"
    APP = "APP"

    # Enum's own hash is written in Python and would be called for every cell.
    __hash__ = str.__hash__

    @property
    def label(self) -> str:
        """The header in the form, in Korean."""
        return _LABELS[self]


_LABELS = {
    Column.NUMBER: "가입 전화번호",
    Column.NAME: "사용자명",
    Column.DEPARTMENT: "부서",
    Column.POSITION: "직책",
    Column.MOBILE: "휴대폰 번호",
    Column.EMAIL: "이메일",
    Column.RID: "RID 사용",
    Column.APP: "앱 사용",
}

REQUIRED = (Column.NUMBER, Column.NAME)
"""Without these a sheet is no list of users; every other column may be left out."""

REASON_LABEL = "사유"
OUTCOME_LABEL = "결과"

_ALIASES: Mapping[Column, Sequence[str]] = {
    Column.NUMBER: (
        "가입전화",
        "가입번호",
        "회사전화번호",
        "회사번호",
        "사무실번호",
        "사무실전화번호",
        "070번호",
        "내선번호",
    ),
    Column.NAME: ("이름", "성명", "성함", "사용자", "사용자이름", "실사용자", "실사용자명", "직원명", "name"),
    Column.DEPARTMENT: ("부서명", "소속", "소속부서", "팀", "팀명", "department", "dept"),
    Column.POSITION: ("직급", "직위", "직함", "position", "title"),
    Column.MOBILE: (
        "휴대폰",
        "휴대전화",
        "휴대전화번호",
        "핸드폰",
        "핸드폰번호",
        "모바일",
        "연락처",
        "mobile",
        "cellphone",
    ),
    Column.EMAIL: ("메일", "메일주소", "이메일주소", "전자우편", "email", "emailaddress"),
    Column.RID: ("rid", "rid사용여부", "대표발신번호", "대표발신번호사용"),
    Column.APP: ("앱", "앱사용여부", "app", "app사용", "app사용여부"),
}

# What people add to a header without changing its meaning: remarks in brackets, stars, colons, blanks of every kind.
_REMARK = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_ORNAMENT = re.compile(r"[\s*:·._\-/※✱＊]+")


def _key(header: str) -> str:
    return _ORNAMENT.sub("", _REMARK.sub("", texts.clean(header).text)).lower()


_BY_KEY = {_key(name): column for column in Column for name in (column.label, *_ALIASES[column])}


def recognise(header: str) -> Column | None:
    """The column that a header means, or None; case, blanks, line breaks, stars and bracketed remarks don't matter."""
    return _BY_KEY.get(_key(header))


@dataclass(frozen=True)
class HeaderRow:
    """What a row says when it is read as a header; `places` are column letters in the order of the sheet."""

    places: Mapping[Column, Sequence[str]]
    ignored: Sequence[str]

    @property
    def plausible(self) -> bool:
        """A row that names two columns is meant as the header; one match alone may be a title or a value."""
        return len(self.places) > 1

    @property
    def missing(self) -> Sequence[Column]:
        """Required columns that the row doesn't name."""
        return [column for column in REQUIRED if column not in self.places]

    @property
    def repeated(self) -> Mapping[Column, Sequence[str]]:
        """Columns that the row names more than once, with their letters."""
        return {column: letters for column, letters in self.places.items() if len(letters) > 1}


def read_header(cells: Mapping[str, str]) -> HeaderRow:
    """Read a row as a header; `cells` maps column letters to raw texts, in the order of the sheet."""
    places: dict[Column, list[str]] = {}
    ignored = []
    for letters, text in cells.items():
        column = recognise(text)
        if column is not None:
            places.setdefault(column, []).append(letters)
        elif label := texts.clean(text).text:
            ignored.append(label)
    return HeaderRow(places, ignored)


def column_names(count: int) -> list[str]:
    """The letters of the first columns: A, B, … Z, AA, …"""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names = list(alphabet)
    at = 0
    while len(names) < count:
        names.extend(names[at] + letter for letter in alphabet)
        at += 1
    return names[:count]
