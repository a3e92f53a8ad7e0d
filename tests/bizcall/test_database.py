"""Transactions: what they see, what they refuse, and what a database that is away looks like."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import UUID

import pytest
from tortoise.exceptions import OperationalError

from bizcall import database
from bizcall.errors import Collided, Unavailable
from bizcall.models import Line
from local.postgres import Postgres
from tests.factories import Tenant

ROOT = Path(__file__).parents[2]
FROZEN = """
import asyncio, os, signal, sys
from uuid import UUID
from bizcall import database

async def main(url, company_id):
    await database.connect(url, size=1, abandoned=1)
    async with database.tenant(UUID(company_id)):
        await database.query("SELECT id FROM company WHERE id = $1::uuid FOR UPDATE", company_id)
        print("locked", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_statement_outside_a_transaction_is_refused(db: None) -> None:
    with pytest.raises(RuntimeError):
        await database.query("SELECT 1")


async def test_a_directory_transaction_sees_no_tenant_until_it_enters_one(company: Tenant) -> None:
    async with database.directory():
        await database.enter(company.id)

        assert len(await Line.filter(company_id=company.id)) == len(company.numbers)

    with pytest.raises(OperationalError):
        async with database.directory():
            await Line.filter(company_id=company.id)


async def test_entering_a_second_company_is_refused(company: Tenant, stranger: Tenant) -> None:
    async with database.directory():
        await database.enter(company.id)
        with pytest.raises(RuntimeError):
            await database.enter(stranger.id)


async def test_transactions_do_not_nest(company: Tenant) -> None:
    async with database.tenant(company.id):
        with pytest.raises(RuntimeError):
            async with database.tenant(company.id):
                pytest.fail("nested")


async def test_reading_joins_the_open_transaction_and_is_read_only_on_its_own(company: Tenant) -> None:
    async with database.tenant(company.id) as outer, database.reading(company.id) as inner:
        assert inner is outer

    with pytest.raises(Exception, match="read-only transaction"):
        async with database.reading(company.id):
            await Line.filter(company_id=company.id).update(rid=None)


async def test_a_connection_killed_by_the_server_means_unavailable_and_the_next_use_works(company: Tenant) -> None:
    with pytest.raises(Unavailable):
        async with database.tenant(company.id):
            await database.query("SELECT pg_terminate_backend(pg_backend_pid())")

    async with database.tenant(company.id):
        assert await database.query("SELECT 1 AS one") == [{"one": 1}]


async def test_D5_the_loser_of_a_deadlock_may_ask_again(company: Tenant) -> None:
    first, second = company.line_ids[:2]
    both = asyncio.Barrier(2)

    async def lock(*keys: UUID) -> None:
        async with database.tenant(company.id):
            for key in keys:
                await Line.filter(company_id=company.id, id=key).select_for_update().get()
                if key == keys[0]:
                    await both.wait()

    failed = [
        each for each in await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True) if each
    ]
    assert [type(each) for each in failed] == [Collided]


async def test_a_process_that_is_frozen_in_a_transaction_keeps_its_locks_for_no_longer_than_a_worker_runs(
    company: Tenant, postgres: Postgres
) -> None:
    frozen = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FROZEN, postgres.url("app"), str(company.id)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert frozen.stdout is not None
        assert await frozen.stdout.readline() == b"locked\n"
        async with asyncio.timeout(10), database.tenant(company.id):
            assert await database.query("SELECT id FROM company WHERE id = $1 FOR UPDATE", company.id)
    finally:
        frozen.kill()
        await frozen.communicate()


async def test_a_statement_whose_process_can_not_end_it_any_more_is_ended_by_the_server(db: None) -> None:
    async with database.directory():
        settings = await database.query(
            "SELECT name, setting FROM pg_settings WHERE name IN"
            " ('statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name"
        )
    assert [int(row["setting"]) for row in settings] == [database.ABANDONED * 1000, 30_000]
