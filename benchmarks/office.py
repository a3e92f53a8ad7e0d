"""One big company, made once and kept: 5,000 lines, 200 departments, three months of calls and their customers.

The calls are those of `local/generator.py`. They go straight into the tables, attributed already, since loading is
measured elsewhere (`benchmarks/feeding.py`); their rollups are made by the product's own `stats.rebuild`. The server
doesn't wait for the disk, which reading never does either.
"""

from __future__ import annotations

import argparse
import asyncio
import pathlib
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg

from bizcall import database, migrate, months, stats
from bizcall.ids import uuid7
from bizcall.stats import Span
from local import generator, state
from local.postgres import Postgres
from tests.factories import company_with_lines

CALLS = 10_000_000
LINES = 5_000
DEPARTMENTS = 200
MONTHS = 3

_PIECE = 5_000


@dataclass(frozen=True)
class Office:
    """A company that was made: its key, how many calls it has, and the first and the last day of them."""

    company_id: UUID
    calls: int
    first: date
    last: date


@asynccontextmanager
async def opened(server: Postgres, folder: pathlib.Path, calls: int) -> AsyncIterator[Office]:
    """The company of the server, made if need be, and the pool of the role `app` as the API has it."""
    await migrate.apply(server.url("owner"))
    await database.connect(server.url("app"), size=1, command_timeout=600)
    try:
        kept = state.read_json(folder / "office.json")
        if kept is None:
            office = await _made(server, calls)
            state.write_json(folder / "office.json", {name: str(value) for name, value in asdict(office).items()})
        else:
            office = Office(
                UUID(kept["company_id"]),
                int(kept["calls"]),
                date.fromisoformat(kept["first"]),
                date.fromisoformat(kept["last"]),
            )
        yield office
    finally:
        await database.disconnect()


def arguments(description: str) -> argparse.Namespace:
    """`--calls` and `--state`, as the measurements over this company take them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls of the company, {CALLS:,} if not given")
    parser.add_argument("--state", type=pathlib.Path, help="where what was made is kept for the next run")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is told, 5 if not given")
    return parser.parse_args()


def run(given: argparse.Namespace, measure: Callable[[Office, Postgres, pathlib.Path], AsyncIterator[str]]) -> None:
    """Start the server, measure, and print each line as it comes."""
    folder = state.folder((given.state or state.folder() / "benchmarks") / f"calls-{given.calls}")
    server = Postgres(folder / "postgres", durable=False)

    async def measured() -> None:
        async with opened(server, folder, given.calls) as office:
            async for line in measure(office, server, folder):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()

    server.start()
    try:
        asyncio.run(measured())
    finally:
        server.stop()


async def by_turns(
    rounds: int,
    works: Mapping[str, Callable[[], Awaitable[Any]]],
    told: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """The median of so many runs of each, or what else is to be `told`, in ms; whoever asks has warmed them.

    They take turns, so that what else the machine does falls on all of them alike.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begin = time.perf_counter()
            await work()
            taken[name].append((time.perf_counter() - begin) * 1000)
    return {name: told(each) for name, each in taken.items()}


async def _made(server: Postgres, calls: int) -> Office:
    first = months.shifted(months.today(), -MONTHS)
    last = months.shifted(first, MONTHS) - timedelta(days=1)
    numbers = [f"0{7010000000 + place}" for place in range(LINES)]
    _tell("the company")
    since = months.begins(first) - timedelta(days=30)
    company_id = await company_with_lines("측정", numbers, since)
    await _peopled(company_id, since)
    owner = await asyncpg.connect(server.url("owner"))
    try:
        for number in range(MONTHS):
            month = months.shifted(first, number)
            count = calls // MONTHS + (calls % MONTHS if number == 0 else 0)
            _tell(f"{count:,} calls of {month:%Y-%m}")
            await _called(owner, company_id, numbers, month, count)
        _tell("customers")
        await _known(owner, company_id, first, calls // MONTHS)
    finally:
        await owner.close()
    _tell("rollups")
    await stats.rebuild(company_id, Span(first, last))
    owner = await asyncpg.connect(server.url("owner"))
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    return Office(company_id, calls, first, last)


async def _peopled(company_id: UUID, since: datetime) -> None:
    """Departments, and a holder for each line but every fiftieth, who has had it since then."""
    async with database.tenant(company_id):
        departments = [uuid7() for _ in range(DEPARTMENTS)]
        await database.query(
            "INSERT INTO department (company_id, id, name)"
            " SELECT $1, id, '부서 ' || place FROM unnest($2::uuid[]) WITH ORDINALITY AS one (id, place)",
            company_id,
            departments,
        )
        await database.query(
            "INSERT INTO subscriber (company_id, id, line_id, department_id, name, started_at, updated_at)"
            " SELECT $1, gen_random_uuid(), id, ($3::uuid[])[place % $4 + 1], '직원 ' || place, $2, $2"
            " FROM (SELECT id, row_number() OVER (ORDER BY number) AS place FROM line WHERE company_id = $1) AS one"
            " WHERE place % 50 <> 0",
            company_id,
            since,
            departments,
            DEPARTMENTS,
        )
        await database.query(
            "INSERT INTO membership (company_id, subscriber_id, started_at, department_id)"
            " SELECT company_id, id, started_at, department_id FROM subscriber WHERE company_id = $1",
            company_id,
        )


async def _called(owner: asyncpg.Connection, company_id: UUID, numbers: list[str], month: date, count: int) -> None:
    async with database.tenant(company_id, read_only=True):
        rows = await database.query(
            "SELECT line.number, line.id AS line_id, coalesce(holder.id, $2) AS subscriber_id,"
            " coalesce(holder.department_id, $2) AS department_id FROM line"
            " LEFT JOIN subscriber AS holder ON holder.company_id = $1 AND holder.line_id = line.id"
            " WHERE line.company_id = $1",
            company_id,
            UUID(int=0),
        )
    held = {row["number"]: f"{row['line_id']}\t{row['subscriber_id']}\t{row['department_id']}" for row in rows}

    def copied() -> Iterator[str]:
        for line in generator.calls(numbers, month.year, month.month, count):
            key, number, kind, at, seconds, customer = line.split(",")
            yield f"{company_id}\t{key}\t{at}\t{held[number]}\t{kind}\t{seconds}\t{customer}"

    columns = "company_id, id, started_at, line_id, subscriber_id, department_id, type, seconds, customer_number"
    await _copy(owner, "call", columns, copied())


async def _known(owner: asyncpg.Connection, company_id: UUID, month: date, calls: int) -> None:
    def copied() -> Iterator[str]:
        for line in generator.customers(month.year, month.month, calls):
            number, name, details, at = line.split(",")
            yield f"{company_id}\t{uuid7()}\t{number}\t{name}\t{details}\t{at}"

    await _copy(owner, "customer", "company_id, id, number, name, details, updated_at", copied())


async def _copy(owner: asyncpg.Connection, table: str, columns: str, rows: Iterator[str]) -> None:
    """Fill a table from lines of COPY's text format, which row-level security lets not even the owner do."""

    async def pieces() -> AsyncIterator[bytes]:
        while piece := list(islice(rows, _PIECE)):
            yield "".join(piece).encode()

    await owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    try:
        await owner.copy_to_table(table, source=pieces(), columns=columns.split(", "), format="text")
    finally:
        await owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _tell(what: str) -> None:
    sys.stderr.write(f"making {what} …\n")
