"""The statements of the ledger: which version of which object was read how far (FD-01)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from bizcall.database import query
from bizcall.feeds.rejects import LISTED, FileFault, LineFault, Reject
from bizcall.ids import uuid7
from bizcall.models import FeedFile
from bizcall.models.feeds import FeedKind, FileState
from bizcall.ports import StoredObject


class Counts(NamedTuple):
    """What became of a chunk's records."""

    loaded: int = 0
    corrected: int = 0
    known: int = 0
    rejected: int = 0


async def opened(company_id: UUID, kind: FeedKind, found: StoredObject, at: datetime) -> FeedFile:
    """The ledger's row of this version of the object, made if it is new; of many who ask at once all get the same."""
    await query(
        """
        INSERT INTO feed_file (company_id, id, kind, object_key, object_version, object_etag, object_size, state,
                               created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
        """,
        company_id,
        uuid7(),
        kind.value,
        found.key,
        # Empty where the bucket keeps no versions; the entity tag tells the contents apart then.
        found.version or "",
        found.etag,
        found.size,
        FileState.LOADING.value,
        at,
    )
    return await FeedFile.get(
        company_id=company_id, object_key=found.key, object_version=found.version or "", object_etag=found.etag
    )


async def stands_at(company_id: UUID, file_id: UUID, lines: int) -> bool:
    """Lock the file for this transaction, and say whether it is still to be read on behind that many lines."""
    rows = await query(
        "SELECT lines, state FROM feed_file WHERE company_id = $1 AND id = $2 FOR UPDATE", company_id, file_id
    )
    return bool(rows) and rows[0]["lines"] == lines and rows[0]["state"] == FileState.LOADING


async def advance(company_id: UUID, file_id: UUID, lines: int, size: int, counts: Counts) -> None:
    """Move the place to behind that many lines and unpacked bytes, and add what became of the records before it."""
    await query(
        """
        UPDATE feed_file SET lines = $3, bytes = $4, read = read + $5 + $6 + $7 + $8, loaded = loaded + $5,
            corrected = corrected + $6, known = known + $7, rejected = rejected + $8
        WHERE company_id = $1 AND id = $2
        """,
        company_id,
        file_id,
        lines,
        size,
        *counts,
    )


async def add_rejects(company_id: UUID, file_id: UUID, rejects: Sequence[Reject]) -> None:
    """Keep bad lines for the reject object, as long as the file has not too many."""
    await query(
        """
        INSERT INTO feed_reject (company_id, file_id, line, code, column_name)
        SELECT $1, $2, * FROM unnest($3::int[], $4::text[], $5::text[])
        LIMIT greatest(0, $6 - (SELECT rejected FROM feed_file WHERE company_id = $1 AND id = $2))
        """,
        company_id,
        file_id,
        [reject.line for reject in rejects],
        [reject.fault.value for reject in rejects],
        [reject.column for reject in rejects],
        LISTED,
    )


async def rejects_of(company_id: UUID, file_id: UUID) -> list[Reject]:
    """The bad lines that were kept, in the file's order."""
    rows = await query(
        "SELECT line, code, column_name FROM feed_reject WHERE company_id = $1 AND file_id = $2 ORDER BY line",
        company_id,
        file_id,
    )
    return [Reject(row["line"], LineFault(row["code"]), row["column_name"]) for row in rows]


async def unfinished(company_id: UUID, file_id: UUID) -> FeedFile | None:
    """The file's row, locked for this transaction, or None where another has finished it."""
    return await FeedFile.filter(company_id=company_id, id=file_id, state=FileState.LOADING).select_for_update().first()


async def finish(
    company_id: UUID, file_id: UUID, refusal: FileFault | None, rejects_key: str | None, at: datetime, *, rejected: int
) -> bool:
    """Nothing more is read of the file: it is loaded or, for that reason, refused; its bad lines lie under the key.

    False where it has others than the `rejected` that lie there, or another has finished it.
    """
    done = await query(
        "UPDATE feed_file SET state = $3, refusal = $4, rejects_key = $5, finished_at = $6"
        " WHERE company_id = $1 AND id = $2 AND state = 'LOADING' AND rejected = $7 RETURNING 1",
        company_id,
        file_id,
        (FileState.REFUSED if refusal else FileState.LOADED).value,
        refusal.value if refusal else None,
        rejects_key,
        at,
        rejected,
    )
    if done:
        await query("DELETE FROM feed_reject WHERE company_id = $1 AND file_id = $2", company_id, file_id)
    return bool(done)
