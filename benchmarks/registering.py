"""A whole import, from the object in the bucket to committed rows: `python -m benchmarks.registering [ROWS]`.

Beside it openpyxl's mere reading of the same file, each in processes of their own, by turns. Wanted: at most 1.5 times
the CPU of that reading. Counted is the Python process alone, without its imports: PostgreSQL works in processes of its
own (started for the occasion and thrown away), and the bucket is the file itself.
"""

from __future__ import annotations

import asyncio
import pathlib
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import asyncpg

from benchmarks.imports import read_by_openpyxl
from benchmarks.measuring import measure_each, measure_here, table
from benchmarks.workbooks import DEPARTMENTS, made_sheet, numbers
from bizcall import database, imports, migrate, uploads
from bizcall.audit import Actor, ActorKind
from bizcall.imports import keys
from bizcall.models import Admin, Department, Import
from bizcall.models.companies import OnError
from bizcall.models.imports import Purpose, State
from bizcall.ports import Letter, StoredObject, Stream, UploadForm, now
from local import state
from local.postgres import Postgres
from tests.factories import company_with_lines

_ROWS = 10_000
_REPEATS = 5


class FileStorage:
    """A bucket of one object, which is a file."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """The file."""
        return StoredObject(key, self._path.stat().st_size, "etag", version, now())

    async def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """The file, whole."""
        yield self._path.read_bytes()

    async def write(self, key: str, body: bytes, *, content_type: str) -> StoredObject:
        """Nothing of this measurement writes."""
        raise AssertionError(f"nothing was to be stored or linked: {key}")

    def stream(self, key: str, *, content_type: str) -> AbstractAsyncContextManager[Stream]:
        """Nothing of this measurement is streamed."""
        raise AssertionError(f"nothing was to be stored or linked: {key}")

    async def copy(self, source: StoredObject, key: str) -> None:
        """Nothing of this measurement is copied."""
        raise AssertionError(f"nothing was to be stored or linked: {key}")

    async def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> UploadForm:
        """The way that is not taken: the file is there."""
        return UploadForm("file://", {"key": key})

    async def download_url(self, key: str, *, file_name: str, seconds: int) -> str:
        """Nothing of this measurement is downloaded."""
        raise AssertionError(f"nothing was to be stored or linked: {key}")


class NoQueue:
    """Takes commands; the measurement carries them out itself."""

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Take all."""
        return {letter.id for letter in letters}


async def make_company(url: str, rows: int) -> tuple[UUID, UUID]:
    """A company with as many lines and an administrator; answers the keys of both."""
    await database.connect(url, size=1)
    company_id = await company_with_lines("측정", numbers(rows))
    async with database.tenant(company_id):
        admin = await Admin.create(company_id=company_id, name="김관리", mobile="01012345678")
        for name in DEPARTMENTS:
            await Department.create(company_id=company_id, name=name)
    await database.disconnect()
    return company_id, admin.id


async def free_lines(owner_url: str) -> None:
    """Undo the round before."""
    connection = await asyncpg.connect(owner_url)
    await connection.execute("TRUNCATE import_finding, import_row, membership, subscriber CASCADE")
    await connection.close()


async def bring(path: pathlib.Path, company_id: UUID, admin_id: UUID, *, register: bool) -> int:
    """Take the file in as far as its preview, or on to its registration; answers the number of rows."""
    storage, actor = FileStorage(path), Actor(ActorKind.ADMIN, admin_id)
    created = await uploads.create(
        company_id,
        actor,
        purpose=Purpose.SUBSCRIBER_IMPORT,
        file_name=path.name,
        size=1,
        storage=storage,
    )
    key = keys.upload(company_id, created.upload.id)
    await imports.receive(key, storage=storage, queue=NoQueue())
    async with database.tenant(company_id):
        found = await Import.get(company_id=company_id, object_key=key)
    if register:
        await imports.register(
            company_id,
            actor,
            found.id,
            content_hash=found.content_hash or "",
            on_error=OnError.REJECT_ALL,
            idempotency_key=str(found.id),
            queue=NoQueue(),
        )
        await imports.register_queued(company_id, found.id, storage=storage, queue=NoQueue())
        async with database.tenant(company_id):
            found = await Import.get(company_id=company_id, id=found.id)
        if found.state is not State.REGISTERED:
            raise ValueError(f"not registered: {found.refusal}")
    return found.rows_registered if register else found.rows_new


def importing(path: pathlib.Path, arguments: Sequence[str], *, register: bool) -> Callable[[], int]:
    """The project's import, as a worker that is connected already does it.

    `arguments` are the addresses of the database for its owner and for the application, and company and admin.
    """
    owner_url, url, company_id, admin_id = arguments
    runner = asyncio.Runner()
    runner.run(free_lines(owner_url))
    runner.run(connected(url))

    def work() -> int:
        return runner.run(bring(path, UUID(company_id), UUID(admin_id), register=register))

    return work


async def connected(url: str) -> None:
    """Open the one connection that a worker has."""
    await database.connect(url, size=1, command_timeout=120)
    async with database.directory():
        await database.query("SELECT 1")


_MEASUREMENTS: Mapping[str, Callable[[pathlib.Path, Sequence[str]], Callable[[], int]]] = {
    "openpyxl": lambda path, _: _rows_read(read_by_openpyxl(path)),
    "to the preview": lambda path, arguments: importing(path, arguments, register=False),
    "to committed rows": lambda path, arguments: importing(path, arguments, register=True),
}


def _rows_read(work: Callable[[], int]) -> Callable[[], int]:
    return lambda: work() // 8


def compare_importing(rows: int = _ROWS) -> str:
    """Measure and answer the table; all must have found the same rows."""
    home = state.scratch()
    path = home.parent / f"{home.name}.xlsx"
    server = Postgres(home)
    try:
        server.start()
        asyncio.run(migrate.apply(server.url("owner")))
        owned = asyncio.run(make_company(server.url("app"), rows))
        made_sheet(path, rows)
        arguments = [str(path), server.url("owner"), server.url("app"), *map(str, owned)]
        measured = measure_each("benchmarks.registering", list(_MEASUREMENTS), arguments, _REPEATS)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        path.unlink(missing_ok=True)
    if {row.answer for row in measured.values()} != {rows}:
        raise ValueError(f"not all rows arrived: {measured}")
    return table(f"Importing {rows:,} rows x 8 columns (CPU of the Python process alone)", measured, "openpyxl")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure_here(_MEASUREMENTS[sys.argv[1]](pathlib.Path(sys.argv[2]), sys.argv[3:]))
    else:
        sys.stdout.write(f"{compare_importing(*map(int, sys.argv[1:]))}\n")
