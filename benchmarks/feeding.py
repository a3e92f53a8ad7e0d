"""Loading a month from gzipped CSV files: `python -m benchmarks.feeding [RECORDS] [LINES] [PAIRS]`.

    bare COPY         the same rows, attributed already, by one COPY into a table with the same columns, months and
                      indexes: no checks, attribution, rollups, ledger, row-level security, and nothing comes twice
    first delivery    the project: bucket to committed facts and rollups, a transaction each 10,000 lines
    redelivery        the same contents under another name: nothing goes in

Wanted of calls: at least 40 % of bare COPY's rows a second. Each delivery has a company of its own and a COPY beside
it, now before and now behind it; told are medians, and for the ratios medians of the pairs' own. The bucket is the
file itself; PostgreSQL is started for the occasion, with its usual care for the disk, and thrown away. `of COPY` is by
the clock; `by CPU` by the processor seconds of both processes, which is what remains comparable where others keep the
processors busy, but takes no account of Python and PostgreSQL working at the same time.

Then six loaders at once, whose files of calls overlap by halves: wanted are no deadlocks, each call once, and rollups
that say what the calls say.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from statistics import median
from uuid import UUID

import asyncpg

from benchmarks.measuring import circumstances
from benchmarks.registering import FileStorage, NoQueue
from bizcall import database, feeds, migrate, months
from bizcall.feeds import keys
from bizcall.models.feeds import FeedKind
from bizcall.ports import now
from bizcall.stats.comparing import Span, differences
from bizcall.stats.rollups import CALLS
from local import generator, state
from local.postgres import Postgres
from tests.factories import company_with_lines

_RECORDS = 100_000
_LINES = 500
_PAIRS = 5
_LOADERS = 6

_FACT = "company_id, id, {moment}, line_id, subscriber_id, department_id, {own}, customer_number, revision"
_COPIED = {
    FeedKind.CALLS: ("call", _FACT.format(moment="started_at", own="type, seconds")),
    FeedKind.MESSAGES: ("message", _FACT.format(moment="sent_at", own="direction, kind, text")),
    FeedKind.CUSTOMERS: ("customer", "company_id, id, number, name, details, updated_at"),
}
"""What bare COPY fills, and with which columns."""

_turns = count()


@dataclass(frozen=True)
class Load:
    """One loading: rows, seconds by the clock, and CPU seconds of Python and of PostgreSQL."""

    rows: int
    wall: float
    python: float
    server: float

    @property
    def cpu(self) -> float:
        """CPU seconds of both."""
        return self.python + self.server


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
    return await company_with_lines("측정", numbers, now() - timedelta(days=365)), numbers


async def make_twin(owner: asyncpg.Connection, kind: FeedKind, company_id: UUID) -> bytes:
    """Make the empty twin of the kind's table, and answer what the company has in that table, for COPY."""
    table, columns = _COPIED[kind]
    out = io.BytesIO()
    await owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    await owner.copy_from_query(
        f"SELECT {columns} FROM {table} WHERE company_id = '{company_id}' ORDER BY 3",  # noqa: S608 - constants
        output=out,
    )
    await owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    await owner.execute("DROP TABLE IF EXISTS twin")
    if kind is FeedKind.CUSTOMERS:
        await owner.execute(f"CREATE TABLE twin (LIKE {table} INCLUDING ALL)")
        return out.getvalue()
    moment = columns.split(", ")[2]
    await owner.execute(f"CREATE TABLE twin (LIKE {table} INCLUDING ALL) PARTITION BY RANGE ({moment})")
    bounds = await owner.fetch(
        "SELECT relname, pg_get_expr(relpartbound, oid) AS span FROM pg_class WHERE relispartition AND relkind = 'r'"
        " AND relnamespace = 'months'::regnamespace AND relname ~ ('^' || $1 || '_[0-9]')",
        table,
    )
    for month in bounds:
        await owner.execute(f"CREATE TABLE twin_{month['relname']} PARTITION OF twin {month['span']}")
    return out.getvalue()


