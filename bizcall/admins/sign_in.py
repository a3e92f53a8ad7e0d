"""The first step of signing in: login ID and password, for a challenge which the code sent by SMS completes (AU-20).

No session exists before the code is right. A login ID that nobody has is answered like a wrong password, in the same
time and with the same lock (AU-22).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall import audit, phones
from bizcall.admins import locks, passwords, tokens
from bizcall.admins.locks import STRANGER, Locked, Reserved
from bizcall.admins.passwords import Comparison
from bizcall.audit import Actor
from bizcall.database import directory, enter, query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models.accounts import Challenge, Purpose
from bizcall.ports import Clock, now

HALF = timedelta(minutes=10)
"""How long the code may be given after the password."""

PASSWORD_BYTES_MOST = 256
_NOWHERE = UUID(int=0)


@dataclass(frozen=True)
class Half:
    """Half a sign-in: it opens nothing but the code's steps. `token` is shown this once."""

    token: str
    expires_at: datetime


@dataclass(frozen=True)
class _Account:
    """What stands under a login ID; all None where nobody has it, but for the counter of strangers."""

    company_id: UUID | None
    admin_id: UUID | None
    password_hash: str | None
    device: UUID


async def sign_in(
    login_id: str,
    password: str,
    *,
    device_token: str | None = None,
    actor: Actor,
    clock: Clock = now,
) -> Half:
    """Compare ID and password and begin a challenge of ten minutes.

    `login_id` is the representative number, with or without separators. `device_token` is what `code_verify` gave to
    this browser earlier. Raises Invalid: INVALID_FORMAT, TOO_LONG, CREDENTIALS, or LOCKED with `until` (ISO 8601).
    """
    number = phones.normalise(login_id)
    if number is None:
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("loginId",)))
    if len(password.encode(errors="replace")) > PASSWORD_BYTES_MOST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, ("password",), {"maximum": str(passwords.LONGEST)}))
    at = clock()
    async with directory():
        account = await _account(number, device_token)
        reserved = await locks.reserve(number, account.device, at)
    if isinstance(reserved, Locked):
        raise locked(reserved.until)
    comparison = await passwords.compare(account.password_hash, password)
    half = await _begin(account, comparison, reserved, actor, clock) if comparison.right else None
    if half is None:
        await _failed(account, reserved, actor, clock)
        raise locked(reserved.locks_until) if reserved.locks_until else Invalid(Problem(ErrorCode.CREDENTIALS))
    return half


def locked(until: datetime) -> Invalid:
    """The refusal while locked, which says until when."""
    return Invalid(Problem(ErrorCode.LOCKED, params={"until": until.isoformat(timespec="seconds")}))


async def _account(login_id: str, device_token: str | None) -> _Account:
    """One statement whether the ID and the device exist or not, for the sake of time."""
    known = device_token is not None and tokens.readable(device_token)
    rows = await query(
        """
        SELECT credential.company_id, credential.admin_id, credential.password_hash, device.id AS device
        FROM (SELECT $1::text AS login_id) AS asked
        LEFT JOIN credential ON credential.login_id = asked.login_id
        LEFT JOIN device ON device.admin_id = credential.admin_id AND device.token_hash = $2
        """,
        login_id,
        tokens.hashed(device_token) if device_token is not None and known else b"",
    )
    (row,) = rows
    return _Account(row["company_id"], row["admin_id"], row["password_hash"], row["device"] or STRANGER)


async def _failed(account: _Account, reserved: Reserved, actor: Actor, clock: Clock) -> None:
    """Record the failure, and the lock when this was the last one. As many statements for nobody's ID."""
    async with directory():
        await enter(account.company_id or _NOWHERE)
        if account.company_id is None or account.admin_id is None:
            await locks.touch(reserved)
            return
        action = "admins.sign_in_lock" if reserved.locks_until else "admins.sign_in_failure"
        details = {"device": "known" if reserved.device != STRANGER else "unknown"}
        await audit.record(account.company_id, actor, action, [account.admin_id], details, kind="Admin", clock=clock)


async def _begin(
    account: _Account, comparison: Comparison, reserved: Reserved, actor: Actor, clock: Clock
) -> Half | None:
    """Give the attempt back and begin the challenge; None when the password was changed since it was read."""
    company_id, admin_id = account.company_id, account.admin_id
    if company_id is None or admin_id is None:
        return None
    token, at = tokens.fresh(), clock()
    async with directory():
        # The row stays locked: a change of the password comes before this, and is seen, or after it, and ends it.
        current = await query(
            """
            UPDATE credential SET password_hash = $4
            WHERE company_id = $1 AND admin_id = $2 AND password_hash = $3 RETURNING admin_id
            """,
            company_id,
            admin_id,
            account.password_hash,
            comparison.rehashed or account.password_hash,
        )
        if not current:
            return None
        await enter(company_id)
        await locks.release(reserved)
        challenge = await Challenge.create(
            id=uuid7(),
            token_hash=tokens.hashed(token),
            purpose=Purpose.SIGN_IN,
            company_id=company_id,
            admin_id=admin_id,
            device=reserved.device,
            created_at=at,
            expires_at=at + HALF,
        )
        await audit.record(company_id, actor, "admins.sign_in_password", [admin_id], kind="Admin", clock=clock)
    return Half(token, challenge.expires_at)
