"""The second step of signing in: a code by SMS (AU-24).

Six digits, three minutes, five tries, once; 30 seconds between two, ten a day per mobile and purpose. At ten codes of
five tries each, whoever has the password but not the phone hits with 50 chances in a million a day.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall import audit
from bizcall.admins import locks, sessions, tokens
from bizcall.admins.locks import STRANGER
from bizcall.admins.sessions import Opened
from bizcall.admins.sign_in import locked
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, enter, lock, query
from bizcall.dispatch import codes as derived
from bizcall.dispatch import outbox
from bizcall.dispatch.codes import DIGITS, Keys
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models.accounts import Device, Purpose, VerificationCode
from bizcall.ports import Clock, Queue, now

LIFE = timedelta(seconds=180)
TRIES_MOST = 5
BETWEEN = timedelta(seconds=30)
SENDS_MOST = 10
SENDS_WITHIN = timedelta(hours=24)
DEVICE_KEPT = timedelta(days=180)


@dataclass(frozen=True)
class Sent:
    """A code is on its way. `mobile` shows the last four digits only; `next_at` is when another may be asked for."""

    mobile: str
    expires_at: datetime
    next_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """A complete sign-in. `device_token` is for the browser to keep and to present the next time (AU-22)."""

    session: Opened
    device_token: str
    device_seconds: int


async def code_send(challenge: str, *, actor: Actor, queue: Queue, clock: Clock = now) -> Sent:
    """Send a code for a challenge; codes it was sent before are dead from then on.

    Raises Invalid: STATE (the challenge is over: begin again), LOCKED, TOO_SOON; the last two with `until`.
    """
    at = clock()
    async with directory():
        half = await _half(challenge, at)
        await _refuse_lock(half, at)
        # Two requests at once would both find the 30 seconds over: the lock makes them one after the other.
        await lock(f"admins.code {half['purpose']} {half['mobile']}")
        await _refuse_haste(half, at)
        await query(
            """
            UPDATE verification_code SET expires_at = $2
            WHERE challenge_id = $1 AND expires_at > $2 AND created_at < $2
            """,
            half["id"],
            at,
        )
        code = await VerificationCode.create(
            id=uuid7(),
            purpose=Purpose(half["purpose"]),
            challenge_id=half["id"],
            company_id=half["company_id"],
            admin_id=half["admin_id"],
            mobile=half["mobile"],
            created_at=at,
            expires_at=at + LIFE,
        )
        message = await outbox.put(derived.QUEUE, {"code": str(code.id)}, company_id=half["company_id"], clock=clock)
        await enter(half["company_id"])
        await audit.record(
            half["company_id"],
            actor,
            "admins.code_send",
            [half["admin_id"]],
            {"purpose": half["purpose"]},
            kind="Admin",
            clock=clock,
        )
    await outbox.publish([message], queue=queue)
    return Sent(masked(half["mobile"]), code.expires_at, at + BETWEEN)


async def code_verify(
    challenge: str,
    code: str,
    *,
    device_token: str | None = None,
    user_agent: str = "",
    keys: Keys,
    actor: Actor,
    clock: Clock = now,
) -> SignedIn:
    """Compare the code and open a session; of any number of requests at once with the right code, one succeeds.

    Raises Invalid: STATE (the challenge is over), LOCKED, CODE_WRONG with `triesLeft`, CODE_EXPIRED (none is alive:
    ask for another).
    """
    at = clock()
    async with directory():
        half = await _half(challenge, at)
        await _refuse_lock(half, at)
        row = await _reserve(half["id"], at)
        right = row is not None and hmac.compare_digest(
            keys.code(row["id"], half["id"], half["purpose"], row["mobile"]).encode(),
            digits(code).encode(errors="replace"),
        )
        await enter(half["company_id"])
        if row is not None and right:
            return await _complete(half, row["id"], device_token, user_agent, actor, clock)
        if row is not None:
            await audit.record(
                half["company_id"],
                actor,
                "admins.code_failure",
                [half["admin_id"]],
                {"tries": row["tries"]},
                kind="Admin",
                clock=clock,
            )
    # Raised after the commit: inside, the rollback would give the try back.
    if row is None:
        raise Invalid(Problem(ErrorCode.CODE_EXPIRED, ("code",)))
    raise Invalid(Problem(ErrorCode.CODE_WRONG, ("code",), {"triesLeft": str(TRIES_MOST - row["tries"])}))


def digits(code: str) -> str:
    """What was typed, without blanks and hyphens; anything that isn't six digits matches no code."""
    return "".join(code.split()).replace("-", "")[: DIGITS + 1]


