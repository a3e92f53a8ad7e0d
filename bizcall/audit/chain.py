"""How far the chain of each company is: the small table outside companies that the schedules go by."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from bizcall.database import directory, query

GENESIS = bytes(32)
"""What the first seal of a chain names as the hash before it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the first seal of a chain begins."""

VERSION = 1
"""Of what is hashed. A column that records get later needs another one, or seals of before would no longer hold."""

COLUMNS = (
    "company_id, id, at, actor_kind, actor_id, action, subject_kind, subject_ids, address, request_id,"
    " details::text AS details, recorded_at"
)
BATCH = 1_000
COMPANIES_MOST = 5_000

_LAST = UUID(int=2**128 - 1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Head:
    """The last seal of a company, which the next one goes on from; `number` is 0 before the first."""

    number: int
    hash: bytes
    recorded_to: datetime


async def enlist() -> None:
    """Give every company a row here, in the open directory transaction: the only place that knows how they are found.

    The provider is one of them, who has no numbers: what operators, commands and strangers do stands in its trail.
    """
    await query(
        "INSERT INTO audit_chain (company_id) SELECT company_id FROM company_directory c"
        " WHERE NOT EXISTS (SELECT FROM audit_chain WHERE audit_chain.company_id = c.company_id)"
        " ON CONFLICT (company_id) DO NOTHING"
    )


async def least_recently(done: str) -> list[UUID]:
    """Companies to visit, those first that waited longest; `done` is "sealed_at" or "verified_at"."""
    async with directory():
        await enlist()
        # The name of the column is one of two of ours.
        rows = await query(
            f"SELECT company_id FROM audit_chain ORDER BY {done} NULLS FIRST LIMIT $1",  # noqa: S608
            COMPANIES_MOST,
        )
    return [row["company_id"] for row in rows]


async def locked(company_id: UUID) -> Head:
    """The head of the company's chain, in the open transaction and held by it; counts as a visit."""
    (row,) = await query(
        "INSERT INTO audit_chain (company_id, sealed_at) VALUES ($1, now())"
        " ON CONFLICT (company_id) DO UPDATE SET sealed_at = now() RETURNING number, hash, recorded_to",
        company_id,
    )
    return Head(row["number"], bytes(row["hash"]), row["recorded_to"])


class Digest:
    """The hash of a seal: over the hash before it, its own columns, and its records in their order.

    Each part is one line of JSON with sorted keys, and JSON holds no line feed, so no two contents read alike. The
    details of a record go in as the text that PostgreSQL gives of its jsonb.
    """

    def __init__(
        self,
        company_id: UUID,
        number: int,
        window: tuple[datetime, datetime],
        previous_hash: bytes,
        sealed_at: datetime,
    ) -> None:
        self.records = 0
        self._hash = hashlib.sha256(previous_hash)
        self._line(
            {
                "version": VERSION,
                "company_id": company_id,
                "number": number,
                "recorded_from": window[0],
                "recorded_to": window[1],
                "sealed_at": sealed_at,
            }
        )

    def add(self, row: Mapping[str, Any]) -> None:
        """The next record, with the columns of COLUMNS."""
        self._line(dict(row))
        self.records += 1

    def finish(self) -> bytes:
        """32 bytes; nothing can be added afterwards."""
        self._line({"records": self.records})
        return self._hash.digest()

    def _line(self, value: dict[str, Any]) -> None:
        self._hash.update(orjson.dumps(value, _key, orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))


def _key(value: Any) -> str:
    """The driver's own UUIDs, which orjson doesn't know, as it writes Python's."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a record")


async def recorded(company_id: UUID, since: datetime, until: datetime) -> AsyncIterator[dict[str, Any]]:
    """The records of [since, until) in the order (recorded_at, id), by batches, in the open transaction."""
    at, key = since - _MICROSECOND, _LAST
    while True:
        # COLUMNS is ours.
        rows = await query(
            f"SELECT {COLUMNS} FROM audit_record WHERE company_id = $1 AND recorded_at < $2"  # noqa: S608
            " AND (recorded_at, id) > ($3, $4) ORDER BY recorded_at, id LIMIT $5",
            company_id,
            until,
            at,
            key,
            BATCH,
        )
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        at, key = rows[-1]["recorded_at"], rows[-1]["id"]
