"""Korean telephone numbers: one normal form, the hyphenated form for people, and the repair of what Excel did to them.

The normal form is the digits as dialled inside Korea, `07012345678`. Which numbers exist is the numbering plan of
`phonenumberslite`; its patterns are matched directly because its own parser takes twenty times as long, which for an
import of 20,000 rows is seconds.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat

from bizcall import texts

_COUNTRY_CODE = 82
# Everything people put between the digits: blanks, brackets, dots, and the many characters that look like a hyphen.
_SEPARATORS = re.compile("[\\s()\\[\\].\u00b7\u02d7\u2010-\u2015\u2043\u2212\u30fb\u30fc\uff70\uffda\u3161-]+")
_ABROAD = re.compile(r"\+82(?:0(?=\d{9}))?|82(?=(?:10|70|2|[3-6]\d)\d{7,8}$)")
_EXPONENT = re.compile(r"(\d(?:\.\d+)?)[eE]\+?(\d{1,2})")
_DECIMAL = re.compile(r"(\d+)[.,]0+")
_SHORTEST = 8
# What PostgreSQL's CHECKs demand: the numbering plan may come to know longer mobile numbers before the tables do.
_MOBILE = re.compile(r"01[0-9]{8,9}")


class Damage(StrEnum):
    """What a spreadsheet did to a number."""

    LOST_ZERO = "LOST_ZERO"
    """The leading 0 is gone (`1012345678`); it was put back."""
    DECIMAL = "DECIMAL"
    """A decimal part was added (`1012345678.0`); it was taken off, and a leading 0 put back if needed."""
    EXPONENT = "EXPONENT"
    """Shown as a power of ten (`7.08E+10`). As text its digits are destroyed; as a stored number they may survive."""


class Recovered(NamedTuple):
    """What could be made of a text that should be a telephone number.

    `number` is the normal form or None; `damage` says what was repaired, or, without a number, what destroyed it.
    `damage` None beside a number means that the text was right, at most written with separators; None beside None
    means that the text is no Korean number.
    """

    number: str | None
    damage: Damage | None


class _Plan(NamedTuple):
    trunk: re.Pattern[str]
    mobile: re.Pattern[str]
    company: re.Pattern[str]
    whole: re.Pattern[str]


@cache
def _plan() -> _Plan:
    korea = PhoneMetadata.metadata_for_region("KR")
    if korea is None:
        raise LookupError("phonenumberslite has no numbering plan for KR")

    def numbers(*kinds: str) -> str:
        patterns = (getattr(korea, kind).national_number_pattern for kind in kinds)
        return "|".join(f"(?:{pattern})" for pattern in patterns)

    return _Plan(
        trunk=re.compile(numbers("fixed_line", "mobile", "toll_free", "personal_number", "voip")),
        mobile=re.compile(numbers("mobile")),
        company=re.compile(numbers("fixed_line", "voip")),
        whole=re.compile(numbers("uan")),
    )


def _exists(digits: str) -> bool:
    plan = _plan()
    if digits.startswith("0"):
        return len(digits) > _SHORTEST and digits[1] != "0" and plan.trunk.fullmatch(digits, 1) is not None
    return plan.whole.fullmatch(digits) is not None


def normalise(text: str) -> str | None:
    """The normal form of a Korean number, or None if there is no such number.

    Accepts hyphens, dots, brackets and blanks anywhere, full-width digits, and `+82` with or without the 0 after it.
    The leading 0 is required otherwise; nationwide numbers (`1544-0001`) have none. A missing 0 is for `recover`.
    """
    if len(text) == 11 and text[0] == "0" and text.isascii() and text.isdecimal():
        # In normal form already, as machines write nearly all of them.
        return text if _beginning(text[:7]) else None
    digits = _SEPARATORS.sub("", text if text.isascii() else texts.clean(text).text)
    if not digits.isdecimal() or not digits.isascii():
        if not digits.startswith("+82"):
            return None
        digits = _ABROAD.sub("0", digits, count=1)
        if not digits.isdecimal() or not digits.isascii():
            return None
    elif digits.startswith("82"):
        digits = _ABROAD.sub("0", digits, count=1)
    return digits if _exists(digits) else None


def recover(text: str, *, stored_as_number: bool = False) -> Recovered:
    """The number that was meant by a cell (BK-03), together with the damage that was repaired.

    `stored_as_number` says that the text is a file's spelling of a number (`Kind.NUMBER`): then a power of ten is
    only a way of writing (Java programs write `7.080001E9`), and its digits are expanded. In a text cell it is what
    was left after a CSV or a paste, and the digits behind it are lost.
    """
    written = (text if text.isascii() else texts.clean(text).text).strip()
    if number := normalise(written):
        return Recovered(number, None)
    damage = Damage.LOST_ZERO
    if exponent := _EXPONENT.fullmatch(written):
        if not stored_as_number:
            return Recovered(None, Damage.EXPONENT)
        value = Decimal(f"{exponent[1]}E{exponent[2]}")
        written, damage = f"{value:f}".removesuffix("."), Damage.EXPONENT
    if decimal := _DECIMAL.fullmatch(written):
        written, damage = decimal[1], Damage.DECIMAL if damage is Damage.LOST_ZERO else damage
    digits = _SEPARATORS.sub("", written)
    if digits.isascii() and digits.isdecimal():
        for candidate in (digits, f"0{digits}"):
            if _exists(candidate):
                return Recovered(candidate, damage)
    return Recovered(None, Damage.EXPONENT if damage is Damage.EXPONENT else None)


def formatted(number: str) -> str:
    """A normal form with hyphens for people (`070-1234-5678`, `02-123-4567`); anything else is returned as it is."""
    if len(number) == 11 and number.isascii() and number.isdecimal():
        # What the library makes of mobile and internet numbers, a hundred times as fast: exports show millions of them.
        beginning = _beginning(number[:7])
        return beginning + number[7:] if beginning else number
    return _formatted(number)


@lru_cache(maxsize=16_384)
def _beginning(seven: str) -> str:
    """How numbers of 11 digits that begin so are written up to their last four; empty if there are none.

    No pattern of the plan looks at the last four digits of such a number.
    """
    return f"{seven[:3]}-{seven[3:]}-" if _exists(f"{seven}0000") else ""


@lru_cache(maxsize=4096)
def _formatted(number: str) -> str:
    if not (number.isascii() and number.isdecimal() and _exists(number)):
        return number
    national = PhoneNumber(country_code=_COUNTRY_CODE, national_number=int(number))
    return phonenumbers.format_number(national, PhoneNumberFormat.NATIONAL)


def mobile(text: str) -> str | None:
    """The normal form of a mobile number, which can receive SMS; None for any other text, as `normalise` reads it."""
    number = normalise(text)
    if number is None or not _plan().mobile.fullmatch(number, 1) or not _MOBILE.fullmatch(number):
        return None
    return number


def is_company(number: str) -> bool:
    """Whether a normal form is of the kinds that a company subscribes: 070, 02 and the other areas' numbers."""
    return _exists(number) and number.startswith("0") and _plan().company.fullmatch(number, 1) is not None
