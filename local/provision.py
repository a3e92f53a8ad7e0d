"""An event file dropped into the bucket, as the provider's systems do (ON-01), and what became of it."""

from __future__ import annotations

import asyncio
import pathlib
import time
import unicodedata
from typing import TYPE_CHECKING

from bizcall.models.provisioning import EventState
from bizcall.provisioning import events, reasons, rejects
from local.cloud.process import CREDENTIALS
from local.deploy import clients
from local.waiting import waited_for

if TYPE_CHECKING:
    from local.stack import Addresses

ANSWER_SECONDS = 30.0
ROW = """
SELECT state, reason, path FROM provisioning_event WHERE source = $1 OR (event_id = $2 AND state <> 'REJECTED')
ORDER BY source = $1 DESC LIMIT 1
"""


def provisioned(addresses: Addresses, file: pathlib.Path) -> tuple[bool, list[str]]:
    """Put the file below `feeds/provisioning/` and wait until it was read.

    Returns whether its event was taken, which it also is where it waits for another, and how it stands, in lines.
    Raises NoAnswer.
    """
    name, body = f"{time.time_ns()}-{unicodedata.normalize('NFC', file.name)}", file.read_bytes()
    s3 = clients(addresses.aws, CREDENTIALS["AWS_REGION"])("s3")
    s3.put_object(Bucket=addresses.bucket, Key=rejects.ARRIVALS + name, Body=body)
    event_id, _ = events.names(body)
    return asyncio.run(_outcome(addresses, name, event_id))


async def _outcome(addresses: Addresses, name: str, event_id: str | None) -> tuple[bool, list[str]]:
    import asyncpg

    connection = await asyncpg.connect(addresses.database)
    try:
        # An event that was known before bears the name of its first file.
        row = await waited_for(lambda: connection.fetchrow(ROW, name, event_id), bool, "not read", ANSWER_SECONDS)
    finally:
        await connection.close()
    if row["reason"] is None:
        return True, [f"{row['state']}; what was sent is in the inbox"]
    told = [f"{row['state']}: {row['reason']} {row['path']}", reasons.sentence(row["reason"])]
    if row["state"] != EventState.REJECTED:
        return True, told
    return False, [*told, f"The answer lies in the bucket: {rejects.place(name)}"]
