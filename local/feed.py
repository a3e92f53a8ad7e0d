"""A file of calls, messages or customers dropped into the bucket, as the exchange does (FD-01), and what came of it."""

from __future__ import annotations

import asyncio
import json
import pathlib
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bizcall import phones
from bizcall.feeds import keys
from bizcall.models.feeds import FeedKind, FileState
from local.cloud.process import CREDENTIALS
from local.deploy import clients
from local.waiting import waited_for

if TYPE_CHECKING:
    from local.stack import Addresses

ANSWER_SECONDS = 60.0
"""How long to wait for the ledger to move: a file may be large, but its place moves with each chunk."""

KINDS = tuple(kind.lower() for kind in FeedKind)
OWNER = "SELECT company_id FROM number_directory WHERE number = $1"
FILE = """
SELECT state, lines, read, loaded, corrected, known, rejected, rejects_key
FROM feed_file WHERE company_id = $1 AND object_key = $2 AND object_version = $3
"""


class Unfit(Exception):
    """Nothing was put into the bucket; the text says why."""


def owner(addresses: Addresses, number: str) -> UUID:
    """The company that has a number, in any spelling; raises Unfit when none has."""
    return asyncio.run(_owner(addresses, number))


def require_feed(file: pathlib.Path) -> None:
    """Raise Unfit for a file whose name says that no feed is in it."""
    if not file.name.endswith(keys.EXTENSIONS):
        raise Unfit(f"{file.name} does not end in one of {', '.join(keys.EXTENSIONS)}.")


def fed(addresses: Addresses, kind: str, company_id: UUID, file: pathlib.Path) -> tuple[bool, list[str]]:
    """Put the file into the bucket as the company's and wait until it was read.

    Returns whether it was read to its end, which it also is where single lines were refused, and what became of it, in
    lines. Raises NoAnswer.
    """
    s3 = clients(addresses.aws, CREDENTIALS["AWS_REGION"])("s3")
    key = keys.feed(FeedKind(kind.upper()), company_id, unicodedata.normalize("NFC", file.name))
    with file.open("rb") as body:
        version = s3.put_object(Bucket=addresses.bucket, Key=key, Body=body)["VersionId"]
    row = asyncio.run(_read(addresses, company_id, key, version))
    counts = ", ".join(f"{row[name]:,} {name}" for name in ("loaded", "corrected", "known", "rejected"))
    told = [f"{file.name}: {row['state']}; {row['read']:,} records read: {counts}"]
    if row["rejects_key"] is not None:
        body = s3.get_object(Bucket=addresses.bucket, Key=row["rejects_key"])["Body"].read()
        told += [*_reasons(body), f"  The refused lines lie in the bucket: {row['rejects_key']}"]
    return row["state"] == FileState.LOADED, told


async def _owner(addresses: Addresses, number: str) -> UUID:
    import asyncpg

    connection = await asyncpg.connect(addresses.database)
    try:
        found: UUID | None = await connection.fetchval(OWNER, phones.normalise(number) or number)
    finally:
        await connection.close()
    if found is None:
        raise Unfit(f"No company has the number {number}.")
    return found


async def _read(addresses: Addresses, company_id: UUID, key: str, version: str) -> Any:
    """The ledger's row of this version of the object, as soon as nothing more is read of it."""
    import asyncpg

    connection = await asyncpg.connect(addresses.database)
    try:
        await connection.execute("SELECT set_config('app.company_id', $1, false)", str(company_id))
        return await waited_for(
            lambda: connection.fetchrow(FILE, company_id, key, version),
            lambda row: row and row["state"] != FileState.LOADING,
            f"{key} was not read on",
            ANSWER_SECONDS,
        )
    finally:
        await connection.close()


def _reasons(body: bytes) -> list[str]:
    """How many lines were refused for which reason, the most frequent first."""
    rows = [json.loads(line) for line in body.splitlines()]
    counted = Counter((row["code"], row["column"] or "", row["reason"]) for row in rows)
    return [
        f"  {many:,} × {' '.join(filter(None, (code, column)))}: {reason}"
        for (code, column, reason), many in counted.most_common()
    ]
