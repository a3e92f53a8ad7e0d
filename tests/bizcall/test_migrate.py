"""Migrations: once, in order, whole or not at all, and never changed afterwards."""

from __future__ import annotations

import asyncio
import logging
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import asyncpg
import pytest

from bizcall import migrate, months, table_locks
from bizcall.table_locks import AnotherRun, Patience, TablesBusy
from local.postgres import Postgres

_names = count(1)

HASTY = Patience(attempts=2, lock_seconds=0.05, pause_seconds=0.01)
STUBBORN = Patience(attempts=1000, lock_seconds=0.05, pause_seconds=0.01)


@pytest.fixture
async def url(postgres: Postgres) -> AsyncIterator[str]:
    """An empty database, as the owner."""
    name = f"migrate_{next(_names)}"
    owner = await asyncpg.connect(postgres.url("owner"))
    await owner.execute(f"CREATE DATABASE {name}")
    yield postgres.url("owner", database=name)
    await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await owner.close()


def files(folder: pathlib.Path, **bodies: str) -> pathlib.Path:
    """A folder with these migrations."""
    for name, body in bodies.items():
        (folder / f"{name}.sql").write_text(body)
    return folder


async def ask(url: str, sql: str) -> object:
    """One value."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_each_file_is_applied_once_and_in_order(url: str, tmp_path: pathlib.Path) -> None:
    folder = files(tmp_path, b_second="INSERT INTO thing VALUES (1)", a_first="CREATE TABLE thing (n int)")

    assert await migrate.apply(url, folder) == ["a_first.sql", "b_second.sql"]
    assert await migrate.apply(url, folder) == []
    assert await ask(url, "SELECT count(*) FROM thing") == 1


async def test_a_file_that_fails_leaves_nothing_and_keeps_those_before_it(url: str, tmp_path: pathlib.Path) -> None:
    folder = files(tmp_path, a="CREATE TABLE kept (n int)", b="CREATE TABLE lost (n int); SELECT nonsense")

    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate.apply(url, folder)

    assert await ask(url, "SELECT to_regclass('kept') IS NOT NULL AND to_regclass('lost') IS NULL")
    assert await ask(url, "SELECT string_agg(name, ',') FROM migration") == "a.sql"


async def test_a_file_that_was_changed_is_refused_before_anything_is_applied(url: str, tmp_path: pathlib.Path) -> None:
    await migrate.apply(url, files(tmp_path, a="CREATE TABLE thing (n int)"))
    files(tmp_path, a="CREATE TABLE thing (n bigint)", b="CREATE TABLE further (n int)")

    with pytest.raises(migrate.MigrationChanged, match=r"a\.sql"):
        await migrate.apply(url, tmp_path)

    assert await ask(url, "SELECT to_regclass('further') IS NULL")


async def test_other_line_ends_are_no_change(url: str, tmp_path: pathlib.Path) -> None:
    await migrate.apply(url, files(tmp_path, a="SELECT 1;\nSELECT 2;\n"))
    (tmp_path / "a.sql").write_bytes(b"SELECT 1;\r\nSELECT 2;\r\n")

    assert await migrate.apply(url, tmp_path) == []


async def test_two_at_once_apply_each_file_once(url: str, tmp_path: pathlib.Path) -> None:
    folder = files(tmp_path, a="CREATE TABLE thing (n int); SELECT pg_sleep(0.2)")

    # Whoever waits for another run to end has all the time that it takes.
    applied = await asyncio.gather(*(migrate.apply(url, folder, patience=HASTY) for _ in range(3)))

    assert sorted(applied) == [[], [], ["a.sql"]]


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Any]:
    """A transaction that has read a table "thing" and goes on."""
    connection = await asyncpg.connect(url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT FROM thing")
        yield transaction
    finally:
        await connection.close()


async def waits_for_thing(url: str) -> None:
    """Return once somebody waits to have "thing" for himself."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(60):
            while not await connection.fetchval(  # noqa: ASYNC110 - the server tells nobody
                "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'thing'::regclass"
                " AND mode = 'AccessExclusiveLock' AND NOT granted)"
            ):
                await asyncio.sleep(0.005)
    finally:
        await connection.close()


