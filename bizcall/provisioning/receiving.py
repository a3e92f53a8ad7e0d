"""A file has arrived below `feeds/provisioning/` in the bucket: its event is applied, waits, or is refused."""

from __future__ import annotations

import logging

from bizcall import audit
from bizcall.keys import Keys
from bizcall.ports import Clock, ObjectMissing, Queue, Storage, now
from bizcall.provisioning import rejects
from bizcall.provisioning.applying import apply
from bizcall.provisioning.events import FILE_MOST
from bizcall.provisioning.reasons import Finding, Reason, Refused

logger = logging.getLogger(__name__)


async def receive(
    key: str, version: str | None = None, *, keys: Keys, storage: Storage, queue: Queue, clock: Clock = now
) -> None:
    """Apply the event in the object of that key (decoded) and version, where the bucket tells one.

    One that is refused is listed and answered by a file below `feeds/rejects/provisioning/`. Raises Unavailable when
    the database or the bucket is away, for the message to come again.
    """
    source = rejects.name(key)
    if source is None:
        logger.warning("an object that is no event", extra={"key_bytes": len(key.encode())})
        return
    try:
        body = await _body(key, version, storage)
    except ObjectMissing:
        logger.warning("an event's file that is gone already")
        return
    try:
        if body is None:
            raise Refused([Finding(Reason.TOO_LARGE)])
        await apply(body, source=source, keys=keys, actor=audit.system(), queue=queue, clock=clock)
    except Refused as refused:
        await rejects.refuse(source, body, refused.findings, storage=storage, clock=clock)


async def _body(key: str, version: str | None, storage: Storage) -> bytes | None:
    """The object's bytes; None for one that is too large to be an event."""
    if (await storage.head(key, version)).size > FILE_MOST:
        return None
    return b"".join([piece async for piece in storage.read(key, version)])
