"""What a text message may hold in Korea: the characters of KS X 1001, 90 bytes as SMS and 2,000 as LMS.

Carriers count bytes of EUC-KR, and the gateway refuses what is outside of it (its code 1029). Python's codec `euc_kr`
can't be asked: it spells the 8,822 rarer syllables (뷁, 똠) with eight bytes each, which no telephone reads. So CP949
is asked, whose first part is EUC-KR, and what lies outside of that part is spelled in a way that can still be read.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

SMS_BYTES = 90
LMS_BYTES = 2_000
SUBJECT_BYTES = 40

_LEAD = 0xA1
_VOWELS_AND_CONSONANTS = (
    "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ",
    "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ",
    "\0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ",
)
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_LOOK_ALIKES = {"–": "-", "—": "-", "‑": "-", "−": "-", "•": "·", "\N{NO-BREAK SPACE}": " ", "₩": "\\", "\r": ""}


class Fitted(NamedTuple):
    """A text as it can be sent. `long` says that it needs LMS, and so a subject."""

    text: str
    long: bool


class TextMessage(NamedTuple):
    """What `Sms.send` takes; `subject` is None for a short message."""

    text: str
    subject: str | None


class TooLong(ValueError):
    """A text of more than 2,000 bytes, which no text message holds."""


def fitted(text: str) -> Fitted:
    """The text in characters that telephones have, and whether it is too long for an SMS; raises TooLong."""
    sent = spelled(text)
    if (bytes_long := weight(sent)) > LMS_BYTES:
        raise TooLong(f"{bytes_long} bytes")
    return Fitted(sent, bytes_long > SMS_BYTES)


def subject(text: str) -> str:
    """A subject of an LMS: its characters like those of a text, cut to 40 bytes."""
    sent = spelled(text).replace("\n", " ")
    while weight(sent) > SUBJECT_BYTES:
        sent = sent[:-1]
    return sent.rstrip()


def weight(text: str) -> int:
    """The bytes that carriers count; raises UnicodeEncodeError for what `spelled` would have changed."""
    return len(text.encode("cp949"))


def spelled(text: str) -> str:
    """The text in the characters of KS X 1001. Idempotent.

    A rare syllable becomes its letters (뷁 → ㅂㅞㄺ), an accented letter loses its accent, a look-alike takes the place
    of some signs, control characters other than the line break disappear, and everything else becomes "?".
    """
    return "".join(map(_spelled, unicodedata.normalize("NFC", text)))


def _spelled(character: str) -> str:
    if character == "\n" or " " <= character <= "~":
        return character
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Mn", "Me"):
        return ""
    if _known(character):
        return character
    if _FIRST_SYLLABLE <= ord(character) <= _LAST_SYLLABLE:
        return _letters(character)
    plain = unicodedata.normalize("NFKD", character)[0]
    return plain if plain != character and (" " <= plain <= "~" or _known(plain)) else "?"


def _known(character: str) -> bool:
    try:
        code = character.encode("cp949")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and min(code) >= _LEAD


def _letters(syllable: str) -> str:
    first, rest = divmod(ord(syllable) - _FIRST_SYLLABLE, 21 * 28)
    middle, last = divmod(rest, 28)
    return "".join(
        table[place] for table, place in zip(_VOWELS_AND_CONSONANTS, (first, middle, last), strict=True)
    ).rstrip("\0")
