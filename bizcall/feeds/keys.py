"""Where feeds lie in the bucket, and what their names say.

feeds/calls/<company>/<any path>                    one of `EXTENSIONS`; messages and customers likewise
feeds/rejects/<kind>/<company>/<any path>/<file>.rejects.jsonl
                                                    the bad lines of a version of it, outside the event filters
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from uuid import UUID

from bizcall.models.feeds import FeedKind

CONTENT_TYPE = "application/x-ndjson"
KEY_BYTES = 1024
"""How long S3 lets a key be."""

EXTENSIONS = (".jsonl.gz", ".csv.gz", ".jsonl", ".csv")
_ROOT = "feeds/"
_SUFFIX = ".rejects.jsonl"


class Arrival(NamedTuple):
    """What a key says: what the file holds, whose it is, and its name, which may be a path."""

    kind: FeedKind
    company_id: UUID
    name: str


def arrival(key: str) -> Arrival | None:
    """What a key says; None for one that is no place for feeds, folders included."""
    for kind in FeedKind:
        prefix = f"{_ROOT}{kind.lower()}/"
        company, slash, name = key.removeprefix(prefix).partition("/")
        # S3 takes NUL in a key; PostgreSQL has no place for it.
        if key.startswith(prefix) and slash and name and not name.endswith("/") and "\0" not in key:
            company_id = _uuid(company)
            return None if company_id is None else Arrival(kind, company_id, name)
    return None


def feed(kind: FeedKind, company_id: UUID, name: str) -> str:
    """Where a file is dropped."""
    return f"{_ROOT}{kind.lower()}/{company_id}/{name}"


def rejects(kind: FeedKind, company_id: UUID, key: str, file_id: UUID) -> str:
    """Where the bad lines of the ledger's file lie: in a folder named as its `key`, which may have had more versions.

    Where that is too long for a key, a digest of it names the folder.
    """
    folder, file = f"{_ROOT}rejects/{kind.lower()}/{company_id}/", f"/{file_id}{_SUFFIX}"
    name = key.removeprefix(feed(kind, company_id, ""))
    if len((folder + name + file).encode()) > KEY_BYTES:
        name = hashlib.sha256(name.encode()).hexdigest()
    return folder + name + file


def is_packed(key: str) -> bool:
    """Whether the object is gzipped."""
    return key.endswith(".gz")


def is_csv(key: str) -> bool:
    """Whether the object is CSV rather than JSON Lines."""
    return key.removesuffix(".gz").endswith(".csv")


def _uuid(text: str) -> UUID | None:
    """A key in its usual spelling only: two spellings of one company would be two places."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
