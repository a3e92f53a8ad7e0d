"""Verification codes: derived when they are sent and when they are compared, stored nowhere (AU-24).

    Keys.code(…)       six digits out of a secret and the keys of the code's row
    Keys.password(…)   a temporary password out of the secret and the keys of an invitation or a welcome message
    deliver            what the consumer of the queue `sms` does with a code

A queue's message names the row only, so that neither a queue nor a dead-letter queue ever holds a code.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import timedelta
from enum import StrEnum
from itertools import count
from typing import Self
from uuid import UUID

from bizcall.database import directory, query
from bizcall.dispatch import inbox
from bizcall.models.accounts import Delivery
from bizcall.ports import Clock, Sms, now
from bizcall.settings import Settings

QUEUE = "sms"
CONSUMER = "sms"
DIGITS = 6
LATEST = timedelta(seconds=120)
"""An SMS that couldn't leave for so long would arrive when its code is all but over; it isn't sent any more."""

SECRET_BYTES_LEAST = 32
PASSWORD_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  # what passwords are made of
"""Without i, l, o, 0 and 1, which are read for each other; small letters only, since it is typed on a telephone."""

PASSWORD_LENGTH = 12

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of one message of the queue."""

    SENT = "SENT"
    EXPIRED = "EXPIRED"
    DONE_BEFORE = "DONE_BEFORE"
    DECOY = "DECOY"
    REFUSED = "REFUSED"
    UNCERTAIN = "UNCERTAIN"


class Keys:
    """The secret of this deployment, from which codes are derived. Never shown: not in `repr`, not in logs."""

    def __init__(self, secret: str) -> None:
        """Take a secret of at least 32 bytes; raises ValueError for a shorter one."""
        self._secret = secret.encode()
        if len(self._secret) < SECRET_BYTES_LEAST:
            raise ValueError(f"the secret key must have at least {SECRET_BYTES_LEAST} bytes")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The keys of this process; raises RuntimeError where the environment names no secret."""
        if settings.secret_key is None:
            raise RuntimeError("neither SECRET_KEY nor KEY_SECRET_ID is set")
        return cls(settings.secret_key.get_secret_value())

    def __repr__(self) -> str:
        """Without the secret."""
        return "Keys(…)"

    def code(self, code_id: UUID, challenge_id: UUID, purpose: str, mobile: str) -> str:
        """The six digits of a code's row: bound to its challenge, its purpose and its mobile."""
        words = f"verification code|{code_id}|{challenge_id}|{purpose}|{mobile}".encode()
        number = int.from_bytes(hmac.digest(self._secret, words, hashlib.sha256), "big")
        # 2^256 values on 10^6 codes: no code is likelier than another by more than 10^-70.
        return f"{number % 10**DIGITS:0{DIGITS}d}"

    def password(self, message_id: UUID, person_id: UUID) -> str:
        """A temporary password: 12 letters and digits that can't be mistaken, with both; 59 bits.

        Of an invitation and its subscriber, or of a welcome message and its administrator: the same for the text
        message, the e-mail, and whoever compares it later.
        """
        for turn in count():
            words = f"temporary password|{message_id}|{person_id}|{turn}".encode()
            number = int.from_bytes(hmac.digest(self._secret, words, hashlib.sha256), "big")
            signs = "".join(PASSWORD_SIGNS[number // len(PASSWORD_SIGNS) ** place % len(PASSWORD_SIGNS)]
                            for place in range(PASSWORD_LENGTH))  # fmt: skip
            if not signs.isalpha() and not signs.isdecimal():
                return signs
        raise AssertionError("count() never ends")


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
