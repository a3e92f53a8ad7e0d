"""Challenges: what a code completes, shown to clients as opaque tokens that open nothing else (AU-20, AU-24).

    SIGN_IN          the password was right; the code opens a session
    REGISTRATION     the temporary password and its code were right; the form and a second code register (AU-02)
    PASSWORD_RESET   somebody named a mobile; the code shows its accounts, and one of them gets a new password (PW-01)
    MOBILE_CHANGE    somebody signed in named a new mobile; the code to it makes it the second factor (ME-01)
    FRESH_FACTOR     somebody signed in is about to take data away or to send to many; the code lets his session (S6)

A change of the password or of the administrator ends all challenges of the account, and one of the password the resets
of its mobile too: whoever read a code before must not undo the change. It locks the credential before
them, and so does `find`, so that the two never wait for each other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall.admins import locks, tokens
from bizcall.admins.locks import STRANGER
from bizcall.audit import Actor
from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models.accounts import Challenge, Purpose
from bizcall.models.companies import PROVIDER_ID

logger = logging.getLogger(__name__)

HALF = timedelta(minutes=10)
"""How long a challenge lives."""


@dataclass(frozen=True)
class Half:
    """A challenge that has begun. `token` is shown this once."""

    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Pending:
    """A live challenge. Company, admin and login ID are None in a PASSWORD_RESET."""

    id: UUID
    purpose: Purpose
    company_id: UUID | None
    admin_id: UUID | None
    login_id: str | None
    registered: bool
    mobile: str
    device: UUID
    verified: bool

    @property
    def account(self) -> tuple[UUID, UUID]:
        """Company and administrator; raises LookupError for a challenge in which nobody stands."""
        if self.company_id is None or self.admin_id is None:
            raise LookupError(f"nobody stands in a {self.purpose}")
        return self.company_id, self.admin_id


async def begin(
    purpose: Purpose,
    mobile: str,
    *,
    company_id: UUID | None = None,
    admin_id: UUID | None = None,
    device: UUID = STRANGER,
    at: datetime,
) -> Half:
    """Begin a challenge in the open transaction."""
    token = tokens.fresh()
    await Challenge.create(
        id=uuid7(),
        token_hash=tokens.hashed(token),
        purpose=purpose,
        company_id=company_id,
        admin_id=admin_id,
        mobile=mobile,
        device=device,
        created_at=at,
        expires_at=at + HALF,
    )
    return Half(token, at + HALF)


async def find(token: str, purpose: Purpose, at: datetime, *, actor: Actor) -> Pending:
    """The live challenge of a token; raises Invalid: STATE (over, or of another purpose), LOCKED with `until`.

    An operator's is over for an `actor` from outside the networks that operators are held to.

    Requests for the same challenge come one after the other from here on. A change of the password waits for them and
    ends what they begin, or comes before, and its ending of the challenge is seen. A lock holds for what was begun
    before it too (AU-22).
    """
    refusal = Invalid(Problem(ErrorCode.STATE, ("challenge",)))
    if not tokens.readable(token):
        raise refusal
    hashed = tokens.hashed(token)
    accounts = await query(
        """
        SELECT login_id, registered_at IS NOT NULL AS registered FROM credential
        WHERE admin_id = (SELECT admin_id FROM challenge WHERE token_hash = $1) FOR NO KEY UPDATE
        """,
        hashed,
    )
    rows = await query(
        """
        SELECT id, purpose, company_id, admin_id, mobile, device, verified_at IS NOT NULL AS verified FROM challenge
        WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 AND used_at IS NULL FOR UPDATE
        """,
        hashed,
        purpose.value,
        at,
    )
    if not rows:
        raise refusal
    if actor.outside and rows[0]["company_id"] == PROVIDER_ID:
        logger.warning("an operator's challenge came from outside")
        raise refusal
    account: dict[str, Any] = accounts[0] if accounts else {"login_id": None, "registered": False}
    pending = Pending(**{**rows[0], "purpose": Purpose(rows[0]["purpose"])}, **account)
    if pending.login_id is not None:
        await locks.refuse(pending.login_id, pending.device, at)
    return pending


async def finish(pending: Pending, at: datetime) -> None:
    """Use the challenge up, in the open transaction."""
    await query("UPDATE challenge SET used_at = $2 WHERE id = $1", pending.id, at)


async def verified(pending: Pending, at: datetime) -> None:
    """Note that its code was right, for a challenge with a further step."""
    await query("UPDATE challenge SET verified_at = $2 WHERE id = $1", pending.id, at)


async def end_resets(mobile: str, at: datetime) -> None:
    """End the resets that were begun for a mobile, in the open transaction; nobody stands in them, so codes tell."""
    await query(
        """
        UPDATE challenge SET used_at = $2 WHERE used_at IS NULL AND id IN (
            SELECT challenge_id FROM verification_code WHERE mobile = $1 AND purpose = $3 AND created_at > $4
        )
        """,
        mobile,
        at,
        Purpose.PASSWORD_RESET.value,
        at - HALF,
    )


async def end_all(company_id: UUID, admin_id: UUID, at: datetime) -> None:
    """End all challenges of an account, in the open transaction."""
    await query(
        "UPDATE challenge SET used_at = $3 WHERE company_id = $1 AND admin_id = $2 AND used_at IS NULL",
        company_id,
        admin_id,
        at,
    )
