"""Valid inputs of what is done to accounts: signing in, registering, resetting."""

from __future__ import annotations

import secrets
from typing import Any

from bizcall import admins
from bizcall.admins import challenges, codes
from bizcall.database import directory, query, tenant
from bizcall.dispatch import outbox
from bizcall.models.accounts import Purpose
from schema.node import encode
from tests.accounts import ACTOR, KEYS, PASSWORD, Person
from tests.dispatching import Campaign
from tests.doubles import RecordingQueue
from tests.factories import make_tenant
from tests.phone_app import App
from tests.security.office import Office


def password() -> str:
    """A new one that PW-01 lets pass."""
    return f"Quiet{secrets.token_hex(6)}7Horse"


async def guest(office: Office) -> Person:
    """The administrator of a company of his own, who has registered."""
    return await Person(await make_tenant(lines=2), clock=office.clock, queue=RecordingQueue()).register()


async def invited(office: Office) -> tuple[Person, str]:
    """An administrator who has not registered, and his temporary password."""
    someone = Person(await make_tenant(lines=2), clock=office.clock, queue=RecordingQueue())
    company = someone.company
    welcome = await admins.prepare(company.admin_id, keys=KEYS)
    async with tenant(company.id):
        await admins.invite(
            company.id, company.admin_id, login_id=company.login_id, welcome=welcome, actor=ACTOR, clock=office.clock
        )
    return someone, KEYS.password(welcome.message_id, company.admin_id)


async def registering(office: Office) -> tuple[Person, str]:
    """An administrator whose temporary password and code were right, and the challenge of the form."""
    someone, temporary = await invited(office)
    half = await someone.sign_in(temporary)
    step = await someone.step(half, await someone.ask(half))
    assert isinstance(step, admins.Half)
    return someone, step.token


async def resetting(office: Office, *, verified: bool) -> tuple[Person, str, str]:
    """Somebody who resets his password, the challenge, and its code."""
    someone = await guest(office)
    begun = await admins.reset_code_send(someone.company.mobile, actor=ACTOR, queue=someone.queue, clock=office.clock)
    await someone.deliver()
    code = someone.phone.code
    if verified:
        await admins.reset_verify(begun.half.token, code, keys=KEYS, actor=ACTOR, clock=office.clock)
    return someone, begun.half.token, code


async def app_sign_in(office: Office) -> dict[str, Any]:
    campaign = Campaign(await make_tenant(lines=2), clock=office.clock)
    await campaign.register()
    app = App(campaign)
    return {"input": {"number": app.number, "password": await app.invited()}}


async def sign_in(office: Office) -> dict[str, Any]:
    someone = await guest(office)
    device = (await someone.complete()).device_token
    return {"input": {"loginId": someone.company.login_id, "password": PASSWORD, "deviceToken": device}}


async def sign_in_code_send(office: Office) -> dict[str, Any]:
    return {"input": {"challenge": (await (await guest(office)).sign_in()).token}}


async def sign_in_verify(office: Office) -> dict[str, Any]:
    someone = await guest(office)
    half = await someone.sign_in()
    return {"input": {"challenge": half.token, "code": await someone.ask(half), "deviceToken": "A" * 43}}


async def registration_code_send(office: Office) -> dict[str, Any]:
    someone, challenge = await registering(office)
    return {"input": {"challenge": challenge, "mobile": someone.company.mobile}}


async def admin_register(office: Office) -> dict[str, Any]:
    someone, challenge = await registering(office)
    mobile, chosen = someone.company.mobile, password()
    await admins.registration_code_send(challenge, mobile, actor=ACTOR, queue=someone.queue, clock=office.clock)
    await someone.deliver()
    form = {"name": office.fresh(), "email": "new@office.example", "mobile": mobile}
    secret = {"password": chosen, "passwordConfirmation": chosen, "code": someone.phone.code, "challenge": challenge}
    return {"input": {**form, **secret}}


async def password_reset_code_send(office: Office) -> dict[str, Any]:
    return {"input": {"mobile": (await guest(office)).company.mobile}}


async def password_reset_verify(office: Office) -> dict[str, Any]:
    _, challenge, code = await resetting(office, verified=False)
    return {"input": {"challenge": challenge, "code": code}}


async def password_reset(office: Office) -> dict[str, Any]:
    someone, challenge, _ = await resetting(office, verified=True)
    chosen, account = password(), encode("Admin", someone.company.admin_id)
    secret = {"password": chosen, "passwordConfirmation": chosen, "challenge": challenge}
    return {"input": {**secret, "account": account}}


async def representative_number_find(office: Office) -> dict[str, Any]:
    return {"input": {"number": (await make_tenant(lines=2)).numbers[1]}}


async def viewer_save(office: Office) -> dict[str, Any]:
    return {"input": {"name": office.fresh(), "department": office.fresh(), "position": office.fresh()}}


async def viewer_password_change(office: Office) -> dict[str, Any]:
    chosen = password()
    await office.person.register()
    return {"input": {"currentPassword": PASSWORD, "password": chosen, "passwordConfirmation": chosen}}


async def viewer_mobile_code_send(office: Office) -> dict[str, Any]:
    await office.person.register()
    return {"input": {"currentPassword": PASSWORD, "mobile": f"0102{secrets.randbelow(10**7):07d}"}}


async def viewer_mobile_change(office: Office) -> dict[str, Any]:
    given, someone = (await viewer_mobile_code_send(office))["input"], office.person
    half, _ = await admins.mobile_code_send(
        office.viewer,
        PASSWORD,
        given["mobile"],
        actor=office.actor,
        queue=office.queue,
        clock=office.clock,
    )
    await someone.deliver()
    return {"input": {"challenge": half.token, "code": someone.phone.code}}


async def viewer_code_confirm(office: Office) -> dict[str, Any]:
    """Of a mobile that no code went to lately: one's own gets one in 30 seconds. Registering ended the session."""
    at, someone = office.clock(), office.person
    async with directory():
        await query(
            "UPDATE session SET ended_at = NULL WHERE company_id = $1 AND id = $2",
            office.company.id,
            office.viewer.session_id,
        )
        half = await challenges.begin(
            Purpose.FRESH_FACTOR,
            f"0103{secrets.randbelow(10**7):07d}",
            company_id=office.company.id,
            admin_id=office.company.admin_id,
            device=office.viewer.device,
            at=at,
        )
        pending = await challenges.find(half.token, Purpose.FRESH_FACTOR, at, actor=office.actor)
        issued = await codes.issue(pending, actor=office.actor, clock=office.clock)
    await outbox.publish([issued.message], queue=office.queue)
    await someone.deliver()
    return {"input": {"challenge": half.token, "code": someone.phone.code}}


async def session_end(office: Office) -> dict[str, Any]:
    await office.person.register()
    office.clock.turn(minutes=1)
    opened = await office.person.complete()
    return {"id": encode("Session", opened.session.viewer.session_id)}


async def admin_welcome_resend(office: Office) -> dict[str, Any]:
    someone, _ = await invited(office)
    async with tenant(someone.company.id):
        [row] = await query("SELECT name FROM company WHERE id = $1", someone.company.id)
    return {"input": {"representativeNumber": someone.company.login_id, "companyName": row["name"]}}


async def admin_act(office: Office) -> dict[str, Any]:
    return {"id": encode("Admin", (await guest(office)).company.admin_id)}


async def admin_replace(office: Office) -> dict[str, Any]:
    return {**await admin_act(office), "input": {"mobile": f"0103{secrets.randbelow(10**7):07d}"}}
