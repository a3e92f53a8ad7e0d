"""Files that operators publish: which kinds are taken, and how one comes from an upload to where it stays.

An upload's form can be sent again while it is valid, so the very version that was looked at is copied, and the copy is
what is shown: no form leads to it. Kinds are told by the name's ending, and the file must begin as its kind does; what
is inside an office document is not looked into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID, uuid5

from bizcall.database import reading
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models import Upload
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.imports import Purpose
from bizcall.ports import ObjectMissing, Storage

ATTACHMENT_MOST = 10 * 1024 * 1024
DOCUMENT_MOST = 50 * 1024 * 1024
"""Bytes of a file."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIP = b"PK\x03\x04"


class Kind(NamedTuple):
    """A kind of file: its media type, and the bytes with which such a file begins."""

    content_type: str
    begins: bytes


KINDS: Mapping[str, Kind] = {
    "pdf": Kind("application/pdf", b"%PDF-"),
    "png": Kind("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": Kind("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": Kind("image/jpeg", b"\xff\xd8\xff"),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", _ZIP),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", _ZIP),
    "hwp": Kind("application/x-hwp", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "hwpx": Kind("application/hwp+zip", _ZIP),
}


@dataclass(frozen=True)
class Policy:
    """What may be uploaded for a purpose: under which prefix, how many bytes, with which endings."""

    prefix: str
    bytes_most: int
    endings: Sequence[str]


POLICIES: Mapping[Purpose, Policy] = {
    Purpose.NOTICE_ATTACHMENT: Policy("uploads/notices/", ATTACHMENT_MOST, tuple(KINDS)),
    Purpose.DOCUMENT: Policy("uploads/documents/", DOCUMENT_MOST, ("pdf",)),
}


@dataclass(frozen=True)
class Kept:
    """A file that stays under `key`; `size` in bytes."""

    key: str
    content_type: str
    size: int


def ending(file_name: str) -> str:
    """The name's ending in small letters, without the dot; empty for a name that has none."""
    return PurePath(file_name).suffix.lower().removeprefix(".")


def upload_key(purpose: Purpose, upload_id: UUID, file_name: str) -> str:
    """Where the file of an upload arrives; of the name only its ending goes in, which is one of a closed list."""
    return f"{POLICIES[purpose].prefix}{upload_id}.{ending(file_name)}"


async def uploads(ids: Sequence[UUID], purpose: Purpose) -> dict[UUID, Upload]:
    """The provider's uploads for that purpose, by key."""
    async with reading(PROVIDER_ID):
        rows = await Upload.filter(company_id=PROVIDER_ID, id__in=list(ids), purpose=purpose)
    return {row.id: row for row in rows}


async def keep(upload: Upload, folder: str, *, field: tuple[str, ...], storage: Storage) -> Kept:
    """Copy an upload's file into `folder` (with its slash), under a key of that very version: twice is once.

    Raises Invalid at `field`: STATE when the file isn't there yet, INVALID_FORMAT
    when it doesn't begin as its name says.
    """
    kind = KINDS[ending(upload.file_name)]
    try:
        found = await storage.head(upload.object_key)
        key = f"{folder}{uuid5(upload.id, found.version or found.etag)}.{ending(upload.file_name)}"
        async for piece in storage.read(upload.object_key, found.version):
            if not piece.startswith(kind.begins):
                raise Invalid(Problem(ErrorCode.INVALID_FORMAT, field))
            break
        await storage.copy(found, key)
    except ObjectMissing:
        raise Invalid(Problem(ErrorCode.STATE, field)) from None
    return Kept(key, kind.content_type, found.size)
