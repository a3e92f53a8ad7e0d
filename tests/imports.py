"""A company's way through an import, with the bucket and the queue in memory, for tests of everything behind it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import openpyxl
import orjson

from bizcall import dispatch, imports, uploads
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.imports import keys
from bizcall.models import Import, ImportFinding, ImportRow
from bizcall.models.companies import OnError
from bizcall.models.imports import Purpose
from bizcall.sheets import Column
from tests.doubles import MemoryStorage, RecordingQueue, Turned
from tests.factories import Tenant

HEADER = tuple(column.label for column in Column)


def workbook(rows: Sequence[Sequence[Any]], header: Sequence[Any] = HEADER) -> bytes:
    """An .xlsx with a header and rows below it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "명단"
    for row in (header, *rows):
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def person(number: Any, name: Any = "홍길동", **cells: Any) -> list[Any]:
    """A row in the form's order; cells by the names of `Column`, in lower case."""
    given = {"number": number, "name": name, **cells}
    return [given.get(column.value.lower()) for column in Column]


@dataclass
class Desk:
    """What an administrator of a company does, and what the workers do."""

    company: Tenant
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    clock: Turned = field(default_factory=Turned)

    @property
    def actor(self) -> Actor:
        """The company's administrator."""
        return Actor(ActorKind.ADMIN, self.company.admin_id)

    async def upload(self, body: bytes, file_name: str = "명단.xlsx") -> str:
        """Put a file into the bucket by the console's way; returns its key."""
        created = await uploads.create(
            self.company.id,
            self.actor,
            purpose=Purpose.SUBSCRIBER_IMPORT,
            file_name=file_name,
            size=len(body),
            storage=self.storage,
            clock=self.clock,
        )
        await self.storage.write(created.upload.object_key, body, content_type=keys.CONTENT_TYPE)
        return created.upload.object_key

    async def drop(self, body: bytes, name: str = "명단.xlsx") -> str:
        """Put a file into the company's inbox; returns its key."""
        key = keys.inbox(self.company.id, name)
        await self.storage.write(key, body, content_type=keys.CONTENT_TYPE)
        return key

    async def receive(self, key: str) -> Import:
        """Deliver the arrival of an object, and return the import that came of it."""
        await imports.receive(key, storage=self.storage, queue=self.queue, clock=self.clock)
        return await self.newest()

    async def preview(self, *rows: Sequence[Any], header: Sequence[Any] = HEADER) -> Import:
        """Upload rows and have them checked."""
        return await self.receive(await self.upload(workbook(rows, header)))

    async def ask(self, previewed: Import, on_error: OnError = OnError.REJECT_ALL, key: str = "") -> Import:
        """Ask for the registration."""
        return await imports.register(
            self.company.id,
            self.actor,
            previewed.id,
            content_hash=previewed.content_hash or "",
            on_error=on_error,
            idempotency_key=key or f"register {previewed.id}",
            queue=self.queue,
            clock=self.clock,
        )

    async def work(self) -> None:
        """Carry out what is on the queue."""
        letters, self.queue.letters = self.queue.letters, []
        for queue, letter in letters:
            assert queue == "registrations"
            assert letter.group == str(self.company.id)
            body = orjson.loads(letter.body)
            await imports.register_queued(
                UUID(body["companyId"]),
                UUID(body["importId"]),
                storage=self.storage,
                queue=self.queue,
                clock=self.clock,
            )

    async def sweep(self) -> None:
        """Send what waits in the outbox, and carry it out."""
        async with tenant(self.company.id):
            waiting = await query("SELECT id FROM outbox WHERE company_id = $1", self.company.id)
        await dispatch.publish([row["id"] for row in waiting], queue=self.queue)
        await self.work()

    async def register(self, previewed: Import, on_error: OnError = OnError.REJECT_ALL) -> Import:
        """Ask for the registration and have it carried out."""
        await self.ask(previewed, on_error)
        await self.work()
        return await self.found(previewed.id)

    async def found(self, import_id: UUID) -> Import:
        """An import as it now stands."""
        async with tenant(self.company.id):
            return await Import.get(company_id=self.company.id, id=import_id)

    async def all(self) -> list[Import]:
        """The company's imports, oldest first."""
        async with tenant(self.company.id):
            return await Import.filter(company_id=self.company.id).order_by("created_at", "id")

    async def newest(self) -> Import:
        """The import made last."""
        return (await self.all())[-1]

    async def rows(self, found: Import) -> list[ImportRow]:
        """The rows of an import."""
        async with tenant(self.company.id):
            return await ImportRow.filter(company_id=self.company.id, import_id=found.id).order_by("number")

    async def findings(self, found: Import) -> list[ImportFinding]:
        """The findings of an import."""
        async with tenant(self.company.id):
            return await ImportFinding.filter(company_id=self.company.id, import_id=found.id).order_by(
                "number", "place"
            )

    async def codes(self, found: Import) -> dict[str, str]:
        """The codes of the findings, by cell."""
        return {finding.cell: finding.code for finding in await self.findings(found)}

    async def holders(self) -> dict[str, Mapping[str, Any]]:
        """Who holds which number now."""
        async with tenant(self.company.id):
            rows = await query(
                "SELECT * FROM line_row WHERE company_id = $1 AND subscriber_id IS NOT NULL", self.company.id
            )
        return {row["number"]: row for row in rows}


def values(body: bytes) -> list[list[Any]]:
    """The cells of a workbook's first sheet."""
    sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]
