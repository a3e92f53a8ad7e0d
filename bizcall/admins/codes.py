"""Codes by SMS (AU-24), for whatever a challenge waits for.

Six digits, three minutes, five tries, once; 30 seconds between two, five in ten minutes, ten a day per mobile and
purpose. At ten codes of five tries each, whoever has the password but not the phone hits with 50 chances in a million
a day.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall import audit, phones, throttles
from bizcall.admins import challenges
from bizcall.admins.challenges import Half, Pending
from bizcall.admins.sessions import Viewer
from bizcall.audit import Actor
from bizcall.database import enter, lock, query
from bizcall.dispatch import outbox
from bizcall.dispatch.codes import QUEUE
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.keys import DIGITS, Keys
from bizcall.models.accounts import Purpose
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, now
from bizcall.throttles import Bucket

LIFE = timedelta(seconds=180)
TRIES_MOST = 5
BETWEEN = timedelta(seconds=30)
SENDS_MOST = 10
SENDS_WITHIN = timedelta(hours=24)
BURST_MOST = 5
BURST_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Sent:
    """A code is on its way. `mobile` shows the last four digits only; `next_at` is when another may be asked for."""

    mobile: str
    expires_at: datetime
    next_at: datetime


@dataclass(frozen=True)
class Issued:
    """A code in the open transaction; `message` is to be published after its commit."""

    sent: Sent
    message: UUID


@dataclass(frozen=True)
class Tried:
    """What came of one comparison. `refusal` is None when the code was right, and to be raised after the commit."""

    refusal: Invalid | None


async def begin(
    purpose: Purpose, mobile: str, viewer: Viewer, *, actor: Actor, clock: Clock = now
) -> tuple[Half, Issued]:
    """A challenge of somebody who is signed in, and its code, as `issue` makes and refuses it."""
    at = clock()
    half = await challenges.begin(
        purpose, mobile, company_id=viewer.company_id, admin_id=viewer.admin_id, device=viewer.device, at=at
    )
    return half, await issue(await challenges.find(half.token, purpose, at, actor=actor), actor=actor, clock=clock)


async def issue(pending: Pending, *, decoy: bool = False, actor: Actor, clock: Clock = now) -> Issued:
    """Make a code for a challenge, in the open `directory()` transaction; its earlier ones are dead from then on.

    Records it, in the account's company or, where nobody stands in the challenge, in the provider's. A `decoy` takes
    the same way, but is not sent. Raises Invalid: TOO_SOON with `until`; and Throttled.
    """
    at = clock()
    # Two requests at once would both find the 30 seconds over: the lock makes them one after the other.
    await lock(f"admins.code {pending.purpose} {pending.mobile}")
    await _refuse_haste(pending, at)
    await throttles.take(Bucket.CODE_FROM_ADDRESS, actor.counted_address, at=at)
    code_id, expires_at = uuid7(), at + LIFE
    await query(
        """
        WITH former AS (
            UPDATE verification_code SET expires_at = $2
            WHERE challenge_id = $1 AND expires_at > $2 AND created_at < $2
        )
        INSERT INTO verification_code (
            challenge_id, created_at, id, purpose, company_id, admin_id, mobile, decoy, expires_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        pending.id,
        at,
        code_id,
        pending.purpose.value,
        pending.company_id,
        pending.admin_id,
        pending.mobile,
        decoy,
        expires_at,
    )
    message = await outbox.put(QUEUE, {"code": str(code_id)}, company_id=pending.company_id, clock=clock)
    await _record(pending, "admins.code_send", actor, {}, clock)
    return Issued(Sent(masked(pending.mobile), expires_at, at + BETWEEN), message)


async def attempt(pending: Pending, code: str, *, keys: Keys, actor: Actor, clock: Clock = now) -> Tried:
    """Compare a code with the challenge's live one, in the open `directory()` transaction, and record a failure.

    One try is counted before the comparison, and the right code is used up. The refusal is CODE_WRONG with `triesLeft`
    or CODE_EXPIRED (none is alive: ask for another); raised inside the transaction, it would give the try back.
    """
    at = clock()
    rows = await query(
        """
        UPDATE verification_code SET tries = tries + 1
        WHERE challenge_id = $1 AND expires_at > $2 AND used_at IS NULL AND tries < $3
          AND id = (SELECT id FROM verification_code WHERE challenge_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1)
        RETURNING id, mobile, tries, decoy
        """,
        pending.id,
        at,
        TRIES_MOST,
    )
    if not rows:
        await _record(pending, "admins.code_failure", actor, {}, clock)
        return Tried(Invalid(Problem(ErrorCode.CODE_EXPIRED, ("code",))))
    (row,) = rows
    right = hmac.compare_digest(
        keys.code(row["id"], pending.id, pending.purpose.value, row["mobile"]).encode(),
        digits(code).encode(errors="replace"),
    )
    if right and not row["decoy"]:
        await query("UPDATE verification_code SET used_at = $2 WHERE id = $1", row["id"], at)
        return Tried(None)
    await _record(pending, "admins.code_failure", actor, {"tries": row["tries"]}, clock)
    return Tried(Invalid(Problem(ErrorCode.CODE_WRONG, ("code",), {"triesLeft": str(TRIES_MOST - row["tries"])})))


def digits(code: str) -> str:
    """What was typed, without blanks and hyphens; anything that isn't six digits matches no code."""
    return "".join(code.split()).replace("-", "")[: DIGITS + 1]


def mobile_of(text: str) -> str:
    """The mobile in a text, in normal form; raises Invalid (INVALID_FORMAT at `mobile`)."""
    number = phones.mobile(text)
    if number is None:
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("mobile",)))
    return number


def masked(mobile: str) -> str:
    """A mobile by its last four digits; empty for one that was forgotten."""
    return mobile and f"{mobile[:3]}-****-{mobile[-4:]}"


async def _record(pending: Pending, action: str, actor: Actor, details: dict[str, object], clock: Clock) -> None:
    company_id = pending.company_id or PROVIDER_ID
    await enter(company_id)
    await audit.record(
        company_id,
        actor,
        action,
        [pending.admin_id] if pending.admin_id else [],
        {"purpose": pending.purpose.value, **details},
        kind="Admin",
        clock=clock,
    )


async def _refuse_haste(pending: Pending, at: datetime) -> None:
    rows = await query(
        """
        SELECT created_at FROM verification_code
        WHERE mobile = $1 AND purpose = $2 AND created_at > $3 ORDER BY created_at DESC LIMIT $4
        """,
        pending.mobile,
        pending.purpose.value,
        at - SENDS_WITHIN,
        SENDS_MOST,
    )
    sent = [row["created_at"] for row in rows]
    until = at
    for most, within in ((1, BETWEEN), (BURST_MOST, BURST_WITHIN), (SENDS_MOST, SENDS_WITHIN)):
        if len(sent) >= most:
            until = max(until, sent[most - 1] + within)
    if until > at:
        raise Invalid(Problem(ErrorCode.TOO_SOON, params={"until": until.isoformat(timespec="seconds")}))
