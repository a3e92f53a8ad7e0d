"""Messages whose worker died or whose gateway was silent: found out about, or marked and listed (W3, W6)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizcall import invitations
from bizcall.database import directory, query, tenant
from bizcall.dispatch import claims
from bizcall.dispatch.deliveries import Delivered
from bizcall.ids import uuid7
from bizcall.models.dispatch import Channel
from bizcall.ports import Fate, FateState, GatewayBusy, GatewayUncertain
from local.postgres import Postgres
from tests.dispatching import Campaign, analyze
from tests.factories import Tenant, make_tenant

BEFORE, AFTER = "before the gateway took it", "after"


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


async def die(campaign: Campaign, moment: str) -> None:
    """A worker that is killed while it hands the message over; nothing of it runs afterwards."""
    campaign.sms.seconds = 30 if moment == BEFORE else 0
    campaign.sms.after = [asyncio.CancelledError()] if moment == AFTER else []  # type: ignore[list-item]  # a death
    [letter] = [letter for _, letter in campaign.queue.letters]
    work = asyncio.create_task(campaign.work())
    await asyncio.wait([work], timeout=0.5)
    work.cancel()
    await asyncio.wait([work])
    campaign.sms.seconds = 0
    assert (await campaign.row())["state"] == "SENDING", letter


async def test_W3_a_message_that_the_gateway_has_counts_as_sent(campaign: Campaign) -> None:
    await campaign.one()
    await die(campaign, AFTER)
    campaign.clock.turn(seconds=59)
    await campaign.resolve()
    assert (await campaign.row())["state"] == "SENDING"
    campaign.clock.turn(seconds=2)
    await campaign.resolve()
    row = await campaign.row()
    assert (row["state"], row["attempts"], row["finished_at"]) == ("SENT", 1, campaign.clock())
    assert await campaign.attempts() == [(1, "ACCEPTED")]
    assert len(campaign.sms.calls) == 1


async def test_W3_a_message_that_the_gateway_never_got_goes_out_within_two_minutes(campaign: Campaign) -> None:
    await campaign.one()
    await die(campaign, BEFORE)
    campaign.clock.turn(seconds=61)
    await campaign.resolve()
    assert (await campaign.row())["state"] == "QUEUED"
    # The sweep publishes it itself: the outbox's next turn might be too late.
    assert await campaign.work() == [Delivered.SENT]
    assert await campaign.attempts() == [(1, "ABSENT"), (2, "ACCEPTED")]
    assert len(campaign.sms.taken) == 1


@pytest.mark.parametrize("fault", [None, GatewayBusy("429")], ids=["queue", "back-off"])
async def test_W3_what_waits_until_two_minutes_are_over_is_not_sent_again_by_itself(
    campaign: Campaign, fault: Exception | None
) -> None:
    await campaign.one()
    await die(campaign, BEFORE)
    campaign.clock.turn(seconds=119)
    await campaign.resolve()
    if fault is not None:
        campaign.sms.faults = [fault]
        assert await campaign.work() == [Delivered.PUT_OFF]
        campaign.sms.calls.clear()
    campaign.clock.turn(minutes=10)
    assert await (campaign.work() if fault is None else campaign.again()) == [Delivered.UNCERTAIN]
    row = await campaign.row()
    assert (row["state"], row["reason"], campaign.sms.taken) == ("UNKNOWN", "NOT_TAKEN", {})
    async with tenant(campaign.company.id):
        [invitation] = await query("SELECT id FROM invitation WHERE company_id = $1", campaign.company.id)
    await invitations.resend(
        campaign.company.id, campaign.actor, [invitation["id"]], idempotency_key="again", queue=campaign.queue,
        clock=campaign.clock,
    )  # fmt: skip
    assert await campaign.work() == [Delivered.SENT]


async def test_W3_after_two_minutes_a_password_is_not_sent_again_by_itself(campaign: Campaign) -> None:
    await campaign.one()
    await die(campaign, BEFORE)
    campaign.clock.turn(seconds=121)
    await campaign.resolve()
    row = await campaign.row()
    assert (row["state"], row["reason"]) == ("UNKNOWN", "NOT_TAKEN")
    for _ in range(5):
        campaign.clock.turn(minutes=30)
        await campaign.resolve()
        assert await campaign.again() == []
    assert len(campaign.sms.calls) == 1


@pytest.mark.parametrize("channel", list(Channel))
async def test_W3_where_nobody_can_tell_the_message_is_unknown_and_never_repeated(
    campaign: Campaign, channel: Channel
) -> None:
    await campaign.one(channel)
    campaign.sms.tells = False
    campaign.sms.after = campaign.mail.after = [GatewayUncertain("ReadTimeout")]
    assert await campaign.work() == [Delivered.UNCERTAIN]
    campaign.clock.turn(seconds=21)
    await campaign.resolve()
    row = await campaign.row()
    assert (row["state"], row["reason"], row["gateway_code"]) == ("UNKNOWN", "NO_ANSWER", "ReadTimeout")
    campaign.clock.turn(hours=1)
    await campaign.resolve()
    assert await campaign.again() == []
    assert len(campaign.sms.calls) + len(campaign.mail.calls) == 1


async def test_W3_fifty_kills_over_five_hundred_messages_lose_none_and_double_none(
    db: None, postgres: Postgres
) -> None:
    campaign = Campaign(await make_tenant(lines=500))
    await campaign.register(500)
    await campaign.send(channels=[Channel.SMS])
    await analyze(postgres)
    campaign.sms.after = [asyncio.CancelledError() if place % 10 == 0 else None for place in range(500)]  # type: ignore[misc]  # deaths
    async with directory():
        await query("DELETE FROM outbox WHERE company_id = $1", campaign.company.id)
    killed = 0
    for row in await campaign.rows():
        work = asyncio.create_task(campaign.deliver(claims.body(campaign.company.id, row["id"])))
        await asyncio.wait([work])
        killed += work.cancelled()
    assert killed == 50
    campaign.clock.turn(seconds=61)
    await campaign.resolve()
    assert {row["state"] for row in await campaign.rows()} == {"SENT"}
    assert len(campaign.sms.calls) == 500


async def test_a_gateway_that_cannot_be_asked_is_asked_again_for_an_hour(campaign: Campaign) -> None:
    await campaign.one()
    await die(campaign, AFTER)
    campaign.sms.away = GatewayBusy("429")
    for minutes in (2, 20, 37):
        campaign.clock.turn(minutes=minutes)
        await campaign.resolve()
        assert (await campaign.row())["state"] == "SENDING"
        await watch(campaign)
    campaign.clock.turn(minutes=2)
    await campaign.resolve()
    assert (await campaign.row())["state"] == "UNKNOWN"


async def watch(campaign: Campaign) -> None:
    """The sweep will look again within a minute."""
    async with directory():
        [row] = await query("SELECT due_at FROM delivery_directory WHERE company_id = $1", campaign.company.id)
    assert timedelta(0) < row["due_at"] - campaign.clock() < timedelta(seconds=60)


async def test_what_a_look_up_tells_of_the_delivery_counts_too(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    await die(campaign, AFTER)
    reference = claims.reference(delivery_id, 1)
    campaign.sms.fates[reference] = Fate(FateState.FAILED, "g-1", "3058", campaign.clock())
    campaign.clock.turn(seconds=61)
    await campaign.resolve()
    row = await campaign.row()
    assert (row["state"], row["reason"], row["gateway_code"]) == ("FAILED", "NOT_DELIVERED", "3058")


async def test_W6_a_worker_whose_lease_was_taken_cannot_commit_but_what_he_did_is_listed(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    await die(campaign, BEFORE)
    campaign.clock.turn(seconds=61)
    await campaign.resolve()
    campaign.clock.turn(seconds=11)
    campaign.sms.faults = [GatewayUncertain("timeout")]
    assert await campaign.work() == [Delivered.UNCERTAIN]
    async with tenant(campaign.company.id):
        await claims.accepted(campaign.company.id, delivery_id, 1, campaign.sms.name, "late", campaign.clock())
    row = await campaign.row()
    assert (row["state"], row["attempts"]) == ("SENDING", 2)
    assert await campaign.attempts() == [(1, "ACCEPTED"), (2, "UNCERTAIN")]


async def test_a_late_worker_is_believed_as_long_as_nobody_came_after_him(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    await die(campaign, AFTER)
    campaign.sms.tells = False
    campaign.clock.turn(seconds=61)
    await campaign.resolve()
    assert (await campaign.row())["state"] == "UNKNOWN"
    async with tenant(campaign.company.id):
        await claims.accepted(campaign.company.id, delivery_id, 1, campaign.sms.name, "late", campaign.clock())
    assert (await campaign.row())["state"] == "SENT"


async def test_a_message_that_nobody_came_for_is_put_into_the_outbox_again(campaign: Campaign) -> None:
    await campaign.one()
    campaign.queue.letters.clear()
    campaign.clock.turn(minutes=14)
    await campaign.resolve()
    assert await campaign.again() == []
    campaign.clock.turn(minutes=2)
    await campaign.resolve()
    await campaign.resolve()
    campaign.clock.turn(seconds=11)
    assert await campaign.again() == [Delivered.SENT]


async def test_sweeps_that_overlap_look_after_a_message_once(campaign: Campaign) -> None:
    await campaign.one()
    await die(campaign, BEFORE)
    campaign.clock.turn(seconds=61)
    await asyncio.gather(*(campaign.resolve() for _ in range(5)))
    campaign.clock.turn(seconds=11)
    assert await campaign.work() == [Delivered.SENT]


async def test_a_delivery_that_is_gone_is_forgotten_by_the_sweep(campaign: Campaign) -> None:
    key = uuid7()
    async with directory():
        await query(
            "INSERT INTO delivery_directory (delivery_id, company_id, due_at, created_at) VALUES ($1, $2, $3, $3)",
            key,
            campaign.company.id,
            campaign.clock(),
        )
    await campaign.resolve()
    async with directory():
        [row] = await query("SELECT due_at FROM delivery_directory WHERE delivery_id = $1", key)
    assert row["due_at"] is None
