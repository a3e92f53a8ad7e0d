"""A fresh code in an open session, before data is taken away or messages go to many (security S6).

Whoever finds a session open, or has stolen its token, can look, but can neither download what the company knows nor
have it mask customers no more, nor send temporary passwords, nor, as an operator, enter companies, replace their
administrators or publish to all of them: for that a code has to have been right within the last ten minutes, which the
code of the sign-in is too. What asks for it calls `Viewer.demand_fresh`; a sending to a few calls `demand_for_sending`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bizcall import audit, throttles
from bizcall.admins import challenges, codes, sessions
from bizcall.admins.challenges import Half
from bizcall.admins.codes import Sent
from bizcall.admins.sessions import Viewer
from bizcall.audit import Actor
from bizcall.database import directory, enter, query
from bizcall.dispatch import outbox
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem, Throttled
from bizcall.keys import Keys
from bizcall.models.accounts import Purpose
from bizcall.ports import Clock, Queue, now
from bizcall.throttles import Bucket

UNCONFIRMED_MOST = 10
"""To how many subscribers one sending goes without a fresh code; of these there are few in an hour, or many sendings to
ten would be one to all.
"""

NEVER = datetime.min.replace(tzinfo=UTC)


async def demand_for_sending(viewer: Viewer, recipients: int | None, *, clock: Clock = now) -> datetime | None:
    """Let pass a sending to so many, None for whomever a filter finds; raises Invalid: CODE_REQUIRED.

    Without a fresh code a sending to 10 at the most passes, and is counted, whatever comes of it; returned is when a
    code was last right in the session, so that contacts which were set later can be refused with it. None with a fresh
    code, which vouches for all. Opens a transaction.
    """
    at = clock()
    if viewer.is_fresh(at):
        return None
    if recipients is None or recipients > UNCONFIRMED_MOST:
        viewer.demand_fresh(at)
    try:
        async with directory():
            await throttles.take(Bucket.UNCONFIRMED_SENDING, str(viewer.admin_id), at=at)
    except Throttled:
        raise Invalid(Problem(ErrorCode.CODE_REQUIRED)) from None
    return NEVER if viewer.fresh_until is None else viewer.fresh_until - sessions.FRESH


async def fresh_code_send(viewer: Viewer, *, actor: Actor, queue: Queue, clock: Clock = now) -> tuple[Half, Sent]:
    """Send a code to the account's own mobile. Raises Invalid: LOCKED and TOO_SOON with `until`; and Throttled."""
    async with directory():
        (account,) = await query(
            "SELECT mobile FROM credential WHERE company_id = $1 AND admin_id = $2 FOR NO KEY UPDATE",
            viewer.company_id,
            viewer.admin_id,
        )
        half, issued = await codes.begin(Purpose.FRESH_FACTOR, account["mobile"], viewer, actor=actor, clock=clock)
    await outbox.publish([issued.message], queue=queue)
    return half, issued.sent


async def fresh_code_confirm(
    viewer: Viewer, challenge: str, code: str, *, keys: Keys, actor: Actor, clock: Clock = now
) -> datetime:
    """Make the session fresh, and return until when.

    Raises Invalid: STATE (over, another account's, or the session has ended), LOCKED, CODE_WRONG with `triesLeft`,
    CODE_EXPIRED.
    """
    at = clock()
    over = Invalid(Problem(ErrorCode.STATE, ("challenge",)))
    async with directory():
        pending = await challenges.find(challenge, Purpose.FRESH_FACTOR, at, actor=actor)
        if pending.account != (viewer.company_id, viewer.admin_id):
            raise over
        tried = await codes.attempt(pending, code, keys=keys, actor=actor, clock=clock)
        if tried.refusal is None:
            await challenges.finish(pending, at)
            try:
                until = await sessions.freshen(viewer, at)
            except NotFound:
                raise over from None
            await enter(viewer.company_id)
            await audit.record(
                viewer.company_id,
                actor,
                "admins.code_confirm",
                [viewer.admin_id],
                kind="Admin",
                clock=clock,
            )
            return until
    # Raised after the commit: inside, the rollback would give the try back.
    raise tried.refusal
