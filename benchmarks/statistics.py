"""Statistics of a company with 10 million calls, against other ways: `python -m benchmarks.statistics [--calls N]`.

    product         `stats.statistics(…).page(…)` and `stats.heat_map`: a transaction as the role `app`, all rows of the
                    answer with the dense series of each measure, before each bucket is made an object for the API
    raw             the same PostgreSQL, GROUP BY over the rows, out of one index by time that covers all it needs; as
                    the owner, without row-level security
    raw by key      the same out of indexes by line, subscriber and department too, each of which covers all it needs
    DuckDB file     the rows in Parquet
    DuckDB          the rows in its own table
    chdb            the rows in a MergeTree of ClickHouse in this process

Peers have one company's rows only, Korea's clock as a plain timestamp, and are told whose rows a page has. All fetch
what they find into Python, and all must find the same calls and seconds. Wanted: company and departments at most a
twentieth of raw; those and one subscriber quicker than the file of DuckDB and than chdb.
"""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import chdb.session
import duckdb
import orjson

from benchmarks.measuring import circumstances
from benchmarks.office import Office, arguments, by_turns, run
from bizcall import database, stats
from bizcall.history.filters import HistoryFilter, hours_of
from bizcall.paging import Slice
from bizcall.stats import CALLS, Granularity, Group, Row
from local.postgres import Postgres

WEEKDAYS = frozenset({1, 2, 3, 4, 5})
OFFICE_HOURS = (9, 18)
GROUPS = (Group.LINE, Group.SUBSCRIBER, Group.DEPARTMENT)

_COLUMNS = "moment, line_id, subscriber_id, department_id, type, seconds"
_SHAPE = "moment {moment}, line_id UUID, subscriber_id UUID, department_id UUID, type {text}, seconds {number}"


@dataclass(frozen=True)
class Question:
    """One of the manual's screens. `bar` says that both bars are set for it; a heat map has no granularity."""

    name: str
    wanted: HistoryFilter
    granularity: Granularity | None
    group: Group = Group.COMPANY
    rows: int = 1
    bar: bool = False


@dataclass(frozen=True)
class Found:
    """What an answer says in all, and whose rows it has."""

    calls: int
    seconds: int
    ids: tuple[UUID, ...] = ()


Ask = Callable[[Question, Sequence[UUID]], Awaitable[Found]]


def questions(office: Office, subscribers: Sequence[UUID]) -> list[Question]:
    """All screens; an answer has at most 10,000 buckets, so hours of many are asked of fewer days."""
    whole = HistoryFilter(office.first, office.last)
    working = HistoryFilter(office.first, office.last, weekdays=WEEKDAYS, hours=OFFICE_HOURS)
    days = office.first + timedelta(days=7)
    one = HistoryFilter(office.first, office.last, subscriber_ids=tuple(subscribers[:1]))
    some = HistoryFilter(office.first, office.last, subscriber_ids=tuple(subscribers[:50]))
    month, day, hour = Granularity
    return [
        Question("company, months", whole, month, bar=True),
        Question("company, days", whole, day, bar=True),
        Question("company, hours", whole, hour, bar=True),
        Question("company, months, working hours", working, month, bar=True),
        Question("company, days, working hours", working, day, bar=True),
        Question("company, heat map", whole, None, bar=True),
        Question("100 departments, months", whole, month, Group.DEPARTMENT, 100, bar=True),
        Question("100 departments, days", whole, day, Group.DEPARTMENT, 100, bar=True),
        Question("100 departments, days, working hours", working, day, Group.DEPARTMENT, 100, bar=True),
        Question("1 department, hours", whole, hour, Group.DEPARTMENT, 1, bar=True),
        Question("4 departments, hours", whole, hour, Group.DEPARTMENT, 4, bar=True),
        Question("100 lines, months", whole, month, Group.LINE, 100),
        Question("100 lines, days", whole, day, Group.LINE, 100),
        Question("4 lines, hours", whole, hour, Group.LINE, 4),
        Question("100 lines, days, working hours", working, day, Group.LINE, 100),
        Question("1 subscriber, months", one, month, Group.SUBSCRIBER, bar=True),
        Question("1 subscriber, days", one, day, Group.SUBSCRIBER, bar=True),
        Question("1 subscriber, hours", one, hour, Group.SUBSCRIBER, bar=True),
        Question("50 subscribers, months", some, month, Group.SUBSCRIBER, 50),
        Question("50 subscribers, days", some, day, Group.SUBSCRIBER, 50),
        Question(
            "50 subscribers, hours of 8 days",
            HistoryFilter(office.first, days, subscriber_ids=some.subscriber_ids),
            hour,
            Group.SUBSCRIBER,
            50,
        ),
    ]


