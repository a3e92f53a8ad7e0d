"""Pages of the history of calls, deep and shallow, of 10 million: `python -m benchmarks.history [--calls N]`.

    page 1        the first 100 calls of a filter over three months, from the newest on
    deep          the thousandth page, or the last one where there are fewer, from the cursor of the row before it
    look-up       one call by its primary key, as `calls.by_keys` finds it

All of it as the role `app` in a transaction that is open already; the least time of 20 counts. Wanted: first and deep
within twice of each other, and both at most 20 times the look-up. Of unreturned calls, whose days are 31, a page looks
at 5,000 missed ones at most.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from benchmarks.measuring import circumstances
from benchmarks.office import Office, arguments, by_turns, run
from bizcall import calls, database
from bizcall.database import query
from bizcall.history.conditions import conditions
from bizcall.history.filters import HistoryFilter
from bizcall.history.listing import FactListing
from bizcall.models.calls import CallType
from bizcall.paging import Slice, encode
from bizcall.stats import CALLS
from local.generator import customer
from local.postgres import Postgres

SIZE = 100
DEEP = 1000
DEPTH_BAR, LOOK_UP_BAR = 2, 20
TURNS = 4
"""Runs of a page for each round: a page takes so little that the least of many tells its own time on a busy machine."""


def filters(office: Office, keys: dict[str, Sequence[UUID]]) -> dict[str, HistoryFilter]:
    """Every kind of filter that the history has, by name."""
    whole = HistoryFilter(office.first, office.last)
    lines, subscribers, departments = keys["line"], keys["subscriber"], keys["department"]
    return {
        "everything": whole,
        "one day": replace(whole, from_on=office.last - timedelta(days=5), to_on=office.last - timedelta(days=5)),
        "Sundays": replace(whole, weekdays=frozenset({7})),
        "working hours": replace(whole, weekdays=frozenset({1, 2, 3, 4, 5}), hours=(9, 18)),
        "night hours": replace(whole, hours=(22, 6)),
        "missed": replace(whole, types=frozenset({CallType.MISSED})),
        "1 department": replace(whole, department_ids=tuple(departments[:1])),
        "20 departments": replace(whole, department_ids=tuple(departments[:20])),
        "1 line": replace(whole, line_ids=tuple(lines[:1])),
        "50 lines": replace(whole, line_ids=tuple(lines[:50])),
        "500 lines": replace(whole, line_ids=tuple(lines[:500])),
        "1 subscriber": replace(whole, subscriber_ids=tuple(subscribers[:1])),
        "50 subscribers": replace(whole, subscriber_ids=tuple(subscribers[:50])),
        "500 subscribers": replace(whole, subscriber_ids=tuple(subscribers[:500])),
        "1 line, night hours": replace(whole, line_ids=tuple(lines[:1]), hours=(22, 6)),
        "a busy customer": replace(whole, customer_number=customer(0)),
        "a usual customer": replace(whole, customer_number=customer(50_000)),
        "last 4 digits": replace(whole, customer_tail=customer(0)[-4:]),
        "last 8 digits": replace(whole, customer_tail=customer(50_000)[-8:]),
        "name of 3 letters": replace(whole, customer_name="김가나"),
        "name of 2 letters": replace(whole, customer_name="김가"),
        "name that nobody has": replace(whole, customer_name="없는이름"),
    }


async def some(company_id: UUID, table: str) -> Sequence[UUID]:
    """The first 500 keys of lines, subscribers or departments, always the same ones."""
    rows = await query(
        f"SELECT id FROM {table} WHERE company_id = $1 ORDER BY md5(id::text) LIMIT 500",  # noqa: S608 - constants
        company_id,
    )
    return [row["id"] for row in rows]


async def cursor_of(found: FactListing[Any], office: Office) -> tuple[int, str | None]:
    """The number of the deep page, and the cursor that leads to it."""
    where = conditions(office.company_id, found.wanted, CALLS)
    [all_of_it] = await query(
        f"SELECT count(*) AS n FROM (SELECT FROM call WHERE {where.sql} LIMIT {SIZE * DEEP}) AS met",  # noqa: S608
        *where.parameters,
    )
    page = max(1, all_of_it["n"] // SIZE)
    if page == 1:
        return 1, None
    [row] = await query(
        f"SELECT started_at, id FROM call WHERE {where.sql}"  # noqa: S608 - constants
        f" ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET {(page - 1) * SIZE - 1}",
        *where.parameters,
    )
    return page, encode(found.order, [row["started_at"], row["id"]])


async def unreturned(office: Office, rounds: int) -> AsyncIterator[str]:
    """Unreturned calls of the last month: the first page, the slowest of all, and how many rows and pages there are."""
    yield f"\n{'unreturned calls, 31 days':30}{'page 1':>10}{'slowest':>10}{'pages':>8}{'rows':>8}"
    keys = await some(office.company_id, "department")
    wanted = HistoryFilter(office.last - timedelta(days=30), office.last)
    for name, each in {
        "everything": wanted,
        "missed on Sundays": replace(wanted, weekdays=frozenset({7}), types=frozenset({CallType.MISSED})),
        "1 department": replace(wanted, department_ids=tuple(keys[:1])),
        "a busy customer": replace(wanted, customer_number=customer(0)),
    }.items():
        found = calls.unreturned(office.company_id, each)
        first = await by_turns(rounds, {"first": partial(found.page, Slice(first=SIZE))}, min)
        slowest, pages, rows, part = 0.0, 0, 0, Slice(first=SIZE)
        while pages < DEEP:
            begin = time.perf_counter()
            page = await found.page(part)
            slowest = max(slowest, (time.perf_counter() - begin) * 1000)
            pages, rows = pages + 1, rows + len(page.rows)
            if not page.has_next:
                break
            part = Slice(first=SIZE, after=page.end_cursor)
        yield f"{name:30}{first['first']:10.1f}{slowest:10.1f}{pages:8,}{rows:8,}"


async def compare(office: Office, _server: Postgres, _folder: pathlib.Path, rounds: int) -> AsyncIterator[str]:
    """Measure every filter; the lines of the table."""
    async with database.tenant(office.company_id, read_only=True):
        keys = {table: await some(office.company_id, table) for table in ("line", "subscriber", "department")}
        newest = await calls.listing(office.company_id, HistoryFilter(office.first, office.last)).page(Slice(first=1))
        look_up = partial(calls.by_keys, office.company_id, [newest.rows[0].key])
        yield f"{office.calls:,} calls, {office.first} to {office.last}; the least of {rounds * TURNS}, in milliseconds"
        yield (
            f"{'':30}{'look-up':>9}{'page 1':>10}{'deep':>10}{'page':>8}{'deep/1':>10}{'1/look':>10}{'deep/look':>12}"
        )
        for name, wanted in filters(office, keys).items():
            found = calls.listing(office.company_id, wanted)
            assert isinstance(found, FactListing)
            number, cursor = await cursor_of(found, office)
            pages = {"first": Slice(first=SIZE), "deep": Slice(first=SIZE, after=cursor)}
            works: dict[str, Any] = {each: partial(found.page, part) for each, part in pages.items()}
            await by_turns(1, works)
            taken = await by_turns(rounds * TURNS, {"look": look_up, **works}, min)
            ratios = taken["deep"] / taken["first"], taken["first"] / taken["look"], taken["deep"] / taken["look"]
            apart = max(ratios[0], 1 / ratios[0]) > DEPTH_BAR and number > 1
            missed = apart or max(ratios[1:]) > LOOK_UP_BAR
            yield (
                f"{name:30}{taken['look']:9.2f}{taken['first']:10.2f}{taken['deep']:10.2f}{number:8,}"
                f"{ratios[0]:10.2f}{ratios[1]:10.1f}{ratios[2]:12.1f}" + ("  missed" if missed else "")
            )
        async for line in unreturned(office, rounds):
            yield line
        yield circumstances()


if __name__ == "__main__":
    given = arguments("Pages of the history of calls.")
    run(given, lambda office, server, folder: compare(office, server, folder, given.rounds))
