"""The sentences for imports that ended without registering anything."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from bizcall.imports import refusals
from bizcall.imports.refusals import FileRefusal
from bizcall.sheets import Refusal


@pytest.mark.parametrize("code", [*Refusal, *FileRefusal])
def test_BK_03_each_refusal_is_told_in_the_language_that_is_asked_for(code: str) -> None:
    anything: defaultdict[str, str] = defaultdict(lambda: "7")

    assert re.search("[가-힣]", refusals.sentence(code, anything))
    assert re.fullmatch("[ -~]+", refusals.sentence(code, anything, english=True))