async def test_D7_a_file_whose_table_stays_in_use_is_given_up_and_leaves_nothing(
    url: str, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate.apply(url, files(tmp_path, a="CREATE TABLE thing (n int)"))
    files(tmp_path, b="CREATE TABLE lost (n int); ALTER TABLE thing ADD COLUMN m int", c="CREATE TABLE further (n int)")

    async with reading(url):
        with pytest.raises(TablesBusy, match=r"^b\.sql: not done, .* at each of 2 attempts, .*Changes of the schema"):
            await migrate.apply(url, tmp_path, patience=HASTY)
    tried = [vars(record) for record in caplog.records if record.levelno == logging.WARNING]
    assert [(each["change"], each["attempt"]) for each in tried] == [("b.sql", 1), ("b.sql", 2)]
    assert await ask(url, "SELECT to_regclass('lost') IS NULL AND to_regclass('further') IS NULL")
    assert await ask(url, "SELECT string_agg(name, ',') FROM migration") == "a.sql"

    # Which is what it says: the same again, once the table is free.
    assert await migrate.apply(url, tmp_path, patience=HASTY) == ["b.sql", "c.sql"]


async def test_D7_whoever_comes_behind_a_file_that_waits_gets_through(url: str, tmp_path: pathlib.Path) -> None:
    await migrate.apply(url, files(tmp_path, a="CREATE TABLE thing (n int)"))
    files(tmp_path, b="ALTER TABLE thing ADD COLUMN m int")
    patience = Patience(attempts=1, lock_seconds=0.5)

    async with reading(url):
        migration = asyncio.create_task(migrate.apply(url, tmp_path, patience=patience))
        await waits_for_thing(url)
        async with asyncio.timeout(60):
            assert await ask(url, "SELECT count(*) FROM thing") == 0
        with pytest.raises(TablesBusy):
            await migration


async def test_D7_a_file_is_applied_once_its_table_is_free_between_two_attempts(
    url: str, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate.apply(url, files(tmp_path, a="CREATE TABLE thing (n int)"))
    files(tmp_path, b="CREATE TABLE made (n int); ALTER TABLE thing ADD COLUMN m int")

    async with reading(url) as transaction:
        migration = asyncio.create_task(migrate.apply(url, tmp_path, patience=STUBBORN))
        async with asyncio.timeout(60):
            while not caplog.records:  # noqa: ASYNC110 - a record sets no event
                await asyncio.sleep(0.005)
        await transaction.rollback()
        assert await migration == ["b.sql"]
    assert await ask(url, "SELECT count(m) FROM thing, made") == 0


async def test_D7_nothing_is_tried_again_when_the_runs_time_is_over(url: str, tmp_path: pathlib.Path) -> None:
    await migrate.apply(url, files(tmp_path, a="CREATE TABLE thing (n int)"))
    files(tmp_path, b="ALTER TABLE thing ADD COLUMN m int")

    async with reading(url):
        with pytest.raises(TablesBusy, match="at each of 1 attempts"):
            await migrate.apply(url, tmp_path, patience=Patience(lock_seconds=0.05, seconds=1))


@pytest.mark.parametrize("what", [migrate.apply, months.keep])
async def test_D7_whoever_meets_another_run_that_does_not_end_says_so(
    url: str, what: Callable[..., Awaitable[Any]]
) -> None:
    async with table_locks.run(url):
        with pytest.raises(AnotherRun, match="Changes of the schema"):
            await what(url, patience=Patience(seconds=0.1))

    assert await ask(url, "SELECT to_regclass('migration') IS NULL")


async def test_D7_a_process_that_is_gone_keeps_nothing_locked(url: str) -> None:
    async with table_locks.run(url) as run:
        assert await run.connection.fetchval("SHOW idle_in_transaction_session_timeout") == "1min"
        assert await run.connection.fetchval("SHOW tcp_keepalives_idle") == "30"
        assert await run.connection.fetchval("SHOW lock_timeout") == "0"


async def test_D7_a_file_that_loses_a_deadlock_is_tried_again(url: str, tmp_path: pathlib.Path) -> None:
    # A sequence remembers the attempts that are rolled back.
    lost = "DO $$ BEGIN IF nextval('attempts') = 1 THEN RAISE EXCEPTION USING ERRCODE = '40P01'; END IF; END $$"
    folder = files(tmp_path, a="CREATE SEQUENCE attempts", b=f"CREATE TABLE thing (n int); {lost}")

    assert await migrate.apply(url, folder, patience=HASTY) == ["a.sql", "b.sql"]
    assert await ask(url, "SELECT last_value FROM attempts") == 2
