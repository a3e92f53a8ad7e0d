"""A database that is away, slow, silent or full: what its users see, and how soon it is over (D1 to D6)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from bizcall.connections import ACQUIRE
from bizcall.database import directory, query, repeated, tenant
from bizcall.errors import Collided, Unavailable
from bizcall.models import Department
from local.postgres import Postgres
from tests.factories import Tenant
from tests.patience import PATIENCE, ends
from tests.proxy import Proxy, between

HANG = 1.0
"""The patience for one statement here, in seconds; the API has 3."""

HELD = 0.5
"""How long one holds a connection that others wait for, in seconds."""


@pytest.fixture
async def wire(postgres: Postgres, db: None) -> AsyncIterator[Proxy]:
    """The way to the database, open to faults."""
    async with between(postgres.url("app"), command_timeout=HANG) as proxy:
        yield proxy


@asynccontextmanager
async def away(*, before: float = PATIENCE) -> AsyncIterator[None]:
    """The block ends as Unavailable, before so many seconds are over."""
    async with ends(before=before):
        with pytest.raises(Unavailable):
            yield


async def backend() -> int:
    """The server's process behind a transaction."""
    async with directory():
        ((row),) = await query("SELECT pg_backend_pid() AS pid")
    return int(row["pid"])


async def end(pid: int, *, by: str) -> None:
    """End a session from a connection of another one."""
    connection = await asyncpg.connect(by)
    await connection.execute("SELECT pg_terminate_backend($1)", pid)
    await connection.close()


async def names(company_id: UUID) -> list[str]:
    """What the company's departments are called."""
    async with tenant(company_id):
        return sorted([row.name for row in await Department.filter(company_id=company_id)])


async def test_D1_connections_ended_while_idle_show_no_error_in_100_requests(
    wire: Proxy, postgres: Postgres, company: Tenant
) -> None:
    for turn in range(100):
        pid = await backend()
        if turn % 3 == 0:
            await end(pid, by=postgres.url("owner"))
        elif turn % 3 == 1:
            wire.reset()


async def test_D1_an_ended_connection_that_nobody_has_noticed_is_replaced_when_a_transaction_begins(
    wire: Proxy, postgres: Postgres, company: Tenant
) -> None:
    await asyncio.gather(*(names(company.id) for _ in range(5)))
    wire.reset()
    # The loop gets no turn in between, so the pool takes all of its connections for living ones.
    assert await asyncio.gather(*(names(company.id) for _ in range(5))) == [["개발팀", "영업팀"]] * 5


async def test_D2_a_connection_that_ends_inside_a_transaction_is_unavailable_and_leaves_nothing_half_written(
    wire: Proxy, company: Tenant
) -> None:
    async with away(), tenant(company.id):
        await Department.create(company_id=company.id, name="반쪽")
        wire.reset()
        await Department.create(company_id=company.id, name="나머지")

    assert await names(company.id) == ["개발팀", "영업팀"]


async def test_D2_a_statement_that_is_ended_midway_is_unavailable_and_the_next_one_works(
    wire: Proxy, postgres: Postgres
) -> None:
    async def sleeping() -> None:
        async with directory():
            await query("SELECT pg_sleep(30)")

    task = asyncio.create_task(sleeping())
    await asyncio.sleep(0.2)
    async with away():
        wire.reset()
        await task
    assert await backend()


@pytest.mark.parametrize("after", [0, 1, 5, 23, 100, 300])
async def test_D2_an_answer_cut_off_anywhere_is_unavailable_and_no_part_of_it_is_taken_for_the_whole(
    wire: Proxy, after: int
) -> None:
    async with directory():
        await query("SELECT 1")
    async with away(), directory():
        wire.cut(after=after, always=True)
        await query("SELECT n, repeat('가', 20) AS text FROM generate_series(1, 20) AS n")
    await wire.heal()
    assert await backend()


async def test_D3_a_database_that_falls_silent_is_given_up_in_time_and_comes_back_without_a_restart(
    wire: Proxy, company: Tenant
) -> None:
    await backend()
    wire.hang()
    async with away():
        await backend()
    async with away():
        await backend()
    await wire.heal()
    assert await names(company.id) == ["개발팀", "영업팀"]


async def test_D3_falling_silent_inside_a_transaction_takes_no_longer(wire: Proxy, company: Tenant) -> None:
    async with away(), tenant(company.id):
        await Department.create(company_id=company.id, name="반쪽")
        wire.hang()
        await query("SELECT 1")
    await wire.heal()
    assert await names(company.id) == ["개발팀", "영업팀"]


