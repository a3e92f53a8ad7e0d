"""Telephone numbers: the normal form, the form for people, and what is recovered from Excel's damage."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall import phones
from bizcall.phones import Damage, Recovered


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("070-8000-1000", "07080001000"),
        ("070 8000 1000", "07080001000"),
        ("０７０－８０００－１０００", "07080001000"),
        ("+82 70-8000-1000", "07080001000"),
        ("+82 (0)10 1234 5678", "01012345678"),
        ("82-10-1234-5678", "01012345678"),
        ("010.1234.5678", "01012345678"),
        ("010–1234—5678", "01012345678"),
        ("010ㅡ1234ㅡ5678", "01012345678"),
        ("02) 123-4567", "021234567"),
        ("02-1234-5678", "0212345678"),
        ("031-123-4567", "0311234567"),
        ("1544-0001", "15440001"),
        ("\u200b010-1234-5678\u00a0", "01012345678"),
    ],
)
def test_BK_03_a_number_is_accepted_however_it_is_written(text: str, number: str) -> None:
    assert phones.normalise(text) == number
    assert phones.recover(text) == Recovered(number, None)


@pytest.mark.parametrize(
    "text",
    ["", "-", "+82", "+1 212 555 0100", "없음", "010-1234", "010-1234-56789", "00012345678", "1012345678",
     "070-8000-1000/1", "010-1234-5678, 010-1234-5679", "٠١٠١٢٣٤٥٦٧٨", "021-1"],
)  # fmt: skip
def test_BK_03_what_is_no_number_stays_none(text: str) -> None:
    assert phones.normalise(text) is None


@pytest.mark.parametrize(
    ("text", "as_number", "recovered"),
    [
        ("1012345678", True, Recovered("01012345678", Damage.LOST_ZERO)),
        ("1012345678", False, Recovered("01012345678", Damage.LOST_ZERO)),
        ("7012345678", True, Recovered("07012345678", Damage.LOST_ZERO)),
        ("10-1234-5678", False, Recovered("01012345678", Damage.LOST_ZERO)),
        ("212345678", True, Recovered("0212345678", Damage.LOST_ZERO)),
        ("1012345678.0", False, Recovered("01012345678", Damage.DECIMAL)),
        ("7080001000.00", True, Recovered("07080001000", Damage.DECIMAL)),
        ("7.080001E9", True, Recovered("07080001000", Damage.EXPONENT)),
        ("7.080001E9", False, Recovered(None, Damage.EXPONENT)),
        ("7.0E+10", False, Recovered(None, Damage.EXPONENT)),
        ("7.0E+10", True, Recovered(None, Damage.EXPONENT)),
        ("1E99", True, Recovered(None, Damage.EXPONENT)),
        ("1234", True, Recovered(None, None)),
        ("홍길동", False, Recovered(None, None)),
    ],
)
def test_BK_03_excels_damage_is_repaired_or_named(text: str, as_number: bool, recovered: Recovered) -> None:
    assert phones.recover(text, stored_as_number=as_number) == recovered


@pytest.mark.parametrize(
    ("number", "shown"),
    [("07080001000", "070-8000-1000"), ("021234567", "02-123-4567"), ("0212345678", "02-1234-5678"),
     ("01012345678", "010-1234-5678"), ("0311234567", "031-123-4567"), ("15440001", "1544-0001"), ("없음", "없음")],
)  # fmt: skip
def test_numbers_are_shown_with_hyphens(number: str, shown: str) -> None:
    assert phones.formatted(number) == shown


@given(st.integers(0, 10**10 - 1), st.integers(0, 9999))
def test_numbers_of_eleven_digits_are_shown_as_the_library_shows_them(digits: int, others: int) -> None:
    """Also where another number with the same beginning was shown before."""
    for number in (f"0{digits:010}", f"0{digits // 10_000:06}{others:04}"):
        exists = phones.normalise(number) == number
        assert phones.formatted(number) == (_as_the_library_shows(number) if exists else number)


def _as_the_library_shows(number: str) -> str:
    parsed = phonenumbers.parse(number, "KR")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def test_kinds_of_numbers_are_told_apart() -> None:
    assert phones.mobile("+82 10-1234-5678") == "01012345678"
    assert not any(map(phones.mobile, ("07080001000", "1012345678", "15440001", "")))
    assert all(map(phones.is_company, ("07080001000", "0212345678", "0311234567")))
    assert not any(map(phones.is_company, ("01012345678", "15440001", "", "0801234567")))


def test_a_mobile_is_no_longer_than_the_tables_take_whatever_the_plan_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    longer = re.compile(r"1\d{8,10}")
    plan = phones._plan()._replace(trunk=longer, mobile=longer)
    monkeypatch.setattr(phones, "_plan", lambda: plan)
    assert phones.normalise("010-1234-56789") == "010123456789"
    assert phones.mobile("010-1234-56789") is None
    assert phones.mobile("010-1234-5678") == "01012345678"


@given(st.text(alphabet="0123456789-+ .()E８", max_size=16))
def test_BK_03_normal_forms_are_valid_and_stay_themselves(text: str) -> None:
    number = phones.normalise(text)
    if number is not None:
        assert phones.normalise(number) == number
        assert phones.normalise(phones.formatted(number)) == number
        assert phonenumbers.is_valid_number(phonenumbers.parse(number, "KR"))


@given(st.text(max_size=20), st.booleans())
def test_BK_03_recovering_never_fails_and_agrees_with_normalising(text: str, as_number: bool) -> None:
    number = phones.normalise(text)
    recovered = phones.recover(text, stored_as_number=as_number)
    if number is not None:
        assert recovered == Recovered(number, None)
    if recovered.number is not None:
        assert phones.normalise(recovered.number) == recovered.number
