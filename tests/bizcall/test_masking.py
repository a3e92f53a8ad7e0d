"""Masked names and numbers show nothing of what they hide (CU-01)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall import masking, phones, texts

NAMES = {
    "홍길동": "홍*동",
    "남궁민수": "남**수",
    "김수": "김*",
    "김": "*",
    "": "",
    "John Smith": "J*** S****",
    "Kim": "K**",
    "X": "*",
    "홍길동 대리": "홍*동 대*",
    "010-2000-1234": "*************",
    "고객1234": "고*****",
    "㈜한국": "**국",
    "a@b.kr": "a*****",
    "\u1112\u1169\u11bc\u1100\u1175\u11af\u1103\u1169\u11bc": "홍*동",
}
NUMBERS = {
    "01020001234": "010-****-1234",
    "0112001234": "011-***-1234",
    "07012345678": "070-****-5678",
    "023005678": "02-***-5678",
    "0212345678": "02-****-5678",
    "0311234567": "031-***-4567",
    "15440001": "****-0001",
    "+1 415 555 0134": "+* *** *** 0134",
    "+14155550134": "+*******0134",
    "114": "***",
    "1330": "****",
    "123456": "****56",
    "발신번호표시제한": "발신번호표시제한",
    "Anonymous": "Anonymous",
    "홍길동": "***",
    "sip:hong@x.kr": "**********.**",
    "": "",
}
BEGINNINGS = {
    "홍길동": "홍**",
    "홍길": "홍*",
    "홍길동 대": "홍*동 *",
    "홍길동 대리": "홍*동 대*",
    "김 홍": "* *",
    "Joh": "J**",
    "John Sm": "J*** S*",
    "010-20": "******",
    "": "",
}
ENDINGS = {"1234": "****", "01234": "*****", "201234": "****34", "0201234": "*****34", "20001234": "****1234"}
EMAILS = {"hong@x.kr": "h***@x.kr", "a@x.kr": "***@x.kr", "1234@x.kr": "***@x.kr", "nobody": "***", "": "***"}
ADDRESSES = {
    "203.0.113.7": "203.0.113.*",
    "2001:db8:7:1::9": "2001:db8:7::*",
    "fe80::1%eth0": "fe80::*",
    "::ffff:203.0.113.7": "203.0.113.*",
    "testclient": "",
    "": "",
}


@pytest.mark.parametrize(("text", "shown"), NAMES.items())
def test_CU_01_names_are_masked(text: str, shown: str) -> None:
    assert masking.name(text) == shown


@pytest.mark.parametrize(("text", "shown"), ADDRESSES.items())
def test_S4_network_addresses_are_masked(text: str, shown: str) -> None:
    assert masking.address(text) == shown


@pytest.mark.parametrize(("text", "shown"), NUMBERS.items())
def test_CU_01_numbers_are_masked(text: str, shown: str) -> None:
    assert masking.number(text) == shown


@pytest.mark.parametrize(("text", "shown"), BEGINNINGS.items())
def test_CU_01_beginnings_of_names_are_masked(text: str, shown: str) -> None:
    assert masking.beginning(text) == shown


@pytest.mark.parametrize(("digits", "shown"), ENDINGS.items())
def test_CU_01_endings_of_numbers_are_masked(digits: str, shown: str) -> None:
    assert masking.ending(digits) == shown


@pytest.mark.parametrize(("text", "shown"), EMAILS.items())
def test_CU_01_addresses_are_masked(text: str, shown: str) -> None:
    assert masking.email(text) == shown


def hidden(written: str, shown: str) -> list[str]:
    """The characters that stars stand for; whatever isn't one stands as it was."""
    assert len(written) == len(shown)
    assert all(star in ("*", character) for character, star in zip(written, shown, strict=True))
    return [character for character, star in zip(written, shown, strict=True) if star == "*"]


letters = st.sampled_from("홍길동김수박JohnSmithéß田中")
words = st.text(st.one_of(letters, st.sampled_from("0123456789-.@㈜")), min_size=1, max_size=12)


@given(st.lists(words, max_size=4).map(" ".join))
def test_CU_01_of_a_word_only_its_first_letter_and_a_last_hangul_show(text: str) -> None:
    written = texts.clean(text).text
    for word, shown in zip(written.split(), masking.name(text).split(), strict=True):
        kept = [place for place, character in enumerate(shown) if character != "*"]
        assert set(kept) <= {0, len(word) - 1}
        assert len(word) > 1 or not kept
        assert not re.search(r"\d", shown)
        assert len(hidden(word, shown)) >= 1


@given(st.lists(words, min_size=1, max_size=3).map(" ".join), st.integers(2))
def test_CU_01_a_beginning_shows_nothing_that_the_whole_name_hides(text: str, length: int) -> None:
    written = texts.clean(text).text
    start = texts.clean(written[:length]).text
    whole, shown = masking.name(written), masking.beginning(start)
    assert len(shown) == len(start)
    assert all(star == "*" or star == seen for star, seen in zip(shown, whole, strict=False))


@given(st.from_regex(r"0[0-9]{3,10}|1[0-9]{3,7}|\+[0-9]{4,14}", fullmatch=True), st.integers(4, 8))
def test_CU_01_an_ending_shows_no_digit_that_the_whole_number_hides(number: str, length: int) -> None:
    ending = re.sub(r"\D", "", number)[-length:]
    shown = re.findall(r"[\d*]", masking.number(number))[-len(ending) :]
    told = masking.ending(ending)
    assert all(star in ("*", seen) for star, seen in zip(told, shown, strict=True))


def other(character: str) -> str:
    """Another character of the same sort, and never Hangul."""
    if character.isdecimal():
        return str((int(character) + 1) % 10)
    return "X" if character.isalpha() else "-"


@given(st.lists(words, max_size=4).map(" ".join))
def test_CU_01_another_hidden_text_gives_the_same_name(text: str) -> None:
    written, shown = texts.clean(text).text, masking.name(text)
    told = "".join(other(c) if s == "*" else c for c, s in zip(written, shown, strict=True))
    assert masking.name(told) == shown


@given(st.from_regex(r"010[2-9][0-9]{7}|02[2-9][0-9]{6,7}|070[2-9][0-9]{7}", fullmatch=True))
def test_CU_01_of_a_korean_number_the_middle_is_hidden_whatever_it_is(number: str) -> None:
    written = phones.formatted(number)
    shown = masking.number(number)
    if written == number:
        return
    area, middle, tail = shown.split("-")
    assert (area, tail) == (written.split("-")[0], written[-4:])
    assert set(middle) == {"*"}


@given(st.text(st.sampled_from("0123456789+-() .*abc홍@"), max_size=40))
def test_CU_01_of_any_other_number_at_most_four_digits_show_and_no_letter(text: str) -> None:
    if phones.normalise(text) is not None:
        return
    shown = masking.number(text)
    digits = re.findall(r"\d", text)
    kept = re.findall(r"\d", shown)
    assert len(kept) == (4 if len(digits) >= 8 else 2 if len(digits) >= 6 else 0)
    assert digits[len(digits) - len(kept) :] == kept
    assert not any(character.isalpha() for character in shown)


@given(st.emails())
def test_CU_01_of_an_address_the_first_letter_and_the_domain_show(text: str) -> None:
    shown, (local, _, domain) = masking.email(text), text.rpartition("@")
    assert shown in (f"***@{domain}", f"{local[0]}***@{domain}")
