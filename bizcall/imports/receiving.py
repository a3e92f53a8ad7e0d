"""An object has arrived in the bucket."""

from __future__ import annotations

from bizcall.ports import Clock, Storage, now


async def receive(key: str, *, storage: Storage, clock: Clock = now) -> None:
    """Import the object that now stands under `key` (decoded, below `uploads/imports/` or `inbox/imports/`).

    The event only says where to look: what counts is the version that stands there now, so that events which arrive
    twice, late or in reverse never bring an older version back. A key of no company is logged and left alone. Raises
    Unavailable when the database or the bucket is away, for the message to come again.
    """
    raise NotImplementedError((key, storage, clock))