def product(company_id: UUID) -> Ask:
    """The project's own answer."""

    async def ask(question: Question, _: Sequence[UUID]) -> Found:
        async with database.tenant(company_id, read_only=True):
            if question.granularity is None:
                cells = await stats.heat_map(company_id, CALLS, question.wanted)
                return _summed([cell.measures for cell in cells])
            asked = stats.statistics(company_id, CALLS, question.wanted, question.granularity, question.group)
            page = await asked.page(Slice(first=question.rows))
        return _summed([row.total for row in page.rows], _ids(page.rows))

    return ask


def raw(owner: asyncpg.Connection, company_id: UUID, table: str) -> Ask:
    """GROUP BY in PostgreSQL; it reads with as many processes as it likes to."""

    async def ask(question: Question, ids: Sequence[UUID]) -> Found:
        rows = await owner.fetch(
            f"SELECT {_selected(question)} FROM {table} WHERE company_id = '{company_id}' AND {_where(question, ids)}"  # noqa: S608
            " GROUP BY subject, bucket"
        )
        return _added(rows)

    return ask


def in_duckdb(connection: duckdb.DuckDBPyConnection, table: str) -> Ask:
    """The same statement in DuckDB."""

    async def ask(question: Question, ids: Sequence[UUID]) -> Found:
        return _added(
            connection.execute(
                f"SELECT {_selected(question)} FROM {table} WHERE {_where(question, ids)} GROUP BY subject, bucket"  # noqa: S608
            ).fetchall()
        )

    return ask


def in_chdb(session: Any) -> Ask:
    """The same in ClickHouse's words."""

    async def ask(question: Question, ids: Sequence[UUID]) -> Found:
        measures = ", ".join(
            f"countIf(type = '{kind}') AS n{place}, sumIf(seconds, type = '{kind}') AS s{place}"
            for place, kind in enumerate(CALLS.types)
        )
        answer = session.query(
            f"SELECT {_subject(question)} AS subject, {_bucket(question)} AS bucket, {measures} FROM twin"  # noqa: S608
            f" WHERE {_where(question, ids)} GROUP BY subject, bucket",
            "JSONCompactEachRow",
        )
        return _added([[row[0], row[1], *map(int, row[2:])] for row in map(orjson.loads, str(answer).splitlines())])

    return ask


def _selected(question: Question) -> str:
    measures = ", ".join(
        f"count(*) FILTER (WHERE type = '{kind}') AS n{place},"
        f" coalesce(sum(seconds) FILTER (WHERE type = '{kind}'), 0) AS s{place}"
        for place, kind in enumerate(CALLS.types)
    )
    return f"{_subject(question)} AS subject, {_bucket(question)} AS bucket, {measures}"


def _subject(question: Question) -> str:
    return question.group.column or "NULL"


def _bucket(question: Question) -> str:
    if question.granularity is None:
        return "extract(isodow FROM moment) * 24 + extract(hour FROM moment)"
    return f"date_trunc('{question.granularity.lower()}', moment)"


def _where(question: Question, ids: Sequence[UUID]) -> str:
    wanted = question.wanted
    parts = [f"moment >= '{_moment(wanted.from_on)}'", f"moment < '{_moment(wanted.to_on + timedelta(days=1))}'"]
    if wanted.weekdays is not None:
        parts.append(f"extract(isodow FROM moment) IN ({', '.join(map(str, sorted(wanted.weekdays)))})")
    if wanted.hours is not None:
        parts.append(f"extract(hour FROM moment) IN ({', '.join(map(str, hours_of(wanted)))})")
    if question.group.column:
        keys = ", ".join(f"'{key}'" for key in ids)
        parts.append(f"{question.group.column} IN ({keys})")
    return " AND ".join(parts)


