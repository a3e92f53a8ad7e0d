"""What Solapi answers, and what it says about a message: shapes and codes of its REST API, version 4.

code      meaning                                what it becomes
1xxx      not taken                              GatewayRefused, GatewayDown for those of `_NOT_THE_MESSAGE`
2000      taken                                  ACCEPTED
3000      with the carrier, report outstanding   SENT
4000      done                                   DELIVERED
others    failed underway                        FAILED
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from bizcall.ports import (
    Fate,
    FateState,
    GatewayBusy,
    GatewayDown,
    GatewayFault,
    GatewayRefused,
    GatewayUncertain,
    Report,
)

GATEWAY = "solapi"
REFERENCE = "reference"
LONGEST_WAIT = 3600.0

_TAKEN = "2000"
_STATES = {_TAKEN: FateState.ACCEPTED, "3000": FateState.SENT, "4000": FateState.DELIVERED}
_STATUS = re.compile(r"\d{4}")
_WORD = re.compile(r"\w{1,40}", re.ASCII)
_NOT_THE_MESSAGE = {"1020", "1024", "1030"}
"""Access, the server's own error, credit: the same message goes through once that is mended."""

_ABOUT_THE_MESSAGE = {400, 409, 413, 422}
_SERVERS_OWN = {500, 503}


class _Placed(BaseModel):
    messageId: str = Field(min_length=1)  # noqa: N815
    statusCode: str  # noqa: N815


class _Refused(BaseModel):
    statusCode: str  # noqa: N815


class _Sent(BaseModel):
    messageList: list[_Placed] | None = None  # noqa: N815
    failedMessageList: list[_Refused] | None = None  # noqa: N815


class _Failure(BaseModel):
    errorCode: str  # noqa: N815


class Stored(BaseModel):
    """A message in a list. Its text, its numbers and the rest are not read, so that nothing can quote them."""

    messageId: str = Field(min_length=1)  # noqa: N815
    statusCode: str | None = None  # noqa: N815
    customFields: dict[str, Any] | None = None  # noqa: N815
    dateCreated: AwareDatetime  # noqa: N815
    dateUpdated: AwareDatetime | None = None  # noqa: N815

    @property
    def reference(self) -> str | None:
        """Ours, where we sent it."""
        reference = (self.customFields or {}).get(REFERENCE)
        return reference if isinstance(reference, str) else None

    def fate(self) -> Fate:
        """How far it has come. Without a code of four digits (none yet, "TEST1000") it is only known to be there."""
        code = self.statusCode or ""
        state = _STATES.get(code, FateState.FAILED) if _STATUS.fullmatch(code) else FateState.ACCEPTED
        return Fate(state, self.messageId, code, (self.dateUpdated or self.dateCreated).astimezone(UTC))

    def report(self) -> Report:
        """Its state as a report: the same state of the same message has the same id, however often it is listed."""
        fate = self.fate()
        return Report(f"{self.messageId}:{fate.code}", GATEWAY, self.messageId, self.reference, fate)


class Page(BaseModel):
    """One page of a list; `nextKey` is where the next one starts, empty on the last."""

    messageList: dict[str, Stored]  # noqa: N815
    nextKey: str | int | None = None  # noqa: N815


def placed(body: bytes) -> str:
    """The id of the one message that a 200 says was taken; raises a GatewayFault for anything else that it may say."""
    if failure := _error(body):
        # Only what is known to be about this message may end it; an error in a success is nobody's promise.
        raise _by_code(failure)
    try:
        sent = _Sent.model_validate_json(body)
    except ValidationError:
        raise GatewayUncertain("unreadable answer") from None
    for refused in sent.failedMessageList or ():
        raise _by_code(refused.statusCode)
    for message in sent.messageList or ():
        if message.statusCode != _TAKEN:
            raise _by_code(message.statusCode)
        return message.messageId
    raise GatewayUncertain("answer without a message")


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, at: datetime) -> GatewayFault:
    """What an answer other than 200 says about the message of its request."""
    code = _error(body) or f"HTTP {status}"
    wait = retry_after(headers.get("retry-after"), at=at)
    if status == 429 or code == "TooManyRequests":
        return GatewayBusy(code, wait)
    if status >= 500 and status not in _SERVERS_OWN:
        # A proxy (502, 504, and by other names 520 to 599) lost the server behind it, which may have taken the message.
        return GatewayUncertain(code)
    if status in _ABOUT_THE_MESSAGE and _BY_NAME.get(code) is not GatewayDown:
        return GatewayRefused(code)
    # Of access, credit, redirection, a wrong address and the server's own errors, none is about this message.
    return GatewayDown(code, wait)


def retry_after(value: str | None, *, at: datetime) -> float | None:
    """Seconds from a Retry-After header in either of its forms, 0 to 3,600; None where it is missing or senseless."""
    if value is None:
        return None
    if value.strip().isdecimal():
        seconds = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def page(body: bytes) -> Page:
    """A page of a list; raises GatewayDown for what is none."""
    if failure := _error(body):
        raise GatewayDown(failure)
    try:
        return Page.model_validate_json(body)
    except ValidationError:
        raise GatewayDown("unreadable list") from None


def _error(body: bytes) -> str | None:
    try:
        code = _Failure.model_validate_json(body).errorCode
    except ValidationError:
        return None
    # What isn't a plain word may quote anything.
    return code if _WORD.fullmatch(code) else "unnamed error"


def _by_code(code: str) -> GatewayFault:
    if not _STATUS.fullmatch(code):
        return _BY_NAME.get(code, GatewayUncertain)(code if _WORD.fullmatch(code) else "unnamed error")
    if code in _NOT_THE_MESSAGE:
        return GatewayDown(code)
    return GatewayRefused(code)


_BY_NAME: Mapping[str, type[GatewayBusy | GatewayRefused]] = {
    "ValidationError": GatewayRefused,
    "BadRequest": GatewayRefused,
    "NotEnoughBalance": GatewayDown,
    "Forbidden": GatewayDown,
    "Unauthorized": GatewayDown,
    "InvalidAPIKey": GatewayDown,
    "SignatureDoesNotMatch": GatewayDown,
    "RequestTimeTooSkewed": GatewayDown,
    "DuplicatedSignature": GatewayDown,
    "TooManyRequests": GatewayBusy,
}
"""Errors by name which came with a status of success; any other name leaves open whether the message was taken."""
