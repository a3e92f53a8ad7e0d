"""Who is invited, who can't be, and that asking twice invites once (IN-10)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from bizcall import invitations
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.ids import uuid7
from bizcall.invitations import listing
from bizcall.invitations.requesting import IDS_MOST
from bizcall.models.companies import OnError
from bizcall.models.dispatch import Channel, DeliveryState
from bizcall.paging import Slice
from bizcall.ports import GatewayRefused
from bizcall.subscribers import editing
from bizcall.subscribers.listing import LineFilter, OnboardingState, held
from tests.dispatching import Campaign
from tests.factories import Tenant, make_tenant
from tests.statements import counted

UNBALANCED = """
SELECT invitation.id FROM invitation
LEFT JOIN delivery ON delivery.company_id = $1 AND delivery.invitation_id = invitation.id
WHERE invitation.company_id = $1
GROUP BY invitation.company_id, invitation.id, invitation.channels
HAVING count(delivery.id) <> cardinality(invitation.channels)
"""


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


def told(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[ErrorCode, str]]:
    """Codes and paths of a refusal."""
    return [(problem.code, ".".join(problem.field)) for problem in refused.value.problems]


async def test_IN_10_each_is_invited_by_the_channels_he_has(campaign: Campaign) -> None:
    both, mobile, mail = [
        *await campaign.register(),
        *await campaign.register(email=None),
        *await campaign.register(mobile=None),
    ]
    requested = await campaign.send()
    assert requested.batch is not None
    assert (requested.batch.invitations, requested.batch.deliveries) == (3, 4)
    async with tenant(campaign.company.id):
        rows = await query(
            "SELECT subscriber_id, channels, created_at, expires_at FROM invitation WHERE company_id = $1",
            campaign.company.id,
        )
        assert await query(UNBALANCED, campaign.company.id) == []
    assert {row["subscriber_id"]: row["channels"] for row in rows} == {
        both: ["SMS", "EMAIL"],
        mobile: ["SMS"],
        mail: ["EMAIL"],
    }
    assert {row["expires_at"] - row["created_at"] for row in rows} == {timedelta(days=7)}


async def test_IN_10_each_row_that_cannot_be_invited_is_told_with_its_place(
    campaign: Campaign, stranger: Tenant
) -> None:
    good, off, nothing, gone, waiting = [
        *await campaign.register(),
        *await campaign.register(app_enabled=False),
        *await campaign.register(mobile=None, email=None),
        *await campaign.register(ended_at=campaign.clock()),
        *await campaign.register(),
    ]
    [foreign] = await Campaign(stranger).register()
    await campaign.send(waiting)
    ids = [good, off, nothing, gone, waiting, foreign, good]
    with pytest.raises(Invalid) as refused:
        await campaign.send(*ids)
    expected = [
        (ErrorCode.APP_DISABLED, "subscriberIds.1"),
        (ErrorCode.NO_RECIPIENT, "subscriberIds.2"),
        (ErrorCode.STATE, "subscriberIds.3"),
        (ErrorCode.STATE, "subscriberIds.4"),
        (ErrorCode.NOT_FOUND, "subscriberIds.5"),
        (ErrorCode.DUPLICATE, "subscriberIds.6"),
    ]
    assert told(refused) == expected
    assert len(await campaign.rows()) == 2

    requested = await campaign.send(*ids, on_error=OnError.SKIP_BAD_ROWS)
    assert [(problem.code, ".".join(problem.field)) for problem in requested.problems] == expected
    assert requested.batch is not None
    assert requested.batch.invitations == 1
    nobody = await campaign.send(off, on_error=OnError.SKIP_BAD_ROWS)
    assert (nobody.batch, [problem.code for problem in nobody.problems]) == (None, [ErrorCode.APP_DISABLED])


async def test_a_channel_that_a_subscriber_lacks_is_no_recipient(campaign: Campaign) -> None:
    await campaign.register(email=None)
    with pytest.raises(Invalid) as refused:
        await campaign.send(channels=[Channel.EMAIL])
    assert told(refused) == [(ErrorCode.NO_RECIPIENT, "subscriberIds.0")]
    with pytest.raises(Invalid) as refused:
        await campaign.send(channels=[])
    assert told(refused) == [(ErrorCode.REQUIRED, "channels")]


async def test_the_bounds_of_a_request(campaign: Campaign) -> None:
    with pytest.raises(Invalid) as refused:
        await campaign.send(*[uuid7() for _ in range(IDS_MOST + 1)])
    assert told(refused) == [(ErrorCode.TOO_MANY, "subscriberIds")]
    with pytest.raises(Invalid) as refused:
        await campaign.send()
    assert told(refused) == [(ErrorCode.REQUIRED, "subscriberIds")]


async def test_the_same_key_invites_once_also_at_the_same_time(campaign: Campaign) -> None:
    await campaign.register(3)
    asked = await asyncio.gather(*(campaign.send(idempotency_key="once") for _ in range(5)))
    assert len({requested.batch.id for requested in asked if requested.batch}) == 1
    assert len(await campaign.rows()) == 6
    with pytest.raises(Invalid) as refused:
        await campaign.send(idempotency_key="once", channels=[Channel.SMS])
    assert told(refused) == [(ErrorCode.KEY_REUSED, "idempotencyKey")]


async def test_two_requests_at_once_for_one_subscriber_invite_him_once(campaign: Campaign) -> None:
    await campaign.register()
    asked = await asyncio.gather(*(campaign.send() for _ in range(5)), return_exceptions=True)
    assert Counter(type(result).__name__ for result in asked) == {"Requested": 1, "Invalid": 4}


async def filtered(campaign: Campaign, expected: int, wanted: LineFilter) -> invitations.Requested:
    """Invite whom a filter finds."""
    return await invitations.send_filtered(
        campaign.company.id,
        campaign.actor,
        wanted,
        expected_count=expected,
        idempotency_key=f"filtered {uuid7()}",
        queue=campaign.queue,
        clock=campaign.clock,
    )


async def test_IN_10_all_whom_a_filter_finds_are_invited_if_they_are_as_many_as_expected(campaign: Campaign) -> None:
    await campaign.register(4)
    await campaign.register(2, app_enabled=False)
    with pytest.raises(Invalid) as refused:
        await filtered(campaign, 5, LineFilter(app_enabled=True))
    assert told(refused) == [(ErrorCode.CONFLICT, "expectedCount")]
    assert refused.value.problems[0].params == {"actual": "4"}
    assert (await filtered(campaign, 4, LineFilter(app_enabled=True))).batch is not None
    assert len(await campaign.rows()) == 8
    with pytest.raises(Invalid) as refused:
        await filtered(campaign, 6, LineFilter())
    assert sorted((problem.code, problem.params["count"]) for problem in refused.value.problems) == [
        (ErrorCode.APP_DISABLED, "2"),
        (ErrorCode.STATE, "4"),
    ]
    with pytest.raises(Invalid) as refused:
        await filtered(campaign, 0, LineFilter(search="없는 이름"))
    assert told(refused) == [(ErrorCode.REQUIRED, "filter")]


async def test_a_thousand_invitations_take_a_bounded_number_of_statements(db: None) -> None:
    campaign = Campaign(await make_tenant(lines=1_000))
    await campaign.register(1_000)
    with counted() as statements:
        await filtered(campaign, 1_000, LineFilter())
    assert len(statements) <= 16
    assert len(campaign.queue.letters) == 500


async def test_IN_10_failed_messages_are_sent_again_to_where_the_subscriber_is_reached_now(campaign: Campaign) -> None:
    await campaign.register()
    await campaign.send()
    rows = {row["channel"]: row for row in await campaign.rows()}
    async with tenant(campaign.company.id):
        await query("UPDATE subscriber SET mobile = '01012340000' WHERE company_id = $1", campaign.company.id)
    await campaign.work()
    [invitation_id] = {row["invitation_id"] for row in rows.values()}

    async def resend(**options: object) -> invitations.Resent:
        given = {"idempotency_key": f"again {uuid7()}", "queue": campaign.queue, "clock": campaign.clock, **options}
        return await invitations.resend(campaign.company.id, campaign.actor, [invitation_id], **given)  # type: ignore[arg-type]  # as given

    with pytest.raises(Invalid) as refused:
        await resend(channels=[Channel.EMAIL])
    assert told(refused) == [(ErrorCode.STATE, "invitationIds.0")]
    assert (await resend(idempotency_key="again")).invitation_ids == [invitation_id]
    assert (await resend(idempotency_key="again")).invitation_ids == [invitation_id]
    await campaign.work()
    assert [call.to for call in campaign.sms.calls] == ["01012340000"]
    assert len(campaign.mail.calls) == 1
    assert {row["state"] for row in await campaign.rows()} == {"SENT"}
    with pytest.raises(Invalid):
        await resend()


async def test_S6_what_is_sent_again_to_contacts_of_later_than_the_last_code_asks_for_another(
    campaign: Campaign,
) -> None:
    campaign.sms.always = GatewayRefused("1029")
    [person] = await campaign.register()
    await campaign.send(channels=[Channel.SMS])
    await campaign.work()
    [row] = await campaign.rows()

    async def resend() -> invitations.Resent:
        return await invitations.resend(
            campaign.company.id, campaign.actor, [row["invitation_id"]], idempotency_key=f"again {uuid7()}",
            vouched_until=vouched_until, queue=campaign.queue, clock=campaign.clock,
        )  # fmt: skip

    vouched_until = campaign.clock()
    assert (await resend()).invitation_ids == [row["invitation_id"]]
    await campaign.work()
    campaign.clock.turn(seconds=1)
    draft = editing.Draft(campaign.company.line_ids[0], {"mobile": "01012340000"}, person, revision=1)
    await editing.save(campaign.company.id, campaign.actor, [draft], clock=campaign.clock)
    with pytest.raises(Invalid) as refused:
        await resend()
    assert told(refused) == [(ErrorCode.CODE_REQUIRED, "")]
    vouched_until = campaign.clock()
    assert (await resend()).invitation_ids == [row["invitation_id"]]


async def test_what_cannot_be_sent_again_is_told_with_its_place(campaign: Campaign, stranger: Tenant) -> None:
    other = Campaign(stranger)
    foreign = await other.one()
    await campaign.one()
    [row] = await campaign.rows()
    async with tenant(campaign.company.id):
        await query("UPDATE subscriber SET app_enabled = false WHERE company_id = $1", campaign.company.id)
    await campaign.work()
    ids = [row["invitation_id"], (await other.rows())[0]["invitation_id"], uuid7()]

    async def refusals() -> list[tuple[ErrorCode, str]]:
        with pytest.raises(Invalid) as refused:
            await invitations.resend(
                campaign.company.id, campaign.actor, ids, idempotency_key=str(uuid7()), queue=campaign.queue,
                clock=campaign.clock,
            )  # fmt: skip
        return told(refused)

    missing = [(ErrorCode.NOT_FOUND, "invitationIds.1"), (ErrorCode.NOT_FOUND, "invitationIds.2")]
    assert foreign is not None
    assert await refusals() == [(ErrorCode.APP_DISABLED, "invitationIds.0"), *missing]
    async with tenant(campaign.company.id):
        await query(
            "UPDATE subscriber SET app_enabled = true, mobile = NULL WHERE company_id = $1", campaign.company.id
        )
    assert await refusals() == [(ErrorCode.NO_RECIPIENT, "invitationIds.0"), *missing]
    campaign.clock.turn(days=7)
    assert await refusals() == [(ErrorCode.CODE_EXPIRED, "invitationIds.0"), *missing]


async def test_IN_10_the_list_finds_messages_by_state_and_channel_together(campaign: Campaign) -> None:
    await campaign.register(3)
    await campaign.send(channels=[Channel.SMS])
    await campaign.work()
    [late] = await campaign.register()
    await campaign.send(late)
    company_id = campaign.company.id

    async def found(**wanted: object) -> int:
        async with tenant(company_id):
            page = await listing.listing(company_id, listing.InvitationFilter(**wanted)).page(Slice(first=100))  # type: ignore[arg-type]  # as given
        return len(page.rows)

    assert await found() == 4
    assert await found(states=[DeliveryState.SENT]) == 3
    assert await found(states=[DeliveryState.QUEUED], channels=[Channel.EMAIL]) == 1
    assert await found(states=[DeliveryState.SENT], channels=[Channel.EMAIL]) == 0
    assert await found(subscriber_ids=[late]) == 1
    assert await found(subscriber_ids=[]) == 0


async def test_IN_10_whoever_was_invited_and_stays_silent_is_found(campaign: Campaign) -> None:
    old, fresh, signed, never = await campaign.register(4)
    at = campaign.clock()
    async with tenant(campaign.company.id):
        for key, days, signed_in in [(old, 8, None), (fresh, 6, None), (signed, 8, at)]:
            await query(
                "UPDATE subscriber SET invited_at = $3, app_signed_in_at = $4 WHERE company_id = $1 AND id = $2",
                campaign.company.id, key, at - timedelta(days=days), signed_in,
            )  # fmt: skip

    async def found(wanted: LineFilter) -> set[object]:
        async with tenant(campaign.company.id):
            return set(await held(campaign.company.id, wanted, limit=100, clock=campaign.clock))

    assert await found(LineFilter(silent_days=7)) == {old}
    assert await found(LineFilter(silent_days=0)) == {old, fresh}
    assert await found(LineFilter(onboarding=[OnboardingState.REGISTERED])) == {never}
    assert await found(LineFilter(onboarding=[OnboardingState.INVITED])) == {old, fresh}
    assert await found(LineFilter(onboarding=[OnboardingState.SIGNED_IN, OnboardingState.REGISTERED])) == {
        signed,
        never,
    }
    assert await found(LineFilter(onboarding=[])) == set()
