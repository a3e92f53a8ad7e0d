"""When a schedule fires next (rates, and cron expressions of AWS without weekdays and years), and the event it sends.

cronsim finds the times, by Debian's rules where clocks change; AWS has others, which no zone of ours needs.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from local.deploy.model import Schedule

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(((?:[\d*/,-]+ ){4})\? \*\)")
_UNITS = {"minute": dt.timedelta(minutes=1), "hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}


class BadExpression(Exception):
    """The expression is none that is followed here; the message names it and says what is wrong."""


def next_time(expression: str, after: dt.datetime, *, timezone: str = "UTC", start: dt.datetime) -> dt.datetime:
    """The first time later than `after` (aware) at which the schedule fires, in UTC.

    `start` is when the schedule came to be: rates count from it. Raises BadExpression.
    """
    if match := _RATE.fullmatch(expression):
        period = int(match[1]) * _UNITS[match[2]]
        if not period:
            raise BadExpression(f"{expression}: the value must be positive")
        return start + ((after - start) // period + 1) * period
    match = _CRON.fullmatch(expression)
    if match is None:
        raise BadExpression(f"{expression} is neither rate(…) nor cron(minutes hours days months ? *)")
    try:
        return next(CronSim(f"{match[1]}*", after.astimezone(ZoneInfo(timezone)))).astimezone(dt.UTC)
    except CronSimError as error:
        raise BadExpression(f"{expression}: {error}") from error


def event(schedule: Schedule, scheduled: dt.datetime, *, region: str, account: str) -> Any:
    """The event of one firing (JSON value): the schedule's Input, or the Scheduler's default event."""
    if schedule.input is not None:
        return json.loads(schedule.input)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": scheduled.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [schedule.arn],
        "detail": "{}",
    }
