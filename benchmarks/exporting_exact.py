"""An export of more rows than a sheet of Excel has, read back: `python -m benchmarks.exporting_exact [CALLS]`.

1,060,000 calls of a month become one file by the export's own worker, which three readers then open: calamine,
LibreOffice if it is there, and openpyxl. Every cell must be what SQL says, in its order, over both sheets. Takes some
ten minutes and, for LibreOffice, 3 GB of memory; the suite does the same with sheets of a hundred rows.
"""

from __future__ import annotations

import asyncio
import csv
import datetime
import itertools
import pathlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO
from uuid import UUID

from benchmarks.exporting import all_batches, make_request, prepare, values
from bizcall import database, exports, migrate
from bizcall.exports import Kind
from bizcall.models.exports import State
from bizcall.sheets.streaming import ROWS_A_SHEET
from local import state
from local.postgres import Postgres

_CALLS = ROWS_A_SHEET + 11_424
_LINES = 500


class FileBucket:
    """A bucket of one object, which is a file."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path

    @asynccontextmanager
    async def stream(self, key: str, *, content_type: str) -> AsyncIterator[Pieces]:
        """Into the file."""
        with self._path.open("wb") as file:
            yield Pieces(file)


class Pieces:
    """What is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def write(self, piece: bytes) -> None:
        """Add to it."""
        self._file.write(piece)


async def made(url: str, company_id: UUID, book: pathlib.Path, calls: int) -> list[tuple[Any, ...]]:
    """Make the file, and answer what SQL says must stand in it."""
    await database.connect(url, size=2, command_timeout=300)
    export = await make_request(company_id, Kind.CALLS, unmasked=True)
    storage: Any = FileBucket(book)
    if await exports.run(company_id, export.id, storage=storage) is not State.COMPLETED:
        raise ValueError("the export was not completed")
    found = [tuple(values(row)) async for batch in all_batches(company_id, calls) for row in batch]
    await database.disconnect()
    return found


def by_openpyxl(book: pathlib.Path) -> Iterator[tuple[Any, ...]]:
    """The rows of all sheets but the last, which tells about the file."""
    from openpyxl import load_workbook

    *sheets, _ = load_workbook(book, read_only=True).worksheets
    for sheet in sheets:
        yield from sheet.iter_rows(min_row=2, values_only=True)


def by_calamine(book: pathlib.Path) -> Iterator[tuple[Any, ...]]:
    """Likewise; a midnight is a day to it, and what is empty a text."""
    from python_calamine import CalamineWorkbook

    opened = CalamineWorkbook.from_path(str(book))
    for name in opened.sheet_names[:-1]:
        for at, *others in itertools.islice(opened.get_sheet_by_name(name).iter_rows(), 1, None):
            moment = at if isinstance(at, datetime.datetime) else datetime.datetime.fromisoformat(str(at))
            yield (moment, *(None if value == "" else value for value in others))


def by_libreoffice(book: pathlib.Path) -> Iterator[tuple[Any, ...]]:
    """Likewise, as it shows them: one file of CSV a sheet."""
    profile = f"-env:UserInstallation=file://{book.parent}/profile"
    shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = ["soffice", profile, "--headless", "--convert-to", shown, "--outdir", f"{book.parent}/shown", str(book)]
    subprocess.run(command, check=True, capture_output=True)
    for path in sorted((book.parent / "shown").iterdir(), key=lambda path: (len(path.name), path.name)):
        if "통화 이력" in path.name:
            with path.open(newline="") as file:
                for at, *others in itertools.islice(csv.reader(file), 1, None):
                    texts: list[Any] = [text or None for text in others]
                    texts[7] = int(others[7].replace(",", ""))
                    yield (datetime.datetime.fromisoformat(at), *texts)


READERS = {"calamine": by_calamine, "LibreOffice": by_libreoffice, "openpyxl": by_openpyxl}


def compare(name: str, found: Iterable[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> str:
    """Raises ValueError at the first row that differs."""
    for place, (row, told) in enumerate(itertools.zip_longest(found, wanted), 1):
        if row != told:
            raise ValueError(f"{name}, row {place}: {row} instead of {told}")
    return f"{name:12} {len(wanted):,} rows, each cell as SQL says\n"


def main(calls: int = _CALLS) -> None:
    """Make the file and read it."""
    home = state.scratch()
    path, book = home.parent / f"{home.name}.csv.gz", home / "file.xlsx"
    server = Postgres(home / "postgres", durable=False)
    try:
        server.start()
        asyncio.run(migrate.apply(server.url("owner")))
        company_id = asyncio.run(prepare(path, server.url("app"), calls, _LINES))
        wanted = asyncio.run(made(server.url("app"), company_id, book, calls))
        server.stop()
        sys.stdout.write(f"{book.stat().st_size / 1024**2:.1f} MB in {1 + (calls - 1) // (ROWS_A_SHEET - 1)} sheets\n")
        for name, read in READERS.items():
            if name != "LibreOffice" or shutil.which("soffice"):
                sys.stdout.write(compare(name, read(book), wanted))
                sys.stdout.flush()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
