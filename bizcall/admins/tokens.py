"""Opaque tokens of sessions, challenges and devices: random for the client, a hash for the database (AU-31)."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32
LONGEST = 100


def fresh() -> str:
    """A token of 256 random bits, as 43 characters that need no quoting in headers and cookies."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(text: str) -> bytes:
    """What is stored and looked up for a token: SHA-256. Nothing slower is needed for 256 random bits."""
    return hashlib.sha256(text.encode()).digest()


def readable(token: str | None) -> bool:
    """Whether a client's text can be a token at all; others are refused before they are hashed and looked up."""
    return token is not None and 0 < len(token) <= LONGEST and token.isascii()
