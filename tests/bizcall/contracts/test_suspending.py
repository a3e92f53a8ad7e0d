"""A company's contract is suspended and resumed (CO-01, S3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bizcall import admins, contracts
from bizcall.admins import passwords
from bizcall.database import directory, query, tenant
from bizcall.dispatch import Outcome, account_messages
from bizcall.errors import ErrorCode, Invalid, NotFound
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID, CompanyState
from bizcall.models.exports import State
from bizcall.reasons import Purpose, Reason
from tests.accounts import ACTOR, KEYS, OTHER_PASSWORD, SETTINGS, WRONG, Person, refused
from tests.contracts import REASON, acts, resume, suspend
from tests.dispatching import Campaign
from tests.exports import Clerk
from tests.factories import Tenant
from tests.phone_app import App
from tests.provisioning import OPERATOR


async def test_CO_01_S3_a_suspended_companys_sessions_end_at_once_and_its_half_done_sign_in_leads_nowhere(
    person: Person, stranger: Tenant
) -> None:
    token = (await person.complete()).session.token
    other = (await (await Person(stranger, clock=person.clock).register()).complete()).session.token
    person.clock.turn(seconds=31)
    half = await person.sign_in()
    code = await person.ask(half)

    found = await suspend(person.company, clock=person.clock)

    assert (found.state, found.state_changed_at) == (CompanyState.SUSPENDED, person.clock())
    assert await admins.authenticate(token, clock=person.clock) is None
    assert await admins.authenticate(other, clock=person.clock) is not None
    assert (await refused(person.verify(half, code))).code is ErrorCode.STATE
    assert (await refused(person.ask(half))).code is ErrorCode.STATE


async def test_CO_01_S3_the_right_password_of_a_suspended_company_is_answered_like_a_wrong_one_and_like_nobodys(
    person: Person, stranger: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7: the same answer, after the same comparison."""
    await suspend(person.company, clock=person.clock)
    compared: list[str | None] = []
    compare = passwords.compare

    async def noted(stored: str | None, password: str) -> Any:
        compared.append(stored)
        return await compare(stored, password)

    monkeypatch.setattr(passwords, "compare", noted)
    answers = [
        await refused(person.sign_in()),
        await refused(person.sign_in(login_id=stranger.numbers[3])),
        await refused(person.sign_in(WRONG)),
    ]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0].code is ErrorCode.CREDENTIALS
    assert compared == [None, None, None]
    assert (await person.actions())[-1] == "admins.sign_in_failure"


