"""A forgotten password (PW-01): mobile, code, which account, new password, sign in with it.

A mobile that administers nothing is answered like any other: it gets a decoy of a code, which takes the same way, is
never sent and never right. Which companies a mobile administers is told only to who has read its code. Operators' and
unregistered accounts are not reset here: the ones by command line, the others by a fresh welcome message. Those of
suspended companies are not either, as if the mobile administered nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bizcall import audit
from bizcall.admins import challenges, codes, credentials
from bizcall.admins.challenges import Half, Pending
from bizcall.admins.codes import Sent
from bizcall.audit import Actor
from bizcall.database import directory, enter, query
from bizcall.dispatch import account_messages, outbox
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.keys import Keys
from bizcall.models.accounts import MessageKind, Purpose
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, Queue, now


@dataclass(frozen=True)
class Begun:
    """A reset that waits for its code."""

    half: Half
    sent: Sent


@dataclass(frozen=True)
class Account:
    """An account that the mobile administers."""

    admin_id: UUID
    company_id: UUID
    company_name: str
    login_id: str


async def reset_code_send(mobile: str, *, actor: Actor, queue: Queue, clock: Clock = now) -> Begun:
    """Begin a reset and send its code; each call begins another one.

    Raises Invalid: INVALID_FORMAT when it is no mobile, TOO_SOON with `until`.
    """
    number = codes.mobile_of(mobile)
    at = clock()
    async with directory():
        half = await challenges.begin(Purpose.PASSWORD_RESET, number, at=at)
        pending = await challenges.find(half.token, Purpose.PASSWORD_RESET, at, actor=actor)
        issued = await codes.issue(pending, decoy=not await _accounts(number), actor=actor, clock=clock)
    await outbox.publish([issued.message], queue=queue)
    return Begun(half, issued.sent)


async def reset_verify(challenge: str, code: str, *, keys: Keys, actor: Actor, clock: Clock = now) -> Sequence[Account]:
    """Compare the code and return the accounts of which one may get a new password with the same challenge.

    Raises Invalid: STATE, CODE_WRONG with `triesLeft`, CODE_EXPIRED.
    """
    at = clock()
    async with directory():
        pending = await challenges.find(challenge, Purpose.PASSWORD_RESET, at, actor=actor)
        tried = await codes.attempt(pending, code, keys=keys, actor=actor, clock=clock)
        if tried.refusal is None:
            await challenges.verified(pending, at)
            return await _accounts(pending.mobile)
    raise tried.refusal


async def reset(
    challenge: str,
    admin_id: UUID | None,
    password: str,
    confirmation: str,
    *,
    actor: Actor,
    queue: Queue,
    clock: Clock = now,
) -> Account:
    """Give one of the mobile's accounts a new password: its sessions end, its locks are cleared, and it is told by SMS.

    `admin_id` may be None when there is only one. Raises Invalid: STATE (no code was right, or it is over), REQUIRED or
    NOT_FOUND at `account`, and what PW-01 forbids.
    """
    async with directory():
        _, account = await _account(challenge, admin_id, actor, clock)
        known = await credentials.known(account.company_id, account.admin_id)
    password_hash = await credentials.chosen(password, confirmation, known, "password")
    at = clock()
    async with directory():
        # The credential is locked before the challenge, as everywhere.
        await query("SELECT 1 FROM credential WHERE admin_id = $1 FOR UPDATE", account.admin_id)
        pending, account = await _account(challenge, account.admin_id, actor, clock)
        await challenges.finish(pending, at)
        await enter(account.company_id)
        await credentials.settle(account.company_id, account.admin_id, password_hash, at)
        await audit.record(
            account.company_id, actor, "admins.password_reset", [account.admin_id], kind="Admin", clock=clock
        )
        message = await account_messages.put(
            account.company_id, account.admin_id, MessageKind.PASSWORD_CHANGED, pending.mobile, clock=clock
        )
    await outbox.publish([message], queue=queue)
    return account


async def _account(challenge: str, admin_id: UUID | None, actor: Actor, clock: Clock) -> tuple[Pending, Account]:
    """A challenge whose code was right, and the account that is meant; in the open transaction."""
    pending = await challenges.find(challenge, Purpose.PASSWORD_RESET, clock(), actor=actor)
    if not pending.verified:
        raise Invalid(Problem(ErrorCode.STATE, ("challenge",)))
    accounts = await _accounts(pending.mobile)
    if admin_id is None and len(accounts) > 1:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("account",)))
    found = [account for account in accounts if admin_id in (None, account.admin_id)]
    if not found:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, ("account",)))
    return pending, found[0]


async def _accounts(mobile: str) -> list[Account]:
    rows = await query(
        """
        SELECT credential.admin_id, credential.company_id, company.name AS company_name, credential.login_id
        FROM credential JOIN company_directory AS company USING (company_id)
        WHERE credential.mobile = $1 AND credential.ended_at IS NULL AND credential.registered_at IS NOT NULL
          AND credential.suspended_at IS NULL AND credential.company_id <> $2
        ORDER BY company.name, credential.admin_id LIMIT 100
        """,
        mobile,
        PROVIDER_ID,
    )
    return [Account(**row) for row in rows]
