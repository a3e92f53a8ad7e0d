"""Leave to put one file straight into the bucket (BK-02): a presigned form for exactly one key, type and size range."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bizcall import audit, texts
from bizcall.audit import Actor
from bizcall.database import reading, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.imports import keys
from bizcall.models import Upload
from bizcall.models.imports import Purpose
from bizcall.ports import Clock, Storage, UploadForm, now
from bizcall.sheets import Limits

FORM_SECONDS = 300


@dataclass(frozen=True)
class Created:
    """An upload and the form by which its file goes to the bucket."""

    upload: Upload
    form: UploadForm


async def create(
    company_id: UUID,
    actor: Actor,
    *,
    purpose: Purpose,
    file_name: str,
    size: int,
    storage: Storage,
    clock: Clock = now,
) -> Created:
    """Give leave to upload one file of `size` bytes for five minutes.

    The key is made of the session's company and a new id; nothing of it comes from the client. Any kind of file may
    come, so that the wrong kinds too are answered by name. Raises Invalid at `fileName` or `size`.
    """
    name, most = texts.clean(file_name).text, Limits().file_bytes
    problems = []
    if not name:
        problems.append(Problem(ErrorCode.REQUIRED, ("fileName",)))
    if len(name) > keys.FILE_NAME_MOST:
        problems.append(Problem(ErrorCode.TOO_LONG, ("fileName",), {"maximum": str(keys.FILE_NAME_MOST)}))
    if not 1 <= size <= most:
        problems.append(Problem(ErrorCode.OUT_OF_RANGE, ("size",), {"minimum": "1", "maximum": str(most)}))
    if actor.id is None:
        raise ValueError("an upload belongs to an administrator")
    if problems:
        raise Invalid(*problems)
    at, upload_id = clock(), uuid7()
    key = keys.upload(company_id, upload_id)
    form = await storage.upload_form(key, content_type=keys.CONTENT_TYPE, max_bytes=most, seconds=FORM_SECONDS)
    async with tenant(company_id):
        upload = await Upload.create(
            id=upload_id,
            company_id=company_id,
            admin_id=actor.id,
            purpose=purpose,
            file_name=name,
            size=size,
            object_key=key,
            created_at=at,
            expires_at=at + timedelta(seconds=FORM_SECONDS),
            request_id=actor.request_id,
        )
        await audit.record(company_id, actor, "uploads.create", [upload_id], kind="Upload", clock=clock)
    return Created(upload, form)


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Upload]:
    """Uploads by key."""
    async with reading(company_id):
        found = await Upload.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in found}
