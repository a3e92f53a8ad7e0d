"""Signing in (AU-20): login ID and password, then a code by SMS, then a session.

No session exists before the code is right. A login ID that nobody has is answered like a wrong password, in the same
time and with the same lock (AU-22). The temporary password of the welcome message leads to the registration instead of
to a session (AU-02), so that the account can do nothing else before (AU-03).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from bizcall import audit, phones, throttles
from bizcall.admins import challenges, codes, credentials, devices, locks, passwords, sessions, tokens
from bizcall.admins.challenges import Half, Pending
from bizcall.admins.codes import Sent
from bizcall.admins.locks import STRANGER, Locked, Reserved
from bizcall.admins.passwords import Comparison
from bizcall.admins.sessions import Opened
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, enter, query
from bizcall.dispatch import account_messages, outbox
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.keys import Keys
from bizcall.models.accounts import MessageKind, Purpose
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, Queue, now
from bizcall.throttles import Bucket


@dataclass(frozen=True)
class SignedIn:
    """A complete sign-in. `device_token` is for the browser to keep and to present the next time (AU-22)."""

    session: Opened
    device_token: str
    device_seconds: int


@dataclass(frozen=True)
class _Account:
    """What stands under a login ID; all None where nobody has it, but for the counter of strangers.

    Of a suspended company's account the hash is None, so that no password is right and nobody can tell why (A7).
    """

    company_id: UUID | None
    admin_id: UUID | None
    password_hash: str | None
    mobile: str | None
    temporary_until: datetime | None
    device: UUID


async def sign_in(
    login_id: str,
    password: str,
    *,
    device_token: str | None = None,
    user_agent: str = "",
    actor: Actor,
    clock: Clock = now,
) -> Half:
    """Compare ID and password and begin a challenge of ten minutes.

    `login_id` is the representative number, with or without separators and leading 0 (AU-01), or an operator's name.
    `device_token` is what `verify` gave to this browser earlier. An operator who comes from outside the networks that
    operators are held to is answered like a wrong password (AU-33). Raises Invalid: INVALID_FORMAT, TOO_LONG,
    CREDENTIALS, LOCKED with `until` (ISO 8601), TEMPORARY_EXPIRED; and Throttled past 50 failures an hour over
    all browsers.
    """
    name = login(login_id)
    passwords.check_length(password, "password")
    at = clock()
    async with directory():
        account = await _account(name, device_token)
        reserved = await locks.reserve(name, account.device, at)
        if isinstance(reserved, Reserved):
            await throttles.take(Bucket.SIGN_IN_FAILURE, name, at=at)
            await _record(account, "admins.sign_in_attempt", reserved, user_agent, actor, clock)
    if isinstance(reserved, Locked):
        raise locks.locked(reserved.until)
    # For who comes from outside, an operator's ID has no password: the answer and its time are those of a wrong one.
    stored = None if _is_outside(account, actor) else account.password_hash
    comparison = await passwords.compare(stored, password)
    half = await _begin(account, comparison, reserved, actor, clock) if comparison.right else None
    if half is None:
        async with directory():
            action = "admins.sign_in_lock" if reserved.locks_until else "admins.sign_in_failure"
            await _record(account, action, reserved, user_agent, actor, clock)
        raise locks.failed(reserved)
    if account.temporary_until is not None and account.temporary_until <= at:
        # Told only to who has the password; the challenge that was begun is never shown, and so opens nothing.
        raise Invalid(Problem(ErrorCode.TEMPORARY_EXPIRED, ("password",)))
    return half


async def code_send(challenge: str, *, actor: Actor, queue: Queue, clock: Clock = now) -> Sent:
    """Send a code for the second step; codes that the challenge was sent before are dead from then on.

    Raises Invalid: STATE (the challenge is over: begin again), LOCKED, TOO_SOON; the last two with `until`.
    """
    async with directory():
        pending = await challenges.find(challenge, Purpose.SIGN_IN, clock(), actor=actor)
        issued = await codes.issue(pending, actor=actor, clock=clock)
    await outbox.publish([issued.message], queue=queue)
    return issued.sent


async def verify(
    challenge: str,
    code: str,
    *,
    device_token: str | None = None,
    user_agent: str = "",
    keys: Keys,
    actor: Actor,
    queue: Queue,
    idle: timedelta = sessions.IDLE,
    clock: Clock = now,
) -> SignedIn | Half:
    """Compare the code and open a session, or, for who hasn't registered yet, begin the registration's challenge.

    Of any number of requests at once with the right code, one succeeds. `idle` is for how long the session may lie
    unused (S2). An administrator whose oldest session ends by
    it is told by SMS (S4); not more often than he gets codes (AU-24), since each such sign-in takes one.

    Raises Invalid: STATE (the challenge is over), LOCKED, CODE_WRONG with `triesLeft`, CODE_EXPIRED (none is alive: ask
    for another).
    """
    at = clock()
    async with directory():
        pending = await challenges.find(challenge, Purpose.SIGN_IN, at, actor=actor)
        tried = await codes.attempt(pending, code, keys=keys, actor=actor, clock=clock)
        if tried.refusal is None:
            await challenges.finish(pending, at)
            company_id, admin_id = pending.account
            await enter(company_id)
            if not pending.registered:
                return await challenges.begin(
                    Purpose.REGISTRATION,
                    pending.mobile,
                    company_id=company_id,
                    admin_id=admin_id,
                    device=pending.device,
                    at=at,
                )
            signed_in, told = await _open(pending, device_token, user_agent, actor, idle, clock)
    if tried.refusal is not None:
        # Raised after the commit: inside, the rollback would give the try back.
        raise tried.refusal
    await outbox.publish(told, queue=queue)
    return signed_in


def login(text: str) -> str:
    """The login ID in a text: a company's number in normal form, or an operator's name; raises Invalid.

    A number is compared without its leading 0 (AU-01), so one without it is the same.
    """
    if number := phones.recover(text).number:
        return number
    name = text.strip().lower()
    if not credentials.OPERATOR_ID.fullmatch(name):
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("loginId",)))
    return name


async def _account(login_id: str, device_token: str | None) -> _Account:
    """One statement whether the ID and the device exist or not, for the sake of time."""
    rows = await query(
        """
        SELECT credential.company_id, credential.admin_id, credential.mobile, credential.temporary_until,
               CASE WHEN credential.suspended_at IS NULL THEN credential.password_hash END AS password_hash,
               device.id AS device
        FROM (SELECT $1::text AS login_id) AS asked
        LEFT JOIN credential ON credential.login_id = asked.login_id
        LEFT JOIN device ON device.admin_id = credential.admin_id AND device.token_hash = $2
        """,
        login_id,
        devices.presented(device_token),
    )
    (row,) = rows
    return _Account(**{**row, "device": row["device"] or STRANGER})


async def _record(
    account: _Account, action: str, reserved: Reserved, user_agent: str, actor: Actor, clock: Clock
) -> None:
    """Record in the open transaction what became of an attempt; for nobody's ID in the provider's trail."""
    company_id = account.company_id or PROVIDER_ID
    subjects = [account.admin_id] if account.admin_id else []
    details = {"device": "known" if reserved.device != STRANGER else "unknown", "browser": _browser(user_agent)}
    if _is_outside(account, actor):
        details["network"] = "outside"
    await enter(company_id)
    await audit.record(company_id, actor, action, subjects, details, kind="Admin", clock=clock)


def _is_outside(account: _Account, actor: Actor) -> bool:
    """Whether it is an operator's account, asked for from where operators may not come."""
    return actor.outside and account.company_id == PROVIDER_ID


