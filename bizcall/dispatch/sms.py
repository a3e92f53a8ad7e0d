"""The consumer of the queue `sms`: each message names one row, a code's or an account message's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bizcall.dispatch import account_messages, codes
from bizcall.dispatch.account_messages import Site
from bizcall.dispatch.codes import Keys, Malformed, Outcome
from bizcall.ports import Clock, Sms, now
from bizcall.settings import Settings


async def deliver(body: Mapping[str, Any], *, sms: Sms, keys: Keys, settings: Settings, clock: Clock = now) -> Outcome:
    """Send what a message names: `{"code": "<uuid>"}` or `{"message": "<uuid>"}`; raises Malformed for any other."""
    try:
        kind, key = next(iter(body.items()))
        row_id = UUID(key)
    except (StopIteration, TypeError, ValueError, AttributeError) as error:
        raise Malformed("a message of the queue sms names no row") from error
    if kind == "code":
        return await codes.deliver(row_id, sms=sms, keys=keys, clock=clock)
    if kind == "message":
        return await account_messages.deliver(row_id, sms=sms, keys=keys, site=Site.of(settings), clock=clock)
    raise Malformed("a message of the queue sms names no row")
