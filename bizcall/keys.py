"""Codes and temporary passwords are derived from the deployment's secret, and stored nowhere (decision 8).

Keys.code(…)       six digits out of the secret and the keys of the code's row (AU-24)
Keys.password(…)   a temporary password out of the secret and the keys of an invitation or a welcome message
"""

from __future__ import annotations

import hashlib
import hmac
from itertools import count
from typing import Self
from uuid import UUID

from bizcall.settings import Settings

DIGITS = 6

SECRET_BYTES_LEAST = 32
PASSWORD_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105  # what passwords are made of
"""Without i, l, o, 0 and 1, which are read for each other; small letters only, since it is typed on a telephone."""

PASSWORD_LENGTH = 12


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