async def test_D3_a_commit_without_an_answer_is_unavailable_in_time(wire: Proxy, company: Tenant) -> None:
    async with away(), tenant(company.id):
        await Department.create(company_id=company.id, name="어쩌면")
        wire.hang()
    await wire.heal()
    assert await backend()


async def test_D4_a_database_that_refuses_is_unavailable_at_once_and_again_there_when_it_listens(wire: Proxy) -> None:
    await backend()
    await wire.refuse()
    for _ in range(20):
        async with away(before=ACQUIRE):
            await backend()
    await wire.heal()
    assert await backend()


async def test_a_slow_database_is_no_failure(wire: Proxy, company: Tenant) -> None:
    wire.latency = 0.1
    assert await names(company.id) == ["개발팀", "영업팀"]


async def test_D5_two_that_lock_crosswise_both_succeed_because_the_victim_is_run_again(company: Tenant) -> None:
    keys = list(company.departments.values())
    met = asyncio.Barrier(2)
    attempts = 0

    @repeated
    async def mark(order: list[UUID], word: str) -> None:
        nonlocal attempts
        attempts += 1
        async with tenant(company.id):
            for place, key in enumerate(order):
                await query(
                    "UPDATE department SET name = name || $3 WHERE company_id = $1 AND id = $2", company.id, key, word
                )
                if place == 0 and attempts <= 2:
                    await met.wait()

    await asyncio.gather(mark(keys, "가"), mark(keys[::-1], "나"))

    assert attempts == 3
    assert [sorted(name[-2:]) for name in await names(company.id)] == [["가", "나"]] * 2


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_D5_after_three_attempts_a_collision_is_told_as_unavailable(company: Tenant, code: str) -> None:
    attempts = 0

    @repeated
    async def colliding() -> None:
        nonlocal attempts
        attempts += 1
        async with tenant(company.id):
            await Department.create(company_id=company.id, name=f"시도 {attempts}")
            await query(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = '홍길동'; END $$")

    with pytest.raises(Collided) as refused:
        await colliding()
    assert isinstance(refused.value, Unavailable)
    assert "홍길동" not in str(refused.value)
    assert attempts == 3
    assert await names(company.id) == ["개발팀", "영업팀"]


async def test_D5_inside_of_a_transaction_nothing_is_repeated(company: Tenant) -> None:
    attempts = 0

    @repeated
    async def part() -> None:
        nonlocal attempts
        attempts += 1
        await query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    with pytest.raises(Collided):
        async with tenant(company.id):
            await part()
    assert attempts == 1


async def test_D5_500_operations_of_50_workers_on_the_same_rows_add_up(company: Tenant) -> None:
    async with tenant(company.id):
        await query("UPDATE department SET name = '0:' || id WHERE company_id = $1", company.id)

    @repeated
    async def count_up() -> None:
        async with tenant(company.id):
            await query(
                """
                UPDATE department SET name = (split_part(name, ':', 1)::int + 1)::text || ':' || id
                WHERE company_id = $1
                """,
                company.id,
            )

    async def work() -> None:
        for _ in range(10):
            await count_up()

    await asyncio.gather(*(work() for _ in range(50)))

    assert [name.split(":")[0] for name in await names(company.id)] == ["500", "500"]


async def test_D6_those_who_find_no_free_connection_in_time_are_told_and_nobody_is_lost(
    wire: Proxy, company: Tenant
) -> None:
    served = 0

    async def hold() -> None:
        nonlocal served
        async with tenant(company.id):
            await query("SELECT pg_sleep($1)", HELD)
        served += 1

    outcomes = await asyncio.gather(*(hold() for _ in range(100)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {type(None), Unavailable}
    # Each of the 5 connections serves one after another; whose turn had not come after ACQUIRE seconds was told so.
    assert served == outcomes.count(None)
    assert 5 <= served <= 5 * (math.ceil(ACQUIRE / HELD) + 1)
    assert await asyncio.gather(*(names(company.id) for _ in range(20))) == [["개발팀", "영업팀"]] * 20


async def test_a_transaction_that_cannot_begin_gives_its_connection_back(wire: Proxy) -> None:
    for _ in range(10):
        await backend()
        wire.cut(after=0, always=True)
        with pytest.raises(Unavailable):
            await backend()
        await wire.heal()
    held = await asyncio.gather(*(backend() for _ in range(5)))
    assert len(held) == 5
