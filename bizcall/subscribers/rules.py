"""The rules for a person's fields, the same for a mutation's row and an Excel row (IN-01, IN-02, BK-02).

Each field has a function that returns the value as it is stored, or the Problem under the field's published name
(`name`, `position`, `mobile`, `email`, `ridEnabled`); `clean` applies all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from bizcall import phones, texts
from bizcall.errors import ErrorCode, Problem

NAME_MOST = 50
POSITION_MOST = 50
EMAIL_MOST = 254

_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*")
_LOCAL_PART_MOST = 64


@dataclass(frozen=True, slots=True)
class Person:
    """Cleaned fields of a subscriber. `mobile` is normalised (01012345678); None means that there is none."""

    name: str
    position: str
    mobile: str | None
    email: str | None
    rid_enabled: bool
    app_enabled: bool


Problems = tuple[Problem, ...]


def clean(
    *,
    name: str | None,
    position: str | None,
    mobile: str | None,
    email: str | None,
    rid_enabled: bool,
    app_enabled: bool,
    rid: str | None,
) -> Person | Problems:
    """The person as stored, or every problem of the row, in the order of the columns.

    `rid` is the line's: None where it has none (IN-02). Blank texts count as absent.
    """
    fields = (
        clean_name(name),
        clean_position(position),
        clean_mobile(mobile),
        clean_email(email),
        clean_rid_enabled(rid_enabled, rid),
    )
    problems = tuple(field for field in fields if isinstance(field, Problem))
    if problems:
        return problems
    return Person(*fields, app_enabled=app_enabled)  # type: ignore[arg-type]  # the problems are out


def clean_name(text: str | None) -> str | Problem:
    """1–50 characters."""
    cleaned = texts.clean(text or "").text
    if not cleaned:
        return Problem(ErrorCode.REQUIRED, ("name",))
    return _at_most(NAME_MOST, cleaned, "name")


def clean_position(text: str | None) -> str | Problem:
    """At most 50 characters; absent is the empty text."""
    return _at_most(POSITION_MOST, texts.clean(text or "").text, "position")


def clean_mobile(text: str | None) -> str | Problem | None:
    """A Korean mobile number, in any spelling that `phones.normalise` takes."""
    if not texts.clean(text or "").text:
        return None
    return phones.mobile(text or "") or Problem(ErrorCode.INVALID_FORMAT, ("mobile",))


def clean_email(text: str | None) -> str | Problem | None:
    """An address that mail can be sent to, by its form only: no look-up. The domain becomes lower case.

    Local parts outside ASCII are refused: the senders at hand can't deliver to them.
    """
    address = texts.clean(text or "").text
    if not address:
        return None
    if len(address) > EMAIL_MOST:
        return Problem(ErrorCode.TOO_LONG, ("email",), {"maximum": str(EMAIL_MOST)})
    local_part, _, domain = address.rpartition("@")
    if len(local_part) <= _LOCAL_PART_MOST and _PLAIN_LOCAL_PART.fullmatch(local_part):
        known = _domain(domain)
        normalised = None if known is None else f"{local_part}@{known}"
    else:
        normalised = _validated(address)
    if normalised is None or len(normalised) > EMAIL_MOST:
        return Problem(ErrorCode.INVALID_FORMAT, ("email",))
    return normalised


def clean_rid_enabled(wanted: bool, rid: str | None) -> bool | Problem:
    """ON only where the line has a RID (IN-02)."""
    return Problem(ErrorCode.NO_RID, ("ridEnabled",)) if wanted and rid is None else wanted


def _at_most(most: int, text: str, field: str) -> str | Problem:
    return text if len(text) <= most else Problem(ErrorCode.TOO_LONG, (field,), {"maximum": str(most)})


def _validated(address: str) -> str | None:
    try:
        return validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True).normalized
    except EmailNotValidError:
        return None


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str | None:
    """The domain in normal form. Remembered, since a company's file has one or two of them and thousands of rows."""
    address = _validated(f"a@{domain}")
    return None if address is None else address.removeprefix("a@")
