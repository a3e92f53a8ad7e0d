"""Excel of a month of calls, from the database to the finished file: `python -m benchmarks.exporting [CALLS] [LINES]`.

    export                  the project: cursor, cells, packing, parts of an upload, progress noted meanwhile
    export, masked          likewise, as the usual policy has it; all other ways show numbers and names
    rustpy-xlsxwriter       the same rows by the same cursor, ten columns, dates as dates; strings shared
    XlsxWriter              likewise, constant_memory, a typed call for each cell
    openpyxl                likewise, write_only
    database                the cursor alone
    cells                   rows to XML, not packed
    ISA-L 1, zlib 6         that XML packed: as the export does it, and as zlib usually does

Wanted: a 25th of openpyxl's CPU or less, and less than rustpy-xlsxwriter's; at most 48 MB more than a worker that has
done nothing yet, with the parts of the upload. Each way runs in a process of its own, one after the other. CPU is
Python's alone; what PostgreSQL's processes took stands beside it. With SLOW calls (the third argument, 100,000),
openpyxl and XlsxWriter are given no more than that, and counted as if the rest took as long.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from isal import isal_zlib

from benchmarks.feeding import make_company
from benchmarks.measuring import circumstances, peak_megabytes
from benchmarks.registering import FileStorage, NoQueue
from bizcall import database, exports, feeds, migrate, months, phones
from bizcall.audit import Actor, ActorKind
from bizcall.aws import S3Storage
from bizcall.database import batches, query, tenant
from bizcall.exports import Asked, facts
from bizcall.exports.asking import TYPES
from bizcall.feeds import keys
from bizcall.history.filters import OUTGOING, HistoryFilter
from bizcall.models import Admin, Export
from bizcall.models.exports import Kind, State
from bizcall.models.feeds import FeedKind
from bizcall.months import KOREA
from bizcall.reasons import Purpose, Reason
from bizcall.sheets.streaming import Book
from local import generator, state
from local.postgres import Postgres

_CALLS = 100_000
_LINES = 500
_SLOW_MOST = 100_000
_BATCH = 2000
_HEADERS = [column.header for column in facts.columns(Kind.CALLS, masked=False, texts=False)]

Rows = list[tuple[Any, ...]]


class Nowhere:
    """S3 as a client of it sees it, which counts bytes: what is measured ends where the network would begin."""

    size = 0

    async def get(self, service: str) -> Nowhere:
        """The client itself."""
        return self

    async def create_multipart_upload(self, **asked: Any) -> dict[str, str]:
        """Begun."""
        return {"UploadId": "measured"}

    async def upload_part(self, *, Body: bytes, **asked: Any) -> dict[str, str]:  # noqa: N803 - the client's own name
        """Counted."""
        self.size += len(Body)
        return {"ETag": "measured"}

    async def complete_multipart_upload(self, **asked: Any) -> None:
        """Done."""


def wanted() -> HistoryFilter:
    """Last month."""
    first = months.shifted(months.today(), -1)
    return HistoryFilter(first, months.shifted(first, 1) - timedelta(days=1))


async def all_batches(company_id: UUID, most: int) -> AsyncGenerator[Rows]:
    """The rows as the export reads them."""
    async with tenant(company_id, read_only=True, snapshot=True):
        sql, parameters = await facts.statement(company_id, Asked(Kind.CALLS, wanted()), texts=False)
        async with aclosing(batches(f"{sql} LIMIT {most}", *parameters, size=_BATCH)) as found:
            async for batch in found:
                yield batch


def values(row: Sequence[Any]) -> list[Any]:
    """A row of ten values, as peers take them."""
    at = datetime.fromtimestamp(row[0], KOREA).replace(tzinfo=None)
    way = "발신" if row[7] in OUTGOING else "수신"
    line, customer = phones.formatted(row[1]), phones.formatted(row[4])
    return [at, way, TYPES[row[7]], line, row[2], row[3], customer, row[5], row[8], row[6]]


async def make_request(company_id: UUID, kind: Kind, *, unmasked: bool) -> Export:
    """Ask for everything of last month."""
    async with tenant(company_id):
        admin = await Admin.create(company_id=company_id, name="측정", mobile="01000000000")
    return await exports.request(
        company_id,
        Actor(ActorKind.ADMIN, admin.id),
        Asked(kind, wanted()),
        unmasked=unmasked,
        reason=Reason(Purpose.OTHER, "측정합니다"),
        idempotency_key=str(admin.id),
        queue=NoQueue(),
    )


async def export(company_id: UUID, most: int, *, unmasked: bool = True) -> int:
    """The project's own way, whole."""
    row = await make_request(company_id, Kind.CALLS, unmasked=unmasked)
    clients: Any = Nowhere()
    done = await exports.run(company_id, row.id, storage=S3Storage(clients, "measured"))
    if done is not State.COMPLETED or row.rows_total != most:
        raise ValueError(f"the export ended as {done} with {row.rows_total} rows")
    return row.rows_total


