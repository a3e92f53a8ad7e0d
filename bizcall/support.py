"""Documents that anybody may download (AU-30, SU-01): kinds of a closed list, each with versions that operators upload.

No client's text ever becomes a key. The version that was published last and not withdrawn is served. What is served is
looked up at most once a minute and process, because strangers ask: however often they do, that is one statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall import audit, downloads, idempotency, published_files, texts
from bizcall.audit import Actor
from bizcall.database import lock, query, reading, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.ids import uuid7
from bizcall.models import DocumentVersion
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.imports import Purpose
from bizcall.models.publications import DocumentKind
from bizcall.paging import Listing, Order
from bizcall.ports import Clock, Storage, now

__all__ = ["Document", "DocumentKind", "Documents", "by_ids", "listing", "publish", "slug", "withdraw"]

LOOKED_UP = timedelta(minutes=1)
"""How long what was found counts: so old a new version, and a link to one that was withdrawn, may be."""

NOTE_MOST = 200
OPERATION = "documentPublish"

TITLES = {
    DocumentKind.ADMIN_MANUAL: "AI비즈콜 관리자 웹페이지 매뉴얼",
    DocumentKind.APP_MANUAL: "AI비즈콜 앱 매뉴얼",
    DocumentKind.PLAN_GUIDE: "AI비즈콜 요금제 안내",
}

# Of each kind the version that is served at $1.
_SERVED = """
SELECT DISTINCT ON (kind) kind, number, published_at, size, object_key FROM document_version
WHERE published_at <= $1 AND withdrawn_at IS NULL ORDER BY kind, published_at DESC, number DESC
"""


@dataclass(frozen=True)
class Document:
    """A document that is there, in its newest version. `size` is in bytes; the link works for five minutes."""

    kind: DocumentKind
    title: str
    version: int
    updated_at: datetime
    size: int
    download_url: str


class Documents:
    """What is served, remembered in this process for a minute."""

    def __init__(self, storage: Storage, clock: Clock = now) -> None:
        self._storage, self._clock = storage, clock
        self._until: datetime | None = None
        self._found: Mapping[DocumentKind, Mapping[str, object]] = {}
        self._looking = asyncio.Lock()

    async def all(self, company_id: UUID | None = None) -> list[Document]:
        """Those that are there, in the order of their kinds. `company_id` is the reader's, whose transaction is open;
        who is not signed in has none.
        """
        served = await self._served(company_id)
        return [await self._document(kind, served[kind]) for kind in DocumentKind if kind in served]

    async def link(self, kind: DocumentKind) -> str:
        """Where that document is downloaded for the next five minutes; raises NotFound when it isn't there."""
        served = await self._served(None)
        if kind not in served:
            raise NotFound
        return (await self._document(kind, served[kind])).download_url

    def forget(self) -> None:
        """Look again when somebody asks the next time."""
        self._until = None

    async def _served(self, company_id: UUID | None) -> Mapping[DocumentKind, Mapping[str, object]]:
        """One at a time, so that many who ask at once cause one look."""
        async with self._looking:
            at = self._clock()
            if self._until is None or self._until <= at:
                async with reading(company_id or PROVIDER_ID):
                    rows = await query(_SERVED, at)
                self._found = {DocumentKind(row["kind"]): row for row in rows}
                self._until = at + LOOKED_UP
            return self._found

    async def _document(self, kind: DocumentKind, row: Mapping[str, object]) -> Document:
        link = await downloads.link(self._storage, str(row["object_key"]), file_name(kind), self._clock)
        return Document(kind, TITLES[kind], row["number"], row["published_at"], row["size"], link.url)  # type: ignore[arg-type]  # as the table has them


