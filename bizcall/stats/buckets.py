"""The buckets of a series: months, days or hours of Korea's calendar, dense, in their order (ST-01).

A bucket that the filter lets nothing of through, a Sunday when only weekdays are asked for, is no part of the series.
The first and the last month are cut to the period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bizcall import months
from bizcall.history.filters import HistoryFilter, hours_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Granularity(StrEnum):
    """조회 기간: how long a bucket is."""

    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"


@dataclass(frozen=True)
class Bucket:
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
    hours = hours_of(wanted)
    return [_hour(day, hour) for day in days for hour in hours]


def expression(granularity: Granularity, moment: str, *, local: bool = False) -> str:
    """SQL for the bucket in which `moment` lies, on Korea's clock; `local` says that it is a day of Korea's already."""
    text = f"{moment}::timestamp" if local else f"{moment} AT TIME ZONE 'Asia/Seoul'"
    return f"date_trunc('{granularity.lower()}', {text})"


def labelled(granularity: Granularity, bucket: str) -> str:
    """SQL for the key of a bucket: for each of the sums only, since making a text takes longer than adding."""
    shown = {Granularity.MONTH: "YYYY-MM", Granularity.DAY: "YYYY-MM-DD", Granularity.HOUR: 'YYYY-MM-DD"T"HH24'}
    return f"to_char({bucket}, '{shown[granularity]}')"


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


def _hour(day: date, hour: int) -> Bucket:
    begins = months.begins(day) + hour * HOUR
    return Bucket(begins, begins + HOUR, f"{day.isoformat()}T{hour:02d}")
