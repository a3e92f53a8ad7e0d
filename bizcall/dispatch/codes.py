"""What the consumer of the queue `sms` does with a verification code (AU-24), derived when it is sent.

A queue's message names the row only, so that neither a queue nor a dead-letter queue ever holds a code.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from bizcall.database import directory, query
from bizcall.dispatch import inbox
from bizcall.keys import Keys
from bizcall.models.accounts import Delivery
from bizcall.ports import Clock, Sms, now

QUEUE = "sms"
CONSUMER = "sms"
LATEST = timedelta(seconds=120)
"""An SMS that couldn't leave for so long would arrive when its code is all but over; it isn't sent any more."""

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of one message of the queue."""

    SENT = "SENT"
    EXPIRED = "EXPIRED"
    DONE_BEFORE = "DONE_BEFORE"
    DECOY = "DECOY"
    REFUSED = "REFUSED"
    UNCERTAIN = "UNCERTAIN"


def text(code: str) -> str:
    """The SMS: at most 90 bytes of EUC-KR, one short message; no link, and whom it is from."""
    return f"[비즈콜] 인증번호 {code} (3분 이내 입력). 타인에게 알려주지 마세요."


async def deliver(code_id: UUID, *, sms: Sms, keys: Keys, clock: Clock = now) -> Outcome:
    """Send a code, unless it is a decoy.

    Claim first: the message is noted as done, committed, and only then handed to the gateway. A process that dies in
    between leaves the row in SENDING, and the code is not sent again, because the user asks for another sooner than
    anybody could find out. What the gateway raises is raised, so that the failure shows; the redelivery finds the
    message done.
    """
    at = clock()
    async with directory():
        if not await inbox.first_time(CONSUMER, str(code_id)):
            return Outcome.DONE_BEFORE
        rows = await query(
            """
            SELECT challenge_id, purpose, mobile, decoy, created_at, expires_at FROM verification_code
            WHERE id = $1 FOR UPDATE
            """,
            code_id,
        )
        if not rows:
            # Codes are forgotten after two days; a message redriven later names nothing any more.
            return Outcome.EXPIRED
        (row,) = rows
        if row["decoy"]:
            return Outcome.DECOY
        late = at - row["created_at"] > LATEST or at >= row["expires_at"]
        await _mark(code_id, Delivery.EXPIRED if late else Delivery.SENDING)
    if late:
        logger.warning("a code was too old to be sent", extra={"code_id": str(code_id)})
        return Outcome.EXPIRED
    code = keys.code(code_id, row["challenge_id"], row["purpose"], row["mobile"])
    gateway_id = await sms.send(row["mobile"], text(code), reference=str(code_id))
    async with directory():
        await _mark(code_id, Delivery.SENT, gateway_id)
    return Outcome.SENT


async def _mark(code_id: UUID, delivery: Delivery, gateway_id: str | None = None) -> None:
    await query(
        "UPDATE verification_code SET delivery = $2, gateway_id = $3 WHERE id = $1", code_id, delivery.value, gateway_id
    )
