"""Cleaning of text from outside."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall.texts import Cleaned, clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("김민준", "김민준"),
        (unicodedata.normalize("NFD", "김민준"), "김민준"),
        ("\u1100\u200b\u1175\u11b7", "김"),
        (" 김  민준\t", "김 민준"),
        ("김\u00a0민준", "김 민준"),
        ("김\u3000민준", "김 민준"),
        ("김\u200b민준\ufeff", "김민준"),
        ("김\x00\x07민준\ud800", "김민준"),
        ("영업\n1팀", "영업 1팀"),
        ("ｍｉｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "min@example.com"),
        ("０１０－１２３４", "010-1234"),
        ("\u202e김민준", "김민준"),
        ("\u3164", ""),
        ("", ""),
    ],
)
def test_BK_03_text_is_made_canonical_and_says_so(text: str, cleaned: str) -> None:
    assert clean(text) == Cleaned(cleaned, text != cleaned)


@pytest.mark.parametrize("text", ["ㄱㄴ", "ㅎㅏㄴ", "㈜한국", "Ⅳ팀", "José", "王小明", "👍"])
def test_BK_03_signs_and_single_jamo_are_left_alone(text: str) -> None:
    assert clean(text) == Cleaned(text, False)


@given(st.text())
def test_BK_03_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text).text
    assert clean(once) == Cleaned(once, False)
    once.encode("utf-8")
    assert "\0" not in once
    assert unicodedata.is_normalized("NFC", once)
