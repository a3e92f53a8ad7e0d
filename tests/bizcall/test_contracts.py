"""A company's contract is suspended, resumed (CO-01, S3) and ended (CO-02, P7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from bizcall import admins, companies, contracts
from bizcall.admins import passwords
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.dispatch import Outcome, account_messages
from bizcall.errors import ErrorCode, Invalid, NotFound
from bizcall.ids import uuid7
from bizcall.models import CompanyDirectory
from bizcall.models.companies import PROVIDER_ID, CompanyState
from bizcall.models.exports import State
from bizcall.models.feeds import FeedKind
from bizcall.models.provisioning import EventState
from bizcall.provisioning import Finding, Refused
from bizcall.provisioning import Reason as Because
from bizcall.reasons import Purpose, Reason
from tests.accounts import ACTOR, KEYS, OTHER_PASSWORD, SETTINGS, WRONG, Person, records, refused
from tests.dispatching import Campaign
from tests.doubles import RecordingQueue
from tests.exports import Clerk
from tests.factories import Tenant, owner_of
from tests.feeding import Feeder
from tests.phone_app import App
from tests.provisioning import Provider, make_plans

OPERATOR = Actor(ActorKind.OPERATOR, UUID(int=7), address="203.0.113.9", request_id="request-9")
REASON = Reason(Purpose.OTHER, "요금 미납 3개월")


async def suspend(company: Tenant, **given: Any) -> CompanyDirectory:
    return await contracts.suspend(company.id, REASON, actor=OPERATOR, **given)


async def resume(company: Tenant, **given: Any) -> CompanyDirectory:
    return await contracts.resume(company.id, REASON, actor=OPERATOR, **given)


@pytest.fixture
async def person(company: Tenant) -> Person:
    return await Person(company).register()


async def acts(company_id: UUID, subject: UUID) -> list[dict[str, Any]]:
    """What an operator did to a contract, as a trail tells it."""
    found = await records(company_id)
    return [row for row in found if row["action"].startswith("companies.") and row["subject_ids"] == [subject]]


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


async def end(company: Tenant, queue: RecordingQueue | None = None, **given: Any) -> CompanyDirectory:
    return await contracts.end(
        company.id, company.login_id, REASON, actor=OPERATOR, queue=queue or RecordingQueue(), **given
    )


@pytest.mark.parametrize("suspended", [False, True])
async def test_CO_02_P7_the_end_of_a_contract_ends_accounts_holdings_and_lines_and_frees_the_numbers(
    person: Person, stranger: Tenant, suspended: bool
) -> None:
    company, campaign = person.company, Campaign(person.company, clock=person.clock)
    await campaign.register()
    token = (await person.complete()).session.token
    if suspended:
        await suspend(company, clock=person.clock)
    person.clock.turn(minutes=1)

    found = await end(company, clock=person.clock)

    assert (found.state, found.state_changed_at) == (CompanyState.ENDED, person.clock())
    assert await admins.authenticate(token, clock=person.clock) is None
    assert (await refused(person.sign_in())).code is ErrorCode.CREDENTIALS
    async with tenant(company.id):
        held = await query("SELECT id FROM subscriber WHERE company_id = $1 AND ended_at IS NULL", company.id)
        lines = await query("SELECT id FROM line WHERE company_id = $1 AND retired_at IS NULL", company.id)
        staff = await query("SELECT id FROM admin WHERE company_id = $1 AND ended_at IS NULL", company.id)
    assert held == lines == staff == []
    assert [await owner_of(number) for number in company.numbers] == [None] * len(company.numbers)
    for attempt in (suspend(company), resume(company)):
        assert (await refused(attempt)).code is ErrorCode.STATE
    async with tenant(stranger.id):
        await companies.claim(stranger.id, [companies.LineDraft(company.login_id)])
    assert await owner_of(company.login_id) == stranger.id


async def test_CO_02_P7_a_companys_end_leaves_its_invitations_passwords_void_and_its_messages_unsent(
    company: Tenant,
) -> None:
    campaign = Campaign(company)
    await campaign.register()
    app = App(campaign)
    password = await app.invited()
    await end(company, clock=campaign.clock)
    assert await app.refused(password) == await app.refused("wrong2wrong2")
    await campaign.work()
    assert campaign.sms.calls == campaign.mail.calls == []


async def test_CO_02_P7_a_company_is_ended_by_its_own_number_only_and_once(company: Tenant, stranger: Tenant) -> None:
    for number in (stranger.login_id, company.numbers[1], "?"):
        wrong = contracts.end(company.id, number, REASON, actor=OPERATOR, queue=RecordingQueue())
        problem = await refused(wrong)
        assert (problem.code, problem.field) == (ErrorCode.CONFLICT, ("representativeNumber",))
    assert await acts(company.id, company.id) == []
    first = await end(company)
    assert (await end(company)).state_changed_at == first.state_changed_at
    for trail in (company.id, PROVIDER_ID):
        assert [row["action"] for row in await acts(trail, company.id)] == ["companies.end"]


@dataclass(frozen=True)
class Subscribed:
    """A company that the provider's event made, and the number that represents it."""

    id: UUID
    login_id: str


async def subscribed(provider: Provider, *places: int) -> Any:
    await provider.apply(provider.completed(*places))
    key = await provider.company_id()
    assert key
    return Subscribed(key, provider.number(places[0]))


async def test_CO_02_ON_01_of_an_ended_subscription_events_are_refused_and_who_waited_for_its_numbers_has_them(
    db: None,
) -> None:
    await make_plans()
    ours, theirs = Provider(), Provider()
    company = await subscribed(ours, 0, 1)
    neighbour = await subscribed(theirs, 0)
    wanted = theirs.changed("takes-over", 1, lines=[{"number": ours.number(1)}])
    assert (await theirs.apply(wanted)).state is EventState.WAITING
    unready = ours.changed("waits", 2, lines=[{"number": theirs.number(0)}])
    assert (await ours.apply(unready)).state is EventState.WAITING

    await end(company, ours.queue, clock=ours.clock)
    await ours.work()

    assert await owner_of(ours.number(1)) == neighbour.id
    assert (await theirs.found("takes-over")).state is EventState.APPLIED
    waited = await ours.found("waits")
    assert (waited.state, waited.reason) == (EventState.REJECTED, "SUBSCRIPTION_ENDED")
    assert (await ours.answer(f"{ours.subscription}:waits.json"))["code"] == "SUBSCRIPTION_ENDED"
    for late in (ours.changed("late", 3, retire=[ours.number(0)]), ours.completed(2, name="again")):
        with pytest.raises(Refused) as caught:
            await ours.apply(late)
        assert caught.value.findings == [Finding(Because.SUBSCRIPTION_ENDED, ("subscription",))]
    assert (await ours.apply(ours.completed(0, 1))).state is EventState.APPLIED
    assert await owner_of(ours.number(0)) is None


@pytest.mark.parametrize("kind", [FeedKind.CALLS, FeedKind.CUSTOMERS])
async def test_CO_02_P7_a_feed_for_an_ended_company_is_refused_as_a_whole(company: Tenant, kind: FeedKind) -> None:
    await end(company)
    feeder = Feeder(company.id, kind)
    file = await feeder.load([{"number": "01012345678", "name": "고객"}])
    assert (file.refusal, file.loaded) == ("COMPANY_ENDED", 0)
    assert [line["code"] for line in await feeder.rejects(file)] == ["COMPANY_ENDED"]
