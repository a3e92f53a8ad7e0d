"""The buckets of a series: months, days or hours of Korea's calendar, dense, in their order (ST-01).

A bucket that the filter lets nothing of through, a Sunday when only weekdays are asked for, is no part of the series.
The first and the last month are cut to the period.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bizcall import months
from bizcall.history.filters import HistoryFilter, hours_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Granularity(StrEnum):
    """조회 기간: how long a bucket is."""

    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


class Bucket(NamedTuple):
    """A bucket: the moments it runs from and to (outside), and its label: 2026-10, 2026-10-05 or 2026-10-05T09."""

    begins_at: datetime
    ends_at: datetime
    key: str


def series(wanted: HistoryFilter, granularity: Granularity) -> list[Bucket]:
    """All buckets of a filter's period, in their order."""
    if granularity is Granularity.MONTH:
        return list(_months(wanted))
    days = [day for day in _days(wanted) if wanted.weekdays is None or day.isoweekday() in wanted.weekdays]
    if granularity is Granularity.DAY:
        return [Bucket(months.begins(day), months.begins(day + DAY), day.isoformat()) for day in days]
    hours = [(hour * HOUR, (hour + 1) * HOUR, f"T{hour:02d}") for hour in hours_of(wanted)]
    return [
        Bucket(midnight + begins, midnight + ends, label + hour)
        for midnight, label in ((months.begins(day), day.isoformat()) for day in days)
        for begins, ends, hour in hours
    ]


def places(wanted: HistoryFilter, granularity: Granularity) -> list[int]:
    """For each bucket of the series, how many buckets after the period's first it lies, left-out ones counted too."""
    if granularity is Granularity.MONTH:
        return list(range(len(list(_months(wanted)))))
    days = [
        number
        for number, day in enumerate(_days(wanted))
        if wanted.weekdays is None or day.isoweekday() in wanted.weekdays
    ]
    if granularity is Granularity.DAY:
        return days
    hours = hours_of(wanted)
    return [24 * day + hour for day in days for hour in hours]


def place_of_moment(granularity: Granularity, moment: str) -> str:
    """SQL for the place of the bucket in which a moment lies, where $2 is the first moment of the period.

    Korea's days have had 24 hours each since 1988, so there is no need to ask the clock of each fact.
    """
    if granularity is Granularity.MONTH:
        return _month_of(f"{moment} AT TIME ZONE 'Asia/Seoul'", "$2::timestamptz AT TIME ZONE 'Asia/Seoul'")
    seconds = 3_600 if granularity is Granularity.HOUR else 86_400
    return f"floor(date_part('epoch', {moment} - $2::timestamptz) / {seconds})::integer"


def place_of_day(granularity: Granularity, day: str) -> str:
    """SQL for the place of the bucket, a day or a month, in which a date lies, where $2 is the period's first date."""
    return _month_of(day, "$2::date") if granularity is Granularity.MONTH else f"{day} - $2::date"


def _month_of(local: str, first: str) -> str:
    years, number = (f"(date_part('{part}', {local}) - date_part('{part}', {first}))" for part in ("year", "month"))
    return f"({years} * 12 + {number})::integer"


def _days(wanted: HistoryFilter) -> Iterator[date]:
    for number in range((wanted.to_on - wanted.from_on).days + 1):
        yield wanted.from_on + timedelta(days=number)


def _months(wanted: HistoryFilter) -> Iterator[Bucket]:
    first = wanted.from_on.replace(day=1)
    while first <= wanted.to_on:
        after = months.shifted(first, 1)
        begins, ends = max(first, wanted.from_on), min(after, wanted.to_on + DAY)
        yield Bucket(months.begins(begins), months.begins(ends), f"{first:%Y-%m}")
        first = after
