"""Loading a month of calls from a gzipped CSV file: `python -m benchmarks.feeding [CALLS] [LINES]`.

    bare COPY         the same rows, attributed already, by one COPY into a table with the same columns, months and
                      indexes: no checks, attribution, rollups, ledger, row-level security, and nothing comes twice
    first delivery    the project: bucket to committed facts and rollups, a transaction each 10,000 lines
    redelivery        the same contents under another name: nothing goes in

Wanted: at least 40 % of bare COPY's rows a second. The bucket is the file itself; PostgreSQL is started for the
occasion, with its usual care for the disk, and thrown away. Wall time counts both processes, which work by turns; the
CPU columns are Python's and the server process's own.
"""

from __future__ import annotations

import asyncio
import io
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from benchmarks.registering import FileStorage, NoQueue
from bizcall import companies, database, feeds, migrate, months
from bizcall.feeds import keys
from bizcall.models.feeds import FeedKind
from local import generator, state
from local.postgres import Postgres

_CALLS = 100_000
_LINES = 500
_ROUNDS = 3
"""By turns, each with a company of its own; the least seconds of each way count, since others may use the machine."""

_COLUMNS = "company_id, id, started_at, line_id, subscriber_id, department_id, type, seconds, customer_number, revision"


@dataclass(frozen=True)
class Load:
    """One way of loading: rows, seconds by the clock, and CPU seconds of Python and of PostgreSQL."""

    rows: int
    wall: float
    python: float
    server: float


async def measured(pid: int, work: Callable[[], Awaitable[int]]) -> Load:
    """Do the work while the server process `pid` serves it."""
    server, python, wall = _server_cpu(pid), time.process_time(), time.perf_counter()
    rows = await work()
    return Load(rows, time.perf_counter() - wall, time.process_time() - python, _server_cpu(pid) - server)


def _server_cpu(pid: int) -> float:
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


async def make_company(lines: int, turn: int = 0) -> tuple[UUID, list[str]]:
    """A company that has had its lines for long."""
    numbers = [f"0{7030000000 + turn * 100_000 + place}" for place in range(lines)]
    company_id = await companies.create("측정", [companies.LineDraft(number) for number in numbers])
    async with database.tenant(company_id):
        await database.query(
            "UPDATE line SET created_at = created_at - interval '1 year' WHERE company_id = $1", company_id
        )
    return company_id, numbers


async def bare_copy(owner: asyncpg.Connection, company_id: UUID) -> Callable[[], Awaitable[int]]:
    """The facts that were loaded, ready to be copied into a twin of their table."""
    await owner.execute("ALTER TABLE call NO FORCE ROW LEVEL SECURITY")
    out = io.BytesIO()
    await owner.copy_from_query(
        f"SELECT {_COLUMNS} FROM call WHERE company_id = '{company_id}' ORDER BY started_at",  # noqa: S608 - constants
        output=out,
    )
    await owner.execute("ALTER TABLE call FORCE ROW LEVEL SECURITY")
    await owner.execute(
        "DROP TABLE IF EXISTS twin; CREATE TABLE twin (LIKE call INCLUDING ALL) PARTITION BY RANGE (started_at)"
    )
    bounds = await owner.fetch(
        "SELECT relname, pg_get_expr(relpartbound, oid) AS span FROM pg_class"
        " WHERE relispartition AND relnamespace = 'months'::regnamespace AND relname ~ '^call_' AND relkind = 'r'"
    )
    for month in bounds:
        await owner.execute(f"CREATE TABLE twin_{month['relname']} PARTITION OF twin {month['span']}")
    body = out.getvalue()

    async def work() -> int:
        done = await owner.copy_to_table(
            "twin", source=io.BytesIO(body), columns=[name.strip() for name in _COLUMNS.split(",")]
        )
        return int(done.split()[1])

    return work


async def compare(path: pathlib.Path, owner_url: str, url: str, calls: int, lines: int, turn: int) -> dict[str, Load]:
    """Load the file, load it again, and copy what it became."""
    await database.connect(url, size=1, command_timeout=120)
    company_id, numbers = await make_company(lines, turn)
    month = months.shifted(months.today(), -1)
    generator.write(path, "calls", numbers, month.year, month.month, calls)
    storage, queue = FileStorage(path), NoQueue()

    async def deliver(name: str) -> int:
        file = await feeds.receive(keys.feed(FeedKind.CALLS, company_id, name), storage=storage, queue=queue)
        if file is None or file.rejected or file.read != calls:
            raise ValueError(f"not all calls were read: {file}")
        return file.read

    async with database.directory():
        [backend] = await database.query("SELECT pg_backend_pid() AS pid")
    found = {
        "first delivery": await measured(backend["pid"], lambda: deliver("first.csv.gz")),
        "redelivery": await measured(backend["pid"], lambda: deliver("again.csv.gz")),
    }
    await database.disconnect()
    owner = await asyncpg.connect(owner_url)
    try:
        work = await bare_copy(owner, company_id)
        pid = await owner.fetchval("SELECT pg_backend_pid()")
        return {"bare COPY": await measured(pid, work), **found}
    finally:
        await owner.close()


def _best(one: Load, other: Load) -> Load:
    return Load(one.rows, min(one.wall, other.wall), min(one.python, other.python), min(one.server, other.server))


def table(found: dict[str, Load]) -> str:
    """The measurements, with their ratio to bare COPY's rows a second."""
    base = found["bare COPY"].rows / found["bare COPY"].wall
    lines = [f"{'':18}{'rows/s':>10}{'of COPY':>9}{'wall s':>9}{'Python s':>10}{'server s':>10}"]
    for name, load in found.items():
        rate = load.rows / load.wall
        lines.append(f"{name:18}{rate:10,.0f}{rate / base:9.0%}{load.wall:9.2f}{load.python:10.2f}{load.server:10.2f}")
    return "\n".join(lines)


def main(calls: int = _CALLS, lines: int = _LINES) -> str:
    """Measure and answer the table."""
    home = state.scratch()
    path = home.parent / f"{home.name}.csv.gz"
    server = Postgres(home)
    try:
        server.start()
        asyncio.run(migrate.apply(server.url("owner")))
        found: dict[str, Load] = {}
        for turn in range(_ROUNDS):
            once = asyncio.run(compare(path, server.url("owner"), server.url("app"), calls, lines, turn))
            found = {name: _best(found.get(name, load), load) for name, load in once.items()}
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        path.unlink(missing_ok=True)
    return f"Loading {calls:,} calls on {lines:,} lines\n{table(found)}"


if __name__ == "__main__":
    sys.stdout.write(f"{main(*map(int, sys.argv[1:]))}\n")
