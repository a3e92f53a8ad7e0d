"""An event file dropped into the bucket, as the provider's systems do (ON-01), and what became of it."""

from __future__ import annotations

import asyncio
import pathlib
import time
import unicodedata
from typing import TYPE_CHECKING, Any

from bizcall.provisioning import events, reasons, rejects
from local.cloud.process import CREDENTIALS
from local.deploy import clients

if TYPE_CHECKING:
    from local.stack import Addresses

ANSWER_SECONDS = 30.0
ROW = """
SELECT state, reason, path FROM provisioning_event WHERE source = $1 OR (event_id = $2 AND state <> 'REJECTED')
ORDER BY source = $1 DESC LIMIT 1
"""


def provisioned(addresses: Addresses, file: pathlib.Path) -> list[str]:
    """Put the file below `feeds/provisioning/`, wait until it was read, and tell how its event stands, in lines."""
    name, body = f"{time.time_ns()}-{unicodedata.normalize('NFC', file.name)}", file.read_bytes()
    s3 = clients(addresses.aws, CREDENTIALS["AWS_REGION"])("s3")
    s3.put_object(Bucket=addresses.bucket, Key=rejects.ARRIVALS + name, Body=body)
    event_id, _ = events.names(body)
    return asyncio.run(_outcome(addresses, name, event_id))


async def _outcome(addresses: Addresses, name: str, event_id: str | None) -> list[str]:
    import asyncpg

    connection = await asyncpg.connect(addresses.database)
    try:
        row = await _known(connection, name, event_id)
    finally:
        await connection.close()
    if row is None:
        return [f"not read within {ANSWER_SECONDS:.0f} s; the log of scripts/run may tell why"]
    if row["reason"] is None:
        return [f"{row['state']}; what was sent is in the inbox"]
    told = [f"{row['state']}: {row['reason']} {row['path']}", reasons.sentence(row["reason"])]
    return [*told, f"The answer lies in the bucket: {rejects.place(name)}"] if row["state"] == "REJECTED" else told


async def _known(connection: Any, name: str, event_id: str | None) -> Any:
    """The event's row; that of an event which was known before bears the name of its first file."""
    end = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < end:
        if row := await connection.fetchrow(ROW, name, event_id):
            return row
        await asyncio.sleep(0.2)
    return None
