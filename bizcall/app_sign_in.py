"""Signing in to the phone app, asked by the app's server (IN-11): office number and the invitation's password.

The password is derived again from the latest invitation's keys and compared; it is good for seven days and once. An
attempt is counted before anything is compared, as at the administrators' sign-in (`bizcall/admins/locks.py`), under a
counter of the number's own that says nothing of an administrator's. Deriving is quick, so the attempt, its outcome and
its record are one transaction, and the counter's row lets those of a number in one by one. A number that nobody holds
is counted and answered like a wrong password.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bizcall import audit, phones
from bizcall.admins import locks, passwords
from bizcall.admins.locks import STRANGER, Locked, Reserved
from bizcall.audit import Actor
from bizcall.database import directory, enter, query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.keys import Keys
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, now

COUNTER = "app {}"
"""The name of a number's counter; no login ID has a blank in it."""

NOBODY = UUID(int=0)


@dataclass(frozen=True)
class AppUser:
    """Who has signed in: what the app shows and works with. `email` is None where none is registered."""

    number: str
    name: str
    email: str | None
    company_name: str


async def app_sign_in(number: str, password: str, *, keys: Keys, actor: Actor, clock: Clock = now) -> AppUser:
    """Compare a line's number and the temporary password of its subscriber, and use the password up.

    `number` is in any spelling. Of any number of requests at once with the right password, one succeeds. Raises
    Invalid: INVALID_FORMAT (it can be no number), TOO_LONG, CREDENTIALS (anything else that isn't right), LOCKED with
    `until` (ISO 8601).
    """
    asked = phones.recover(number).number
    if asked is None:
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("number",)))
    passwords.check_length(password, "password")
    at = clock()
    async with directory():
        company_id = await _owner(asked)
        reserved = await locks.reserve(COUNTER.format(asked), STRANGER, at)
        if isinstance(reserved, Locked):
            raise locks.locked(reserved.until)
        await enter(company_id)
        standing = await _standing(company_id, asked)
        right = _right(standing, password, keys)
        if standing is not None and right and await _use(company_id, standing, at):
            await locks.release(reserved)
            await audit.record(company_id, actor, "app.sign_in", [standing["id"]], kind="Subscriber", clock=clock)
            return AppUser(asked, standing["name"], standing["email"], standing["company"])
        await _failed(company_id, standing, reserved, actor, clock)
    # Raised after the commit, or the record of the failure would be rolled back.
    raise locks.failed(reserved)


async def _owner(number: str) -> UUID:
    """The company that has the number; the provider, who has no lines, for a number that nobody has."""
    rows = await query("SELECT company_id FROM number_directory WHERE number = $1", number)
    return rows[0]["company_id"] if rows else PROVIDER_ID


async def _standing(company_id: UUID, number: str) -> dict[str, Any] | None:
    """Who holds the line now, with the latest invitation; the line is locked first, so that nobody changes either.

    None in a company that is suspended, whoever holds it.
    """
    lines = await query(
        "SELECT id FROM line WHERE company_id = $1 AND number = $2 AND retired_at IS NULL FOR NO KEY UPDATE",
        company_id,
        number,
    )
    if not lines:
        return None
    rows = await query(
        """
        SELECT subscriber.id, subscriber.name, subscriber.email, subscriber.app_enabled, company.name AS company,
               invitation.id AS invitation_id, invitation.expires_at, invitation.used_at
        FROM subscriber JOIN company_directory AS company ON company.company_id = $1 AND company.state = 'ACTIVE'
        JOIN invitation ON invitation.company_id = $1 AND invitation.subscriber_id = subscriber.id
        WHERE subscriber.company_id = $1 AND subscriber.line_id = $2 AND subscriber.ended_at IS NULL
        ORDER BY invitation.created_at DESC, invitation.id DESC LIMIT 1
        """,
        company_id,
        lines[0]["id"],
    )
    return rows[0] if rows else None


def _right(standing: dict[str, Any] | None, password: str, keys: Keys) -> bool:
    """Whether this is the invitation's password; without one the same work is done."""
    invitation_id, subscriber_id = (standing["invitation_id"], standing["id"]) if standing else (NOBODY, NOBODY)
    # A lone surrogate, which JSON can carry, is no reason to fail: it is a wrong password.
    given = password.encode(errors="surrogatepass")
    return hmac.compare_digest(keys.password(invitation_id, subscriber_id).encode(), given)


async def _use(company_id: UUID, standing: dict[str, Any], at: datetime) -> bool:
    """Use the invitation up and note that the subscriber signed in; False when it can't be used (any more)."""
    if not standing["app_enabled"]:
        return False
    used = await query(
        """
        UPDATE invitation SET used_at = $3
        WHERE company_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3 RETURNING id
        """,
        company_id,
        standing["invitation_id"],
        at,
    )
    if used:
        await query(
            "UPDATE subscriber SET app_signed_in_at = $3 WHERE company_id = $1 AND id = $2",
            company_id,
            standing["id"],
            at,
        )
    return bool(used)


async def _failed(
    company_id: UUID, standing: dict[str, Any] | None, reserved: Reserved, actor: Actor, clock: Clock
) -> None:
    """Record the failure, and the lock when this was the last one; for nobody's number in the provider's trail."""
    action = "app.sign_in_lock" if reserved.locks_until else "app.sign_in_failure"
    subjects = [standing["id"]] if standing else []
    await audit.record(company_id, actor, action, subjects, kind="Subscriber", clock=clock)
