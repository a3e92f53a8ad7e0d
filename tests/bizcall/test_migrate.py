"""Migrations: once, in order, whole or not at all, and never changed afterwards."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest

from bizcall import migrate
from local.postgres import Postgres

_names = count(1)


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

    applied = await asyncio.gather(*(migrate.apply(url, folder) for _ in range(3)))

    assert sorted(applied) == [[], [], ["a.sql"]]
