"""Sessions: an opaque token, 30 minutes idle, 12 hours in all, three at once (AU-31).

How long one may lie idle is the deployment's to say (S2), so whoever asks hands `idle` over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from bizcall import audit, throttles
from bizcall.admins import tokens
from bizcall.admins.locks import STRANGER
from bizcall.audit import UNKNOWN, Actor
from bizcall.database import directory, enter, query, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.ids import uuid7
from bizcall.models.accounts import Session
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, now
from bizcall.throttles import Bucket, Budget

IDLE = timedelta(minutes=30)
"""How long a session may lie unused where the deployment says nothing else."""

ABSOLUTE = timedelta(hours=12)
RENEWAL = timedelta(minutes=1)
FRESH = timedelta(minutes=10)
"""How long after a right code a session may take data away and send to many (S6)."""

MOST = 3
"""Sessions that an account may have at once; a further one ends the oldest."""


class Role(StrEnum):
    """What somebody who asks is, and so what he may ask for (`resolvers/permissions.py`)."""

    ADMIN = "ADMIN"
    OPERATOR = "OPERATOR"
    SERVICE = "SERVICE"


@dataclass(frozen=True)
class Budgets:
    """What a request left of those that it counts for: its administrator's and his company's."""

    person: Budget
    company: Budget


@dataclass(frozen=True)
class Viewer:
    """Who is signed in. `idle_until` and `expires_at` tell when the session ends without and with use.

    `device` is the counter of failures that the browser has (AU-22). `fresh_until` is when its last code is too old for
    what asks for a fresh one (S6); None was never fresh. `budgets` are None of a viewer whose request wasn't counted,
    such as one who has just signed in.
    """

    company_id: UUID
    admin_id: UUID
    session_id: UUID
    idle_until: datetime
    expires_at: datetime
    device: UUID = STRANGER
    fresh_until: datetime | None = None
    budgets: Budgets | None = None

    @property
    def role(self) -> Role:
        """The provider's own administrators are the operators."""
        return Role.OPERATOR if self.company_id == PROVIDER_ID else Role.ADMIN

    def is_fresh(self, at: datetime) -> bool:
        """Whether a code was right lately."""
        return self.fresh_until is not None and self.fresh_until > at

    def demand_fresh(self, at: datetime) -> None:
        """Let pass who has typed a code lately (S6); raises Invalid: CODE_REQUIRED."""
        if not self.is_fresh(at):
            raise Invalid(Problem(ErrorCode.CODE_REQUIRED))


@dataclass(frozen=True)
class Opened:
    """A session that has just begun; `token` is shown this once. `displaced` says that it ended another one."""

    token: str
    viewer: Viewer
    displaced: bool


async def authenticate(
    token: str | None,
    *,
    actor: Actor = UNKNOWN,
    counted: bool = False,
    activity: bool = True,
    idle: timedelta = IDLE,
    clock: Clock = now,
) -> Viewer | None:
    """Who presents this token, or None for no, a wrong, an ended, an idle or an old one: all look the same.

    Use is noted at most once a minute, so a session may be cut up to a minute before `idle` is over. What is
    no `activity` of a person, such as a page that looks how long its session lasts, is no use (S2). Opens
    a transaction of its own, in which the request is counted: the administrator's and his company's, or that of the
    address of a stranger, who is the `actor` as long as nothing else is known. `counted` says that a stranger's request
    counts even if it presents nothing to look up. Raises Throttled.

    An operator's session from outside the networks that operators are held to is nobody's there (AU-33); it goes on
    where it belongs, and the attempt is recorded.
    """
    readable = token is not None and tokens.readable(token)
    if not readable and not (counted and actor.counted_address is not None):
        return None
    at = clock()
    async with directory():
        row = await _live(token, at, idle) if token is not None and readable else None
        outside = row is not None and actor.outside and row["company_id"] == PROVIDER_ID
        if row is None or outside:
            await throttles.take(Bucket.ANONYMOUS_REQUEST, actor.counted_address, at=at)
            if row is not None:
                await enter(PROVIDER_ID)
                await audit.record(
                    PROVIDER_ID, actor, "admins.session_outside", [row["admin_id"]], kind="Admin", clock=clock
                )
            return None
        left = await throttles.take_all(
            [(Bucket.REQUEST, str(row["admin_id"])), (Bucket.COMPANY_REQUEST, str(row["company_id"]))], at=at
        )
        if activity and at - row["seen_at"] >= RENEWAL:
            # A sign-out that commits in between wins: the condition is looked at again under the row's lock.
            await query(
                "UPDATE session SET seen_at = $2 WHERE id = $1 AND ended_at IS NULL AND seen_at < $2", row["id"], at
            )
    return Viewer(
        row["company_id"],
        row["admin_id"],
        row["id"],
        (at if activity else row["seen_at"]) + idle,
        row["expires_at"],
        row["device"],
        row["factor_at"] + FRESH,
        Budgets(*left),
    )


async def _live(token: str, at: datetime, idle: timedelta) -> dict[str, Any] | None:
    """The session that a token opens."""
    rows = await query(
        """
        SELECT id, company_id, admin_id, device, factor_at, seen_at, expires_at,
               -- What is noted of a request may be lost with the server: nobody has to wait for the disk.
               set_config('synchronous_commit', 'off', true)
        FROM session
        WHERE token_hash = $1 AND ended_at IS NULL AND seen_at > $2 AND expires_at > $3
        """,
        tokens.hashed(token),
        at - idle,
        at,
    )
    return rows[0] if rows else None