def _moment(day: date) -> str:
    return f"{day} 00:00:00"


def _ids(rows: Sequence[Row]) -> tuple[UUID, ...]:
    return tuple(row.subject.id for row in rows if row.subject is not None)


def _summed(measures: Sequence[stats.Measures], ids: tuple[UUID, ...] = ()) -> Found:
    calls = sum(each[kind.lower()] for each in measures for kind in CALLS.types)
    return Found(calls, sum(each[f"{kind.lower()}_seconds"] for each in measures for kind in CALLS.types), ids)


def _added(rows: Sequence[Sequence[Any]]) -> Found:
    return Found(sum(sum(row[2::2]) for row in rows), int(sum(sum(row[3::2]) for row in rows)))


async def twins(owner: asyncpg.Connection, company_id: UUID) -> None:
    """The rows that statistics need in tables of their own: `by_time` with one index, `twin` with one a group too."""
    columns = _COLUMNS.replace("moment,", "started_at AT TIME ZONE 'Asia/Seoul' AS moment,")
    facts = f"SELECT company_id, {columns} FROM call WHERE company_id = '{company_id}' ORDER BY started_at"  # noqa: S608
    await owner.execute("ALTER TABLE call NO FORCE ROW LEVEL SECURITY; SET maintenance_work_mem = '1GB'")
    for table, groups in (("by_time", ()), ("twin", GROUPS)):
        if await owner.fetchval("SELECT to_regclass($1) IS NOT NULL", table):
            continue
        await owner.execute(f"CREATE TABLE making AS {facts}")
        for key in ("", *(f"{group.column}, " for group in groups)):
            rest = ", ".join(name for name in _COLUMNS.split(", ") if name not in {"moment", key.rstrip(", ")})
            await owner.execute(f"CREATE INDEX ON making (company_id, {key}moment) INCLUDE ({rest})")
        await owner.execute("VACUUM ANALYZE making")
        await owner.execute(f"ALTER TABLE making RENAME TO {table}")
    await owner.execute("ALTER TABLE call FORCE ROW LEVEL SECURITY")


async def _sizes(owner: asyncpg.Connection, office: Office) -> str:
    """What a million calls take on the disk."""
    sizes = "round(sum(pg_table_size(oid)) / $1), round(sum(pg_indexes_size(oid)) / $1) FROM pg_class WHERE"
    share = office.calls  # bytes by so many calls are megabytes by a million of them
    facts = await owner.fetchrow(
        f"SELECT {sizes} relnamespace = 'months'::regnamespace AND relkind = 'r' AND relname ~ '^call_[0-9]'", share
    )
    tables = [rollup.table for rollup in CALLS.rollups]
    rollups = await owner.fetchrow(f"SELECT {sizes} oid = ANY($2::text[]::regclass[])", share, tables)
    return f"call {facts[0]} MB and indexes {facts[1]} MB; rollups {rollups[0]} MB and indexes {rollups[1]} MB"


async def exported(owner: asyncpg.Connection, folder: pathlib.Path) -> pathlib.Path:
    """The rows as CSV, which both peers read; they have no way into PostgreSQL without another network."""
    path = folder / "calls.csv"
    if not path.exists():
        partial = path.with_suffix(".partial")
        await owner.copy_from_query(f"SELECT {_COLUMNS} FROM twin ORDER BY moment", output=partial, format="csv")  # noqa: S608
        partial.rename(path)
    return path


def duckdb_over(csv: pathlib.Path, folder: pathlib.Path) -> duckdb.DuckDBPyConnection:
    """DuckDB with the rows as `file`, which is Parquet, and `twin`, which is a table."""
    parquet = folder / "calls.parquet"
    connection = duckdb.connect(str(folder / "calls.duckdb"))
    shape = ", ".join(
        f"'{name}': '{kind}'"
        for name, kind in (
            part.split() for part in _SHAPE.format(moment="TIMESTAMP", text="VARCHAR", number="INTEGER").split(", ")
        )
    )
    rows = f"SELECT * FROM read_csv('{csv}', header = false, columns = {{{shape}}})"  # noqa: S608
    connection.execute(f"CREATE TABLE IF NOT EXISTS twin AS {rows}")
    if not parquet.exists():
        connection.execute(f"COPY twin TO '{parquet}' (FORMAT parquet)")
    connection.execute(f"CREATE OR REPLACE VIEW file AS SELECT * FROM '{parquet}'")  # noqa: S608
    return connection


