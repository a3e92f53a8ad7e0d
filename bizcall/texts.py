"""Text that comes from outside: made canonical before it is compared, stored or shown (BK-03).

NFKC as a whole would be wrong for Korean: it turns compatibility jamo (`ㄱ`) into conjoining ones that no longer
display alone, and rewrites signs such as `㈜`. So text is composed (NFC), and only the full-width forms of ASCII,
which Korean input methods produce by accident, are narrowed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Letters by category, but blank on every screen: a name made of them would look empty.
_BLANK_LETTERS = {0x3164: " ", 0xFFA0: " ", 0x2800: " ", 0x115F: None, 0x1160: None}
_FOLD: dict[int, int | str | None] = {**_NARROW, **_BLANK_LETTERS}
# Most cells of most files: nothing to do, decided at the speed of the regular expression engine.
_CLEAN = re.compile(r"[!-~가-힣]+(?: [!-~가-힣]+)*")
_NONCHARACTER = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


class Cleaned(NamedTuple):
    """A cleaned text, and whether anything in it had to be changed."""

    text: str
    repaired: bool


def clean(text: str) -> Cleaned:
    """Compose Hangul, narrow full-width ASCII, drop invisible characters, collapse blanks of every kind and trim.

    Control characters other than line breaks and tabs, format characters (zero-width, direction marks), lone
    surrogates and noncharacters disappear; what remains is safe for PostgreSQL, XML and logs. Idempotent.
    """
    if _CLEAN.fullmatch(text):
        return Cleaned(text, False)
    visible = "".join(_visible(character) for character in text.translate(_FOLD))
    # Composed after dropping, since an invisible character may have stood between the parts of a syllable.
    result = " ".join(unicodedata.normalize("NFC", _NONCHARACTER.sub("", visible)).split())
    return Cleaned(result, result != text)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp") or character in "\t\n\r\v\f\x85":
        return " "
    return "" if category in ("Cc", "Cf", "Cs") else character
