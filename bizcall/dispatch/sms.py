"""The consumer of the queue `sms`: each message names one row, a code's or an account message's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bizcall.dispatch import account_messages, bodies, codes
from bizcall.dispatch.account_messages import Site
from bizcall.dispatch.codes import Outcome
from bizcall.keys import Keys
from bizcall.ports import Clock, Sms, now
from bizcall.settings import Settings


async def deliver(body: Mapping[str, Any], *, sms: Sms, keys: Keys, settings: Settings, clock: Clock = now) -> Outcome:
    """Send what a message names: `{"code": "<uuid>"}` or `{"message": "<uuid>"}`; raises Malformed for any other."""
    if "code" in body:
        return await codes.deliver(bodies.key(body, "code"), sms=sms, keys=keys, clock=clock)
    message_id = bodies.key(body, "message")
    return await account_messages.deliver(message_id, sms=sms, keys=keys, site=Site.of(settings), clock=clock)
