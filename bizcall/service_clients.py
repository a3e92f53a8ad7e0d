"""Service clients: servers that ask the API with a bearer of their own, such as the phone app's.

A token is made by a command, shown once and kept as a hash. Its prefix says in which table it is looked up, so that
neither a person's nor a server's request costs a look into both, and makes a token that leaked recognisable.
Rotating is making a second client, under another name, and ending the first once nobody uses it any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bizcall import audit
from bizcall.admins import tokens
from bizcall.admins.sessions import Role
from bizcall.audit import Actor
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.ids import uuid7
from bizcall.models import ServiceClient as Row
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, now

PREFIX = "svc_"
NAME = re.compile(r"[a-z][a-z0-9._-]{2,39}", re.ASCII)
NOTED = timedelta(minutes=1)
"""How long a use counts as noted."""


@dataclass(frozen=True)
class ServiceClient:
    """A server that asks."""

    id: UUID
    name: str

    @property
    def role(self) -> Role:
        """All have the same."""
        return Role.SERVICE


def is_token(token: str | None) -> bool:
    """Whether a bearer is one of a server."""
    return token is not None and token.startswith(PREFIX)


async def authenticate(token: str, *, clock: Clock = now) -> ServiceClient | None:
    """Which server presents this token, or None for a wrong or an ended one. Opens a transaction of its own."""
    if not is_token(token) or not tokens.readable(token):
        return None
    at = clock()
    async with directory():
        rows = await query(
            "SELECT id, name, used_at FROM service_client WHERE token_hash = $1 AND ended_at IS NULL",
            tokens.hashed(token),
        )
        if not rows:
            return None
        (row,) = rows
        if row["used_at"] is None or at - row["used_at"] >= NOTED:
            await query(
                """
                UPDATE service_client SET used_at = $2
                WHERE id = $1 AND ended_at IS NULL AND (used_at IS NULL OR used_at < $2)
                """,
                row["id"],
                at,
            )
    return ServiceClient(row["id"], row["name"])


async def create(name: str, *, actor: Actor, clock: Clock = now) -> str:
    """Make a client and return its token, which is shown this once. For the command line only.

    `name` is 3 to 40 small letters, digits and `._-`. Raises Invalid: INVALID_FORMAT, DUPLICATE (one of that name is
    alive).
    """
    if not NAME.fullmatch(name):
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("name",)))
    token = PREFIX + tokens.fresh()
    async with tenant(PROVIDER_ID):
        made = await query(
            """
            INSERT INTO service_client (id, name, token_hash, created_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) WHERE ended_at IS NULL DO NOTHING RETURNING id
            """,
            uuid7(),
            name,
            tokens.hashed(token),
            clock(),
        )
        if not made:
            raise Invalid(Problem(ErrorCode.DUPLICATE, ("name",)))
        await audit.record(PROVIDER_ID, actor, "services.create", [made[0]["id"]], kind="ServiceClient", clock=clock)
    return token


async def end(name: str, *, actor: Actor, clock: Clock = now) -> UUID:
    """End the client of that name; its token is refused from the commit on. Returns its key; raises NotFound."""
    async with tenant(PROVIDER_ID):
        ended = await query(
            "UPDATE service_client SET ended_at = $2 WHERE name = $1 AND ended_at IS NULL RETURNING id", name, clock()
        )
        if not ended:
            raise NotFound
        key: UUID = ended[0]["id"]
        await audit.record(PROVIDER_ID, actor, "services.end", [key], kind="ServiceClient", clock=clock)
    return key


async def alive() -> list[Row]:
    """The clients that have not ended, by name."""
    async with directory():
        return await Row.filter(ended_at__isnull=True).order_by("name")