def _browser(user_agent: str) -> str:
    """What tells sorts of browsers apart in the trail, without naming any (A12)."""
    return tokens.hashed(user_agent).hex()[:16]


async def _begin(
    account: _Account, comparison: Comparison, reserved: Reserved, actor: Actor, clock: Clock
) -> Half | None:
    """Give the attempt back and begin the challenge; None when the password was changed since it was read.

    None too when the company was suspended since then.
    """
    company_id, admin_id, mobile = account.company_id, account.admin_id, account.mobile
    if company_id is None or admin_id is None or mobile is None:
        return None
    async with directory():
        # The row stays locked: a change of the password comes before this, and is seen, or after it, and ends it.
        current = await query(
            """
            UPDATE credential SET password_hash = $4
            WHERE company_id = $1 AND admin_id = $2 AND password_hash = $3 AND ended_at IS NULL
              AND suspended_at IS NULL
            RETURNING admin_id
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
        await throttles.give_back(Bucket.SIGN_IN_FAILURE, reserved.login_id, at=clock())
        half = await challenges.begin(
            Purpose.SIGN_IN, mobile, company_id=company_id, admin_id=admin_id, device=reserved.device, at=clock()
        )
        await audit.record(company_id, actor, "admins.sign_in_password", [admin_id], kind="Admin", clock=clock)
    return half


async def _open(
    pending: Pending, device_token: str | None, user_agent: str, actor: Actor, idle: timedelta, clock: Clock
) -> tuple[SignedIn, list[UUID]]:
    """Open the session, in the open transaction that has entered the company; with the messages to be published."""
    at = clock()
    company_id, admin_id = pending.account
    admin = replace(actor, kind=ActorKind.OPERATOR if company_id == PROVIDER_ID else ActorKind.ADMIN, id=admin_id)
    device_id, token = await devices.remember(company_id, admin_id, pending.device, device_token, at)
    session = await sessions.begin(
        company_id, admin_id, actor=admin, user_agent=user_agent, device=device_id, idle=idle, clock=clock
    )
    details = {"browser": _browser(user_agent)}
    await audit.record(company_id, admin, "admins.sign_in", [admin_id], details, kind="Admin", clock=clock)
    told = []
    if session.displaced:
        told.append(
            await account_messages.put(
                company_id,
                admin_id,
                MessageKind.SESSION_DISPLACED,
                pending.mobile,
                session_id=session.viewer.session_id,
                clock=clock,
            )
        )
    return SignedIn(session, token, int(devices.KEPT.total_seconds())), told
