"""What tests of feeds need: records, files of them, and what stands in the database afterwards."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from bizcall import feeds, months
from bizcall.database import query, tenant
from bizcall.feeds import keys
from bizcall.models import FeedFile
from bizcall.models.feeds import FeedKind
from bizcall.months import KOREA
from bizcall.stats.rollups import CALLS, MESSAGES, Facts, aggregate
from tests.doubles import MemoryStorage, RecordingQueue

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = (NOW.astimezone(KOREA) - timedelta(days=40)).replace(hour=0, minute=0, second=0)
"""The midnight in Korea at which most records of tests lie: in the past, and in a month that is kept."""

NEW_YEAR = months.begins(date((NOW.astimezone(KOREA) - timedelta(days=31)).year, 1, 1))
"""The last first of January in Korea that lies a month back: the months before and behind it are over, and kept."""

DECEMBER = months.begins(months.shifted(NEW_YEAR.date(), -1))
"""The month before it."""

Record = Mapping[str, Any]


def call(number: str, key: str, at: datetime = DAY, **values: Any) -> dict[str, Any]:
    """A record of a call on the line of that number."""
    return {
        "id": key,
        "line": number,
        "type": "INCOMING",
        "started_at": at.isoformat(),
        "seconds": 60,
        "customer": "010-1234-5678",
    } | values


def message(number: str, key: str, at: datetime = DAY, **values: Any) -> dict[str, Any]:
    """A record of a message on the line of that number."""
    return {
        "id": key,
        "line": number,
        "direction": "SENT",
        "kind": "SMS",
        "sent_at": at.isoformat(),
        "customer": "010-1234-5678",
        "text": "안녕하세요",
    } | values


def correction(record: Record, of: Record, moment: str = "started_at", **values: Any) -> dict[str, Any]:
    """The record as one that replaces another."""
    return {**record, "replaces_id": of["id"], f"replaces_{moment}": of[moment], **values}


def jsonl(records: Sequence[Record]) -> bytes:
    """A file of JSON Lines."""
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def as_csv(records: Sequence[Record]) -> bytes:
    """A file of CSV."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


class Feeder:
    """A bucket and a queue, and one company's files."""

    def __init__(self, company_id: UUID, kind: FeedKind = FeedKind.CALLS) -> None:
        self.company_id, self.kind = company_id, kind
        self.storage, self.queue = MemoryStorage(), RecordingQueue()

    async def put(self, body: bytes, name: str = "file.jsonl.gz") -> str:
        """Store a file, packed if its name says so, and return its key."""
        key = keys.feed(self.kind, self.company_id, name)
        packed = gzip.compress(body, 1) if name.endswith(".gz") else body
        await self.storage.write(key, packed, content_type="application/octet-stream")
        return key

    async def load(self, records: Sequence[Record], name: str = "file.jsonl.gz") -> FeedFile:
        """Store records as a file and load it."""
        return await self.arrive(await self.put(jsonl(records), name))

    async def arrive(self, key: str, **options: Any) -> FeedFile:
        """What the function does when the object has arrived."""
        found = await feeds.receive(key, storage=self.storage, queue=self.queue, **options)
        assert found is not None
        return found

    async def rejects(self, file: FeedFile) -> list[dict[str, Any]]:
        """The lines of the file's reject object."""
        assert file.rejects_key is not None
        return [orjson.loads(line) for line in (await self.storage.body(file.rejects_key)).splitlines()]


def counts(file: FeedFile) -> tuple[int, int, int, int]:
    """Loaded, corrected, known, rejected."""
    return file.loaded, file.corrected, file.known, file.rejected


async def differences(company_id: UUID, facts: Facts) -> list[str]:
    """Rows of rollups that differ from what the facts say, in any direction."""
    found: list[str] = []
    async with tenant(company_id, read_only=True):
        for rollup in facts.rollups:
            columns = ", ".join((*rollup.keys, *facts.measures))
            nothing = " AND ".join(f"{name} = 0" for name in facts.measures)
            kept = f"SELECT {columns} FROM {rollup.table} WHERE company_id = $1 AND NOT ({nothing})"
            told = f"SELECT {columns} FROM ({aggregate(facts, rollup, facts.table, company='$1')}) AS told"
            rows = await query(f"({kept} EXCEPT ALL {told}) UNION ALL ({told} EXCEPT ALL {kept})", company_id)
            found += [f"{rollup.table}: {dict(row)}" for row in rows]
    return found


async def settled(company_id: UUID) -> bool:
    """Whether all rollups equal the facts."""
    return not [*await differences(company_id, CALLS), *await differences(company_id, MESSAGES)]


async def stored(company_id: UUID) -> list[dict[str, Any]]:
    """The calls of a company, by id and start."""
    async with tenant(company_id, read_only=True):
        return await query("SELECT * FROM call WHERE company_id = $1 ORDER BY id, started_at", company_id)


async def began(company_id: UUID, at: datetime = DAY - timedelta(days=300)) -> None:
    """Let the company have had its lines since then."""
    async with tenant(company_id):
        await query("UPDATE line SET created_at = $2 WHERE company_id = $1", company_id, at)
