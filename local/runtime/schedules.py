"""When a schedule fires next (rate, cron and at expressions of AWS), and the event with which it does.

cronsim finds the times. Around it stand what AWS's expressions have beyond cron's: years, `?`, the working day nearest
to a date (W), days of the week counted from 1, and what happens where clocks change (a skipped hour fires nothing, a
repeated one once). AWS publishes no implementation, and the libraries for its dialect are parsers without next times.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from local.deploy.model import Schedule

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UNITS = {"minute": dt.timedelta(minutes=1), "hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_YEARS = range(1970, 2200)
_SECOND = dt.timedelta(seconds=1)


class BadExpression(Exception):
    """The expression is none that AWS takes; the message names it and says what is wrong."""


def next_time(expression: str, after: dt.datetime, *, timezone: str = "UTC", start: dt.datetime) -> dt.datetime | None:
    """The first time later than `after` (aware) at which the schedule fires, in UTC; None when it never does again.

    `start` is when the schedule came to be: rates count from it.
    """
    if match := _RATE.fullmatch(expression):
        period = int(match[1]) * _UNITS[match[2]]
        if not period:
            raise BadExpression(f"{expression}: the value must be positive")
        return start + ((after - start) // period + 1) * period
    zone = ZoneInfo(timezone)
    if match := _AT.fullmatch(expression):
        once = dt.datetime.fromisoformat(match[1]).replace(tzinfo=zone).astimezone(dt.UTC)
        return once if once > after else None
    if match := _CRON.fullmatch(expression):
        try:
            return _next_cron(match[1], after, zone)
        except (CronSimError, ValueError) as error:
            raise BadExpression(f"{expression}: {error}") from error
    raise BadExpression(f"{expression} is neither rate(…), cron(…) nor at(…)")


def event(schedule: Schedule, scheduled: dt.datetime, *, region: str, account: str, attempt: int = 1) -> Any:
    """The event of one firing (JSON value): the schedule's Input with its keywords filled in, or the default event."""
    time = scheduled.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    execution = str(uuid.uuid4())
    if schedule.input is not None:
        text = schedule.input
        if schedule.source == "aws.scheduler":
            for keyword, value in {
                "schedule-arn": schedule.arn,
                "scheduled-time": time,
                "execution-id": execution,
                "attempt-number": str(attempt),
            }.items():
                text = text.replace(f"<aws.scheduler.{keyword}>", value)
        return json.loads(text)
    return {
        "version": "0",
        "id": execution,
        "detail-type": "Scheduled Event",
        "source": schedule.source,
        "account": account,
        "time": time,
        "region": region,
        "resources": [schedule.arn],
        # The Scheduler's event carries its detail as text, the older rules carry an object.
        "detail": "{}" if schedule.source == "aws.scheduler" else {},
    }


class _Days(CronSim):
    """cronsim with `nW` in the day of the month: the working day nearest to day n of the same month."""

    def __init__(self, expression: str, near: frozenset[int], only_near: bool, start: dt.datetime) -> None:
        self._near, self._only_near = near, only_near
        super().__init__(expression, start)

    def match_dom(self, d: dt.date) -> bool:
        if any(d.day == _nearest_working_day(d.year, d.month, day) for day in self._near):
            return True
        return not self._only_near and super().match_dom(d)


def _next_cron(fields: str, after: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    expression, near, only_near, years = _translate(fields)
    # Times of the wall clock, so that cronsim's own rules for changing clocks, which are Debian's, stay out of it.
    wall = after.astimezone(zone).replace(tzinfo=None, fold=0)
    while (year := next((year for year in years if year >= wall.year), None)) is not None:
        if year > wall.year:
            wall = dt.datetime(year, 1, 1) - _SECOND  # noqa: DTZ001 - the wall clock's, see above.
        try:
            wall = next(_Days(expression, near, only_near, wall))
        except StopIteration:
            return None
        if wall.year not in years:
            continue
        found = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        exists = found.astimezone(zone).replace(tzinfo=None) == wall
        if exists and found > after:
            return found
    return None


def _translate(fields: str) -> tuple[str, frozenset[int], bool, list[int]]:
    """The five fields for cronsim, the days with W, whether those are the only days, and the years."""
    parts = fields.upper().split()
    if len(parts) != 6:
        raise BadExpression(f"cron({fields}): six fields are needed")
    minute, hour, day, month, weekday, year = parts
    if (day == "?") == (weekday == "?"):
        raise BadExpression(f"cron({fields}): exactly one of day of month and day of week must be ?")
    plain, near = [], set()
    for item in day.split(","):
        if match := re.fullmatch(r"(\d{1,2})W", item):
            near.add(int(match[1]))
        else:
            plain.append(item)
    if near and not near <= set(range(1, 32)):
        raise BadExpression(f"cron({fields}): a day of the month is from 1 to 31")
    days = ",".join(plain).replace("?", "*") or "*"
    weekdays = ",".join(map(_weekday, weekday.split(","))) if weekday != "?" else "*"
    return f"{minute} {hour} {days} {month} {weekdays}", frozenset(near), bool(near) and not plain, _years(year)


def _weekday(item: str) -> str:
    """One item of the day of the week: AWS counts from 1 = SUN, cronsim from 0."""
    if item in ("*", "L"):
        return "SAT" if item == "L" else item
    match = re.fullmatch(r"(\*|[A-Z]{3}|[1-7])(?:-([A-Z]{3}|[1-7]))?(L|#[1-5]|/\d+)?", item)
    if match is None:
        raise BadExpression(f"{item} is no day of the week")
    first, last, rest = match[1], match[2], match[3] or ""
    return _day_number(first) + (f"-{_day_number(last)}" if last else "") + rest


def _day_number(day: str) -> str:
    if day == "*":
        return day
    if day.isdigit():
        return str(int(day) - 1)
    if day not in _DAYS:
        raise BadExpression(f"{day} is no day of the week")
    return str(_DAYS.index(day))


def _years(field: str) -> list[int]:
    years: set[int] = set()
    for item in field.split(","):
        match = re.fullmatch(r"(\*|\d{4})(?:-(\d{4}))?(?:/(\d+))?", item)
        if match is None:
            raise BadExpression(f"{field} is no year")
        first = _YEARS[0] if match[1] == "*" else int(match[1])
        open_ended = match[1] == "*" or match[3] is not None
        last = int(match[2]) if match[2] else (_YEARS[-1] if open_ended else first)
        years.update(range(first, last + 1, int(match[3] or 1)))
    return sorted(years & set(_YEARS))


def _nearest_working_day(year: int, month: int, day: int) -> int | None:
    """The weekday nearest to a day without leaving its month; None where the month has no such day."""
    length = calendar.monthrange(year, month)[1]
    if day > length:
        return None
    weekday = calendar.weekday(year, month, day)
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < length else day - 2
    return day
