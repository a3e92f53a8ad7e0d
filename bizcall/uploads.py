"""Leave to put one file straight into the bucket: a presigned form for exactly one key, type and size range.

Administrators upload files to import (BK-02), operators what they publish (NO-02, SU-01).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bizcall import audit, published_files, texts
from bizcall.audit import Actor, ActorKind
from bizcall.database import tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.imports import keys
from bizcall.keyed import rows_by_ids
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

    The key is made of the session's company and a new id; of the client's texts only an ending of a closed list goes
    into it. To import, any kind of file may come, so that the wrong kinds too are answered by name; what is to be
    published must be of a kind that `published_files` knows. Raises Invalid at `fileName` or `size`, and NOT_FOUND at
    `purpose` for what others than the actor upload.
    """
    name, at, upload_id = texts.clean(file_name).text, clock(), uuid7()
    policy = published_files.POLICIES.get(purpose)
    if (policy is not None) != (actor.kind is ActorKind.OPERATOR):
        raise Invalid(Problem(ErrorCode.NOT_FOUND, ("purpose",)))
    most = Limits().file_bytes if policy is None else policy.bytes_most
    problems = []
    if not name:
        problems.append(Problem(ErrorCode.REQUIRED, ("fileName",)))
    elif len(name) > keys.FILE_NAME_MOST:
        problems.append(Problem(ErrorCode.TOO_LONG, ("fileName",), {"maximum": str(keys.FILE_NAME_MOST)}))
    elif policy is not None and published_files.ending(name) not in policy.endings:
        problems.append(Problem(ErrorCode.INVALID_FORMAT, ("fileName",), {"endings": ", ".join(policy.endings)}))
    if not 1 <= size <= most:
        problems.append(Problem(ErrorCode.OUT_OF_RANGE, ("size",), {"minimum": "1", "maximum": str(most)}))
    if actor.id is None:
        raise ValueError("an upload belongs to an administrator")
    if problems:
        raise Invalid(*problems)
    if policy is None:
        key, content_type = keys.upload(company_id, upload_id), keys.CONTENT_TYPE
    else:
        key = published_files.upload_key(purpose, upload_id, name)
        content_type = published_files.KINDS[published_files.ending(name)].content_type
    form = await storage.upload_form(key, content_type=content_type, max_bytes=most, seconds=FORM_SECONDS)
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
    return await rows_by_ids(Upload, company_id, ids)
