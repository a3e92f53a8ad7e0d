"""Credentials: what an administrator signs in with, how he gets it and how it changes.

prepare, invite       a credential with a temporary password, and the message that tells it (ON-01, ON-02, AU-32)
known                 what a new password is held against
rename                another login ID, when another number represents the company (ON-01)
settle                a password of the administrator's own: at registration, reset and change (AU-02, PW-01, ME-01)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bizcall import audit
from bizcall.admins import challenges, devices, locks, passwords, sessions
from bizcall.audit import Actor
from bizcall.database import enter, lock, query
from bizcall.dispatch import account_messages
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.models.accounts import MessageKind
from bizcall.models.companies import CompanyState
from bizcall.ports import Clock, now

OPERATOR_ID = re.compile(r"[a-z][a-z0-9._-]{2,19}", re.ASCII)
"""The login ID of an operator: a name, so that it can't be mistaken for a number."""


@dataclass(frozen=True)
class Welcome:
    """A temporary password before it is written: the key it is derived from, and its hash."""

    message_id: UUID
    password_hash: str


async def prepare(admin_id: UUID, *, keys: Keys) -> Welcome:
    """Make a fresh temporary password for an administrator; outside of transactions, since hashing takes its time."""
    message_id = uuid7()
    return Welcome(message_id, await passwords.hashed(keys.password(message_id, admin_id)))


async def invite(
    company_id: UUID, admin_id: UUID, *, login_id: str, welcome: Welcome, actor: Actor, clock: Clock = now
) -> UUID:
    """Let an administrator sign in for the first time, with a fresh temporary password for 72 hours.

    In the open transaction of the company; the mobile is that of his row. Returns the outbox message with the welcome,
    to be published after the commit. Raises NotFound, and Invalid: DUPLICATE (another's login ID), STATE (he has
    registered, or was replaced; or the company's contract is suspended or has ended).
    """
    at = clock()
    # Two who are given one login ID at once would both find it free: the lock makes them one after the other.
    await lock(f"admins.login {login_id}")
    taken = await query("SELECT 1 FROM credential WHERE login_id = $1 AND admin_id <> $2", login_id, admin_id)
    if taken:
        raise Invalid(Problem(ErrorCode.DUPLICATE, ("loginId",)))
    # Not locked: whoever changes a mobile has locked the credential before, and has registered.
    # The company's standing is: an account that is made while it is suspended would be one that nobody suspends.
    admins = await query(
        """
        SELECT admin.mobile, company_directory.state FROM admin JOIN company_directory USING (company_id)
        WHERE admin.company_id = $1 AND admin.id = $2 FOR SHARE OF company_directory
        """,
        company_id,
        admin_id,
    )
    if not admins:
        raise NotFound
    if admins[0]["state"] != CompanyState.ACTIVE:
        raise Invalid(Problem(ErrorCode.STATE))
    rows = await query(
        """
        INSERT INTO credential (
            admin_id, company_id, login_id, password_hash, mobile, password_changed_at, created_at, temporary_until
        ) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
        ON CONFLICT (admin_id) DO UPDATE SET
            password_hash = excluded.password_hash, password_changed_at = excluded.password_changed_at,
            temporary_until = excluded.temporary_until, mobile = excluded.mobile
        WHERE credential.registered_at IS NULL AND credential.ended_at IS NULL
        RETURNING admin_id
        """,
        admin_id,
        company_id,
        login_id,
        welcome.password_hash,
        admins[0]["mobile"],
        at,
        at + account_messages.TEMPORARY,
    )
    if not rows:
        raise Invalid(Problem(ErrorCode.STATE))
    await challenges.end_all(company_id, admin_id, at)
    await locks.clear(login_id)
    await audit.record(company_id, actor, "admins.welcome", [admin_id], kind="Admin", clock=clock)
    return await account_messages.put(
        company_id, admin_id, MessageKind.WELCOME, admins[0]["mobile"], key=welcome.message_id, clock=clock
    )


@dataclass(frozen=True)
class Known:
    """What a new password is held against: guesses, the present hash, and the former ones."""

    login_id: str
    mobile: str
    context: tuple[str, ...]
    password_hash: str
    former: tuple[str, ...]


async def known(company_id: UUID, admin_id: UUID) -> Known:
    """What stands under an account now, in an open `directory()` transaction, which enters the company.

    Raises NotFound when it has ended or is suspended.
    """
    await enter(company_id)
    rows = await query(
        """
        SELECT credential.login_id, credential.password_hash, credential.mobile, company_directory.name,
               admin.name AS own,
               ARRAY(
                   SELECT former.password_hash FROM former_password AS former
                   WHERE former.company_id = $1 AND former.admin_id = $2 ORDER BY replaced_at DESC LIMIT $3
               ) AS former
        FROM credential JOIN company_directory USING (company_id)
        JOIN admin ON admin.company_id = $1 AND admin.id = credential.admin_id
        WHERE credential.company_id = $1 AND credential.admin_id = $2 AND credential.ended_at IS NULL
          AND credential.suspended_at IS NULL
        """,
        company_id,
        admin_id,
        passwords.REMEMBERED,
    )
    if not rows:
        raise NotFound
    (row,) = rows
    # Of a Korean name the first syllable is the family's, and the rest what friends say.
    context = (row["login_id"], row["mobile"], row["name"], row["own"], row["own"][1:])
    return Known(row["login_id"], row["mobile"], context, row["password_hash"], tuple(row["former"]))


