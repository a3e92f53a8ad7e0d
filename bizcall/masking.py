"""How a customer's name and number are shown where they are masked: one rule for lists and files (CU-01).

What is hidden is replaced by a star a character, and nothing else of it shows: whatever stood in its place, the result
is the same. Separators stay, so that a number is still read as one.

    name      each word by itself: 홍길동 홍*동, 김수 김*, John Smith J*** S****; one letter, and all digits, are hidden
    number    010-****-1234: the beginning up to the first hyphen, and the last four digits; of a number without Korea's
              form at most the last four, of a short one less, and nothing that is no digit
    parts     beginnings of names and ends of numbers, as searched for: no more than the whole would show
    e-mail    a***@x.kr: the first letter and the domain, with three stars whatever the length
    address   203.0.113.*, 2001:db8:7::*: the network in which it lies, by which its owner knows it
"""

from __future__ import annotations

import ipaddress
import re

from bizcall import networks, phones, texts

STAR = "*"
WITHHELD = frozenset(
    {"발신번호표시제한", "발신번호 표시제한", "발신번호없음", "anonymous", "private", "unavailable", "unknown"}
)
"""What exchanges tell instead of a number: it says nothing about anybody."""

TAIL = 4
"""Digits of a number that stay: those by which people tell numbers apart, and which a search asks for."""

SHORT, SHORTEST = 8, 6
"""Digits of a number from which on four of them stay, and two."""

_WORD = re.compile(r"\S+")
_HANGUL = re.compile("[가-힣]")
_DIGIT = re.compile(r"\d")
_STARS = str.maketrans("0123456789", STAR * 10)
_BETWEEN = frozenset(" -+().")


def name(text: str) -> str:
    """A person's name, each of its words masked."""
    return _WORD.sub(lambda word: _word(word[0]), texts.clean(text).text)


def beginning(text: str) -> str:
    """How a name begins: as `name`, but for the end of its last word, which may go on in the name it was found in."""
    *whole, last = texts.clean(text).text.split() or [""]
    shown = last[:1] if len(last) > 1 and last[0].isalpha() else STAR * len(last[:1])
    return " ".join([*map(_word, whole), shown + STAR * len(last[1:])])


def ending(digits: str) -> str:
    """How a number ends: as many of its last digits as a number that has no others may show."""
    return _digits(digits, _shown(len(digits)))


def number(text: str) -> str:
    """A number as people read it, masked; a normal form is hyphenated first."""
    written = phones.formatted(text)
    area, hyphen, rest = written.partition("-")
    if written != text and hyphen and area.startswith("0"):
        if rest[-TAIL:].isdecimal():
            # Nearly all of them, and files show millions.
            return area + hyphen + rest[:-TAIL].translate(_STARS) + rest[-TAIL:]
        return area + hyphen + _digits(rest, TAIL)
    if written.casefold() in WITHHELD:
        return written
    return _digits(written, _shown(len(_DIGIT.findall(written))))


def email(text: str) -> str:
    """An address, its local part masked; a text without @ is hidden whole."""
    local, at, domain = text.rpartition("@")
    if not at:
        return STAR * 3
    return f"{local[0] if len(local) > 1 and local[0].isalpha() else ''}{STAR * 3}{at}{domain}"


def address(text: str) -> str:
    """A network address by its /24, one of IPv6 by its /48; empty for a text that is none."""
    found = networks.read(text)
    if found is None:
        return ""
    if found.version == 6:
        return f"{ipaddress.ip_network((found, 48), strict=False).network_address}{STAR}"
    return f"{str(found).rpartition('.')[0]}.{STAR}"


def _word(word: str) -> str:
    if len(word) == 1:
        return STAR
    first = word[0] if word[0].isalpha() else STAR
    # The last letter of a Korean name tells people apart; that of a foreign one tells the name.
    last = word[-1] if len(word) > 2 and _HANGUL.fullmatch(word[-1]) else STAR
    return first + STAR * (len(word) - 2) + last


def _shown(count: int) -> int:
    """How many of that many digits stay in a number without Korea's form."""
    return TAIL if count >= SHORT else TAIL // 2 if count >= SHORTEST else 0


def _digits(text: str, shown: int) -> str:
    """The text with everything hidden but what stands between digits, and the last ones of those."""
    hidden = max(0, len(_DIGIT.findall(text)) - shown)
    made = []
    for character in text:
        if _DIGIT.fullmatch(character):
            made.append(STAR if hidden > 0 else character)
            hidden -= 1
        else:
            made.append(character if character in _BETWEEN else STAR)
    return "".join(made)
