"""What of customers nobody may read where they are masked, whatever shows them: lists, answers, files (CU-01, P4)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bizcall import masking
from bizcall.history.filters import customer_number


def digits(text: str) -> str:
    """Only those."""
    return "".join(re.findall(r"\d", text))


def tail(text: str) -> str:
    """The digits that show at its end."""
    return digits(text.rpartition("*")[2])


def shown(number: str) -> str:
    """A number, in any spelling, as a row shows it."""
    return masking.number(customer_number(number))


def starred(written: str, masked: str) -> str:
    """What stars stand for."""
    return "".join(character for character, star in zip(written, masked, strict=True) if star == "*")


def hidden(numbers: Iterable[str], names: Iterable[str]) -> set[str]:
    """What nobody may read: four digits in a row that a number hides, a letter of Hangul, three others in a row."""
    parts = set()
    for number in numbers:
        behind = starred(digits(customer_number(number)), "".join(re.findall(r"[\d*]", shown(number))))
        parts |= {behind[place : place + 4] for place in range(len(behind) - 3)}
    for name in names:
        for word, masked in zip(name.split(), masking.name(name).split(), strict=True):
            behind = starred(word, masked)
            parts |= set(re.findall("[가-힣]", behind)) | set(re.findall("(?=([A-Za-z]{3}))", behind))
    return parts
