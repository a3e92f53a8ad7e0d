"""Schema changes: numbered plain SQL files, applied in order by the tables' owner (`python -m bizcall.migrate URL`).

Own code rather than Tortoise's migrations, because row-level security, composite foreign keys, partial indexes and
partitions exist only in SQL (docs/decisions/0003-plain-sql-migrations.md). One run at a time, one
transaction a file, which holds nobody up for long (`bizcall/table_locks.py`), and a checksum by which a file that
changed after it was applied is refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import pathlib
import sys
from functools import partial
from typing import Any

from bizcall import months, table_locks
from bizcall.table_locks import PATIENCE, Patience

FOLDER = pathlib.Path(__file__).parent / "migrations"


class MigrationChanged(Exception):
    """A file differs from what was applied under its name; undo the edit and write a further file."""


async def apply(
    url: str, folder: pathlib.Path = FOLDER, *, kept: int = months.KEPT, patience: Patience = PATIENCE
) -> list[str]:
    """Apply what is missing, as the role that owns the tables, and return the names applied.

    Then the months that facts may fall into have their partitions, as `bizcall/months.py` says.
    Raises AnotherRun and MigrationChanged before anything is applied, and TablesBusy with the name of a file of which
    nothing is left; those before it stay.
    """
    files = _files(folder)
    async with table_locks.run(url, patience) as run:
        connection = run.connection
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration"
            " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = dict(await connection.fetch("SELECT name, checksum FROM migration"))
        for name, body in files.items():
            if applied.get(name, _checksum(body)) != _checksum(body):
                raise MigrationChanged(name)
        missing = [name for name in files if name not in applied]
        for name in missing:
            await run.change(name, partial(_one, connection, name, files[name]))
        if await connection.fetchval("SELECT to_regproc('make_months') IS NOT NULL"):
            await months.make(run, kept=kept)
        return missing


async def _one(connection: Any, name: str, body: bytes) -> None:
    await connection.execute(body.decode())
    await connection.execute("INSERT INTO migration (name, checksum) VALUES ($1, $2)", name, _checksum(body))


def _files(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.sql"))}


def _checksum(body: bytes) -> str:
    return hashlib.sha256(body.replace(b"\r\n", b"\n")).hexdigest()


if __name__ == "__main__":
    print("\n".join(asyncio.run(apply(sys.argv[1]))) or "nothing to apply")
