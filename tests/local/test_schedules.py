"""Times of schedules (rate, AWS cron, at), their events, and their firing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zoneinfo

import pytest

from local.deploy import Deployment, Schedule
from local.runtime import FunctionError, Functions
from local.runtime.schedules import BadExpression, event, next_time
from tests.local.actors import Actors
from tests.patience import ends

START = dt.datetime(2026, 1, 1, 0, 0, 30, tzinfo=dt.UTC)


def following(expression: str, after: str, count: int = 1, timezone: str = "UTC") -> list[str]:
    """The next times in the schedule's own time zone, as "YYYY-MM-DD HH:MM"."""
    zone = zoneinfo.ZoneInfo(timezone)
    moment = dt.datetime.fromisoformat(after).replace(tzinfo=zone)
    times: list[str] = []
    while len(times) < count and (found := next_time(expression, moment, timezone=timezone, start=START)):
        moment = found
        times.append(found.astimezone(zone).strftime("%Y-%m-%d %H:%M"))
    return times


@pytest.mark.parametrize(
    ("expression", "after", "times"),
    [
        ("cron(0 18 * * ? *)", "2026-03-01 17:00", ["2026-03-01 18:00", "2026-03-02 18:00"]),
        ("cron(0 18 * * ? *)", "2026-03-01 18:00", ["2026-03-02 18:00"]),
        ("cron(0/15 9-10 * * ? *)", "2026-03-01 09:40", ["2026-03-01 09:45", "2026-03-01 10:00"]),
        ("cron(*/20 * ? * 2 *)", "2026-03-01 23:50", ["2026-03-02 00:00", "2026-03-02 00:20"]),
        # 1 is Sunday, 7 is Saturday.
        ("cron(0 0 ? * 1 *)", "2026-03-02 00:00", ["2026-03-08 00:00"]),
        ("cron(0 0 ? * 7 *)", "2026-03-02 00:00", ["2026-03-07 00:00"]),
        ("cron(0 0 ? * 2-6 *)", "2026-03-06 12:00", ["2026-03-09 00:00"]),
        ("cron(0 0 ? * MON-FRI *)", "2026-03-06 12:00", ["2026-03-09 00:00"]),
        ("cron(0 0 ? * SUN,WED *)", "2026-03-01 12:00", ["2026-03-04 00:00", "2026-03-08 00:00"]),
        ("cron(0 0 ? JAN,JUL MON#1 *)", "2026-01-06 00:00", ["2026-07-06 00:00"]),
        ("cron(0 0 ? * 3#2 *)", "2026-03-01 00:00", ["2026-03-10 00:00", "2026-04-14 00:00"]),
        ("cron(0 0 ? * 6L *)", "2026-03-01 00:00", ["2026-03-27 00:00", "2026-04-24 00:00"]),
        ("cron(0 0 ? * FRIL *)", "2026-03-01 00:00", ["2026-03-27 00:00"]),
        ("cron(0 0 ? * L *)", "2026-03-01 00:00", ["2026-03-07 00:00"]),
        ("cron(0 0 L * ? *)", "2026-02-01 00:00", ["2026-02-28 00:00", "2026-03-31 00:00"]),
        ("cron(0 0 LW * ? *)", "2026-02-01 00:00", ["2026-02-27 00:00", "2026-03-31 00:00"]),
        # The working day nearest to a date: Sunday 1 March → Monday 2; Sunday 15 → Monday 16; Saturday 14 → Friday 13.
        ("cron(0 0 1W 3 ? *)", "2026-02-01 00:00", ["2026-03-02 00:00"]),
        ("cron(0 0 15W 3 ? *)", "2026-02-01 00:00", ["2026-03-16 00:00"]),
        ("cron(0 0 14W 3 ? *)", "2026-02-01 00:00", ["2026-03-13 00:00"]),
        ("cron(0 0 1W 8 ? *)", "2026-02-01 00:00", ["2026-08-03 00:00"]),
        ("cron(0 0 31W 5 ? *)", "2026-02-01 00:00", ["2026-05-29 00:00"]),
        ("cron(0 0 31W * ? *)", "2026-03-31 00:00", ["2026-05-29 00:00"]),
        ("cron(0 0 5,15W 3 ? *)", "2026-03-01 00:00", ["2026-03-05 00:00", "2026-03-16 00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-03-01 00:00", ["2028-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2030)", "2026-03-01 00:00", ["2030-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2028-2029)", "2026-03-01 00:00", ["2028-01-01 00:00", "2029-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2027/2)", "2026-03-01 00:00", ["2027-01-01 00:00", "2029-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2020)", "2026-03-01 00:00", []),
        ("at(2026-03-05T10:00:00)", "2026-03-01 00:00", ["2026-03-05 10:00"]),
        ("at(2026-03-05T10:00:00)", "2026-03-05 10:00", []),
        # Rates count from the start, not from the last time.
        ("rate(1 minute)", "2026-01-01 00:00", ["2026-01-01 00:00", "2026-01-01 00:01"]),
        ("rate(5 minutes)", "2026-01-01 00:07", ["2026-01-01 00:10"]),
        ("rate(2 hours)", "2026-01-01 05:00", ["2026-01-01 06:00"]),
        ("rate(1 day)", "2026-01-09 05:00", ["2026-01-10 00:00"]),
    ],
)
def test_next_times(expression: str, after: str, times: list[str]) -> None:
    assert following(expression, after, max(1, len(times))) == times


def test_cron_follows_its_time_zone() -> None:
    assert next_time(
        "cron(30 9 * * ? *)", dt.datetime(2026, 3, 1, tzinfo=dt.UTC), timezone="Asia/Seoul", start=START
    ) == dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.UTC)


def test_a_skipped_hour_fires_nothing_and_a_repeated_one_once() -> None:
    # New York: 2:30 doesn't exist on 8 March 2026, 1:30 exists twice on 1 November.
    spring = following("cron(30 2 * * ? *)", "2026-03-07 12:00", 2, "America/New_York")
    assert spring == ["2026-03-09 02:30", "2026-03-10 02:30"]
    autumn = following("cron(30 1 * * ? *)", "2026-10-31 12:00", 2, "America/New_York")
    assert autumn == ["2026-11-01 01:30", "2026-11-02 01:30"]


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 18 * * *)",
        "cron(0 18 * * * *)",
        "cron(0 18 ? * ? *)",
        "cron(60 18 * * ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * 0 *)",
        "cron(0 0 ? * XYZ *)",
        "cron(0 0 32W * ? *)",
        "cron(0 0 * * ? soon)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "every day",
    ],
)
def test_what_aws_would_not_take_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression):
        next_time(expression, START, start=START)


