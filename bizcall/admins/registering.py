"""Registration at the first sign-in (AU-02): the form, and a second code to the mobile given at subscription.

It follows the temporary password and its code, and ends at the sign-in screen again: it opens no session (AU-03).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bizcall import audit, phones
from bizcall.admins import challenges, codes, credentials, profiles
from bizcall.admins.codes import Sent
from bizcall.admins.profiles import Profile
from bizcall.audit import Actor
from bizcall.database import directory, enter
from bizcall.dispatch import outbox
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.keys import Keys
from bizcall.models.accounts import Purpose
from bizcall.ports import Clock, Queue, now


@dataclass(frozen=True)
class Form:
    """What an administrator fills in. `mobile` must be the one given at subscription."""

    password: str
    password_confirmation: str
    profile: Profile
    mobile: str


async def registration_code_send(
    challenge: str, mobile: str, *, actor: Actor, queue: Queue, clock: Clock = now
) -> Sent:
    """Send the registration's code, if the mobile is the one given at subscription.

    Raises Invalid: STATE, LOCKED, TOO_SOON, OTHER_MOBILE.
    """
    async with directory():
        pending = await challenges.find(challenge, Purpose.REGISTRATION, clock(), actor=actor)
        _check_mobile(mobile, pending.mobile)
        issued = await codes.issue(pending, actor=actor, clock=clock)
    await outbox.publish([issued.message], queue=queue)
    return issued.sent


async def register(challenge: str, code: str, form: Form, *, keys: Keys, actor: Actor, clock: Clock = now) -> UUID:
    """Register the administrator and return his key; from now on he signs in with the password he has chosen.

    The form is checked before the code is compared, so that mending it costs no try. Raises Invalid: STATE, LOCKED,
    what the form's fields lack, OTHER_MOBILE, CODE_WRONG with `triesLeft`, CODE_EXPIRED.
    """
    profile = form.profile.checked()
    async with directory():
        pending = await challenges.find(challenge, Purpose.REGISTRATION, clock(), actor=actor)
        company_id, admin_id = pending.account
        _check_mobile(form.mobile, pending.mobile)
        account = await credentials.known(company_id, admin_id)
    password_hash = await credentials.chosen(form.password, form.password_confirmation, account, "password")
    at = clock()
    async with directory():
        pending = await challenges.find(challenge, Purpose.REGISTRATION, at, actor=actor)
        tried = await codes.attempt(pending, code, keys=keys, actor=actor, clock=clock)
        if tried.refusal is None:
            await enter(company_id)
            await credentials.settle(company_id, admin_id, password_hash, at)
            await profiles.write(company_id, admin_id, profile)
            await audit.record(company_id, actor, "admins.register", [admin_id], kind="Admin", clock=clock)
            return admin_id
    raise tried.refusal


def _check_mobile(given: str, subscribed: str) -> None:
    if phones.normalise(given) != subscribed:
        raise Invalid(Problem(ErrorCode.OTHER_MOBILE, ("mobile",)))
