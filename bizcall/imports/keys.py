"""Where objects lie in the bucket. The kind of a thing comes first, since event filters know only prefixes.

uploads/imports/<company>/<upload>.xlsx         sent by the console through a presigned form
inbox/imports/<company>/<any path>              dropped without a console
inbox/results/<company>/<any path>.result.xlsx  what became of a dropped file: beside it, and outside the event
                                                filter `inbox/imports/`, so that an answer is never taken for a file
inbox/results/<company>/<import>.result.xlsx    the same of a file that a newer one has replaced, or whose name is too
                                                long for a suffix
results/imports/<company>/<import>/<random>.xlsx  the refused rows, to mend
results/forms/<company>/<random>.xlsx           a form to fill in

What is random has 128 bits, so that a place can't be guessed even by who may read the bucket's prefix (P9).
"""

from __future__ import annotations

import secrets
from typing import NamedTuple
from uuid import UUID

from bizcall.models.imports import Source

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEY_BYTES = 1024
"""How long S3 lets a key be."""
FILE_NAME_MOST = 255
SECRET_BYTES = 16

_UPLOADS, _INBOX, _RESULTS = "uploads/imports/", "inbox/imports/", "inbox/results/"
_SUFFIX = ".xlsx"
_SOURCES = {_UPLOADS: Source.CONSOLE, _INBOX: Source.INBOX}


class Arrival(NamedTuple):
    """What a key says: whose file, and its name or, from the console, its upload."""

    source: Source
    company_id: UUID
    name: str
    upload_id: UUID | None = None


def arrival(key: str) -> Arrival | None:
    """What a key says; None for one that is no place for files to import, folders included."""
    for prefix, source in _SOURCES.items():
        company, slash, name = key.removeprefix(prefix).partition("/")
        # S3 takes NUL in a key; PostgreSQL has no place for it.
        if not key.startswith(prefix) or not slash or not name or name.endswith("/") or "\0" in key:
            continue
        company_id = _uuid(company)
        if company_id is None:
            return None
        if source is Source.INBOX:
            return Arrival(source, company_id, name)
        upload_id = _uuid(name.removesuffix(_SUFFIX))
        return None if upload_id is None else Arrival(source, company_id, name, upload_id)
    return None


def upload(company_id: UUID, upload_id: UUID) -> str:
    """Where the console puts the file of an upload."""
    return f"{_UPLOADS}{company_id}/{upload_id}{_SUFFIX}"


def inbox(company_id: UUID, name: str) -> str:
    """Where a file is dropped; `name` may be a path."""
    return f"{_INBOX}{company_id}/{name}"


def refused(company_id: UUID, import_id: UUID) -> str:
    """A new place for the refused rows of an import."""
    return f"results/imports/{company_id}/{import_id}/{secrets.token_hex(SECRET_BYTES)}{_SUFFIX}"


def form(company_id: UUID) -> str:
    """A new place for a form."""
    return f"results/forms/{company_id}/{secrets.token_hex(SECRET_BYTES)}{_SUFFIX}"


def beside(key: str) -> str:
    """Where people look for the result of a dropped file: under its name. May be longer than S3 lets a key be."""
    found = arrival(key)
    if found is None or found.source is not Source.INBOX:
        raise ValueError("only a dropped file has a result beside it")
    return f"{_RESULTS}{found.company_id}/{found.name}.result{_SUFFIX}"


def result(key: str, import_id: UUID, *, replaced: bool) -> str:
    """Where the result of a dropped file lies: beside it, or under the import's key where that is not to be had.

    A file that was `replaced` by a newer one must not take the place of its result.
    """
    named = beside(key)
    if not replaced and len(named.encode()) <= KEY_BYTES:
        return named
    company_id = key.removeprefix(_INBOX).partition("/")[0]
    return f"{_RESULTS}{company_id}/{import_id}.result{_SUFFIX}"


def _uuid(text: str) -> UUID | None:
    """A key in its usual spelling only: two spellings of one company would be two places."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
