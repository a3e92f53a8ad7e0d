"""Transactions: what they see, what they refuse, and what a database that is away looks like."""

from __future__ import annotations

import pytest
from tortoise.exceptions import OperationalError

from bizcall import database
from bizcall.errors import Unavailable
from bizcall.models import Line
from tests.factories import Tenant


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


async def test_a_failing_statement_inside_a_savepoint_leaves_the_transaction_usable(company: Tenant) -> None:
    async with database.tenant(company.id):
        with pytest.raises(OperationalError):
            async with database.savepoint():
                await database.query("SELECT nonsense")

        assert await database.query("SELECT 1 AS one") == [{"one": 1}]


async def test_a_connection_killed_by_the_server_means_unavailable_and_the_next_use_works(company: Tenant) -> None:
    with pytest.raises(Unavailable):
        async with database.tenant(company.id):
            await database.query("SELECT pg_terminate_backend(pg_backend_pid())")

    async with database.tenant(company.id):
        assert await database.query("SELECT 1 AS one") == [{"one": 1}]
