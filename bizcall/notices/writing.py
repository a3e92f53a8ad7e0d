"""What operators do with notices: write, schedule, edit, withdraw (NO-02)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from bizcall import audit, idempotency, published_files, texts
from bizcall.audit import Actor
from bizcall.database import lock, query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models import Notice, NoticeAttachment, Upload
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.imports import Purpose
from bizcall.models.publications import NoticeCategory
from bizcall.notices.listing import folded
from bizcall.ports import Clock, Storage, now
from bizcall.published_files import Kept

NOTICES_MOST = 5_000
"""Notices in all, withdrawn ones included: a search reads the titles of all of them."""

TITLE_MOST = 100
BODY_MOST = 10_000
ATTACHMENTS_MOST = 5
FOLDER = "notices/"
OPERATION = "noticeSave"


@dataclass(frozen=True)
class Draft:
    """A notice as it shall be, all of it. Without `published_at` it is a draft that nobody else sees.

    `attachments` are keys in their order: of the notice's own, which stay, and of uploads, which are added.
    """

    category: NoticeCategory
    title: str
    body: str
    published_at: datetime | None = None
    published_until: datetime | None = None
    attachments: Sequence[UUID] = ()


async def save(
    notice_id: UUID | None,
    draft: Draft,
    *,
    revision: int | None = None,
    idempotency_key: str | None = None,
    actor: Actor,
    storage: Storage,
    clock: Clock = now,
) -> Notice:
    """Write a notice, or edit the one of that key as it stood at `revision`.

    An idempotency key that came before with the same input changes nothing and returns the notice as it stands. Raises
    Invalid: REQUIRED, TOO_LONG, OUT_OF_RANGE; of `attachments` TOO_MANY, DUPLICATE, NOT_FOUND, STATE where the file
    hasn't arrived, INVALID_FORMAT; at `id` NOT_FOUND, and STATE of a withdrawn one; CONFLICT at `revision` when it was
    edited meanwhile; TOO_MANY for one notice too many.
    """
    title, body = texts.clean(draft.title).text, _text(draft.body)
    problems = _problems(title, body, draft)
    if notice_id is not None and revision is None:
        problems.append(Problem(ErrorCode.REQUIRED, ("revision",)))
    if problems:
        raise Invalid(*problems)
    given = {**asdict(draft), "id": notice_id, "revision": revision}
    # Of one moment, or the edit of a first request could show as a conflict before its answer does.
    async with tenant(PROVIDER_ID, read_only=True, snapshot=True):
        answer = await idempotency.known(PROVIDER_ID, OPERATION, idempotency_key, given, clock=clock)
        if answer is not None:
            return await Notice.get(id=UUID(answer["id"]))
        standing, arrived = await _before(notice_id, revision, draft.attachments)
    # Files are copied while no transaction is open: that may take seconds.
    kept = [
        (upload, await published_files.keep(upload, FOLDER, field=("attachments", str(place)), storage=storage))
        for place, upload in arrived
    ]
    values = (draft.category.value, title, folded(title), body, draft.published_at, draft.published_until, clock())

    async def work() -> idempotency.Answer:
        key = await _insert(values) if notice_id is None else await _update(notice_id, revision, values)
        await _attach(key, draft.attachments, standing, kept)
        details = {"attachments": len(draft.attachments), "isDraft": draft.published_at is None}
        await audit.record(PROVIDER_ID, actor, "notices.save", [key], details, kind="Notice", clock=clock)
        return {"id": str(key)}

    async with tenant(PROVIDER_ID):
        saved = await idempotency.once(PROVIDER_ID, OPERATION, idempotency_key, given, work, clock=clock)
        return await Notice.get(id=UUID(saved["id"]))


async def withdraw(notice_id: UUID, *, revision: int, actor: Actor, clock: Clock = now) -> Notice:
    """Take a notice from everybody's eyes, for good. Raises Invalid like `save`."""
    at = clock()
    async with tenant(PROVIDER_ID):
        found = await query(
            "UPDATE notice SET withdrawn_at = $3, updated_at = $3, revision = revision + 1"
            " WHERE id = $1 AND revision = $2 AND withdrawn_at IS NULL RETURNING id",
            notice_id,
            revision,
            at,
        )
        if not found:
            _refuse(await Notice.get_or_none(id=notice_id))
        await audit.record(PROVIDER_ID, actor, "notices.withdraw", [notice_id], kind="Notice", clock=clock)
        return await Notice.get(id=notice_id)


def _text(body: str) -> str:
    """Markdown with its lines and blanks, which mean something there."""
    return unicodedata.normalize("NFC", body.replace("\r\n", "\n")).strip()


