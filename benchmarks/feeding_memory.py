"""Memory and CPU of loading files of growing size: `python -m benchmarks.feeding_memory [MIDDLE] [LARGE]`.

    small     a file of 20,000 calls: two chunks
    middle    the same with 200,000
    large     the same with 1,000,000, gzipped; each in a process of its own, as the function has one

Wanted: memory that doesn't grow with the file, so no more from `middle` to `large` than the allocator's noise. Counted
is the Python process alone; PostgreSQL is started for the occasion and thrown away.
"""

from __future__ import annotations

import asyncio
import pathlib
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from uuid import UUID

from benchmarks.feeding import make_company
from benchmarks.measuring import measure_each, measure_here, table
from benchmarks.registering import FileStorage, NoQueue, connected
from bizcall import database, feeds, migrate, months
from bizcall.feeds import keys
from bizcall.models.feeds import FeedKind
from local import generator, state
from local.postgres import Postgres

_SMALL, _MIDDLE, _LARGE = 20_000, 200_000, 1_000_000
_LINES = 500


def loading(name: str, arguments: Sequence[str]) -> Callable[[], int]:
    """The loading of the file of that name, by a worker that is connected already."""
    folder, url, company_id = arguments
    runner = asyncio.Runner()
    runner.run(connected(url))
    path = pathlib.Path(folder) / f"{name}.csv.gz"

    async def load() -> int:
        key = keys.feed(FeedKind.CALLS, UUID(company_id), path.name)
        file = await feeds.receive(key, storage=InPieces(path), queue=NoQueue())
        if file is None or file.rejected:
            raise ValueError(f"not all calls were read: {file}")
        return file.read

    return lambda: runner.run(load())


class InPieces(FileStorage):
    """A bucket of one file, which comes in pieces as from the network."""

    async def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """The file, 64 KiB at a time."""
        with self._path.open("rb") as file:
            while piece := file.read(65_536):
                yield piece


async def _prepared(server: Postgres, folder: pathlib.Path, sizes: Mapping[str, int]) -> UUID:
    await migrate.apply(server.url("owner"))
    await database.connect(server.url("app"), size=1)
    company_id, numbers = await make_company(_LINES)
    await database.disconnect()
    for back, (name, calls) in enumerate(sizes.items(), start=1):
        month = months.shifted(months.today(), -back)
        generator.write(folder / f"{name}.csv.gz", "calls", numbers, month.year, month.month, calls)
    return company_id


def compare(middle: int = _MIDDLE, large: int = _LARGE) -> str:
    """Measure and answer the table."""
    sizes = {"small": _SMALL, "middle": middle, "large": large}
    home = state.scratch()
    server = Postgres(home / "postgres")
    try:
        server.start()
        company_id = asyncio.run(_prepared(server, home, sizes))
        arguments = [str(home), server.url("app"), str(company_id)]
        measured = measure_each("benchmarks.feeding_memory", list(sizes), arguments, 1)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    title = f"Loading {', '.join(f'{size:,}' for size in sizes.values())} calls (the Python process alone)"
    return table(title, measured, "small")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        measure_here(loading(sys.argv[1], sys.argv[2:]))
    else:
        sys.stdout.write(f"{compare(*map(int, sys.argv[1:]))}\n")
