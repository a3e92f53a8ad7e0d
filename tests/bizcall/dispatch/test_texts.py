"""What a text message may hold: characters that Korean telephones have, and bytes as carriers count them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall.dispatch.texts import LMS_BYTES, SUBJECT_BYTES, TooLong, fitted, spelled, subject, weight


@pytest.mark.parametrize(
    ("text", "size", "long"),
    [
        ("가" * 45, 90, False),
        ("가" * 45 + "a", 91, True),
        ("a" * 90, 90, False),
        ("a" * 91, 91, True),
        ("가" * 1000, 2000, True),
        ("줄\n바꿈", 7, False),
        ("", 0, False),
    ],
)
def test_ninety_bytes_are_an_SMS_and_two_thousand_an_LMS(text: str, size: int, long: bool) -> None:
    assert weight(text) == size
    assert fitted(text) == (text, long)


def test_more_than_two_thousand_bytes_are_no_text_message() -> None:
    with pytest.raises(TooLong):
        fitted("가" * 1000 + "a")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("홍길동님, 010-1234-5678", "홍길동님, 010-1234-5678"),
        ("뷁", "ㅂㅞㄺ"),
        ("김똠이", "김ㄸㅗㅁ이"),
        ("각" + "\u1100\u1161", "각가"),
        ("Renée Müller", "Renee Muller"),
        ("50% — 할인 • 3£ ™ ②\u2076", "50% - 할인 · 3? ™ ②6"),
        ("끝\u200b\ufeff\x07\r\n", "끝\n"),
        ("👍🏽", "??"),
        ("㈜비즈콜 ①", "㈜비즈콜 ①"),
        ("①\u00a0②", "① ②"),
        ("中國人 ひらがな", "中國人 ひらがな"),
        ("们", "?"),
    ],
)
def test_what_telephones_lack_is_spelled_so_that_it_can_be_read(text: str, sent: str) -> None:
    assert spelled(text) == sent


@given(st.text(max_size=60))
def test_any_text_becomes_one_that_carriers_take(text: str) -> None:
    sent = spelled(text)
    assert spelled(sent) == sent
    for character in sent:
        code = character.encode("cp949")
        assert len(code) == 1 or min(code) >= 0xA1, "EUC-KR, of which Python's codec knows more than telephones"
        assert character == "\n" or character.isprintable() or character == "\u3000"
    assert weight(sent) == sum(1 if character.isascii() else 2 for character in sent)


@given(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3))
def test_every_syllable_stays_or_becomes_its_letters(syllable: str) -> None:
    sent = spelled(syllable)
    assert sent == syllable or (2 <= len(sent) <= 3 and all("ㄱ" <= letter <= "ㅣ" for letter in sent))


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=60))
def test_a_subject_is_cut_to_forty_bytes(text: str) -> None:
    assert weight(subject(text + " \n끝")) <= SUBJECT_BYTES


def test_limits_are_those_that_the_gateway_documents() -> None:
    assert (LMS_BYTES, SUBJECT_BYTES) == (2000, 40)
    assert subject("[비즈콜] 업무 전화 앱 초대") == "[비즈콜] 업무 전화 앱 초대"
