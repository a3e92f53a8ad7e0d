"""What the API reads of imports; `refused_rows` also leaves a record, since it hands out personal data."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath
from uuid import UUID

from bizcall.audit import Actor
from bizcall.database import query, reading, tenant
from bizcall.downloads import Download, link
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.imports import downloads
from bizcall.imports.downloads import File
from bizcall.keyed import rows_by_ids
from bizcall.models import Import, ImportFinding, ImportRow
from bizcall.models.imports import Action, Severity, Source, State
from bizcall.paging import Listing, Order
from bizcall.ports import Clock, Storage, now


def listing(company_id: UUID, *, states: Collection[State] = (), sources: Collection[Source] = ()) -> Listing[Import]:
    """The company's imports, newest first; empty filters mean all."""
    rows = Import.filter(company_id=company_id)
    if states:
        rows = rows.filter(state__in=list(states))
    if sources:
        rows = rows.filter(source__in=list(sources))
    return Listing(rows, Order("imports", ("created_at", "id"), descending=True))


def rows(
    company_id: UUID, import_id: UUID, *, actions: Collection[Action] = (), outcomes: Collection[Action] = ()
) -> Listing[ImportRow]:
    """The rows of an import in the sheet's order; empty filters mean all."""
    found = ImportRow.filter(company_id=company_id, import_id=import_id)
    if actions:
        found = found.filter(action__in=list(actions))
    if outcomes:
        found = found.filter(outcome__in=list(outcomes))
    return Listing(found, Order("import.rows", ("number", "id")))


def findings(company_id: UUID, import_id: UUID, *, severities: Collection[Severity] = ()) -> Listing[ImportFinding]:
    """What was found in the cells of an import, in the sheet's order; an empty filter means all."""
    found = ImportFinding.filter(company_id=company_id, import_id=import_id)
    if severities:
        found = found.filter(severity__in=list(severities))
    return Listing(found, Order("import.findings", ("number", "place", "id")))


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Import]:
    """Imports by key."""
    return await rows_by_ids(Import, company_id, ids)


async def of_uploads(company_id: UUID, upload_ids: Collection[UUID]) -> dict[UUID, Import]:
    """The newest import of each upload; uploads without one are left out."""
    async with reading(company_id):
        newest = await query(
            "SELECT DISTINCT ON (upload_id) id FROM import WHERE company_id = $1 AND upload_id = ANY($2::uuid[])"
            " ORDER BY upload_id, created_at DESC, id DESC",
            company_id,
            list(upload_ids),
        )
        found = await Import.filter(company_id=company_id, id__in=[row["id"] for row in newest])
    return {row.upload_id: row for row in found if row.upload_id is not None}


async def refused_rows(
    company_id: UUID, actor: Actor, import_id: UUID, *, storage: Storage, clock: Clock = now
) -> Download:
    """A link to the workbook of the refused rows; raises Invalid: NOT_FOUND, or STATE when there is none (yet)."""
    async with tenant(company_id):
        found = await Import.get_or_none(company_id=company_id, id=import_id)
        if found is None:
            raise Invalid(Problem(ErrorCode.NOT_FOUND, ("id",)))
        if found.refused_key is None:
            raise Invalid(Problem(ErrorCode.STATE, ("id",)))
        count = found.rows_refused + found.rows_conflicting
        await downloads.record(company_id, actor, File.REFUSED_ROWS, count, import_id, clock=clock)
    name = f"{PurePosixPath(found.file_name).stem[:100]} - 오류 행.xlsx"
    return await link(storage, found.refused_key, name, clock)
