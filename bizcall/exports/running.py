"""The worker: an export becomes a file, from a snapshot of the database straight into the bucket.

Calls and messages are never held whole: they come by a cursor, become XML and are packed batch by batch, and leave in
parts. Between two batches the claim is kept, which also tells whether somebody has cancelled or taken it. Statistics
are few rows, which may have taken long to count: their claim is kept while they are counted and written.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from bizcall import audit
from bizcall.database import batches, query, tenant
from bizcall.errors import BizCallError, ErrorCode, Invalid
from bizcall.exports import claims, facts, keys, statistics
from bizcall.exports.asking import NAMES, PURPOSES, STATISTICS, Asked
from bizcall.exports.failures import Failure
from bizcall.exports.requesting import ROWS_MOST, TEXT_ROWS_MOST
from bizcall.models import Admin, Company, Export
from bizcall.models.exports import State
from bizcall.months import KOREA
from bizcall.ports import Clock, Storage, Stream, now
from bizcall.reasons import Purpose
from bizcall.sheets.streaming import ROWS_A_SHEET, ArchiveTooLarge, Book
from bizcall.stats import Row, as_of
from bizcall.stats.answers import BUCKETS_MOST

BATCH, TEXTS_BATCH = 2000, 250
"""Rows that are held at a time; texts of messages have up to 4,000 characters."""

EVERY = timedelta(seconds=2)
"""How often progress is noted, and whether somebody has cancelled looked at."""

STOP_BEFORE = 15.0
"""Seconds before the function's time limit from when on it is given up: the rest would not fit in."""

GROWTH = 2
"""How many times its bound a file may come to when it is made.

What was counted at the request goes on growing: loaders bring calls while the export waits, and nobody who was let
through is to fail by a few of them. A file of twice the bound still takes half of the worker's time, since the bounds
are a quarter of it; beyond that they would be no promise to those who wait behind. Only statistics that are counted
from facts have no such room: one more than `sources.RAW_MOST` is refused to the worker as to anybody.
"""

TOLD = "조회 조건"

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Overtaken(Exception):
    """The claim is lost: cancelled, or somebody else's."""


class OutOfTime(Exception):
    """The worker's time is over."""


@dataclass
class Made:
    """What went into the file."""

    rows: int = 0
    size: int = 0
    masked: bool = True
    as_of: datetime | None = None


async def run(
    company_id: UUID,
    export_id: UUID,
    *,
    storage: Storage,
    clock: Clock = now,
    remaining: Callable[[], float] = lambda: float("inf"),
    rows_a_sheet: int = ROWS_A_SHEET,
) -> State | None:
    """Make the file of an export and return its state; None when there was nothing to do, or somebody else does it.

    Its second connection keeps the claim while the first one reads. Raises whatever befell it, for the message to come
    again; the sweep finds another worker sooner.
    """
    async with tenant(company_id):
        attempt = await claims.claim(company_id, export_id, clock())
        if attempt is None:
            return None
        export = await Export.get(company_id=company_id, id=export_id)
    job = _Job(export, attempt, clock, remaining, rows_a_sheet)
    try:
        key = keys.file(company_id, export_id)
        made = await job.make(storage, key)
    except Overtaken:
        logger.info("an export was cancelled or overtaken", extra={"export_id": str(export_id)})
        return None
    except OutOfTime:
        return await job.failed(Failure.TIMED_OUT)
    except ArchiveTooLarge:
        return await job.failed(Failure.TOO_LARGE)
    except BaseException:
        with suppress(BizCallError):
            async with tenant(company_id):
                await claims.let_go(company_id, export_id, attempt, clock())
        raise
    return await job.complete(key, made)


