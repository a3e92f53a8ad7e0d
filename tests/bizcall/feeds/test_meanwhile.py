"""Rollups made anew and records attributed anew while loaders are at work: nobody comes between (ST-03)."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from bizcall import feeds, stats
from bizcall.database import COLLIDED, directory, query, tenant
from bizcall.feeds import attribution, ledger
from bizcall.models.calls import NOBODY
from bizcall.stats import Span, rebuilding
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, correction, counts, settled, stored
from tests.histories import hold
from tests.patience import ends

SPAN = Span(DAY.date(), DAY.date())
FORMER = DAY + timedelta(hours=1)

Duty = Callable[[Tenant], Awaitable[Any]]


async def rebuild(company: Tenant) -> None:
    """Make the day's rollups anew."""
    await stats.rebuild(company.id, SPAN)


async def reattribute(company: Tenant) -> None:
    """Attribute the day's records anew."""
    await feeds.reattribute(company.id, SPAN)


async def assigned_late(company: Tenant) -> list[dict[str, Any]]:
    """Load two calls of a line of which it is entered only then who held it; return two to be loaded meanwhile.

    The first is in an hour that had none, the second corrects one of those that are there.
    """
    await began(company.id)
    first, second = (call(company.numbers[0], key, FORMER) for key in "ab")
    await Feeder(company.id).load([first, second], "first.jsonl")
    async with tenant(company.id):
        await hold(company, 0, "김하늘", DAY, None, company.departments["영업팀"])
    later = DAY + timedelta(hours=5)
    return [call(company.numbers[1], "c", later), correction(call(company.numbers[0], "d", later), first)]


async def held_up(*others: asyncio.Task[Any]) -> None:
    """Until each of the others has ended, or waits for what somebody holds."""
    async with ends():
        while any(not other.done() for other in others):
            async with directory():
                [waiting] = await query("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")
            if waiting["n"] >= sum(not other.done() for other in others):
                return
            await asyncio.sleep(0.01)


class Halt:
    """Stands still before the first call of a function whose first argument, as text, has `chosen` in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, chosen: str) -> None:
        """Until it is let go on."""
        self.reached, self._go = asyncio.Event(), asyncio.Event()
        done = getattr(module, name)

        async def halting(first: Any, *arguments: Any) -> Any:
            if chosen in str(first) and not self.reached.is_set():
                self.reached.set()
                await self._go.wait()
            return await done(first, *arguments)

        monkeypatch.setattr(module, name, halting)

    def go_on(self) -> None:
        """Let it."""
        self._go.set()


def begun(work: Awaitable[Any]) -> asyncio.Task[Any]:
    """Work in a task of its own, in which no transaction is open."""

    async def working() -> Any:
        return await work

    return asyncio.get_running_loop().create_task(working(), context=contextvars.Context())


async def assert_right(company: Tenant, duty: Duty, caplog: pytest.LogCaptureFixture) -> None:
    """Each call is there once and counts for whom it is to count, rollups say so, and nobody was a victim."""
    assert COLLIDED not in caplog.messages
    held = {row["id"]: row["subscriber_id"] != NOBODY for row in await stored(company.id)}
    assert held == {"b": duty is reattribute, "c": False, "d": True}
    assert await settled(company.id)


@pytest.mark.parametrize(
    ("duty", "module", "statement", "order"),
    [(rebuild, rebuilding, "INSERT INTO call_hour", 1), (reattribute, attribution, "UPDATE call AS fact", -1)],
)
async def test_ST_03_a_loader_waits_for_whoever_makes_a_day_anew(
    company: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    duty: Duty,
    module: ModuleType,
    statement: str,
    order: int,
) -> None:
    """He has taken out what the day's rollups had, and not put in yet what they are to have.

    What is added would be in the way of the one duty, what is corrected in that of the other: it comes first.
    """
    meanwhile = await assigned_late(company)
    halt = Halt(monkeypatch, module, "query", statement)
    one = begun(duty(company))
    await halt.reached.wait()
    others: list[asyncio.Task[Any]] = []
    for record in meanwhile[::order]:
        others.append(begun(Feeder(company.id).load([record], f"{record['id']}.jsonl")))
        await held_up(*others)
    halt.go_on()
    await one

    assert [counts(await other) for other in others] == [(1, 0, 0, 0), (0, 1, 0, 0)][::order]
    await assert_right(company, duty, caplog)


@pytest.mark.parametrize("duty", [rebuild, reattribute])
async def test_ST_03_whoever_makes_a_day_anew_waits_for_the_loader_whose_records_are_not_there_yet(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, duty: Duty
) -> None:
    added, corrected = await assigned_late(company)
    halt = Halt(monkeypatch, ledger, "advance", str(company.id))
    one = begun(Feeder(company.id).load([corrected], "second.jsonl"))
    await halt.reached.wait()
    other = begun(duty(company))
    await held_up(other)
    halt.go_on()
    await asyncio.gather(one, other)

    await Feeder(company.id).load([added], "third.jsonl")
    await assert_right(company, duty, caplog)
