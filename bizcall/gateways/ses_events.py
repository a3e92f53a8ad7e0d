"""Events of SES on mail, as SNS puts them into a queue, read as reports.

Delivery                         DELIVERED: the recipient's server took it
Bounce, permanent                FAILED, and such an address is never written to again
Bounce, transient or unknown     FAILED: SES has given up after its own retries
Complaint                        FAILED: delivered, and called spam by the recipient
Reject                           FAILED: SES found a virus
Send                             ACCEPTED
others (Open, Click, …)          nothing

A machine's answer to a mail that arrived ("I am on holiday") is told as a bounce, too, of the kinds in `_ANSWERS`. Such
a one counts as of the moment of sending, so it never outweighs a delivery, which is always later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from bizcall.gateways.amazon import REFERENCE_TAG
from bizcall.ports import Fate, FateState, Report

GATEWAY = "ses"

_WORD = re.compile(r"\W+", re.ASCII)
_STATES = {
    "Send": FateState.ACCEPTED,
    "Delivery": FateState.DELIVERED,
    "Bounce": FateState.FAILED,
    "Complaint": FateState.FAILED,
    "Reject": FateState.FAILED,
}
_ANSWERS = {("Transient", "General"), ("Undetermined", "Undetermined")}


class Unreadable(ValueError):
    """A message of the queue that is no event of SES; it belongs into the dead-letter queue."""


class _Mail(BaseModel):
    messageId: str = Field(min_length=1)  # noqa: N815
    timestamp: AwareDatetime
    tags: dict[str, list[str]] = Field(default_factory=dict)


class _Detail(BaseModel):
    """What is common to the objects "bounce", "complaint" and "delivery"; the recipients in them are not read."""

    timestamp: AwareDatetime | None = None
    bounceType: str = ""  # noqa: N815
    bounceSubType: str = ""  # noqa: N815
    complaintFeedbackType: str | None = None  # noqa: N815


class _Event(BaseModel):
    eventType: str  # noqa: N815
    mail: _Mail
    bounce: _Detail | None = None
    complaint: _Detail | None = None
    delivery: _Detail | None = None


def report(body: Mapping[str, Any]) -> Report | None:
    """The report in one message of the queue, wrapped by SNS or raw; None where it says nothing about a fate.

    The code is e.g. "Bounce Permanent General". Raises Unreadable.
    """
    try:
        told = json.loads(body["Message"]) if "Message" in body else body
        event = _Event.model_validate(told)
    except (ValueError, TypeError, ValidationError):
        # The cause quotes the event, and the event quotes the address.
        raise Unreadable("no event of SES") from None
    state = _STATES.get(event.eventType)
    if state is None:
        return None
    detail = event.bounce or event.complaint or event.delivery or _Detail()
    parts = [event.eventType, detail.bounceType, detail.bounceSubType, detail.complaintFeedbackType or ""]
    code = " ".join(_WORD.sub(" ", part).strip()[:40] for part in parts if part)
    is_answer = (detail.bounceType, detail.bounceSubType) in _ANSWERS
    at = (event.mail.timestamp if is_answer else detail.timestamp or event.mail.timestamp).astimezone(UTC)
    reference = next(iter(event.mail.tags.get(REFERENCE_TAG, ())), None)
    fate = Fate(state, event.mail.messageId, code, at)
    # SES numbers no events; the same one told twice has the same kind and moment.
    return Report(f"{event.mail.messageId}:{code}:{at.isoformat()}", GATEWAY, event.mail.messageId, reference, fate)