class _Job:
    """One attempt at one export."""

    def __init__(
        self, export: Export, attempt: int, clock: Clock, remaining: Callable[[], float], rows_a_sheet: int
    ) -> None:
        self.export, self.attempt, self.clock, self.remaining = export, attempt, clock, remaining
        self.asked = Asked.of(export.kind, export.asked)
        self.rows_a_sheet = rows_a_sheet
        self.told_at = clock()
        # Of before the snapshot is opened, so that what keeps the claim runs in transactions of its own.
        self.outside = contextvars.copy_context()

    async def make(self, storage: Storage, key: str) -> Made:
        """Store the file; raises Overtaken, OutOfTime and ArchiveTooLarge with nothing stored."""
        made = Made()
        async with storage.stream(key, content_type=keys.CONTENT_TYPE) as stream:
            write = _counting(stream, made)
            async with tenant(self.export.company_id, read_only=True, snapshot=True):
                company = await Company.get(id=self.export.company_id)
                made.masked = company.masks_customers and not self.export.unmasked
                made.as_of = await as_of(self.export.company_id, self.asked.facts)
                told = await self._told(company, made)
                if self.asked.kind in STATISTICS:
                    await self._statistics(write, made, told)
                else:
                    await self._facts(write, made, told)
            # From here on it could be downloaded, if anybody knew where it lies.
            await self.keep(made.rows)
        return made

    async def complete(self, key: str, made: Made) -> State | None:
        """Tell where the file lies, and record what is in it; None when the claim was lost at last."""
        company_id, export = self.export.company_id, self.export
        async with tenant(company_id):
            done = await claims.complete(
                company_id,
                export.id,
                self.attempt,
                self.clock(),
                rows=made.rows,
                masked=made.masked,
                as_of=made.as_of,
                key=key,
                size=made.size,
            )
            if not done:
                return None
            details = {
                "kind": export.kind,
                "rows": made.rows,
                "masked": made.masked,
                "file": key,
                "reason": export.purpose,
                "note": export.note,
                **self.asked.recorded(),
            }
            await audit.record(
                company_id, audit.system(), "exports.complete", [export.id], details, kind="Export", clock=self.clock
            )
        return State.COMPLETED

    async def failed(self, failure: Failure) -> State:
        """It can't be done, and another attempt would not do better."""
        async with tenant(self.export.company_id):
            await claims.fail(self.export.company_id, self.export.id, self.attempt, failure, self.clock())
        return State.FAILED

    def in_time(self) -> None:
        """Raises OutOfTime."""
        if self.remaining() < STOP_BEFORE:
            raise OutOfTime

    async def keep(self, rows: int) -> None:
        """Note how far it has come; raises Overtaken."""
        self.told_at = self.clock()
        # Never started in a context that is in use, hence the copy.
        told = asyncio.create_task(self._noted(rows), context=self.outside.copy())
        if not await told:
            raise Overtaken

    async def _noted(self, rows: int) -> bool:
        async with tenant(self.export.company_id):
            return await claims.carry_on(self.export.company_id, self.export.id, self.attempt, rows, self.clock())

    async def _facts(self, write: Write, made: Made, told: list[tuple[str, str]]) -> None:
        kind, texts = self.asked.kind, self.asked.has_texts(unmasked=self.export.unmasked)
        sql, parameters = await facts.statement(self.export.company_id, self.asked, texts=texts)
        columns = facts.columns(kind, masked=made.masked, texts=texts)
        book = Book(columns, NAMES[kind], rows_a_sheet=self.rows_a_sheet)
        size, most = (TEXTS_BATCH, TEXT_ROWS_MOST) if texts else (BATCH, ROWS_MOST)
        async with aclosing(batches(sql, *parameters, size=size)) as found:
            async for batch in found:
                await write(book.add(batch))
                made.rows = book.rows
                if made.rows > GROWTH * most:
                    raise ArchiveTooLarge
                self.in_time()
                if self.clock() - self.told_at >= EVERY:
                    await self.keep(made.rows)
        await write(book.end([("행 수", f"{made.rows:,}"), *told], name=TOLD))

    async def _statistics(self, write: Write, made: Made, told: list[tuple[str, str]]) -> None:
        found: list[Row] = []

        async def read() -> None:
            async with aclosing(statistics.pages(self.export.company_id, self.asked)) as pages:
                async for page in pages:
                    found.extend(page)
                    made.rows += sum(len(row.buckets) for row in page)
                    if made.rows > GROWTH * BUCKETS_MOST:
                        raise ArchiveTooLarge

        try:
            await self._kept_while(read(), made)
        except Invalid as invalid:
            if {problem.code for problem in invalid.problems} != {ErrorCode.TOO_MANY}:
                raise
            # It grew since it was asked for, and will not have shrunk when another worker comes.
            raise ArchiveTooLarge from invalid
        # In a thread, since openpyxl doesn't pause. One that nobody waits for any more ends by itself after seconds.
        book = asyncio.to_thread(statistics.workbook, self.asked, found, told, told_name=TOLD)
        await write(await self._kept_while(book, made))

    async def _kept_while(self, work: Coroutine[Any, Any, T], made: Made) -> T:
        """What `work` returns, with the claim kept meanwhile; raises Overtaken and OutOfTime with the work given up."""
        task = asyncio.create_task(work)
        try:
            while not (await asyncio.wait([task], timeout=EVERY.total_seconds()))[0]:
                self.in_time()
                await self.keep(made.rows)
            self.in_time()
            return task.result()
        finally:
            task.cancel()
            # A statement that is under way has to end before its transaction can; what is given up may have failed.
            await asyncio.gather(task, return_exceptions=True)

    async def _told(self, company: Company, made: Made) -> list[tuple[str, str]]:
        """What the last sheet says."""
        export = self.export
        admin = await Admin.get(company_id=company.id, id=export.requested_by)
        wanted = self.asked.wanted
        chosen = [*(wanted.department_ids or ()), *(wanted.line_ids or ()), *(wanted.subscriber_ids or ())]
        rows = await query(
            "SELECT id, name FROM department WHERE company_id = $1 AND id = ANY($2::uuid[])"
            " UNION ALL SELECT id, number FROM line WHERE company_id = $1 AND id = ANY($2::uuid[])"
            " UNION ALL SELECT id, name FROM subscriber WHERE company_id = $1 AND id = ANY($2::uuid[])",
            company.id,
            chosen,
        )
        return [
            ("기업", company.name),
            *self.asked.told({row["id"]: row["name"] for row in rows}, masked=made.masked),
            ("데이터 기준", _moment(made.as_of)),
            ("생성 일시", _moment(self.clock())),
            ("요청자", admin.name),
            ("사유", f"{PURPOSES[Purpose(export.purpose)]}: {export.note}"),
            ("개인정보", "가림" if made.masked else "가리지 않음"),
            ("파일 번호", str(export.id)),
        ]


Write = Callable[[bytes], Awaitable[None]]


def _counting(stream: Stream, made: Made) -> Write:
    async def write(piece: bytes) -> None:
        made.size += len(piece)
        await stream.write(piece)

    return write


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(KOREA):%Y-%m-%d %H:%M:%S}" if at else "없음"
