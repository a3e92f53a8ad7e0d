"""A link to the file of an export, which is a download of personal data and leaves its record (P3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from bizcall import audit, reasons
from bizcall.audit import Actor
from bizcall.database import tenant
from bizcall.downloads import Download, link
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.exports.asking import NAMES, Asked
from bizcall.models import Export
from bizcall.models.exports import State
from bizcall.months import KOREA
from bizcall.ports import Clock, Storage, now
from bizcall.reasons import Purpose, Reason


async def download(
    company_id: UUID,
    actor: Actor,
    export_id: UUID,
    reason: Reason | None = None,
    *,
    storage: Storage,
    clock: Clock = now,
) -> Download:
    """A link for five minutes, for the reason of whoever takes it.

    That is what the request says, unless he gives another; of somebody else's export he must. Raises Invalid at `id`:
    NOT_FOUND, or STATE when there is no file (any more); REQUIRED at `reason`; or what is wrong with the note.
    """
    async with tenant(company_id):
        found = await Export.get_or_none(company_id=company_id, id=export_id)
        if found is None:
            raise Invalid(Problem(ErrorCode.NOT_FOUND, ("id",)))
        if found.state is not State.COMPLETED or found.object_key is None or is_over(found, clock()):
            raise Invalid(Problem(ErrorCode.STATE, ("id",)))
        details = {
            "kind": found.kind,
            "rows": found.rows_done,
            "masked": found.is_masked,
            "file": PurePosixPath(found.object_key).stem,
            **_why(found, actor, reason),
            **Asked.of(found.kind, found.asked).recorded(),
        }
        await audit.record(company_id, actor, "exports.download", [export_id], details, kind="Export", clock=clock)
    return await link(storage, found.object_key, file_name(found), clock)


def _why(export: Export, actor: Actor, reason: Reason | None) -> Mapping[str, str]:
    """Whose reason it is: for the details of the record, which name who asked for the file if it is somebody else."""
    if export.requested_by == actor.id:
        return (reason.checked() if reason else Reason(Purpose(export.purpose), export.note)).told()
    return {**reasons.needed(reason).told(), "requestedBy": str(export.requested_by)}


def is_over(export: Export, at: datetime) -> bool:
    """Whether the file's time is over, also before the sweep has said so."""
    return export.expires_at is not None and export.expires_at <= at


def file_name(export: Export) -> str:
    """What the file is saved as: kind, period, and when it was asked for by Korea's clocks."""
    wanted = Asked.of(export.kind, export.asked).wanted
    asked_at = export.created_at.astimezone(KOREA)
    return f"{NAMES[export.kind]} {wanted.from_on}~{wanted.to_on} ({asked_at:%Y%m%d-%H%M%S}).xlsx"