async def publish(
    kind: DocumentKind,
    upload_id: UUID,
    *,
    note: str = "",
    published_at: datetime | None = None,
    idempotency_key: str | None = None,
    actor: Actor,
    storage: Storage,
    clock: Clock = now,
) -> DocumentVersion:
    """Make an upload the next version of a document, served from `published_at` on, which is now if left out.

    An idempotency key that came before with the same input publishes nothing and returns the version of that time.
    Raises Invalid: TOO_LONG at `note`; at `uploadId` NOT_FOUND, STATE when the file hasn't arrived, INVALID_FORMAT
    when it is no PDF.
    """
    text, at, field = texts.clean(note).text, clock(), ("uploadId",)
    if len(text) > NOTE_MOST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, ("note",), {"maximum": str(NOTE_MOST)}))
    given = {"kind": kind, "uploadId": upload_id, "note": text, "publishedAt": published_at}
    if idempotency_key is not None:
        async with tenant(PROVIDER_ID, read_only=True):
            answer = await idempotency.known(PROVIDER_ID, OPERATION, idempotency_key, given, clock=clock)
            if answer is not None:
                return await DocumentVersion.get(id=UUID(answer["id"]))
    upload = (await published_files.uploads([upload_id], Purpose.DOCUMENT)).get(upload_id)
    if upload is None:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, field))
    kept = await published_files.keep(upload, folder(kind), field=field, storage=storage)

    async def work() -> idempotency.Answer:
        await lock(f"support.versions {kind}")
        (last,) = await query(
            "SELECT coalesce(max(number), 0) AS number FROM document_version WHERE kind = $1", kind.value
        )
        version = await DocumentVersion.create(
            id=uuid7(),
            kind=kind,
            number=last["number"] + 1,
            note=text,
            size=kept.size,
            object_key=kept.key,
            created_at=at,
            published_at=published_at or at,
        )
        details = {"kind": kind.value, "number": version.number}
        await audit.record(
            PROVIDER_ID, actor, "documents.publish", [version.id], details, kind="DocumentVersion", clock=clock
        )
        return {"id": str(version.id)}

    async with tenant(PROVIDER_ID):
        made = await idempotency.once(PROVIDER_ID, OPERATION, idempotency_key, given, work, clock=clock)
        return await DocumentVersion.get(id=UUID(made["id"]))


async def withdraw(version_id: UUID, *, actor: Actor, clock: Clock = now) -> DocumentVersion:
    """Serve a version no longer, nor ever again: the one before it takes its place.

    Raises Invalid at `id`: NOT_FOUND, and STATE of one that was withdrawn before.
    """
    async with tenant(PROVIDER_ID):
        changed = await query(
            "UPDATE document_version SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL RETURNING id",
            version_id,
            clock(),
        )
        version = await DocumentVersion.get_or_none(id=version_id)
        if version is None or not changed:
            raise Invalid(Problem(ErrorCode.NOT_FOUND if version is None else ErrorCode.STATE, ("id",)))
        details = {"kind": version.kind.value, "number": version.number}
        await audit.record(
            PROVIDER_ID, actor, "documents.withdraw", [version_id], details, kind="DocumentVersion", clock=clock
        )
    return version


def listing(kind: DocumentKind) -> Listing[DocumentVersion]:
    """All versions of a document, the last one first; for operators."""
    return Listing(DocumentVersion.filter(kind=kind), Order("support.versions", ("number", "id"), descending=True))


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, DocumentVersion]:
    """Versions by key; only the provider's own people have keys."""
    if company_id != PROVIDER_ID:
        return {}
    async with reading(company_id):
        return {row.id: row for row in await DocumentVersion.filter(id__in=list(ids))}


def folder(kind: DocumentKind) -> str:
    """Where its versions lie in the bucket: documents/admin-manual/."""
    return f"documents/{slug(kind)}/"


def file_name(kind: DocumentKind) -> str:
    """Under which name a browser saves it."""
    return f"{TITLES[kind]}.pdf"


def slug(kind: DocumentKind) -> str:
    """The kind as addresses and keys have it: admin-manual."""
    return kind.lower().replace("_", "-")
