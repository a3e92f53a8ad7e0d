"""Times of schedules (rate, AWS cron), their events, and their firing."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt

import pytest

from local.deploy import Deployment, Schedule
from local.runtime import FunctionError, Functions, Throttled, schedules
from local.runtime.schedules import BadExpression, event, next_time
from tests.local.actors import Actors
from tests.patience import ends

START = dt.datetime(2026, 1, 1, 0, 0, 30, tzinfo=dt.UTC)


def following(expression: str, after: str, count: int) -> list[str]:
    """The next times, as "YYYY-MM-DD HH:MM" in UTC."""
    moment, times = dt.datetime.fromisoformat(f"{after}+00:00"), []
    for _ in range(count):
        moment = next_time(expression, moment, start=START)
        times.append(f"{moment:%Y-%m-%d %H:%M}")
    return times


@pytest.mark.parametrize(
    ("expression", "after", "times"),
    [
        ("cron(0 18 * * ? *)", "2026-03-01 17:00", ["2026-03-01 18:00", "2026-03-02 18:00"]),
        ("cron(0 18 * * ? *)", "2026-03-01 18:00", ["2026-03-02 18:00"]),
        ("cron(0/15 9-10 * * ? *)", "2026-03-01 09:40", ["2026-03-01 09:45", "2026-03-01 10:00"]),
        ("cron(0 0 1,15 3 ? *)", "2026-03-01 00:00", ["2026-03-15 00:00", "2027-03-01 00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-03-01 00:00", ["2028-02-29 00:00"]),
        # Rates count from the start, not from the last time.
        ("rate(1 minute)", "2026-01-01 00:00", ["2026-01-01 00:00", "2026-01-01 00:01"]),
        ("rate(5 minutes)", "2026-01-01 00:07", ["2026-01-01 00:10"]),
        ("rate(2 hours)", "2026-01-01 05:00", ["2026-01-01 06:00"]),
        ("rate(1 day)", "2026-01-09 05:00", ["2026-01-10 00:00"]),
    ],
)
def test_next_times(expression: str, after: str, times: list[str]) -> None:
    assert following(expression, after, len(times)) == times


def test_cron_follows_its_time_zone() -> None:
    assert next_time(
        "cron(30 9 * * ? *)", dt.datetime(2026, 3, 1, tzinfo=dt.UTC), timezone="Asia/Seoul", start=START
    ) == dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 18 * * *)",
        "cron(0 18 * * * *)",
        "cron(60 18 * * ? *)",
        "cron(0 0 30 2 ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 18 L * ? *)",
        "cron(0 18 * * ? 2027)",
        "at(2026-03-05T10:00:00)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "every day",
    ],
)
def test_what_is_not_followed_here_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression):
        next_time(expression, START, start=START)


async def test_a_bad_expression_is_told_at_the_start(endpoint: str, deployment: Deployment) -> None:
    bad = dataclasses.replace(deployment.schedules["TickMinutes"], expression="cron(0 0 * * * *)")
    broken = dataclasses.replace(deployment, sources=[], schedules={"Bad": bad})
    with pytest.raises(BadExpression):
        async with Functions(broken, endpoint=endpoint, on_log=lambda function, line: None) as running:
            running.listen()


def test_the_events_are_the_schedulers() -> None:
    schedule = Schedule("S", "nightly", "arn:s", "F", "rate(1 day)")
    made = event(schedule, START, region="moon", account="1")
    assert made["source"] == "aws.scheduler"
    assert made["detail-type"] == "Scheduled Event"
    assert made["time"] == "2026-01-01T00:00:30Z"
    assert made["resources"] == ["arn:s"]
    assert made["detail"] == "{}"
    given = dataclasses.replace(schedule, input='{"do": "months"}')
    assert event(given, START, region="moon", account="1") == {"do": "months"}


async def test_a_schedule_can_be_fired_now(actors: Actors) -> None:
    answer = await actors.running.fire_schedule("TickMinutes")
    assert abs(dt.datetime.fromisoformat(answer["time"]) - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)
    assert await actors.running.fire_schedule("TickNightly") == {"at": "night"}
    with pytest.raises(KeyError, match="TickMinutes"):
        await actors.running.fire_schedule("Nobody")


async def test_what_a_schedule_fails_with_is_not_tried_again(actors: Actors) -> None:
    with pytest.raises(FunctionError, match="stumbled"):
        await actors.running.fire_schedule("StumbleNightly")
    assert len(actors.recorded("stumble")) == 1


async def test_a_throttled_schedule_waits_for_room(actors: Actors) -> None:
    busy = [asyncio.create_task(actors.running.invoke("Quick", {"do": "hang", "seconds": 0.1})) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Throttled):
        await actors.running.invoke("Quick", {})
    assert (await actors.running.fire_schedule("QuickNightly"))["event"] == {"at": "night"}
    await asyncio.gather(*busy)


async def test_a_schedule_fires_again_and_again(
    endpoint: str, deployment: Deployment, actors: Actors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(schedules._UNITS, "minute", dt.timedelta(seconds=1))
    quiet = dataclasses.replace(deployment, sources=[], schedules={"TickMinutes": deployment.schedules["TickMinutes"]})

    def times() -> set[str]:
        return {line["event"]["time"] for line in actors.recorded("tick") if "time" in line["event"]}

    before = times()
    async with Functions(quiet, endpoint=endpoint, on_log=lambda function, line: None) as running:
        running.listen()
        await actors.until(lambda: len(times() - before) >= 3)


async def test_a_source_that_breaks_is_told_to_whoever_watches(endpoint: str, deployment: Deployment) -> None:
    source = dataclasses.replace(deployment.sources[0], batch_size=None)  # type: ignore[arg-type]  # what breaks it
    broken = dataclasses.replace(deployment, sources=[source], schedules={})
    async with Functions(broken, endpoint=endpoint, on_log=lambda function, line: None) as running:
        running.listen()
        with pytest.raises(ExceptionGroup, match="unhandled errors"):
            async with ends():
                await running.watch()