async def test_a_bad_expression_is_told_at_the_start(endpoint: str, deployment: Deployment) -> None:
    bad = dataclasses.replace(deployment.schedules["TickMinutes"], expression="cron(0 0 * * * *)")
    broken = dataclasses.replace(deployment, sources=[], schedules={"Bad": bad})
    with pytest.raises(BadExpression):
        async with Functions(broken, endpoint=endpoint, on_log=lambda function, line: None) as running:
            running.listen()


def test_the_events_are_those_of_the_scheduler_and_of_the_rules() -> None:
    schedule = Schedule("S", "nightly", "arn:s", "aws.scheduler", "F", "rate(1 day)")
    made = event(schedule, START, region="moon", account="1")
    assert made["source"] == "aws.scheduler"
    assert made["detail-type"] == "Scheduled Event"
    assert made["time"] == "2026-01-01T00:00:30Z"
    assert made["resources"] == ["arn:s"]
    assert made["detail"] == "{}"
    assert event(dataclasses.replace(schedule, source="aws.events"), START, region="moon", account="1")["detail"] == {}
    given = dataclasses.replace(
        schedule,
        input='{"at": "<aws.scheduler.scheduled-time>", "who": "<aws.scheduler.schedule-arn>",'
        ' "try": <aws.scheduler.attempt-number>}',
    )
    assert event(given, START, region="moon", account="1", attempt=2) == {
        "at": "2026-01-01T00:00:30Z",
        "who": "arn:s",
        "try": 2,
    }


async def test_a_schedule_can_be_fired_now(actors: Actors) -> None:
    answer = await actors.running.fire_schedule("TickMinutes")
    assert abs(dt.datetime.fromisoformat(answer["at"]) - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)
    assert (await actors.running.fire_schedule("TickNightly"))["source"] == "aws.events"
    with pytest.raises(KeyError, match="TickMinutes"):
        await actors.running.fire_schedule("Nobody")


async def test_an_asynchronous_invocation_is_tried_three_times(actors: Actors) -> None:
    assert await actors.running.fire_schedule("StumbleYearly") == 3


async def test_what_fails_three_times_goes_to_the_dead_letters(actors: Actors) -> None:
    await actors.receive("Given")
    with pytest.raises(FunctionError, match="attempt 3"):
        await actors.running.fire_schedule("StumbleNever")
    letters = await actors.receive("Given")
    (letter,) = [letter for letter in letters if json.loads(letter["Body"]) == {"good on attempt": 9}]
    assert "attempt 3" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]


async def test_a_rate_fires_again_and_again(endpoint: str, deployment: Deployment, actors: Actors) -> None:
    before = len(actors.recorded("tick"))
    quiet = dataclasses.replace(deployment, sources=[], schedules={"TickMinutes": deployment.schedules["TickMinutes"]})

    def a_minute_apart() -> bool:
        """Whether two ticks are; the functions that all tests share may put one of theirs between."""
        ticks = {dt.datetime.fromisoformat(line["event"]["at"]) for line in actors.recorded("tick")[before:]}
        return any(tick + dt.timedelta(minutes=1) in ticks for tick in ticks)

    async with Functions(quiet, endpoint=endpoint, on_log=lambda function, line: None, time_scale=60) as running:
        running.listen()
        await actors.until(a_minute_apart)


async def test_a_source_that_breaks_is_told_to_whoever_watches(endpoint: str, deployment: Deployment) -> None:
    source = dataclasses.replace(deployment.sources[0], batch_size=None)  # type: ignore[arg-type]  # what breaks it
    broken = dataclasses.replace(deployment, sources=[source], schedules={})
    async with Functions(broken, endpoint=endpoint, on_log=lambda function, line: None) as running:
        running.listen()
        with pytest.raises(ExceptionGroup, match="unhandled errors"):
            async with ends():
                await running.watch()