def masked(mobile: str) -> str:
    """A mobile by its last four digits."""
    return f"{mobile[:3]}-****-{mobile[-4:]}"


async def _half(token: str, at: datetime) -> dict[str, Any]:
    """The live challenge of a token, with the account's number and mobile; raises Invalid (STATE).

    Requests for the same challenge come one after the other from here on. A change of the password waits for them and
    ends what they begin, or comes before, and its ending of the challenge is seen.
    """
    rows = []
    if tokens.readable(token):
        rows = await query(
            """
            SELECT challenge.id, challenge.purpose, challenge.company_id, challenge.admin_id, challenge.device,
                   credential.login_id, credential.mobile
            FROM challenge JOIN credential USING (company_id, admin_id)
            WHERE challenge.token_hash = $1 AND challenge.expires_at > $2 AND challenge.used_at IS NULL
              AND challenge.purpose = $3
            FOR SHARE OF credential FOR UPDATE OF challenge
            """,
            tokens.hashed(token),
            at,
            Purpose.SIGN_IN.value,
        )
    if not rows:
        raise Invalid(Problem(ErrorCode.STATE, ("challenge",)))
    return rows[0]


async def _refuse_lock(half: dict[str, Any], at: datetime) -> None:
    """A lock holds for what was begun before it too (AU-22)."""
    if until := await locks.until(half["login_id"], half["device"], at):
        raise locked(until)


async def _refuse_haste(half: dict[str, Any], at: datetime) -> None:
    rows = await query(
        """
        SELECT created_at FROM verification_code
        WHERE mobile = $1 AND purpose = $2 AND created_at > $3 ORDER BY created_at DESC LIMIT $4
        """,
        half["mobile"],
        half["purpose"],
        at - SENDS_WITHIN,
        SENDS_MOST,
    )
    until = at
    if rows:
        until = max(until, rows[0]["created_at"] + BETWEEN)
    if len(rows) == SENDS_MOST:
        until = max(until, rows[-1]["created_at"] + SENDS_WITHIN)
    if until > at:
        raise Invalid(Problem(ErrorCode.TOO_SOON, params={"until": until.isoformat(timespec="seconds")}))


async def _reserve(challenge_id: UUID, at: datetime) -> dict[str, Any] | None:
    """Count one try of the challenge's live code; None when there is none."""
    rows = await query(
        """
        UPDATE verification_code SET tries = tries + 1
        WHERE challenge_id = $1 AND expires_at > $2 AND used_at IS NULL AND tries < $3
          AND id = (SELECT id FROM verification_code WHERE challenge_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1)
        RETURNING id, mobile, tries
        """,
        challenge_id,
        at,
        TRIES_MOST,
    )
    return rows[0] if rows else None


async def _complete(
    half: dict[str, Any], code_id: UUID, device_token: str | None, user_agent: str, actor: Actor, clock: Clock
) -> SignedIn:
    """Use up code and challenge and open the session, all in the open transaction."""
    at = clock()
    company_id, admin_id = half["company_id"], half["admin_id"]
    await query("UPDATE verification_code SET used_at = $2 WHERE id = $1", code_id, at)
    await query("UPDATE challenge SET used_at = $2 WHERE id = $1", half["id"], at)
    admin = replace(actor, kind=ActorKind.ADMIN, id=admin_id)
    session = await sessions.begin(company_id, admin_id, actor=admin, user_agent=user_agent, at=at)
    device = await _device(company_id, admin_id, half["device"], device_token, at)
    await audit.record(company_id, admin, "admins.sign_in", [admin_id], kind="Admin", clock=clock)
    return SignedIn(session, device, int(DEVICE_KEPT.total_seconds()))


async def _device(company_id: UUID, admin_id: UUID, known: UUID, presented: str | None, at: datetime) -> str:
    """The token of this browser: the one it began with when it was the account's, else a fresh one.

    A token that a client brings is never taken over: whoever planted it would share the browser's counter.
    """
    if known != STRANGER and presented is not None and tokens.readable(presented):
        rows = await query(
            "UPDATE device SET used_at = $4 WHERE id = $1 AND admin_id = $2 AND token_hash = $3 RETURNING id",
            known,
            admin_id,
            tokens.hashed(presented),
            at,
        )
        if rows:
            return presented
    token = tokens.fresh()
    await Device.create(
        id=uuid7(),
        token_hash=tokens.hashed(token),
        company_id=company_id,
        admin_id=admin_id,
        created_at=at,
        used_at=at,
    )
    return token
