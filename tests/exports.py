"""What tests of exports need: an office's requests, their worker, and the workbooks that come of them."""

from __future__ import annotations

import contextvars
import io
import shutil
import subprocess
import zipfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest

from bizcall import exports
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.exports import Asked
from bizcall.history.filters import HistoryFilter
from bizcall.models import Export
from bizcall.models.exports import Kind, State
from bizcall.reasons import Purpose, Reason
from tests.doubles import MemoryStorage, MemoryStream, RecordingQueue, Turned
from tests.factories import Tenant
from tests.histories import whole

REASON = Reason(Purpose.DISPUTE, "10월 민원 처리")

Hook = Callable[[], Awaitable[None]]


@dataclass
class Clerk:
    """Somebody who asks for exports, with a bucket, a queue and a clock."""

    company: Tenant
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    clock: Turned = field(default_factory=Turned)

    @property
    def actor(self) -> Actor:
        """The administrator."""
        return Actor(ActorKind.ADMIN, self.company.admin_id)

    async def ask(self, kind: Kind = Kind.CALLS, wanted: HistoryFilter | None = None, **options: Any) -> Export:
        """Ask for a file of the office's whole history, or of what is wanted."""
        statistics = {name: options.pop(name) for name in ("granularity", "group") if name in options}
        return await exports.request(
            self.company.id,
            self.actor,
            Asked(kind, wanted or whole(), **statistics),
            **{
                "unmasked": False,
                "reason": REASON,
                "idempotency_key": str(uuid4()),
                "queue": self.queue,
                "clock": self.clock,
                **options,
            },
        )

    async def work(self, export: Export, **options: Any) -> State | None:
        """What the worker does with its message."""
        return await exports.run(
            self.company.id, export.id, **{"storage": self.storage, "clock": self.clock, **options}
        )

    async def sweep(self) -> None:
        """Sweep until nothing is due any more: others' exports of the same database are, too."""
        while await exports.sweep(queue=self.queue, clock=self.clock):
            pass

    async def made(self, kind: Kind = Kind.CALLS, wanted: HistoryFilter | None = None, **options: Any) -> Workbook:
        """The workbook of what was asked for."""
        working = {name: options.pop(name) for name in ("rows_a_sheet",) if name in options}
        export = await self.ask(kind, wanted, **options)
        assert await self.work(export, **working) is State.COMPLETED
        return await self.workbook(export.id)

    async def workbook(self, export_id: UUID) -> Workbook:
        """The file of an export."""
        row = await self.row(export_id)
        assert row.object_key is not None
        body = await self.storage.body(row.object_key)
        assert row.file_size == len(body)
        return Workbook(body)

    async def row(self, export_id: UUID) -> Export:
        """How the export stands."""
        async with tenant(self.company.id, read_only=True):
            return await Export.get(company_id=self.company.id, id=export_id)

    async def records(self, action: str) -> list[dict[str, Any]]:
        """The audit records of an action."""
        async with tenant(self.company.id, read_only=True):
            return await query(
                "SELECT * FROM audit_record WHERE company_id = $1 AND action = $2 ORDER BY at", self.company.id, action
            )


class Workbook:
    """A file, as openpyxl reads it."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.book: Any = openpyxl.load_workbook(io.BytesIO(body))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of all sheets of data, by header."""
        found: list[dict[str, Any]] = []
        for sheet in self.book.worksheets[:-1]:
            header, *rows = sheet.iter_rows(values_only=True)
            found += [dict(zip(map(str, header), row, strict=True)) for row in rows]
        return found

    @property
    def told(self) -> dict[str, str]:
        """What the last sheet tells."""
        return {str(label): str(text) for label, text in self.book.worksheets[-1].iter_rows(values_only=True)}

    def parts(self) -> dict[str, bytes]:
        """The entries of the archive."""
        with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}


def by_calamine(book: Workbook, sheet: int) -> list[dict[str, Any]]:
    """The rows of a sheet as another library reads them."""
    calamine = pytest.importorskip("python_calamine", reason="python-calamine is not installed")
    header, *rows = calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.body)).get_sheet_by_index(sheet).to_python()
    return [dict(zip(header, row, strict=True)) for row in rows]


def by_libreoffice(folder: Path, body: bytes, kind: str) -> Path:
    """What LibreOffice makes of a workbook; skips the test where it is missing, a program that nothing else needs."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc); other readers have looked at such files")
    (folder / "file.xlsx").write_bytes(body)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
         kind, "--outdir", folder / "made", folder / "file.xlsx"],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    [made] = (folder / "made").iterdir()
    return made


@dataclass
class Hooked(MemoryStorage):
    """A bucket to which something happens as soon as it is given its third piece."""

    hook: Hook | None = None

    @asynccontextmanager
    async def stream(self, key: str, *, content_type: str) -> AsyncGenerator[MemoryStream]:
        """As ever, with the hook."""
        async with super().stream(key, content_type=content_type) as inner:
            yield HookedStream(body=inner.body, hook=self.hook)


@dataclass
class HookedStream(MemoryStream):
    """Counts its pieces."""

    hook: Hook | None = None
    pieces: int = 0

    async def write(self, piece: bytes) -> None:
        """Add to it."""
        self.pieces += 1
        if self.pieces == 3 and self.hook is not None:
            await self.hook()
        await super().write(piece)


def fresh() -> contextvars.Context:
    """A context in which no transaction is open."""
    return contextvars.Context()
