"""A company's contract ends (CO-02, P7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from bizcall import admins, companies, contracts
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode
from bizcall.models.companies import PROVIDER_ID, CompanyState
from bizcall.models.feeds import FeedKind
from bizcall.models.provisioning import EventState
from bizcall.provisioning import Finding, Refused
from bizcall.provisioning import Reason as Because
from tests.accounts import Person, refused
from tests.contracts import REASON, acts, end, resume, suspend
from tests.dispatching import Campaign
from tests.doubles import RecordingQueue
from tests.factories import Tenant, owner_of
from tests.feeding import Feeder
from tests.phone_app import App
from tests.provisioning import OPERATOR, Provider, make_plans


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
