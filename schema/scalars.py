"""Scalars which say what they are. Values are Python's own: aware datetimes, dates, text.

Parsing is strict about form and length. PhoneNumber and EmailAddress check only what every value must satisfy:
whether a number is one that can be called is a rule of the business, answered in `userErrors` with the field's path.
NUL and lone surrogates never come this far: `resolvers/requests.py` refuses them in documents, `resolvers/guard.py` in
their literals, `resolvers/inputs.py` in variables.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

PhoneNumber = NewType("PhoneNumber", str)
EmailAddress = NewType("EmailAddress", str)
Seconds = NewType("Seconds", int)

PHONE_NUMBER_LONGEST = 32
EMAIL_ADDRESS_LONGEST = 254

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _text(value: Any, name: str, longest: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string.")
    if len(value) > longest:
        raise ValueError(f"{name} may have at most {longest} characters.")
    if _CONTROL.search(value):
        raise ValueError(f"{name} may not contain control characters.")
    return value


def parse_date_time(value: Any) -> datetime:
    """RFC 3339 with an offset; raises ValueError for anything else, times without offset included."""
    text = _text(value, "DateTime", 40)
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("DateTime must look like 2027-03-01T09:00:00+09:00.")
    try:
        # In UTC, where alone it shows that a moment lies before the year 1 or after 9999.
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("DateTime names no real moment.") from None


def parse_date(value: Any) -> date:
    """YYYY-MM-DD; raises ValueError for anything else."""
    text = _text(value, "Date", 10)
    if not _DATE.fullmatch(text):
        raise ValueError("Date must look like 2027-03-01.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("Date names no day of the calendar.") from None


def serialize_date_time(value: Any) -> str:
    """RFC 3339 with an offset; raises ValueError for a time without one, which would be a bug."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a DateTime needs an offset")
    return value.isoformat()


def parse_phone_number(value: Any) -> str:
    """The number as it was typed, with hyphens and spaces."""
    return _text(value, "PhoneNumber", PHONE_NUMBER_LONGEST)


def parse_email_address(value: Any) -> str:
    """The address as it was typed."""
    return _text(value, "EmailAddress", EMAIL_ADDRESS_LONGEST)


def parse_seconds(value: Any) -> int:
    """A whole number of seconds."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("Seconds must be a whole number from 0.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in RFC 3339 with its offset from UTC, for example 2027-03-01T09:00:00+09:00.",
        serialize=serialize_date_time,
        parse_value=parse_date_time,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar in Korea, for example 2027-03-01.",
        serialize=date.isoformat,
        parse_value=parse_date,
    ),
    PhoneNumber: strawberry.scalar(
        name="PhoneNumber",
        description="A phone number. Sent as digits only (07012345678); accepted with or without hyphens and spaces.",
        serialize=str,
        parse_value=parse_phone_number,
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description="An e-mail address of at most 254 characters.",
        serialize=str,
        parse_value=parse_email_address,
    ),
    Seconds: strawberry.scalar(
        name="Seconds",
        description="Whole seconds, as a number that may pass 2^31, which Int may not; always below 2^53.",
        serialize=int,
        parse_value=parse_seconds,
    ),
}
"""For the schema's configuration: which Python type is published as which scalar."""
