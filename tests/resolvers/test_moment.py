"""An answer is of one moment, whatever is loaded and changed while its statements are sent (ST-03)."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from bizcall import audit
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from tests.console import console
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call
from tests.statements import Recorded

PERIOD = {"fromOn": DAY.date().isoformat(), "toOn": DAY.date().isoformat()}
TOGETHER = """
query ($filter: CallFilter!) {
  callStatistics(filter: $filter, granularity: DAY, groupBy: COMPANY, first: 1) { asOf nodes { total { total } } }
  lines: callStatistics(filter: $filter, granularity: DAY, groupBy: LINE, first: 20) { nodes { total { total } } }
  calls(filter: $filter, first: 50) { asOf totalCount { value } nodes { id } }
}"""
PEOPLE = "{ subscribers(first: 100) { nodes { updatedAt subscriber { name mobile } } } viewer { company { name } } }"


@contextmanager
def before_the_statement(
    place: int, work: Callable[[], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Have another process, as it were, do its work under the statement of that place in the block.

    Collects that statement, or nothing if there are fewer.
    """
    found: list[str] = []
    left, outside = place, contextvars.copy_context()

    def worked(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def sent(self: Recorded, sql: str, *args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                found.append(sql)
                await asyncio.create_task(_done(work), context=outside)
            return await send(self, sql, *args, **kwargs)

        return sent

    with monkeypatch.context() as patched:
        for name in ("execute", "fetch"):
            patched.setattr(Recorded, name, worked(getattr(Recorded, name)))
        yield found


async def _done(work: Callable[[], Awaitable[Any]]) -> None:
    await work()


async def test_ST_03_sums_list_count_and_freshness_are_of_one_moment_while_a_file_is_loaded(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    feeder, loaded = Feeder(company.id), 0
    seen = set()

    async def load() -> None:
        nonlocal loaded
        records = [
            call(company.numbers[n % 3 + loaded % 4], f"c{loaded}-{n}", DAY + timedelta(hours=n)) for n in range(2)
        ]
        await feeder.load(records, f"{loaded}.jsonl")
        loaded += 1

    await load()
    async with console(company) as desk:
        for place in range(1, 100):
            before = loaded
            with before_the_statement(place, load, monkeypatch) as found:
                answer = await desk.answer(TOGETHER, filter=PERIOD)
            assert "errors" not in answer, answer
            data = answer["data"]
            [total] = [node["total"]["total"] for node in data["callStatistics"]["nodes"]]
            by_line = sum(node["total"]["total"] for node in data["lines"]["nodes"])
            listed = (data["calls"]["totalCount"]["value"], len(data["calls"]["nodes"]))
            assert (by_line, *listed) == (total, total, min(total, 50)), (place, found)
            assert data["callStatistics"]["asOf"] == data["calls"]["asOf"], (place, found)
            seen.add(total - 2 * before)
            if not found:
                break
    # Some came before the moment of the answer, and most too late for it.
    assert (seen, loaded > 8) == ({0, 2}, True)


async def person(company: Tenant) -> None:
    """Somebody holds the first line."""
    async with tenant(company.id):
        await query(
            "INSERT INTO subscriber (company_id, id, line_id, name, mobile, started_at, updated_at)"
            " VALUES ($1, $2, $3, '김하늘', '01012345678', now(), now())",
            company.id,
            uuid7(),
            company.line_ids[0],
        )


async def test_P1_a_query_that_is_recorded_is_answered_whatever_is_changed_under_it(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def change() -> None:
        async with tenant(company.id):
            await query("UPDATE company SET masks_customers = NOT masks_customers WHERE id = $1", company.id)
            await audit.record(company.id, audit.system(), "companies.policy", [company.id], kind="Company")
            await query("UPDATE line SET rid = NULL WHERE company_id = $1", company.id)
            await query("UPDATE subscriber SET position = position || 'a' WHERE company_id = $1", company.id)

    await person(company)
    async with console(company) as desk:
        for place in range(1, 100):
            with before_the_statement(place, change, monkeypatch) as found:
                answer = await desk.answer(PEOPLE)
            assert "errors" not in answer, (place, found, answer)
            if not found:
                break
    assert place > 4


async def test_D5_P1_a_query_whose_record_collided_is_run_again_and_recorded_once(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None that is sent does so by itself; one that locked what it reads would."""
    collisions = 1

    async def fetch(self: Recorded, sql: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal collisions
        if collisions and "INSERT INTO audit_record" in sql:
            collisions -= 1
            raise asyncpg.SerializationError("could not serialize access due to concurrent update")
        return await send(self, sql, *args, **kwargs)

    await person(company)
    send = Recorded.fetch
    async with console(company) as desk:
        monkeypatch.setattr(Recorded, "fetch", fetch)
        answer = await desk.answer(PEOPLE)
    assert "errors" not in answer, answer
    assert collisions == 0
    async with tenant(company.id):
        rows = await query("SELECT action FROM audit_record WHERE company_id = $1", company.id)
    assert [row["action"] for row in rows] == ["subscribers.view"]
