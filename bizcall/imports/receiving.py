"""An object has arrived in the bucket: it becomes an import with a preview; a dropped file is registered at once."""

from __future__ import annotations

import asyncio
import logging
from pathlib import PurePosixPath
from uuid import UUID

from bizcall import audit, departments, request_ids, texts
from bizcall.database import lock, query, tenant
from bizcall.dispatch import publish
from bizcall.ids import uuid7
from bizcall.imports import answers, cells, checking, collector, commands, keys, registering, storing
from bizcall.imports.refusals import FileRefusal
from bizcall.models import Company, Import, Upload
from bizcall.models.companies import OnError
from bizcall.models.imports import Action, Source, State
from bizcall.ports import Clock, ObjectMissing, Queue, Storage, now
from bizcall.sheets import Limits, Refusal, SheetRefused
from bizcall.sheets.limits import MEGABYTE

logger = logging.getLogger(__name__)


async def receive(key: str, *, storage: Storage, queue: Queue, clock: Clock = now) -> Import | None:
    """Import the object that now stands under `key` (decoded, below `uploads/imports/` or `inbox/imports/`).

    The event only says where to look: what counts is the version that stands there now, so that events which arrive
    twice, late or in reverse never bring an older version back. Returns what has become of it, None for an object that
    is no import: a key of no company is logged and left alone. Raises Unavailable when the database or the bucket is
    away, for the message to come again.
    """
    place = keys.arrival(key)
    if place is None:
        logger.warning("an object that is no import", extra={"key_bytes": len(key.encode())})
        return None
    import_id = await _claim(key, place, storage, clock)
    if import_id is None:
        return None
    with collector.paused():
        messages = await _check(place.company_id, import_id, storage, clock)
    await publish(messages, queue=queue)
    await answers.give(place.company_id, import_id, storage=storage)
    return await storing.found(place.company_id, import_id)


async def _claim(key: str, place: keys.Arrival, storage: Storage, clock: Clock) -> UUID | None:
    """The import of the version that stands under the key, made if it is new; None when there is nothing to import.

    A newer version ends the unfinished imports of older ones. Which is newer is decided by looking at the bucket
    while the key is locked: what two workers see one after the other came into being in that order.
    """
    async with tenant(place.company_id):
        if not await Company.exists(id=place.company_id):
            logger.warning("an object for no company")
            return None
        file_name = PurePosixPath(place.name).name
        if place.upload_id is not None:
            upload = await Upload.get_or_none(company_id=place.company_id, id=place.upload_id)
            if upload is None:
                logger.warning("an object for no upload")
                return None
            file_name = upload.file_name
            request_ids.go_on(upload.request_id)
        await lock(f"imports.arrival {key}")
        try:
            stands = await storage.head(key)
        except ObjectMissing:
            logger.info("an object that is gone already", extra={"company_id": str(place.company_id)})
            return None
        version = stands.version or ""
        known = await Import.get_or_none(
            company_id=place.company_id, object_key=key, object_version=version, object_etag=stands.etag
        )
        if known is not None:
            return known.id
        at = clock()
        older = Import.filter(company_id=place.company_id, object_key=key)
        for unfinished in await older.filter(state__in=storing.UNFINISHED).select_for_update():
            await storing.finish(place.company_id, unfinished.id, State.CANCELLED, at, refusal=FileRefusal.SUPERSEDED)
        if place.source is Source.INBOX:
            # Arrivals of the older ones, when told again, lead to this one; so nobody else would answer them.
            for unanswered in await older.filter(result_key__isnull=True):
                await commands.carry_on(place.company_id, unanswered.id, clock=clock)
        made = await Import.create(
            id=uuid7(),
            company_id=place.company_id,
            source=place.source,
            upload_id=place.upload_id,
            object_key=key,
            object_version=version,
            object_etag=stands.etag,
            object_size=stands.size,
            file_name=texts.clean(file_name).text[-keys.FILE_NAME_MOST :],
            state=State.CHECKING,
            created_at=at,
        )
        await storing.step(place.company_id, made.id, State.CHECKING, at + storing.WORK_MOST)
        return made.id


