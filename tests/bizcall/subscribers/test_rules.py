"""The rules for a person's fields (IN-01, IN-02)."""

from __future__ import annotations

from typing import Any

import pytest

from bizcall.errors import ErrorCode
from bizcall.subscribers import Person, Problems, clean

PLAIN: dict[str, Any] = {
    "name": "김하나",
    "position": "",
    "mobile": None,
    "email": None,
    "rid_enabled": False,
    "app_enabled": False,
    "rid": None,
}


def person(**values: Any) -> Person:
    found = clean(**(PLAIN | values))
    assert isinstance(found, Person), found
    return found


def problems(**values: Any) -> list[tuple[ErrorCode, tuple[str, ...], dict[str, str]]]:
    found = clean(**(PLAIN | values))
    assert not isinstance(found, Person), found
    return [(problem.code, problem.field, dict(problem.params)) for problem in found]


def test_IN_01_texts_are_trimmed_composed_and_stripped_of_what_nobody_sees() -> None:
    found = person(name="  \u1100\u1175\u11b7\u200b  하나 ", position="\tＴＦ 팀장\n")
    assert (found.name, found.position) == ("김 하나", "TF 팀장")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("010-1234-5678", "01012345678"),
        (" 010 1234 5678 ", "01012345678"),
        ("+82 10-1234-5678", "01012345678"),
        ("０１０１２３４５６７８", "01012345678"),
        ("011-234-5678", "0112345678"),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_IN_01_a_mobile_number_is_normalised(typed: str | None, stored: str | None) -> None:
    assert person(mobile=typed).mobile == stored


@pytest.mark.parametrize(
    "typed", ["02-123-4567", "07012345678", "010-1234", "1012345678", "0101234567890", "김하나", "-"]
)
def test_IN_01_what_is_no_mobile_number_is_refused(typed: str) -> None:
    assert problems(mobile=typed) == [(ErrorCode.INVALID_FORMAT, ("mobile",), {})]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Hana.Kim+x@Example.COM", "Hana.Kim+x@example.com"),
        (" hana@example.com ", "hana@example.com"),
        ("hana@회사.한국", "hana@회사.한국"),
        ("o'hara@example.com", "o'hara@example.com"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
        ("", None),
        (None, None),
    ],
)
def test_IN_01_an_address_keeps_its_local_part_and_gets_a_normal_domain(typed: str | None, stored: str | None) -> None:
    assert person(email=typed).email == stored


@pytest.mark.parametrize(
    "typed",
    [
        "hana",
        "hana@",
        "@example.com",
        "hana@example",
        "hana@-example.com",
        "hana@example..com",
        "ha..na@example.com",
        ".hana@example.com",
        "hana@exa mple.com",
        "하나@example.com",
        "hana@a@example.com",
        '"a b"@example.com',
        "hana@[127.0.0.1]",
        "hana@host.local",
        f"{'a' * 65}@example.com",
    ],
)
def test_IN_01_what_mail_cannot_reach_is_refused(typed: str) -> None:
    assert problems(email=typed) == [(ErrorCode.INVALID_FORMAT, ("email",), {})]


def test_IN_01_an_address_is_bounded() -> None:
    assert problems(email=f"a@{'b' * 250}.com") == [(ErrorCode.TOO_LONG, ("email",), {"maximum": "254"})]


def test_IN_02_a_rid_is_switched_on_only_where_the_line_has_one() -> None:
    assert person(rid_enabled=True, rid="07012345678").rid_enabled is True
    assert person(rid_enabled=False).rid_enabled is False
    assert problems(rid_enabled=True) == [(ErrorCode.NO_RID, ("ridEnabled",), {})]


def test_every_problem_of_a_row_is_told_in_the_order_of_the_columns() -> None:
    found: Person | Problems = clean(
        name=" \u200b", position="x" * 51, mobile="x", email="x", rid_enabled=True, app_enabled=True, rid=None
    )
    assert isinstance(found, tuple)
    assert [(problem.code, problem.field[0]) for problem in found] == [
        (ErrorCode.REQUIRED, "name"),
        (ErrorCode.TOO_LONG, "position"),
        (ErrorCode.INVALID_FORMAT, "mobile"),
        (ErrorCode.INVALID_FORMAT, "email"),
        (ErrorCode.NO_RID, "ridEnabled"),
    ]


def test_a_name_has_one_to_fifty_characters() -> None:
    assert person(name="가" * 50).name == "가" * 50
    assert problems(name="가" * 51) == [(ErrorCode.TOO_LONG, ("name",), {"maximum": "50"})]
    assert problems(name=None) == [(ErrorCode.REQUIRED, ("name",), {})]
