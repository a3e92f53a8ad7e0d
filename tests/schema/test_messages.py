"""The catalogue of messages is complete, and the language is the one that was asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall.errors import ErrorCode, Problem
from schema.errors import UserError
from schema.messages import CATALOGUE, Language, message, placeholders, preferred

HANGUL = re.compile("[가-힣]")


def test_each_code_has_a_meaning_and_a_sentence_in_both_languages() -> None:
    assert set(CATALOGUE) == set(ErrorCode)
    for code, entry in CATALOGUE.items():
        assert HANGUL.search(entry.ko), code
        assert not HANGUL.search(entry.en + entry.meaning), code
        assert entry.ko[-1] in ".?!", code
        assert entry.en[-1] in ".?!", code
        assert not placeholders(entry.ko) | placeholders(entry.en), code


def test_sentences_with_params_exist_in_both_languages_and_name_the_same() -> None:
    for code, entry in CATALOGUE.items():
        assert (entry.ko_with_params is None) is (entry.en_with_params is None), code
        if entry.ko_with_params and entry.en_with_params:
            assert placeholders(entry.ko_with_params) == placeholders(entry.en_with_params) != set(), code


@pytest.mark.parametrize("code", ErrorCode)
@pytest.mark.parametrize("language", Language)
def test_a_sentence_without_its_params_is_whole(code: ErrorCode, language: Language) -> None:
    assert "{" not in message(Problem(code), language)


def test_params_fill_the_sentence() -> None:
    problem = Problem(ErrorCode.TOO_LONG, ("name",), {"maximum": "50"})
    assert "50자" in message(problem, Language.KO)
    assert "50 characters" in message(problem, Language.EN)


def test_params_can_not_reach_into_python() -> None:
    problem = Problem(ErrorCode.TOO_LONG, (), {"maximum": "{0.__class__}"})
    assert "{0.__class__}" in message(problem, Language.KO)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.KO),
        ("ko-KR,ko;q=0.9,en-US;q=0.8", Language.KO),
        ("en", Language.EN),
        ("en-GB;q=0.7, ko;q=0.5", Language.EN),
        ("ja, en;q=0.3", Language.EN),
        ("fr", Language.KO),
        ("*", Language.KO),
        ("en;q=0", Language.KO),
        ("en;q=nan", Language.KO),
        ("en;q=9", Language.KO),
        ("EN-us", Language.EN),
    ],
)
def test_the_language_is_the_one_wanted_most(header: str, language: Language) -> None:
    assert preferred(header) is language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert preferred(header) in Language


def test_paths_and_params_are_told_as_they_are() -> None:
    told = UserError.of(Problem(ErrorCode.CODE_WRONG, ("rows", "3", "appEnabled"), {"triesLeft": "2"}), Language.EN)
    assert told.field == ["rows", "3", "appEnabled"]
    assert [(param.name, param.value) for param in told.params] == [("triesLeft", "2")]
