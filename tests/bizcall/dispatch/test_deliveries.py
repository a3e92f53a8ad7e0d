"""A message is claimed, handed over and recorded once, whatever the gateway and the worker do (IN-10, W2 … W7)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from uuid import UUID

import pytest

from bizcall.database import directory, query, tenant
from bizcall.dispatch import Malformed, claims, outbox
from bizcall.dispatch.deliveries import Delivered
from bizcall.ids import uuid7
from bizcall.models.dispatch import Channel
from bizcall.ports import GatewayBusy, GatewayDown, GatewayRefused, GatewayUncertain
from local.postgres import Postgres
from tests.accounts import KEYS
from tests.dispatching import Campaign, analyze
from tests.factories import Tenant, make_tenant


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


async def test_IN_10_a_message_of_each_channel_goes_out_with_the_same_password(campaign: Campaign) -> None:
    [person] = await campaign.register()
    await campaign.send()
    assert await campaign.work() == [Delivered.SENT, Delivered.SENT]

    async with tenant(campaign.company.id):
        [invitation] = await query("SELECT id FROM invitation WHERE company_id = $1", campaign.company.id)
        [subscriber] = await query("SELECT invited_at FROM subscriber WHERE company_id = $1", campaign.company.id)
    password = KEYS.password(invitation["id"], person)
    [text], [mail] = campaign.sms.calls, campaign.mail.calls
    assert text.to == "01077770000"
    assert password in text.text
    parsed = message_from_bytes(mail.raw, policy=policy.default)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert password in body.get_content()
    assert mail.to == "user0@example.com"
    assert [(row["channel"], row["state"], row["attempts"]) for row in await campaign.rows()] == [
        ("SMS", "SENT", 1),
        ("EMAIL", "SENT", 1),
    ]
    assert subscriber["invited_at"] == campaign.clock()


async def test_AU_24_neither_queue_nor_rows_hold_anything_secret(campaign: Campaign) -> None:
    [person] = await campaign.register()
    await campaign.send()
    bodies = [letter.body for _, letter in campaign.queue.letters]
    await campaign.work()
    async with tenant(campaign.company.id):
        [invitation] = await query("SELECT id FROM invitation WHERE company_id = $1", campaign.company.id)
        tables = ["invitation_batch", "invitation", "delivery", "delivery_attempt", "audit_record", "idempotency_key"]
        rows = [
            row["told"]
            for table in tables
            for row in await query(f"SELECT t::text AS told FROM {table} t WHERE company_id = $1", campaign.company.id)
        ]
    async with directory():
        rows += [
            row["told"]
            for row in await query("SELECT t::text AS told FROM outbox t WHERE company_id = $1", campaign.company.id)
        ]
    password = KEYS.password(invitation["id"], person)
    assert len(rows) > 6
    assert not any(password in text for text in [*bodies, *rows])
    assert not any("01077770000" in body or "example.com" in body for body in bodies)


def test_AU_24_a_password_has_letters_and_digits_that_cannot_be_mistaken() -> None:
    made = [KEYS.password(uuid7(), uuid7()) for _ in range(3_000)]
    assert len(set(made)) == 3_000
    for password in made:
        assert len(password) == 12
        assert not set(password) & set("ilo01ILO")
        assert any(sign.isdecimal() for sign in password)
        assert any(sign.isalpha() for sign in password)
    one, other = uuid7(), uuid7()
    assert KEYS.password(one, other) == KEYS.password(one, other) != KEYS.password(other, one)


async def test_W2_ten_workers_at_a_thousand_messages_call_the_gateway_once_for_each(
    db: None, postgres: Postgres
) -> None:
    campaign = Campaign(await make_tenant(lines=500))
    await campaign.register(500)
    await campaign.send()
    await analyze(postgres)
    async with directory():
        left = await query("DELETE FROM outbox WHERE company_id = $1 RETURNING body::text AS body", campaign.company.id)
    assert len(campaign.queue.letters) + len(left) == 1_000
    async with tenant(campaign.company.id):
        keys = await query("SELECT id FROM delivery WHERE company_id = $1", campaign.company.id)
    # Each is delivered three times in a row, so that workers meet over it.
    waiting = iter([claims.body(campaign.company.id, row["id"]) for row in keys for _ in range(3)])
    outcomes: Counter[Delivered] = Counter()

    async def worker() -> None:
        for body in waiting:
            outcomes[await campaign.deliver(body)] += 1

    await asyncio.gather(*(worker() for _ in range(10)))
    assert outcomes[Delivered.SENT] == 1_000
    assert outcomes[Delivered.DONE_BEFORE] == 2_000
    calls = [call.reference for call in [*campaign.sms.calls, *campaign.mail.calls]]
    assert len(calls) == len(set(calls)) == 1_000


FAULTS = [
    (GatewayRefused("1062"), Delivered.FAILED, "FAILED", "GATEWAY_REFUSED", "REFUSED"),
    (GatewayBusy("429", 3.0), Delivered.PUT_OFF, "QUEUED", "GATEWAY_BUSY", "BUSY"),
    (GatewayDown("500"), Delivered.PUT_OFF, "QUEUED", "GATEWAY_BUSY", "BUSY"),
    (GatewayUncertain("ReadTimeout"), Delivered.UNCERTAIN, "SENDING", None, "UNCERTAIN"),
    (ZeroDivisionError(), Delivered.UNCERTAIN, "SENDING", None, "UNCERTAIN"),
]


@pytest.mark.parametrize(("fault", "outcome", "state", "reason", "attempt"), FAULTS, ids=lambda value: str(value))
async def test_W7_each_fault_of_a_gateway_leaves_the_state_of_the_table(
    campaign: Campaign, fault: Exception, outcome: Delivered, state: str, reason: str | None, attempt: str
) -> None:
    await campaign.one()
    campaign.sms.faults = [fault]
    assert await campaign.work() == [outcome]
    row = await campaign.row()
    assert (row["state"], row["reason"]) == (state, reason)
    assert await campaign.attempts() == [(1, attempt)]


async def test_W7_what_was_not_taken_goes_out_when_its_time_has_come(campaign: Campaign) -> None:
    await campaign.one()
    campaign.sms.faults = [GatewayBusy("429", 30.0), GatewayDown("503")]
    await campaign.work()
    wait = (await campaign.row())["due_at"] - campaign.clock()
    assert timedelta(seconds=31) <= wait <= timedelta(seconds=33)
    assert await campaign.again() == []
    campaign.clock.turn(seconds=33)
    assert await campaign.again() == [Delivered.PUT_OFF]
    campaign.clock.turn(seconds=5)
    assert await campaign.again() == [Delivered.SENT]
    assert await campaign.attempts() == [(1, "BUSY"), (2, "BUSY"), (3, "ACCEPTED")]
    assert len(campaign.sms.taken) == 1


async def test_a_worker_whose_clock_is_a_little_behind_sends_all_the_same(campaign: Campaign) -> None:
    await campaign.one()
    campaign.clock.turn(seconds=-4)
    assert await campaign.work() == [Delivered.SENT]


async def test_a_message_that_comes_before_its_time_waits_for_its_own(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    campaign.clock.turn(seconds=-6)
    assert await campaign.work() == [Delivered.DONE_BEFORE]
    campaign.clock.turn(seconds=6)
    assert await campaign.deliver(claims.body(campaign.company.id, delivery_id)) == Delivered.SENT


def test_W7_the_back_off_is_fully_jittered_between_one_and_300_seconds() -> None:
    for tries, most in [(1, 2), (3, 8), (8, 256), (9, 300), (500, 300)]:
        waits = [claims.backoff(tries).total_seconds() for _ in range(300)]
        assert min(waits) >= 1
        assert max(waits) <= most
        assert max(waits) - min(waits) > (most - 1) * 0.7
    assert claims.backoff(1, 10**9) <= timedelta(seconds=3_602)


async def test_W7_a_message_that_is_never_taken_fails_after_24_attempts(campaign: Campaign) -> None:
    await campaign.one()
    campaign.sms.always = GatewayBusy("429")
    await campaign.work()
    for _ in range(22):
        campaign.clock.turn(seconds=301)
        assert await campaign.again() == [Delivered.PUT_OFF]
    campaign.clock.turn(seconds=301)
    assert await campaign.again() == [Delivered.FAILED]
    row = await campaign.row()
    assert (row["state"], row["reason"], row["attempts"]) == ("FAILED", "GATEWAY_BUSY", 24)
    campaign.clock.turn(days=1)
    assert await campaign.again() == []


async def test_W7_after_ten_failures_nobody_asks_the_gateway_until_one_message_has_tried_it(db: None) -> None:
    campaign = Campaign(await make_tenant(lines=30))
    await campaign.register(30)
    await campaign.send(channels=[Channel.SMS])
    campaign.sms.always = GatewayDown("503")
    outcomes = await campaign.work()
    assert outcomes == [Delivered.PUT_OFF] * 30
    assert len(campaign.sms.calls) == 10
    assert [row["reason"] for row in await campaign.rows()].count("GATEWAY_PAUSED") == 20
    assert {row["attempts"] for row in await campaign.rows()} == {0, 1}

    campaign.clock.turn(seconds=91)
    await campaign.again()
    assert len(campaign.sms.calls) == 11
    campaign.sms.always = None
    for _ in range(4):
        campaign.clock.turn(seconds=120)
        await campaign.again()
    assert {row["state"] for row in await campaign.rows()} == {"SENT"}
    assert len(campaign.sms.taken) == 30


async def test_W7_a_company_that_has_used_up_its_day_takes_nobodys_trial_of_a_gateway(db: None) -> None:
    campaign = Campaign(await make_tenant(lines=11))
    await campaign.register(11)
    await campaign.send(channels=[Channel.SMS])
    bodies = [claims.body(campaign.company.id, row["id"]) for row in await campaign.rows()]
    campaign.sms.faults = [GatewayDown("503")] * 10
    assert {await campaign.deliver(body) for body in bodies[:10]} == {Delivered.PUT_OFF}
    campaign.clock.turn(seconds=900)
    assert await campaign.deliver(bodies[0], daily_most=0) == Delivered.PUT_OFF
    assert (await campaign.rows())[0]["reason"] == "DAILY_LIMIT"
    assert await campaign.deliver(bodies[10]) == Delivered.SENT


async def test_W6_a_worker_that_was_frozen_after_his_claim_sends_nothing(campaign: Campaign) -> None:
    await campaign.one()
    moments = iter([campaign.clock()])
    campaign.clock.turn(seconds=61)
    assert await campaign.work(clock=lambda: next(moments, campaign.clock())) == [Delivered.PUT_OFF]
    assert campaign.sms.calls == []
    assert await campaign.attempts() == [(1, "DROPPED")]
    campaign.clock.turn(seconds=5)
    assert await campaign.again() == [Delivered.SENT]


async def test_a_company_that_has_used_up_its_day_goes_on_after_midnight_in_Korea(db: None) -> None:
    campaign = Campaign(await make_tenant(lines=5))
    campaign.clock.at = campaign.clock.at.replace(hour=14, minute=59, second=0, microsecond=0)
    await campaign.register(5)
    await campaign.send()
    outcomes = await campaign.work(daily_most=3)
    assert outcomes.count(Delivered.SENT) == 6
    waiting = [row for row in await campaign.rows() if row["state"] == "QUEUED"]
    assert {row["reason"] for row in waiting} == {"DAILY_LIMIT"}
    midnight = campaign.clock.at.replace(hour=15, minute=0)
    assert all(midnight <= row["due_at"] <= midnight + timedelta(seconds=60) for row in waiting)
    campaign.clock.turn(seconds=120)
    assert await campaign.again() == [Delivered.SENT] * 4


async def test_a_message_that_no_gateway_took_gives_its_place_in_the_day_back(campaign: Campaign) -> None:
    await campaign.one()
    campaign.sms.faults = [GatewayBusy("429")]
    await campaign.work(daily_most=1)
    campaign.clock.turn(seconds=5)
    async with directory():
        await query("DELETE FROM outbox WHERE company_id = $1", campaign.company.id)
    assert (
        await campaign.deliver(claims.body(campaign.company.id, (await campaign.row())["id"]), daily_most=1)
        == Delivered.SENT
    )


async def changed(campaign: Campaign, change: str) -> None:
    """Change the only subscriber."""
    async with tenant(campaign.company.id):
        await query(f"UPDATE subscriber SET {change} WHERE company_id = $1", campaign.company.id)


@pytest.mark.parametrize(
    "change", ["app_enabled = false", "ended_at = now()", "mobile = '01099998888'", "mobile = NULL"]
)
async def test_a_password_never_goes_to_who_left_or_to_a_number_that_was_changed(
    campaign: Campaign, change: str
) -> None:
    await campaign.one()
    await changed(campaign, change)
    assert await campaign.work() == [Delivered.FAILED]
    assert campaign.sms.calls == []
    assert (await campaign.row())["reason"] == "SUBSCRIBER_CHANGED"


async def test_an_invitation_that_is_over_is_not_sent_any_more(campaign: Campaign) -> None:
    await campaign.one()
    campaign.clock.turn(days=7)
    assert await campaign.work() == [Delivered.FAILED]
    assert (await campaign.row())["reason"] == "INVITATION_EXPIRED"


@pytest.mark.parametrize("body", [{}, {"delivery": "x"}, {"companyId": str(uuid7())}, {"companyId": 1, "delivery": []}])
async def test_W4_a_message_that_names_no_delivery_is_malformed(campaign: Campaign, body: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        await campaign.deliver(body)


async def test_another_companys_delivery_answers_as_a_missing_one(campaign: Campaign, stranger: Tenant) -> None:
    delivery_id: UUID = await campaign.one()
    for company_id, key in [(stranger.id, delivery_id), (campaign.company.id, uuid7())]:
        with pytest.raises(Malformed):
            await campaign.deliver(claims.body(company_id, key))
    assert campaign.sms.calls == []


async def test_W1_the_message_of_a_delivery_is_there_exactly_when_the_delivery_is(campaign: Campaign) -> None:
    await campaign.register()
    campaign.queue.away = ConnectionError()
    await campaign.send()
    async with directory():
        rows = await query(
            "SELECT body->>'delivery' AS delivery FROM outbox WHERE company_id = $1", campaign.company.id
        )
    assert sorted(row["delivery"] for row in rows) == sorted(str(row["id"]) for row in await campaign.rows())
    campaign.clock.turn(seconds=11)
    campaign.queue.away = None
    await outbox.sweep(queue=campaign.queue, clock=campaign.clock, limit=10_000)
    ours = [pair for pair in campaign.queue.letters if str(campaign.company.id) in pair[1].body]
    assert len(ours) == 2
