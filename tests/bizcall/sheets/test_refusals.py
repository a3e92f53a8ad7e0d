"""The sentences for files that are refused."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from bizcall.sheets import SENTENCES, Refusal


def named(sentence: str) -> set[str]:
    """The params that a sentence names."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", Refusal)
def test_BK_03_each_refusal_is_told_in_both_languages_with_the_same_places(code: Refusal) -> None:
    korean, english = SENTENCES[code]

    assert re.search("[가-힣]", korean)
    assert re.fullmatch("[ -~]+", english)
    assert named(korean) == named(english)