async def begin(
    company_id: UUID,
    admin_id: UUID,
    *,
    actor: Actor,
    user_agent: str,
    device: UUID,
    idle: timedelta = IDLE,
    clock: Clock = now,
) -> Opened:
    """Open a session in the open transaction of the company; the account's oldest ends when there are three already."""
    at = clock()
    token = tokens.fresh()
    row = await Session.create(
        id=uuid7(),
        token_hash=tokens.hashed(token),
        company_id=company_id,
        admin_id=admin_id,
        device=device,
        address=actor.address,
        user_agent_hash=tokens.hashed(user_agent),
        created_at=at,
        factor_at=at,
        seen_at=at,
        expires_at=at + ABSOLUTE,
    )
    ended = await query(
        """
        UPDATE session SET ended_at = $3 WHERE company_id = $1 AND admin_id = $2 AND ended_at IS NULL AND id IN (
            SELECT id FROM session
            WHERE company_id = $1 AND admin_id = $2 AND ended_at IS NULL AND expires_at > $3 AND seen_at > $4
            ORDER BY created_at DESC, id DESC OFFSET $5
        ) RETURNING id
        """,
        company_id,
        admin_id,
        at,
        at - idle,
        MOST,
    )
    if ended:
        await audit.record(
            company_id, actor, "admins.session_displace", [each["id"] for each in ended], kind="Session", clock=clock
        )
    viewer = Viewer(company_id, admin_id, row.id, at + idle, row.expires_at, device, at + FRESH)
    return Opened(token, viewer, displaced=bool(ended))


async def freshen(viewer: Viewer, at: datetime) -> datetime:
    """Note a right code in the open transaction, and return until when the session is fresh by it.

    Raises NotFound for a session that has ended meanwhile.
    """
    if not await _changed(viewer, "factor_at", at):
        raise NotFound
    return at + FRESH


async def renew(viewer: Viewer) -> str | None:
    """Give the session another token, in the open transaction; the former one is refused from the commit on.

    None when the session has ended meanwhile.
    """
    token = tokens.fresh()
    return token if await _changed(viewer, "token_hash", tokens.hashed(token)) else None


async def _changed(viewer: Viewer, column: Literal["factor_at", "token_hash"], value: datetime | bytes) -> bool:
    """Set a column of the session; False when it has ended."""
    rows = await query(
        f"""
        UPDATE session SET {column} = $4 WHERE company_id = $1 AND admin_id = $2 AND id = $3 AND ended_at IS NULL
        RETURNING id
        """,  # noqa: S608 - one of two constants
        viewer.company_id,
        viewer.admin_id,
        viewer.session_id,
        value,
    )
    return bool(rows)


async def alive(viewer: Viewer, *, idle: timedelta = IDLE, clock: Clock = now) -> list[Session]:
    """The account's sessions that have not ended, newest first; three at most. In an open transaction."""
    at = clock()
    return await Session.filter(
        company_id=viewer.company_id,
        admin_id=viewer.admin_id,
        ended_at__isnull=True,
        seen_at__gt=at - idle,
        expires_at__gt=at,
    ).order_by("-created_at", "-id")


async def sign_out(viewer: Viewer, actor: Actor, *, clock: Clock = now) -> bool:
    """End the session; False when it had ended already. Its token is refused from the commit on."""
    async with tenant(viewer.company_id):
        ended = await end(viewer.company_id, viewer.admin_id, clock(), only=viewer.session_id)
        if ended:
            await audit.record(
                viewer.company_id, actor, "admins.sign_out", [viewer.admin_id], kind="Admin", clock=clock
            )
    return bool(ended)


async def end_one(viewer: Viewer, session_id: UUID, actor: Actor, *, clock: Clock = now) -> None:
    """End another session of the same account, or this one; raises NotFound when none is alive under that key."""
    async with tenant(viewer.company_id):
        if not await end(viewer.company_id, viewer.admin_id, clock(), only=session_id):
            raise NotFound
        await audit.record(viewer.company_id, actor, "admins.session_end", [session_id], kind="Session", clock=clock)


async def end_others(viewer: Viewer, actor: Actor, *, clock: Clock = now) -> int:
    """End all sessions of the account but this one, and return how many there were."""
    async with tenant(viewer.company_id):
        ended = await end(viewer.company_id, viewer.admin_id, clock(), spared=viewer.session_id)
        if ended:
            await audit.record(viewer.company_id, actor, "admins.session_end", ended, kind="Session", clock=clock)
    return len(ended)


async def end(
    company_id: UUID, admin_id: UUID, at: datetime, *, only: UUID | None = None, spared: UUID | None = None
) -> list[UUID]:
    """End the account's sessions, or only one of them, or all but one, in the open transaction; returns their keys."""
    rows: list[dict[str, Any]] = await query(
        """
        UPDATE session SET ended_at = $3
        WHERE company_id = $1 AND admin_id = $2 AND ended_at IS NULL
          AND ($4::uuid IS NULL OR id = $4) AND ($5::uuid IS NULL OR id <> $5)
        RETURNING id
        """,
        company_id,
        admin_id,
        at,
        only,
        spared,
    )
    return [row["id"] for row in rows]
