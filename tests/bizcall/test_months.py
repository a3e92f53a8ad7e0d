"""Months are made ahead, dropped when their time is over, and nobody but the owner can do either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from itertools import count

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from bizcall import migrate, months
from bizcall.database import directory, query
from bizcall.table_locks import Patience, TablesBusy
from local.postgres import Postgres

_names = count(1)
TABLES = ("call", "correction", "message")
NOW = datetime(2026, 10, 31, 15, 30, tzinfo=UTC)
"""Half past midnight on the first of November in Korea."""


@pytest.fixture
async def url(postgres: Postgres) -> AsyncIterator[str]:
    """A database of this test's own, migrated, as the owner."""
    name = f"months_{next(_names)}"
    owner = await asyncpg.connect(postgres.url("owner"))
    await owner.execute(f"CREATE DATABASE {name}")
    await migrate.apply(postgres.url("owner", database=name))
    yield postgres.url("owner", database=name)
    await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await owner.close()


async def partitions(url: str) -> list[str]:
    """The names of all months, of each table."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'months'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
        return [row["relname"] for row in rows]
    finally:
        await connection.close()


async def test_FD_01_months_come_and_go(url: str) -> None:
    assert len(await partitions(url)) == len(TABLES) * (months.KEPT + 1 + months.AHEAD)

    await months.keep(url, kept=15, clock=lambda: NOW)
    before = await partitions(url)
    assert {*of("2025_08", "2025_09", "2025_10", "2026_11", "2027_02")} <= {*before}
    # The thirteenth month behind the present one stays, the fourteenth goes.
    assert await months.keep(url, kept=13, clock=lambda: NOW) == months.Upkeep(0, of("2025_08", "2025_09"))
    assert {*before} - {*await partitions(url)} == {*of("2025_08", "2025_09")}
    assert await months.keep(url, kept=13, clock=lambda: NOW) == months.Upkeep(0, [])

    # The server's own clock guards the last three months, whatever ours says.
    far = await months.keep(url, kept=4, clock=lambda: datetime(2036, 1, 1, tzinfo=UTC))
    assert {*of("2025_10")} <= {*far.dropped}
    assert {*of(f"{months.shifted(months.today(), -3):%Y_%m}")} <= {*await partitions(url)}


def of(*names: str) -> list[str]:
    """The partitions of those months."""
    return sorted(f"{table}_{name}" for table in TABLES for name in names)


async def test_D7_months_that_are_read_are_dropped_once_they_are_not(url: str) -> None:
    hasty = Patience(attempts=2, lock_seconds=0.05, pause_seconds=0.01)
    before = await partitions(url)

    reader = await asyncpg.connect(url)
    async with reader.transaction():
        await reader.execute("LOCK TABLE call IN ACCESS SHARE MODE")
        with pytest.raises(TablesBusy, match=r"^months to be dropped: not done, .* at each of 2 attempts"):
            await months.keep(url, kept=0, patience=hasty)
        assert await partitions(url) == before
    await reader.close()
    assert (await months.keep(url, kept=0, patience=hasty)).dropped


def test_months_are_koreas() -> None:
    assert months.today(lambda: NOW) == date(2026, 11, 1)
    assert months.begins(date(2026, 11, 1)) == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert months.shifted(date(2026, 1, 31), -1) == date(2025, 12, 1)
    assert months.shifted(date(2026, 11, 30), 14) == date(2028, 1, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT make_months('2030-01-01', '2030-01-01')",
        "SELECT drop_months('2030-01-01')",
        "SELECT 1 FROM months.call_2026_11",
        "CREATE TABLE months.x (n int)",
    ],
)
async def test_what_serves_requests_reaches_no_month(db: None, statement: str) -> None:
    with pytest.raises(OperationalError, match="permission denied"):
        async with directory():
            await query(statement)