async def chosen(password: str, confirmation: str, account: Known, *field: str) -> str:
    """The hash of a new password that keeps PW-01; outside of transactions. Raises Invalid at the path `field`."""
    passwords.check_new(password, *field, confirmation=confirmation, context=account.context)
    await passwords.check_unused(password, (account.password_hash, *account.former), *field)
    return await passwords.hashed(password)


async def settle(
    company_id: UUID,
    admin_id: UUID,
    password_hash: str,
    at: datetime,
    *,
    confirmed: str | None = None,
    spared: UUID | None = None,
) -> None:
    """Set a password of the administrator's own, in the open transaction (PW-01).

    His challenges and sessions end, but for the session `spared`, and his locks are cleared. `confirmed` is the hash of
    the password that allowed it. Raises NotFound for an account that has ended or is suspended, and Invalid
    (CREDENTIALS at `currentPassword`) when another password was set since it was confirmed.
    """
    rows = await query(
        """
        SELECT login_id, password_hash, mobile FROM credential
        WHERE company_id = $1 AND admin_id = $2 AND ended_at IS NULL AND suspended_at IS NULL FOR UPDATE
        """,
        company_id,
        admin_id,
    )
    if not rows:
        raise NotFound
    if confirmed not in (None, rows[0]["password_hash"]):
        raise Invalid(Problem(ErrorCode.CREDENTIALS, ("currentPassword",)))
    await query(
        """
        INSERT INTO former_password (company_id, admin_id, password_hash, replaced_at)
        SELECT $1, $2, $3::text, $4 WHERE $3 <> $5 ON CONFLICT DO NOTHING
        """,
        company_id,
        admin_id,
        rows[0]["password_hash"],
        at,
        password_hash,
    )
    await query(
        """
        DELETE FROM former_password WHERE company_id = $1 AND admin_id = $2 AND replaced_at < (
            SELECT min(replaced_at) FROM (
                SELECT replaced_at FROM former_password WHERE company_id = $1 AND admin_id = $2
                ORDER BY replaced_at DESC LIMIT $3
            ) AS kept
        )
        """,
        company_id,
        admin_id,
        passwords.REMEMBERED,
    )
    await query(
        """
        UPDATE credential SET password_hash = $3, password_changed_at = $4, temporary_until = NULL,
               registered_at = coalesce(registered_at, $4)
        WHERE company_id = $1 AND admin_id = $2
        """,
        company_id,
        admin_id,
        password_hash,
        at,
    )
    await challenges.end_all(company_id, admin_id, at)
    await challenges.end_resets(rows[0]["mobile"], at)
    await sessions.end(company_id, admin_id, at, spared=spared)
    await locks.clear(rows[0]["login_id"])


async def end(company_id: UUID, admin_id: UUID, at: datetime) -> str:
    """End an account for good, in the open transaction, and return the login ID that is free from now on (AU-32).

    Raises NotFound when it has ended already.
    """
    rows = await query(
        """
        SELECT login_id FROM credential
        WHERE company_id = $1 AND admin_id = $2 AND ended_at IS NULL FOR UPDATE
        """,
        company_id,
        admin_id,
    )
    if not rows:
        raise NotFound
    await query(
        "UPDATE credential SET login_id = NULL, password_hash = NULL, ended_at = $3"
        " WHERE company_id = $1 AND admin_id = $2",
        company_id,
        admin_id,
        at,
    )
    await query("UPDATE admin SET ended_at = $3 WHERE company_id = $1 AND id = $2", company_id, admin_id, at)
    await challenges.end_all(company_id, admin_id, at)
    await sessions.end(company_id, admin_id, at)
    await devices.forget_all(company_id, admin_id)
    login_id: str = rows[0]["login_id"]
    await locks.clear(login_id)
    return login_id


async def rename(company_id: UUID, former: str, login_id: str, *, actor: Actor, clock: Clock = now) -> None:
    """Let who signed in as `former` sign in as `login_id` from now on, in the open transaction (ON-01).

    Sessions stay; what was counted against either ID is forgotten. A company without such an account is left as it is.
    """
    # An administrator who is being replaced gives the ID to a row that only a statement after the replacement sees.
    await query("SELECT 1 FROM credential WHERE company_id = $1 AND login_id = $2 FOR UPDATE", company_id, former)
    rows = await query(
        """
        UPDATE credential SET login_id = $3 WHERE company_id = $1 AND login_id = $2 AND ended_at IS NULL
        RETURNING admin_id
        """,
        company_id,
        former,
        login_id,
    )
    for number in (former, login_id):
        await locks.clear(number)
    admin_ids = [row["admin_id"] for row in rows]
    await audit.record(company_id, actor, "admins.login_id_change", admin_ids, kind="Admin", clock=clock)
