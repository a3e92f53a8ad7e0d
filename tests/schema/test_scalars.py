"""Scalars are strict about form and length."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import (
    parse_date,
    parse_date_time,
    parse_email_address,
    parse_phone_number,
    serialize_date_time,
)

SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-03-01T09:00:00+09:00", datetime(2027, 3, 1, 9, tzinfo=SEOUL)),
        ("2027-03-01T00:00:00Z", datetime(2027, 3, 1, tzinfo=UTC)),
        ("2027-03-01T00:00Z", datetime(2027, 3, 1, tzinfo=UTC)),
        ("2027-03-01T00:00:00.25Z", datetime(2027, 3, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_a_moment_with_offset_is_read(text: str, moment: datetime) -> None:
    assert parse_date_time(text) == moment


NO_MOMENTS: list[Any] = [
    "2027-03-01T09:00:00",
    "2027-03-01",
    "20270301T090000Z",
    "2027-W09-1T00:00Z",
    "2027-02-30T00:00:00Z",
    "2027-03-01T24:00:00Z",
    "2027-03-01T23:59:60Z",
    "2027-03-01 00:00:00Z",
    "2027-03-01T00:00:00+99:00",
    "2027-03-01T00:00:00Z\n",
    "２０２７-03-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "",
    1_800_000_000,
    1.5,
    True,
    None,
    [],
]


@pytest.mark.parametrize("value", NO_MOMENTS)
def test_what_is_no_moment_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="DateTime"):
        parse_date_time(value)


@given(st.datetimes(timezones=st.sampled_from([UTC, SEOUL])))
def test_a_moment_survives_the_way_there_and_back(moment: datetime) -> None:
    assert parse_date_time(serialize_date_time(moment)) == moment


@pytest.mark.parametrize("value", [datetime(2027, 3, 1), "2027-03-01T00:00:00Z", date(2027, 3, 1)])  # noqa: DTZ001
def test_a_moment_without_offset_is_never_sent(value: Any) -> None:
    with pytest.raises(ValueError, match="offset"):
        serialize_date_time(value)


def test_a_day_is_read() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    "value", ["2027-02-29", "20270301", "2027-3-1", "2027-03-01T00:00Z", "２０２７-03-01", 20270301]
)
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Date"):
        parse_date(value)


@pytest.mark.parametrize("parse", [parse_phone_number, parse_email_address])
@pytest.mark.parametrize("value", ["a\nb", "a\0b", "\x7f", "a" * 255, 5, None, ["010"]])
def test_numbers_and_addresses_are_short_texts_without_control_characters(parse: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"must|may"):
        parse(value)


def test_numbers_and_addresses_are_left_as_they_were_typed() -> None:
    assert parse_phone_number("010-1234 5678") == "010-1234 5678"
    assert parse_email_address("Kim@Example.co.kr") == "Kim@Example.co.kr"


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        parsed: datetime | None = parse_date_time(text)
    except ValueError:
        parsed = None
    assert parsed is None or parsed.tzinfo is not None