async def test_CO_01_S3_of_a_sign_in_and_a_suspension_at_once_the_later_one_finds_the_other(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The company is suspended while the password is compared, when no transaction is open."""
    compare = passwords.compare

    async def slow(stored: str | None, password: str) -> Any:
        compared = await compare(stored, password)
        await suspend(person.company, clock=person.clock)
        return compared

    monkeypatch.setattr(passwords, "compare", slow)

    assert (await refused(person.sign_in())).code is ErrorCode.CREDENTIALS


async def test_CO_01_S3_a_reset_for_a_suspended_company_is_a_strangers(person: Person) -> None:
    before, code = await person.reset_code()
    await suspend(person.company, clock=person.clock)
    answer = admins.reset_verify(before.token, code, keys=KEYS, actor=ACTOR, clock=person.clock)
    assert (await refused(answer)).code is ErrorCode.STATE
    person.clock.turn(seconds=31)
    sent = len(person.phone.sent)
    begun = await admins.reset_code_send(person.company.mobile, actor=ACTOR, queue=person.queue, clock=person.clock)
    assert await person.deliver() is Outcome.DECOY
    assert len(person.phone.sent) == sent
    answer = admins.reset_verify(begun.half.token, "000000", keys=KEYS, actor=ACTOR, clock=person.clock)
    assert (await refused(answer)).code is ErrorCode.CODE_WRONG


async def test_CO_01_S3_a_registration_under_way_is_over_and_nobody_is_appointed_meanwhile(company: Tenant) -> None:
    person = Person(company)
    registration = await person.registration(await person.invite())
    person.clock.turn(seconds=31)
    code = await person.registration_code(registration)
    await suspend(company, clock=person.clock)
    answer = admins.register(registration.token, code, person.form(), keys=KEYS, actor=ACTOR, clock=person.clock)
    assert (await refused(answer)).code is ErrorCode.STATE
    assert (await refused(person.invite())).code is ErrorCode.STATE
    replaced = admins.replace(
        company.admin_id, "010-5550-0077", keys=KEYS, actor=OPERATOR, queue=person.queue, clock=person.clock
    )
    assert (await refused(replaced)).code is ErrorCode.STATE
    assert (await admins.account(company.admin_id)).ended_at is None


async def test_CO_01_S3_who_is_resumed_signs_in_with_his_password_and_with_no_former_session(person: Person) -> None:
    token = (await person.complete()).session.token
    await suspend(person.company, clock=person.clock)
    person.clock.turn(minutes=1)

    found = await resume(person.company, clock=person.clock)

    assert (found.state, found.state_changed_at) == (CompanyState.ACTIVE, person.clock())
    assert await admins.authenticate(token, clock=person.clock) is None
    assert (await refused(person.sign_in(OTHER_PASSWORD))).code is ErrorCode.CREDENTIALS
    assert await admins.authenticate((await person.complete()).session.token, clock=person.clock) is not None


async def test_CO_01_S3_the_apps_server_is_refused_as_for_a_wrong_password_until_the_company_is_resumed(
    company: Tenant,
) -> None:
    campaign = Campaign(company)
    await campaign.register()
    app = App(campaign)
    password = await app.invited()
    await suspend(company, clock=campaign.clock)
    right, wrong = await app.refused(password), await app.refused("wrong2wrong2")
    assert right == wrong
    assert right.code is ErrorCode.CREDENTIALS
    await resume(company, clock=campaign.clock)
    assert (await app.sign_in(password)).number == app.number


async def test_CO_01_S3_no_message_leaves_for_a_suspended_company(company: Tenant) -> None:
    campaign, person = Campaign(company), Person(company)
    await campaign.register()
    await campaign.send(campaign.people[0])
    welcome = await admins.prepare(company.admin_id, keys=KEYS)
    async with tenant(company.id):
        await admins.invite(
            company.id,
            company.admin_id,
            login_id=company.login_id,
            welcome=welcome,
            actor=ACTOR,
            clock=person.clock,
        )
    await suspend(company)

    await campaign.work()

    assert campaign.sms.calls == campaign.mail.calls == []
    async with tenant(company.id):
        rows = await query("SELECT state, reason FROM delivery WHERE company_id = $1", company.id)
    assert {(row["state"], row["reason"]) for row in rows} == {("FAILED", "COMPANY_INACTIVE")}
    async with directory():
        [row] = await query("SELECT id FROM account_message WHERE company_id = $1", company.id)
    told = await _deliver(person, row["id"])
    assert told is Outcome.EXPIRED
    assert person.phone.sent == []
    async with directory():
        [row] = await query("SELECT state, reason FROM account_message WHERE company_id = $1", company.id)
    assert (row["state"], row["reason"]) == ("FAILED", "COMPANY_INACTIVE")


async def _deliver(person: Person, message_id: UUID) -> Outcome:
    site = account_messages.Site.of(SETTINGS)
    return await account_messages.deliver(message_id, sms=person.phone, keys=KEYS, site=site, clock=person.clock)


async def test_CO_01_S3_an_export_under_way_is_cancelled(company: Tenant) -> None:
    clerk = Clerk(company)
    made = await clerk.ask()
    await suspend(company, clock=clerk.clock)
    async with tenant(company.id):
        [row] = await query("SELECT state FROM export WHERE company_id = $1 AND id = $2", company.id, made.id)
    async with directory():
        assert not await query("SELECT 1 FROM export_deadline WHERE export_id = $1", made.id)
    assert row["state"] == State.CANCELLED


async def test_CO_01_S3_each_act_stands_in_both_trails_once_however_often_it_is_asked_for(company: Tenant) -> None:
    for _ in range(2):
        await suspend(company)
    for _ in range(2):
        await resume(company)
    for trail in (company.id, PROVIDER_ID):
        found = await acts(trail, company.id)
        assert [(row["action"], row["actor_id"]) for row in found] == [
            ("companies.suspend", OPERATOR.id),
            ("companies.resume", OPERATOR.id),
        ]
        assert all("요금 미납 3개월" in row["details"] for row in found)


async def test_CO_01_S3_nothing_is_suspended_without_a_reason_nor_the_provider_nor_nobody(company: Tenant) -> None:
    with pytest.raises(Invalid):
        await contracts.suspend(company.id, Reason(Purpose.OTHER, "....."), actor=OPERATOR)
    for missing in (PROVIDER_ID, uuid7()):
        with pytest.raises(NotFound):
            await contracts.suspend(missing, REASON, actor=OPERATOR)
    async with directory():
        [row] = await query("SELECT state FROM company_directory WHERE company_id = $1", company.id)
    assert row["state"] == CompanyState.ACTIVE
    assert await acts(company.id, company.id) == []
