"""What an administrator changes of his own account: the password and the second factor (ME-01).

Both ask for the present password, on the counter of his browser: whoever finds a session open can't guess at it.
"""

from __future__ import annotations

from uuid import UUID

from bizcall import audit
from bizcall.admins import challenges, codes, credentials, locks, passwords, sessions
from bizcall.admins.challenges import Half
from bizcall.admins.codes import Sent
from bizcall.admins.credentials import Known
from bizcall.admins.locks import Locked
from bizcall.admins.sessions import Viewer
from bizcall.audit import Actor
from bizcall.database import directory, enter, query, tenant
from bizcall.dispatch import account_messages, outbox
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.keys import Keys
from bizcall.models.accounts import MessageKind, Purpose
from bizcall.ports import Clock, Queue, now


async def password_change(
    viewer: Viewer,
    current: str,
    password: str,
    confirmation: str,
    *,
    actor: Actor,
    queue: Queue,
    clock: Clock = now,
) -> str | None:
    """Change the password: the other sessions end, this one gets another token, and the mobile is told.

    Returns the token, which is shown this once; None when the session has ended meanwhile. Raises Invalid: CREDENTIALS
    at `currentPassword`, LOCKED with `until`, and what PW-01 forbids at `password`.
    """
    account = await _confirmed(viewer, current, actor, clock)
    password_hash = await credentials.chosen(password, confirmation, account, "password")
    at = clock()
    async with tenant(viewer.company_id):
        await credentials.settle(
            viewer.company_id,
            viewer.admin_id,
            password_hash,
            at,
            confirmed=account.password_hash,
            spared=viewer.session_id,
        )
        token = await sessions.renew(viewer)
        await _record(viewer, "admins.password_change", actor, clock)
        message = await account_messages.put(
            viewer.company_id, viewer.admin_id, MessageKind.PASSWORD_CHANGED, account.mobile, clock=clock
        )
    await outbox.publish([message], queue=queue)
    return token


async def mobile_code_send(
    viewer: Viewer, current: str, mobile: str, *, actor: Actor, queue: Queue, clock: Clock = now
) -> tuple[Half, Sent]:
    """Begin to change the second factor: a code goes to the new mobile.

    Raises Invalid: CREDENTIALS at `currentPassword`, LOCKED and TOO_SOON with `until`, INVALID_FORMAT at `mobile`.
    """
    number = codes.mobile_of(mobile)
    await _confirmed(viewer, current, actor, clock)
    async with directory():
        half, issued = await codes.begin(Purpose.MOBILE_CHANGE, number, viewer, actor=actor, clock=clock)
    await outbox.publish([issued.message], queue=queue)
    return half, issued.sent


async def mobile_change(
    viewer: Viewer, challenge: str, code: str, *, keys: Keys, actor: Actor, queue: Queue, clock: Clock = now
) -> None:
    """Make the new mobile the second factor, and tell the old one.

    Raises Invalid: STATE (over, or another account's), LOCKED, CODE_WRONG with `triesLeft`, CODE_EXPIRED.
    """
    at = clock()
    async with directory():
        pending = await challenges.find(challenge, Purpose.MOBILE_CHANGE, at, actor=actor)
        if pending.account != (viewer.company_id, viewer.admin_id):
            raise Invalid(Problem(ErrorCode.STATE, ("challenge",)))
        tried = await codes.attempt(pending, code, keys=keys, actor=actor, clock=clock)
        if tried.refusal is None:
            await enter(viewer.company_id)
            message = await _exchange(viewer, pending.mobile, clock)
            await challenges.end_all(viewer.company_id, viewer.admin_id, at)
            await _record(viewer, "admins.mobile_change", actor, clock)
    if tried.refusal is not None:
        raise tried.refusal
    await outbox.publish([message], queue=queue)


async def _exchange(viewer: Viewer, mobile: str, clock: Clock) -> UUID:
    """Write the new mobile, and the message to the old one; returns the outbox message."""
    (before,) = await query(
        "SELECT mobile FROM credential WHERE company_id = $1 AND admin_id = $2 FOR UPDATE",
        viewer.company_id,
        viewer.admin_id,
    )
    for statement in (
        "UPDATE credential SET mobile = $3 WHERE company_id = $1 AND admin_id = $2",
        "UPDATE admin SET mobile = $3 WHERE company_id = $1 AND id = $2",
    ):
        await query(statement, viewer.company_id, viewer.admin_id, mobile)
    return await account_messages.put(
        viewer.company_id, viewer.admin_id, MessageKind.MOBILE_CHANGED, before["mobile"], clock=clock
    )


async def _confirmed(viewer: Viewer, password: str, actor: Actor, clock: Clock) -> Known:
    """The account, once its present password is confirmed; raises Invalid (CREDENTIALS, LOCKED, TOO_LONG)."""
    passwords.check_length(password, "currentPassword")
    at = clock()
    async with directory():
        account = await credentials.known(viewer.company_id, viewer.admin_id)
        reserved = await locks.reserve(account.login_id, viewer.device, at)
        if isinstance(reserved, Locked):
            raise locks.locked(reserved.until)
        await enter(viewer.company_id)
        await _record(viewer, "admins.password_attempt", actor, clock)
    comparison = await passwords.compare(account.password_hash, password)
    async with tenant(viewer.company_id):
        if comparison.right:
            await locks.release(reserved)
            await _record(viewer, "admins.password_confirm", actor, clock)
            return account
        await _record(viewer, "admins.password_failure", actor, clock)
    raise locks.failed(reserved, "currentPassword")


async def _record(viewer: Viewer, action: str, actor: Actor, clock: Clock) -> None:
    await audit.record(viewer.company_id, actor, action, [viewer.admin_id], kind="Admin", clock=clock)
