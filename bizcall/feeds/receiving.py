"""A file has arrived, or is to be read on: chunk by chunk, each one transaction, as far as the time goes (FD-01)."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, NamedTuple
from uuid import UUID

from bizcall import months
from bizcall.database import directory, repeated, tenant
from bizcall.dispatch import outbox
from bizcall.feeds import keys, ledger, lines, loading, records, rejects
from bizcall.feeds.ahead import ahead
from bizcall.feeds.rejects import FileFault, FileRefused
from bizcall.models import Company, CompanyDirectory, FeedFile
from bizcall.models.companies import CompanyState
from bizcall.models.feeds import FileState
from bizcall.ports import Clock, ObjectMissing, Queue, Storage, now

QUEUE = "feeds"
STOP_BEFORE = 30.0
"""Seconds before the function's time limit from when on no further chunk is begun: one rarely takes more than one."""

TIME_ENOUGH = 2 * STOP_BEFORE
"""Seconds in which an invocation has to get at least one chunk further."""

logger = logging.getLogger(__name__)


async def receive(
    key: str,
    version: str | None = None,
    *,
    storage: Storage,
    queue: Queue,
    clock: Clock = now,
    remaining: Callable[[], float] = lambda: float("inf"),
    kept: int = months.KEPT,
) -> FeedFile | None:
    """Load the version of the object that has arrived under `key` (decoded); None for an object that is no feed's.

    Every version counts, also one that another has replaced meanwhile: its records may be in no other. Returns the
    ledger's row, which is still LOADING when the time was over, or when somebody else loads the same file: then he goes
    on. Raises Unavailable when the database or the bucket is away, and Stuck when no chunk went in although there was
    time, for the message to come again, and to end among the dead ones.
    """
    place = keys.arrival(key)
    if place is None:
        logger.warning("an object that is no feed", extra={"key_bytes": len(key.encode())})
        return None
    try:
        found = await storage.head(key, version)
    except ObjectMissing:
        logger.warning("a feed that is gone already", extra={"company_id": str(place.company_id)})
        return None
    async with tenant(place.company_id):
        if not await Company.exists(id=place.company_id):
            logger.warning("a feed for no company")
            return None
        file = await ledger.opened(place.company_id, place.kind, found, clock())
    return await _read(file, storage=storage, queue=queue, clock=clock, remaining=remaining, kept=kept)


async def read_on(
    company_id: UUID,
    file_id: UUID,
    *,
    storage: Storage,
    queue: Queue,
    clock: Clock = now,
    remaining: Callable[[], float] = lambda: float("inf"),
    kept: int = months.KEPT,
) -> FeedFile | None:
    """Go on where the ledger stands, as `receive` does; None when there is no such file."""
    async with tenant(company_id, read_only=True):
        file = await FeedFile.get_or_none(company_id=company_id, id=file_id)
    if file is None:
        return None
    return await _read(file, storage=storage, queue=queue, clock=clock, remaining=remaining, kept=kept)


async def _read(
    file: FeedFile,
    *,
    storage: Storage,
    queue: Queue,
    clock: Clock,
    remaining: Callable[[], float],
    kept: int,
) -> FeedFile:
    if file.state is FileState.LOADING:
        window = records.Window.around(clock(), kept)
        refusal: FileFault | None = None
        had = remaining()
        try:
            if not file.object_key.endswith(keys.EXTENSIONS):
                raise FileRefused(FileFault.EXTENSION)
            if await _has_ended(file.company_id):
                raise FileRefused(FileFault.COMPANY_ENDED)
            if file.object_size > lines.BYTES_MOST:
                raise FileRefused(FileFault.TOO_LARGE)
            after = file.lines
            async with aclosing(ahead(_parts(file, storage, window))) as parts:
                async for part in parts:
                    if remaining() < STOP_BEFORE:
                        if after == file.lines and had >= TIME_ENOUGH:
                            raise Stuck
                        await _carry_on(file, queue=queue, clock=clock)
                        return await _now(file)
                    if not await _load(file, part, after):
                        # Whoever moved the place goes on from it, and his message comes again if he can't.
                        return await _now(file)
                    after = part.lines
        except FileRefused as refused:
            refusal = refused.fault
        except ObjectMissing:
            refusal = FileFault.GONE
        await _finish(file, refusal, storage=storage, clock=clock)
    return await _now(file)


async def _has_ended(company_id: UUID) -> bool:
    """Whether the company's contract is over: what it had is about to be disposed of, and nothing is to come after."""
    async with directory():
        return await CompanyDirectory.exists(company_id=company_id, state=CompanyState.ENDED)


class Stuck(Exception):
    """With time enough not one chunk of a file went in: to try again by a message of one's own would never end."""


class _Part(NamedTuple):
    """A chunk's records, checked; `lines` and `size` (bytes, unpacked) are the place behind it."""

    lines: int
    size: int
    batch: records.Batch


async def _parts(file: FeedFile, storage: Storage, window: records.Window) -> AsyncGenerator[_Part]:
    """The file's parts behind the place where the ledger stood, checked."""
    pieces = storage.read(file.object_key, file.object_version or None)
    unpacked = lines.unpacked(pieces, packed=keys.is_packed(file.object_key))
    async for chunk in lines.chunks(unpacked, csv=keys.is_csv(file.object_key), after=file.lines):
        yield _Part(chunk.lines, chunk.size, await records.batch(file.kind, chunk, window))


@repeated
async def _load(file: FeedFile, part: _Part, after: int) -> bool:
    """Load one part and move the place behind it; False when it is not the file's next one any more."""
    async with tenant(file.company_id):
        if not await ledger.stands_at(file.company_id, file.id, after):
            return False
        counts, rejects = await loading.load(file.company_id, part.batch)
        if rejects:
            await ledger.add_rejects(file.company_id, file.id, rejects)
        await ledger.advance(file.company_id, file.id, part.lines, part.size, counts)
    return True


async def _carry_on(file: FeedFile, *, queue: Queue, clock: Clock) -> None:
    body: dict[str, Any] = {"companyId": str(file.company_id), "fileId": str(file.id)}
    async with directory():
        message = await outbox.put(QUEUE, body, company_id=file.company_id, clock=clock)
    await outbox.publish([message], queue=queue)


async def _finish(file: FeedFile, refusal: FileFault | None, *, storage: Storage, clock: Clock) -> None:
    """Store the reject object, if there is something to tell, and only then call the file read.

    What is broken off in between is done anew by whom the message comes to next; so it is here, where another who
    loads the file has found further bad lines meanwhile.
    """
    finished = False
    while not finished:
        async with tenant(file.company_id):
            found = await ledger.unfinished(file.company_id, file.id)
            if found is None:
                return
            listed = await ledger.rejects_of(file.company_id, file.id)
        rejected, key = found.rejected, None
        if rejected or refusal:
            key = keys.rejects(file.kind, file.company_id, file.object_key, file.id)
            body = rejects.written(listed, refusal, rejected - len(listed))
            await storage.write(key, body, content_type=keys.CONTENT_TYPE)
        async with tenant(file.company_id):
            finished = await ledger.finish(file.company_id, file.id, refusal, key, clock(), rejected=rejected)


async def _now(file: FeedFile) -> FeedFile:
    async with tenant(file.company_id, read_only=True):
        return await FeedFile.get(company_id=file.company_id, id=file.id)