async def _check(company_id: UUID, import_id: UUID, storage: Storage, clock: Clock) -> list[UUID]:
    """Read the file and store its preview, in one transaction that holds the import: others wait, and then see it done.

    Returns the outbox messages of the invitations of a dropped file, to be published after commit.

    There is no lease that could outlive a worker: when it dies, its transaction ends and the next delivery starts anew.
    """
    async with tenant(company_id):
        found = await storing.locked(company_id, import_id)
        if found is None or found.state is not State.CHECKING:
            return []
        at = clock()
        try:
            reading = await asyncio.to_thread(checking.read, await _fetch(found, storage))
            return await _preview(found, reading, clock)
        except SheetRefused as refused:
            where = {name: cells.storable(v) if isinstance(v, str) else v for name, v in refused.where.items()}
            await storing.finish(
                company_id, import_id, State.REFUSED, at, refusal=refused.code.value, refusal_params=where
            )
        except ObjectMissing:
            await storing.finish(company_id, import_id, State.REFUSED, at, refusal=FileRefusal.FILE_GONE)
        except checking.TooManyFindings:
            await storing.finish(company_id, import_id, State.REFUSED, at, refusal=FileRefusal.TOO_MANY_FINDINGS)
        return []


async def _preview(found: Import, reading: checking.Reading, clock: Clock) -> list[UUID]:
    """Compare with the company as it is now and store the result; a dropped file goes on to its registration."""
    company_id, dropped, at = found.company_id, found.source is Source.INBOX, clock()
    if dropped:
        # Files dropped together don't make rows of each other conflict: the next one is compared when this one is in.
        await lock(f"imports.inbox {company_id}")
    lines = await query(
        """
        SELECT id, number, rid, subscriber_id, revision, name, department_id, position, mobile, email, rid_enabled,
               app_enabled
        FROM line_row WHERE company_id = $1 AND number = ANY($2::text[])
        """,
        company_id,
        reading.numbers,
    )
    choices = {row.name: row.id for row in await departments.current(company_id)}
    checked = await asyncio.to_thread(checking.check, reading, lines, choices)
    await storing.add_rows(company_id, found.id, checked)
    await storing.add_findings(company_id, found.id, checked.findings)
    on_error: OnError | None = None
    if dropped:
        policy = await Company.get(id=company_id)
        on_error, found.send_invitations = policy.import_on_error, policy.import_sends_invitations
    expires_at = None if dropped else at + storing.PREVIEW_KEPT
    await storing.step(
        company_id,
        found.id,
        State.REGISTERING if dropped else State.PREVIEWED,
        expires_at or at + storing.WORK_MOST,
        sheet_name=cells.storable(reading.sheet.name),
        ignored_headers=[cells.storable(header) for header in reading.sheet.ignored],
        rows_new=checked.counts.get(Action.NEW, 0),
        rows_changed=checked.counts.get(Action.CHANGED, 0),
        rows_replaced=checked.counts.get(Action.REPLACED, 0),
        rows_unchanged=checked.counts.get(Action.UNCHANGED, 0),
        rows_refused=checked.counts.get(Action.REFUSED, 0),
        rows_ignored=reading.ignored,
        content_hash=checked.content_hash,
        on_error=on_error,
        send_invitations=found.send_invitations,
        previewed_at=at,
        expires_at=expires_at,
    )
    if on_error is None:
        return []
    await audit.record(company_id, audit.system(), "imports.receive", [found.id], kind="Import", clock=clock)
    good = [row for row in checked.rows if row.action is not Action.REFUSED]
    if on_error is OnError.REJECT_ALL and len(good) < len(checked.rows):
        await storing.finish(company_id, found.id, State.REFUSED, at, refusal=FileRefusal.ROWS_REFUSED)
        return []
    return await registering.apply(found, good, on_error, clock=clock)


async def _fetch(found: Import, storage: Storage) -> bytes:
    """The object's bytes; raises SheetRefused without reading one that is too large."""
    most = Limits().file_bytes
    if found.object_size > most:
        raise SheetRefused(Refusal.FILE_TOO_LARGE, limit=most // MEGABYTE)
    data = bytearray()
    async for piece in storage.read(found.object_key, found.object_version or None):
        data += piece
        if len(data) > most:
            raise SheetRefused(Refusal.FILE_TOO_LARGE, limit=most // MEGABYTE)
    return bytes(data)