async def by_openpyxl(company_id: UUID, most: int) -> int:
    """write_only, a cell object only where it needs a style."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("통화 이력")
    sheet.freeze_panes = "A2"
    sheet.append(_HEADERS)
    count = 0
    async with aclosing(all_batches(company_id, most)) as found:
        async for batch in found:
            count += len(batch)
            for row in batch:
                at, *rest = values(row)
                cell = WriteOnlyCell(sheet, value=at)
                cell.number_format = "yyyy-mm-dd hh:mm:ss"
                sheet.append([cell, *rest])
    book.save(io.BytesIO())
    return count


async def by_xlsxwriter(company_id: UUID, most: int) -> int:
    """constant_memory, typed calls."""
    import xlsxwriter

    book = xlsxwriter.Workbook(io.BytesIO(), {"constant_memory": True})
    sheet = book.add_worksheet("통화 이력")
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, _HEADERS)
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    place = 0
    async with aclosing(all_batches(company_id, most)) as found:
        async for batch in found:
            for row in batch:
                place += 1
                at, *rest = values(row)
                sheet.write_datetime(place, 0, at, moment)
                for column, value in enumerate(rest, 1):
                    if isinstance(value, str):
                        sheet.write_string(place, column, value)
                    elif value is not None:
                        sheet.write_number(place, column, value)
    book.close()
    return place


async def by_rust(company_id: UUID, most: int) -> int:
    """The writer is synchronous: it runs in a thread, and rows cross to it by a queue of a few batches."""
    import rustpy_xlsxwriter

    found = all_batches(company_id, most)
    loop = asyncio.get_running_loop()
    count = 0
    waiting: asyncio.Queue[Rows | None] = asyncio.Queue(4)

    def records() -> Iterator[dict[str, Any]]:
        nonlocal count
        while (batch := asyncio.run_coroutine_threadsafe(waiting.get(), loop).result()) is not None:
            count += len(batch)
            for row in batch:
                yield dict(zip(_HEADERS, values(row), strict=True))

    async def fill() -> None:
        async with aclosing(found) as open_:
            async for batch in open_:
                await waiting.put(batch)
        await waiting.put(None)

    def write() -> None:
        rustpy_xlsxwriter.write_worksheet(
            records(), io.BytesIO(), sheet_name="통화 이력", freeze_row=1, dedupe_strings=True,
            datetime_format="yyyy-mm-dd hh:mm:ss", autofilter=True,
        )  # fmt: skip

    await asyncio.gather(fill(), asyncio.to_thread(write))
    return count


async def reading(company_id: UUID, most: int) -> int:
    """The cursor alone."""
    count = 0
    async with aclosing(all_batches(company_id, most)) as found:
        async for batch in found:
            count += len(batch)
    return count


async def idle(company_id: UUID, most: int) -> int:
    """A worker that has done nothing yet: everything imported, both connections open."""
    async with tenant(company_id):
        await query("SELECT 1 AS company_id")
    return most


WAYS: dict[str, Callable[[UUID, int], Coroutine[Any, Any, int]]] = {
    "idle": idle,
    "export": export,
    "export, masked": partial(export, unmasked=False),
    "rustpy-xlsxwriter": by_rust,
    "XlsxWriter": by_xlsxwriter,
    "openpyxl": by_openpyxl,
    "database": reading,
}


async def measured_here(name: str, url: str, company_id: UUID, most: int) -> dict[str, float]:
    """CPU, clock and memory of one way in this process."""
    await database.connect(url, size=2, command_timeout=300)
    await idle(company_id, most)
    cpu, wall = time.process_time(), time.perf_counter()
    count = await WAYS[name](company_id, most)
    found = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    await database.disconnect()
    return {**found, "rows": count, "peak": peak_megabytes()}


async def parts_here(url: str, company_id: UUID, most: int) -> dict[str, float]:
    """CPU of making cells, and of packing them, apart."""
    await database.connect(url, size=1, command_timeout=300)
    book = Book(facts.columns(Kind.CALLS, masked=False, texts=False), "통화 이력")
    packers: dict[str, Any] = {"ISA-L 1": isal_zlib.compressobj(1), "zlib 6": zlib.compressobj(6)}
    found = dict.fromkeys(("cells", *packers), 0.0)
    async with aclosing(all_batches(company_id, most)) as read:
        async for batch in read:
            begun = time.process_time()
            made = book._xml(batch).encode()
            found["cells"] += time.process_time() - begun
            for label, packer in packers.items():
                begun = time.process_time()
                packer.compress(made)
                found[label] += time.process_time() - begun
    await database.disconnect()
    return found


def child(name: str, url: str, company_id: str, most: int) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.exporting", "--one", name, url, company_id, str(most)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


async def prepare(path: pathlib.Path, url: str, calls: int, lines: int, *, turn: int = 0, messages: int = 0) -> UUID:
    """A company with its calls, messages if wanted, and its customers; `turn` tells one from another."""
    await database.connect(url, size=1, command_timeout=300)
    company_id, numbers = await make_company(lines, turn)
    month = months.shifted(months.today(), -1)
    counts = {FeedKind.CUSTOMERS: calls, FeedKind.CALLS: calls, FeedKind.MESSAGES: messages}
    for kind, count in counts.items():
        if not count:
            continue
        generator.write(path, kind.value.lower(), numbers, month.year, month.month, count)
        await feeds.receive(keys.feed(kind, company_id, "all.csv.gz"), storage=FileStorage(path), queue=NoQueue())
    await database.disconnect()
    return company_id


def main(calls: int = _CALLS, lines: int = _LINES, slow_most: int = _SLOW_MOST) -> str:
    """Measure and answer the table."""
    home = state.scratch()
    path = home.parent / f"{home.name}.csv.gz"
    server = Postgres(home, durable=False)
    try:
        server.start()
        asyncio.run(migrate.apply(server.url("owner")))
        url = server.url("app")
        company_id = str(asyncio.run(prepare(path, url, calls, lines)))
        found = {}
        for name in WAYS:
            some = min(calls, slow_most) if name in ("openpyxl", "XlsxWriter") else calls
            before = server_seconds(home)
            told = child(name, url, company_id, some)
            told["server"] = server_seconds(home) - before
            found[name] = told | {key: told[key] * calls / some for key in ("cpu", "wall", "server")}
        parts = child("parts", url, company_id, calls)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        path.unlink(missing_ok=True)
    return table(calls, found, parts)


def server_seconds(home: pathlib.Path) -> float:
    """CPU of PostgreSQL's processes that have ended; a connection's ends with it."""
    number = (home / "cluster" / "data" / "postmaster.pid").read_text().split()[0]
    ticks = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[13:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def table(calls: int, found: dict[str, dict[str, float]], parts: dict[str, float]) -> str:
    """The measurements, with their ratio to the export's CPU."""
    own, idle_peak = found["export"]["cpu"], found["idle"]["peak"]
    heads = ("CPU s", "x export", "wall s", "rows/s", "server s", "MB + idle")
    lines = [f"Excel of {calls:,} calls", f"{'':20}{''.join(f'{head:>11}' for head in heads)}"]
    for name, row in found.items():
        if name != "idle":
            cpu, wall, more = row["cpu"], row["wall"], row["peak"] - idle_peak
            told = f"{cpu:11.2f}{cpu / own:11.2f}{wall:11.2f}{calls / wall:11,.0f}{row['server']:11.2f}{more:11.0f}"
            lines.append(f"{name:20}{told}")
    lines += [f"{name:20}{seconds:11.2f}{seconds / own:11.2f}" for name, seconds in parts.items()]
    peers = circumstances("openpyxl", "xlsxwriter", "rustpy-xlsxwriter", "isal")
    return "\n".join([*lines, f"idle worker: {idle_peak:.0f} MB", peers])


async def one(name: str, url: str, company_id: UUID, most: int) -> dict[str, float]:
    """What a child measures."""
    if name == "parts":
        return await parts_here(url, company_id, most)
    return await measured_here(name, url, company_id, most)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _, _, way, address, company, rows = sys.argv
        sys.stdout.write(json.dumps(asyncio.run(one(way, address, UUID(company), int(rows)))))
    else:
        sys.stdout.write(f"{main(*map(int, sys.argv[1:]))}\n")