def chdb_over(csv: pathlib.Path, folder: pathlib.Path) -> Any:
    """A session of chdb with the rows as `twin`, in the order of time."""
    session = chdb.session.Session(str(folder / "chdb"))
    shape = _SHAPE.format(moment="DateTime('UTC')", text="LowCardinality(String)", number="UInt32")
    session.query("CREATE DATABASE IF NOT EXISTS twins")
    session.query("USE twins")
    session.query(f"CREATE TABLE IF NOT EXISTS twin ({shape}) ENGINE = MergeTree ORDER BY moment")
    if not int(str(session.query("SELECT count() FROM twin", "TSV"))):
        session.query(f"INSERT INTO twin SELECT * FROM file('{csv}', CSV, $${shape}$$)")  # noqa: S608
    return session


async def compare(office: Office, server: Postgres, folder: pathlib.Path, rounds: int) -> AsyncIterator[str]:
    """Ask all questions in all ways; the lines of the table."""
    owner = await asyncpg.connect(server.url("owner"))
    try:
        await twins(owner, office.company_id)
        csv = await exported(owner, folder)
        ducks = duckdb_over(csv, folder)
        subscribers = [
            row["subscriber_id"]
            for row in await owner.fetch(
                "SELECT subscriber_id FROM twin WHERE subscriber_id <> '00000000-0000-0000-0000-000000000000'"
                " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 50 OFFSET 100"
            )
        ]
        ways: dict[str, Ask] = {
            "product": product(office.company_id),
            "raw": raw(owner, office.company_id, "by_time"),
            "raw by key": raw(owner, office.company_id, "twin"),
            "DuckDB file": in_duckdb(ducks, "file"),
            "DuckDB": in_duckdb(ducks, "twin"),
            "chdb": in_chdb(chdb_over(csv, folder)),
        }
        yield f"{office.calls:,} calls, {office.first} to {office.last}; medians of {rounds}, in milliseconds"
        yield (
            f"{'':38}"
            + "".join(f"{name:>13}" for name in ways)
            + f"{'of raw':>9}{'of key':>9}{'of file':>9}{'of chdb':>9}"
        )
        for question in questions(office, subscribers):
            yield await _line(question, ways, rounds)
        yield circumstances("duckdb", "chdb", "chdb-core")
        yield f"a million calls: {await _sizes(owner, office)}"
    finally:
        await owner.close()


async def _line(question: Question, ways: dict[str, Ask], rounds: int) -> str:
    right = await ways["product"](question, ())
    for name, ask in ways.items():
        found = await ask(question, right.ids)
        if (found.calls, found.seconds) != (right.calls, right.seconds):
            raise ValueError(f"{question.name}: {name} found {found}, the product {right}")
    taken = await by_turns(rounds, {name: partial(ask, question, right.ids) for name, ask in ways.items()})
    ratios = {name: taken["product"] / taken[name] for name in ("raw", "raw by key", "DuckDB file", "chdb")}
    missed = [name for name, ratio in ratios.items() if question.bar and ratio >= _bar(question, name)]
    return (
        f"{question.name:38}"
        + "".join(f"{value:13.1f}" for value in taken.values())
        + "".join(f"{ratio:9.3f}" for ratio in ratios.values())
        + (f"  missed: {', '.join(missed)}" if missed else "")
    )


def _bar(question: Question, name: str) -> float:
    if name == "raw by key" or (name == "raw" and question.group is Group.SUBSCRIBER):
        return float("inf")
    return 1 / 20 if name == "raw" else 1


if __name__ == "__main__":
    given = arguments("Statistics against other ways.")
    run(given, lambda office, server, folder: compare(office, server, folder, given.rounds))
