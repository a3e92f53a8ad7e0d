"""Where PostgreSQL is, and how it proves to be it: an address as libpq writes it, with TLS that is verified.

    postgresql://user:password@host:port/database?sslmode=verify-full&authority=<certificates in PEM>

    sslmode      verify-full, also where nothing is said: the certificate is of the authority, and of that host;
                 disable, for a server on the same machine. There is nothing in between, because TLS with a certificate
                 that nobody verifies keeps out nobody who can stand in the way.
    authority    whose certificates are trusted, and nobody else's; the machine's own store where nothing is said

Own code instead of asyncpg's reading of such addresses, because that knows certificates in files only, and a secret is
none.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg

VERIFIED, NONE = "verify-full", "disable"

ABANDONED = {
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""When the server gives up a connection that says nothing."""


class Unverified(ValueError):
    """The address asks for TLS that verifies nothing, or names an authority that is none; nobody is connected to."""


def arguments(url: str) -> dict[str, Any]:
    """What asyncpg calls the parts of an address; raises Unverified."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")),
        "ssl": _context(dict(parse_qsl(parts.query))),
    }


def is_verified(url: str) -> bool:
    """Whether connections by this address verify the server, where they are made at all."""
    return dict(parse_qsl(urlsplit(url).query)).get("sslmode") != NONE


async def connect(url: str) -> Any:
    """One connection of asyncpg; raises Unverified, and what asyncpg raises.

    A process that is frozen or killed closes nothing: the server finds out, and lets go what that one had locked.
    """
    return await asyncpg.connect(**arguments(url), server_settings=ABANDONED)


def _context(asked: dict[str, str]) -> ssl.SSLContext | bool:
    mode = asked.get("sslmode", VERIFIED)
    if mode == NONE:
        return False
    if mode != VERIFIED:
        raise Unverified(f"sslmode {mode} verifies nothing: say {VERIFIED}, or {NONE} where the server is this machine")
    try:
        return ssl.create_default_context(cadata=asked.get("authority"))
    except ssl.SSLError as error:
        raise Unverified("the authority is no certificate in PEM") from error