def _problems(title: str, body: str, draft: Draft) -> list[Problem]:
    problems = []
    for name, text, most in (("title", title, TITLE_MOST), ("body", body, BODY_MOST)):
        if not text:
            problems.append(Problem(ErrorCode.REQUIRED, (name,)))
        elif len(text) > most:
            problems.append(Problem(ErrorCode.TOO_LONG, (name,), {"maximum": str(most)}))
    if draft.published_until is not None:
        if draft.published_at is None:
            problems.append(Problem(ErrorCode.REQUIRED, ("publishedAt",)))
        elif draft.published_until <= draft.published_at:
            problems.append(Problem(ErrorCode.OUT_OF_RANGE, ("publishedUntil",)))
    if len(draft.attachments) > ATTACHMENTS_MOST:
        problems.append(Problem(ErrorCode.TOO_MANY, ("attachments",), {"maximum": str(ATTACHMENTS_MOST)}))
    elif len(set(draft.attachments)) < len(draft.attachments):
        problems.append(Problem(ErrorCode.DUPLICATE, ("attachments",)))
    return problems


async def _before(
    notice_id: UUID | None, revision: int | None, wanted: Sequence[UUID]
) -> tuple[set[UUID], list[tuple[int, Upload]]]:
    """The keys of the notice's attachments that stay, and the uploads to add, each with its place.

    In an open transaction.
    """
    standing: set[UUID] = set()
    if notice_id is not None:
        row = await Notice.get_or_none(id=notice_id)
        if row is None or row.withdrawn_at is not None or row.revision != revision:
            _refuse(row)
        standing = {each.id for each in await NoticeAttachment.filter(notice_id=notice_id, id__in=list(wanted))}
    added = await published_files.uploads([key for key in wanted if key not in standing], Purpose.NOTICE_ATTACHMENT)
    missing = [
        Problem(ErrorCode.NOT_FOUND, ("attachments", str(place)))
        for place, key in enumerate(wanted)
        if key not in standing and key not in added
    ]
    if missing:
        raise Invalid(*missing)
    return standing, [(place, added[key]) for place, key in enumerate(wanted) if key in added]


async def _insert(values: tuple[object, ...]) -> UUID:
    # Held until the end, so that two at once don't pass the limit together.
    await lock("notices.count")
    (found,) = await query("SELECT count(*) AS n FROM notice")
    if found["n"] >= NOTICES_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, (), {"maximum": str(NOTICES_MOST)}))
    key = uuid7()
    await query(
        "INSERT INTO notice (category, title, folded, body, published_at, published_until, created_at, updated_at, id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        *values,
        key,
    )
    return key


async def _update(notice_id: UUID, revision: int | None, values: tuple[object, ...]) -> UUID:
    found = await query(
        "UPDATE notice SET category = $1, title = $2, folded = $3, body = $4, published_at = $5, published_until = $6,"
        " updated_at = $7, revision = revision + 1 WHERE id = $8 AND revision = $9 AND withdrawn_at IS NULL"
        " RETURNING id",
        *values,
        notice_id,
        revision,
    )
    if not found:
        _refuse(await Notice.get_or_none(id=notice_id))
    return notice_id


def _refuse(row: Notice | None) -> None:
    """Say why a notice could not be changed: it isn't there, it is withdrawn, or somebody else was quicker."""
    if row is None:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, ("id",)))
    if row.withdrawn_at is not None:
        raise Invalid(Problem(ErrorCode.STATE, ("id",)))
    raise Invalid(Problem(ErrorCode.CONFLICT, ("revision",)))


async def _attach(
    notice_id: UUID, wanted: Sequence[UUID], standing: set[UUID], added: Sequence[tuple[Upload, Kept]]
) -> None:
    """Let the notice have these files in this order. Objects of those that go stay in the bucket: links may be out."""
    await query(
        "DELETE FROM notice_attachment WHERE notice_id = $1 AND NOT id = ANY($2::uuid[])", notice_id, list(standing)
    )
    await query(
        "UPDATE notice_attachment SET place = v.place - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS v (id, place)"
        " WHERE notice_attachment.notice_id = $1 AND notice_attachment.id = v.id",
        notice_id,
        list(wanted),
    )
    for upload, kept in added:
        await NoticeAttachment.create(
            notice_id=notice_id,
            id=upload.id,
            place=wanted.index(upload.id),
            file_name=upload.file_name,
            content_type=kept.content_type,
            size=kept.size,
            object_key=kept.key,
        )
