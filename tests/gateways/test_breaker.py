"""The breaker in PostgreSQL: ten failures within sixty seconds, one trial at a time, the same for all processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bizcall.database import directory, query
from bizcall.dispatch import breaker
from bizcall.ids import uuid7

START = datetime(2026, 7, 25, tzinfo=UTC)


@pytest.fixture
def gateway(db: None) -> str:
    """A gateway that no other test knows."""
    return f"gateway-{uuid7()}"


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


async def fail(gateway: str, seconds: float) -> None:
    """A failure, in a transaction of its own."""
    async with directory():
        await breaker.failed(gateway, at(seconds))


async def open_until(gateway: str) -> datetime | None:
    """Until when it is left alone."""
    async with directory():
        rows = await query("SELECT open_until FROM gateway WHERE name = $1", gateway)
    until: datetime | None = rows[0]["open_until"] if rows else None
    return until


async def may_try(gateway: str, seconds: float) -> bool:
    """Ask, in a transaction of its own."""
    async with directory():
        return await breaker.may_try(gateway, at(seconds))


async def test_W7_the_tenth_failure_within_sixty_seconds_opens_it(gateway: str) -> None:
    for number in range(9):
        await fail(gateway, number * 6)
    assert await open_until(gateway) is None
    await fail(gateway, 59.9)
    assert await open_until(gateway) == at(59.9) + breaker.PAUSE


async def test_W7_failures_further_apart_never_open_it(gateway: str) -> None:
    for number in range(40):
        await fail(gateway, number * 6.7)
    assert await open_until(gateway) is None


async def test_W7_the_sixty_seconds_slide_with_the_failures(gateway: str) -> None:
    for seconds in (0, 55, 56, 57, 58, 59, 61, 62, 63, 64):
        await fail(gateway, seconds)
    assert await open_until(gateway) is None, "the first was too long ago"
    await fail(gateway, 65)
    assert await open_until(gateway) == at(65) + breaker.PAUSE


async def test_W7_after_the_pause_one_worker_of_many_tries(gateway: str) -> None:
    for _ in range(10):
        await fail(gateway, 0)
    assert not await may_try(gateway, 29.9)
    tries = await asyncio.gather(*(may_try(gateway, 30) for _ in range(20)))
    assert sum(tries) == 1
    assert await open_until(gateway) == at(60)
    assert await may_try(gateway, 60), "the worker that tried has died"


async def test_W7_a_trial_that_fails_opens_it_again_and_one_that_succeeds_closes_it(gateway: str) -> None:
    for _ in range(10):
        await fail(gateway, 0)
    assert await may_try(gateway, 31)
    await fail(gateway, 40)
    assert await open_until(gateway) == at(70)
    assert await may_try(gateway, 70)
    async with directory():
        await breaker.recovered(gateway)
    assert await open_until(gateway) is None
    await fail(gateway, 71)
    assert await open_until(gateway) is None, "it counts from the beginning again"


async def test_W7_failures_of_many_workers_at_once_are_all_counted(gateway: str) -> None:
    await asyncio.gather(*(fail(gateway, number / 10) for number in range(9)))
    assert await open_until(gateway) is None
    await asyncio.gather(*(fail(gateway, 1) for _ in range(4)))
    assert await open_until(gateway) == at(1) + breaker.PAUSE


async def test_a_gateway_that_never_failed_has_no_row_and_needs_none(gateway: str) -> None:
    assert not await may_try(gateway, 0)
    async with directory():
        await breaker.recovered(gateway)
    assert await open_until(gateway) is None
