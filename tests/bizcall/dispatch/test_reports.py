"""Reports of gateways: each once, in any order, before or after the worker's own record (W8)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest

from bizcall.database import directory, query, tenant
from bizcall.dispatch import claims, reports
from bizcall.dispatch.deliveries import Delivered
from bizcall.ids import uuid7
from bizcall.models.dispatch import Channel
from bizcall.ports import Fate, FateState, GatewayBusy, GatewayUncertain, Report
from tests.dispatching import Campaign
from tests.factories import Tenant, make_tenant
from tests.statements import counted


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


async def sent(campaign: Campaign) -> str:
    """One message that went out; returns its reference."""
    delivery_id = await campaign.one()
    assert await campaign.work() == [Delivered.SENT]
    return claims.reference(delivery_id, 1)


@pytest.mark.parametrize(
    ("state", "stands", "reason", "code"),
    [
        (FateState.ACCEPTED, "SENT", None, None),
        (FateState.SENT, "SENT", None, None),
        (FateState.DELIVERED, "DELIVERED", None, None),
        (FateState.FAILED, "FAILED", "NOT_DELIVERED", "code FAILED"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
async def test_IN_10_a_report_sets_the_state(
    campaign: Campaign, state: FateState, stands: str, reason: str | None, code: str | None, named: bool
) -> None:
    reference = await sent(campaign)
    assert await campaign.report(reference, state, named=named)
    row = await campaign.row()
    assert (row["state"], row["reason"], row["gateway_code"]) == (stands, reason, code)


async def test_W8_all_orders_of_five_reports_end_in_one_state(db: None) -> None:
    told = [
        (FateState.ACCEPTED, 0.0),
        (FateState.SENT, 1.0),
        (FateState.DELIVERED, 2.0),
        (FateState.FAILED, 3.0),
        (FateState.DELIVERED, 1.5),
    ]
    orders = list(permutations(range(5)))
    campaign = Campaign(await make_tenant(lines=len(orders)))
    await campaign.register(len(orders))
    await campaign.send(channels=[Channel.SMS])
    await campaign.work()
    for order, row in zip(orders, await campaign.rows(), strict=True):
        for place in order:
            state, seconds = told[place]
            await campaign.report(claims.reference(row["id"], 1), state, number=place, seconds=seconds)
    ends = {(row["state"], row["reason"], row["gateway_code"]) for row in await campaign.rows()}
    assert ends == {("FAILED", "NOT_DELIVERED", "code FAILED")}


async def test_W8_a_report_that_is_told_again_counts_once(campaign: Campaign) -> None:
    reference = await sent(campaign)
    assert await campaign.report(reference, FateState.DELIVERED)
    first = await campaign.row()
    campaign.clock.turn(minutes=1)
    assert not any([await campaign.report(reference, FateState.DELIVERED) for _ in range(3)])
    assert await campaign.row() == first


async def test_W8_reports_told_at_once_by_many_end_in_the_same_state(campaign: Campaign) -> None:
    reference = await sent(campaign)
    states = [FateState.ACCEPTED, FateState.SENT, FateState.DELIVERED, FateState.SENT]
    await asyncio.gather(
        *(campaign.report(reference, state, number=n, seconds=n) for n, state in enumerate(states * 3))
    )
    assert (await campaign.row())["state"] == "DELIVERED"


async def test_W8_a_report_may_overtake_the_worker(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    campaign.sms.seconds = 0.3
    work = asyncio.create_task(campaign.work())
    await asyncio.sleep(0.15)
    assert await campaign.report(claims.reference(delivery_id, 1), FateState.DELIVERED)
    assert await work == [Delivered.SENT]
    row = await campaign.row()
    assert row["state"] == "DELIVERED"
    async with directory():
        [known] = await query("SELECT * FROM delivery_directory WHERE delivery_id = $1", delivery_id)
    assert (known["due_at"], known["gateway_id"]) == (None, campaign.sms.id_of(claims.reference(delivery_id, 1)))


async def test_W8_a_report_without_our_reference_waits_until_its_message_is_known(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    reference = claims.reference(delivery_id, 1)
    assert await campaign.report(reference, FateState.DELIVERED, named=False)
    assert (await campaign.row())["state"] == "QUEUED"
    await campaign.work()
    assert (await campaign.row())["state"] == "SENT"
    await reports.match(clock=campaign.clock, limit=10_000)
    assert (await campaign.row())["state"] == "DELIVERED"


async def test_a_report_settles_a_message_of_unknown_fate(campaign: Campaign) -> None:
    delivery_id = await campaign.one()
    campaign.sms.tells = False
    campaign.sms.after = [GatewayUncertain("timeout")]
    await campaign.work()
    campaign.clock.turn(seconds=21)
    await campaign.resolve()
    assert (await campaign.row())["state"] == "UNKNOWN"
    assert await campaign.report(claims.reference(delivery_id, 1), FateState.DELIVERED)
    assert (await campaign.row())["state"] == "DELIVERED"
    assert await campaign.attempts() == [(1, "ACCEPTED")]


@pytest.mark.parametrize(
    "reference", ["", "x-1", "not ours", uuid7().hex, f"{uuid7().hex}-1", f"{uuid7().hex}-٣"], ids=range(6)
)
async def test_a_report_on_nothing_of_ours_is_kept_and_changes_nothing(campaign: Campaign, reference: str) -> None:
    await sent(campaign)
    before = await campaign.row()
    at = campaign.clock()
    told = Report(str(uuid7()), campaign.sms.name, "g", reference, Fate(FateState.FAILED, "g", "x", at))
    assert await reports.take(told, clock=campaign.clock)
    assert await campaign.row() == before


async def test_a_poll_begins_where_the_last_one_did_and_stands_a_gateway_that_breaks_off(campaign: Campaign) -> None:
    reference = await sent(campaign)
    fate = Fate(FateState.DELIVERED, campaign.sms.id_of(reference), "4000", campaign.clock())
    campaign.sms.told = [Report("r-1", campaign.sms.name, campaign.sms.id_of(reference), reference, fate)]
    campaign.sms.away = GatewayBusy("503")
    assert await reports.poll(campaign.sms, clock=campaign.clock) == 1
    assert (await campaign.row())["state"] == "DELIVERED"
    campaign.sms.away = None
    first = campaign.clock()
    assert await reports.poll(campaign.sms, clock=campaign.clock) == 0
    campaign.clock.turn(minutes=1)
    assert await reports.poll(campaign.sms, clock=campaign.clock) == 0
    assert campaign.sms.asked == [first - timedelta(days=1), first - timedelta(days=1), first - timedelta(minutes=10)]


async def test_a_poll_that_ran_out_of_time_goes_on_next_time_and_passes_what_is_known_by_one_statement(
    campaign: Campaign,
) -> None:
    reference = await sent(campaign)
    states = [FateState.ACCEPTED, FateState.SENT, FateState.DELIVERED]
    fates = [Fate(state, campaign.sms.id_of(reference), state, campaign.clock()) for state in states]
    campaign.sms.told = [
        Report(f"r-{fate.state}", campaign.sms.name, campaign.sms.id_of(reference), reference, fate) for fate in fates
    ]
    time_left = iter([False, False, False, False])
    assert await reports.poll(campaign.sms, clock=campaign.clock, stop=lambda: next(time_left, True)) == 1
    assert await reports.poll(campaign.sms, clock=campaign.clock) == 2
    assert (await campaign.row())["state"] == "DELIVERED"
    with counted() as statements:
        assert await reports.poll(campaign.sms, clock=campaign.clock) == 0
    assert sum("gateway_report" in statement for statement in statements) == 1
    assert campaign.sms.asked[0] == campaign.sms.asked[1]


async def test_a_report_never_makes_a_message_that_was_asked_for_again_fail(campaign: Campaign) -> None:
    reference = await sent(campaign)
    await campaign.report(reference, FateState.FAILED)
    async with tenant(campaign.company.id):
        await query(
            "UPDATE delivery SET state = 'QUEUED', finished_at = NULL WHERE company_id = $1", campaign.company.id
        )
    await campaign.report(reference, FateState.FAILED, number=2)
    assert (await campaign.row())["state"] == "QUEUED"
    await campaign.report(reference, FateState.DELIVERED, number=3, seconds=5)
    assert (await campaign.row())["state"] == "DELIVERED"


async def test_reports_and_finished_messages_are_forgotten_after_thirty_days(campaign: Campaign) -> None:
    reference = await sent(campaign)
    await campaign.report(reference, FateState.DELIVERED)

    async def known() -> list[int]:
        async with directory():
            return [
                (await query(f"SELECT count(*) AS n FROM {table} WHERE {where} = $1", key))[0]["n"]
                for table, where, key in [
                    ("gateway_report", "gateway", campaign.sms.name),
                    ("delivery_directory", "company_id", campaign.company.id),
                ]
            ]

    assert await known() == [1, 1]
    campaign.clock.turn(days=31)
    await reports.prune(clock=campaign.clock)
    assert await known() == [0, 0]