async def bare_copy(owner_url: str, kind: FeedKind, body: bytes) -> Load:
    """Fill the twin once more."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("TRUNCATE twin")
        pid = await owner.fetchval("SELECT pg_backend_pid()")

        async def work() -> int:
            columns = _COPIED[kind][1].split(", ")
            done = await owner.copy_to_table("twin", source=io.BytesIO(body), columns=columns)
            return int(done.split()[1])

        return await measured(pid, work)
    finally:
        await owner.close()


async def deliveries(path: pathlib.Path, url: str, kind: FeedKind, records: int, lines: int) -> tuple[UUID, list[Load]]:
    """Load a month of a fresh company twice."""
    await database.connect(url, size=1, command_timeout=120)
    company_id, numbers = await make_company(lines, next(_turns))
    month = months.shifted(months.today(), -1)
    # Of customers the generator makes those of so many calls, an eighth.
    many = records * 8 if kind is FeedKind.CUSTOMERS else records
    generator.write(path, kind.lower(), numbers, month.year, month.month, many)
    storage, queue = FileStorage(path), NoQueue()

    async def deliver(name: str, known: int) -> int:
        file = await feeds.receive(keys.feed(kind, company_id, name), storage=storage, queue=queue)
        if file is None or file.rejected or file.read != records or file.known != known:
            raise ValueError(f"not all records were read, or some counted twice: {file}")
        return file.read

    async with database.directory():
        [backend] = await database.query("SELECT pg_backend_pid() AS pid")
    first = await measured(backend["pid"], lambda: deliver("first.csv.gz", 0))
    again = await measured(backend["pid"], lambda: deliver("again.csv.gz", records))
    await database.disconnect()
    return company_id, [first, again]


async def compare(
    path: pathlib.Path, owner_url: str, url: str, kind: FeedKind, records: int, lines: int, pairs: int
) -> str:
    """The rows of the table for that kind, after a delivery that isn't counted."""
    company_id, _ = await deliveries(path, url, kind, records, lines)
    owner = await asyncpg.connect(owner_url)
    try:
        body = await make_twin(owner, kind, company_id)
    finally:
        await owner.close()
    found: dict[str, list[Load]] = {"bare COPY": [], "first delivery": [], "redelivery": []}
    for pair in range(pairs):
        if pair % 2:
            found["bare COPY"].append(await bare_copy(owner_url, kind, body))
        _, loads = await deliveries(path, url, kind, records, lines)
        if not pair % 2:
            found["bare COPY"].append(await bare_copy(owner_url, kind, body))
        found["first delivery"].append(loads[0])
        found["redelivery"].append(loads[1])
    return rows_of(kind, found)


def rows_of(kind: FeedKind, found: Mapping[str, Sequence[Load]]) -> str:
    """The measurements, with their ratios to bare COPY's rows a second."""
    lines = []
    for name, loads in found.items():
        pairs = list(zip(found["bare COPY"], loads, strict=True))
        lines.append(
            f"{f'{kind.lower()}, {name}':27}"
            f"{median(load.rows / load.wall for load in loads):9,.0f}"
            f"{median(copy.wall / load.wall for copy, load in pairs):9.0%}"
            f"{median(copy.cpu / load.cpu for copy, load in pairs):8.0%}"
            f"{median(load.wall for load in loads):8.2f}"
            f"{median(load.python for load in loads):10.2f}"
            f"{median(load.server for load in loads):10.2f}"
        )
    return "\n".join(lines)


async def together(folder: pathlib.Path, url: str, records: int, lines: int) -> str:
    """Six loaders at once, of files that overlap; answers what became of them."""
    await database.connect(url, size=_LOADERS, command_timeout=120)
    company_id, numbers = await make_company(lines, next(_turns))
    month = months.shifted(months.today(), -1)
    made = list(generator.calls(numbers, month.year, month.month, records))
    part = records // (_LOADERS + 1)

    async def load(place: int) -> int:
        # Every other one from its end on, so that they also meet in the opposite order.
        mine = made[place * part : (place + 2) * part][:: 1 if place % 2 else -1]
        path = folder.with_name(f"{folder.name}.{place}.csv.gz")
        path.write_bytes(gzip.compress("".join([generator.HEADERS["calls"], *mine]).encode(), 1))
        try:
            key = keys.feed(FeedKind.CALLS, company_id, f"{place}.csv.gz")
            file = await feeds.receive(key, storage=FileStorage(path), queue=NoQueue())
        finally:
            path.unlink()
        return 0 if file is None else file.loaded

    begin = time.perf_counter()
    loaded = sum(await asyncio.gather(*(load(place) for place in range(_LOADERS))))
    wall = time.perf_counter() - begin
    async with database.tenant(company_id, read_only=True):
        [told] = await database.query("SELECT count(*) AS n FROM call WHERE company_id = $1", company_id)
        span = Span(month, months.shifted(month, 1))
        different = sum([len(await differences(company_id, CALLS, rollup, span)) for rollup in CALLS.rollups])
        [clashes] = await database.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await database.disconnect()
    return (
        f"{_LOADERS} overlapping loaders: {_LOADERS * 2 * part:,} records in {wall:.1f} s, {loaded:,} went in,"
        f" {told['n']:,} calls are there; {clashes['deadlocks']} deadlocks,"
        f" {different} rows of rollups differ from the calls"
    )


def main(records: int = _RECORDS, lines: int = _LINES, pairs: int = _PAIRS) -> str:
    """Measure and answer the table."""
    home = state.scratch()
    path = home.parent / f"{home.name}.csv.gz"
    server = Postgres(home)
    told = [f"{'':27}{'rows/s':>9}{'of COPY':>9}{'by CPU':>8}{'wall s':>8}{'Python s':>10}{'server s':>10}"]
    try:
        server.start()
        owner_url, url = server.url("owner"), server.url("app")
        asyncio.run(migrate.apply(owner_url))
        told += [asyncio.run(compare(path, owner_url, url, kind, records, lines, pairs)) for kind in _COPIED]
        told.append(asyncio.run(together(home, url, records, lines)))
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        path.unlink(missing_ok=True)
    head = f"Loading {records:,} records on {lines:,} lines; medians of {pairs} pairs"
    return "\n".join([head, *told, circumstances("asyncpg")])


if __name__ == "__main__":
    sys.stdout.write(f"{main(*map(int, sys.argv[1:]))}\n")
