"""The functions for messages of invitations and for reports on them, from the events that AWS sends (IN-10, W4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr

from bizcall.database import directory, query
from bizcall.dispatch import claims
from bizcall.ids import uuid7
from bizcall.models.accounts import AccountMessage, MessageKind
from bizcall.models.dispatch import Channel
from bizcall.settings import Settings
from lambdas import deliveries, reports, sweep
from lambdas.runtime import Services
from tests.accounts import SECRET
from tests.dispatching import Campaign
from tests.doubles import MemoryStorage
from tests.factories import Tenant, employ, make_tenant


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


@pytest.fixture
def services(campaign: Campaign) -> Services:
    """The functions' surroundings, with the campaign's gateways."""
    settings = Settings(
        stage="test",
        secret_key=SecretStr(SECRET),
        mail_from="비즈콜 <no-reply@bizcall.example>",
        app_url="https://app.bizcall.example",
    )
    return Services(
        settings=settings,
        storage=MemoryStorage(),
        queue=campaign.queue,
        sms=campaign.sms,
        mail=campaign.mail,
        clock=campaign.clock,
    )


def batch(*bodies: Mapping[str, Any] | str) -> dict[str, Any]:
    """An event of a queue."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSourceARN": "arn:aws:sqs:ap-northeast-2:123456789012:queue",
            }
            for number, body in enumerate(bodies)
        ]
    }


def failed(answer: Mapping[str, Any]) -> list[str]:
    """The message ids that are to come again."""
    return sorted(item["itemIdentifier"] for item in answer["batchItemFailures"])


async def test_W4_of_ten_messages_only_the_three_bad_ones_come_again(services: Services, campaign: Campaign) -> None:
    await campaign.register(7)
    await campaign.send(channels=[Channel.SMS])
    good = [claims.body(campaign.company.id, row["id"]) for row in await campaign.rows()]
    bad: list[Any] = ["", "[]", {"companyId": str(campaign.company.id), "delivery": str(uuid7())}]
    assert failed(await deliveries.handle(batch(*good, *bad), services)) == ["m7", "m8", "m9"]
    assert {row["state"] for row in await campaign.rows()} == {"SENT"}
    assert failed(await deliveries.handle(batch(*good), services)) == []
    assert len(campaign.sms.calls) == 7
    assert services.metrics.values() == {"MessagesSent": [1] * 7}


async def test_messages_of_one_batch_wait_for_their_gateway_together(services: Services, campaign: Campaign) -> None:
    await campaign.register(10)
    await campaign.send(channels=[Channel.SMS])
    campaign.sms.seconds = 0.2
    bodies = [claims.body(campaign.company.id, row["id"]) for row in await campaign.rows()]
    under_way = 0
    most = 0
    take = campaign.sms.take

    async def watched(call: Any) -> str:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return await take(call)
        finally:
            under_way -= 1

    campaign.sms.take = watched  # type: ignore[method-assign]  # looks on
    await deliveries.handle(batch(*bodies), services)
    assert most == 10


def event(kind: str, reference: str, **detail: Any) -> dict[str, Any]:
    """What SES tells of a mail."""
    mail = {
        "messageId": f"ses {reference}",
        "timestamp": "2026-07-01T00:00:00.000Z",
        "tags": {"reference": [reference]},
    }
    return {"eventType": kind, "mail": mail, kind.lower(): {"timestamp": "2026-07-01T00:00:05.000Z", **detail}}


async def test_IN_10_a_bounce_sets_the_state_of_the_mail(services: Services, campaign: Campaign) -> None:
    delivery_id = await campaign.one(Channel.EMAIL)
    await campaign.work()
    reference = claims.reference(delivery_id, 1)
    bounced = event("Bounce", reference, bounceType="Permanent", bounceSubType="General")
    events = batch(bounced, bounced, event("Open", reference), "no event")
    assert failed(await reports.handle(events, services)) == ["m3"]
    row = await campaign.row()
    assert (row["state"], row["reason"]) == ("FAILED", "NOT_DELIVERED")
    assert row["gateway_code"].startswith("Bounce Permanent")


async def test_IN_10_delivered_mail_that_is_called_spam_is_told(services: Services, campaign: Campaign) -> None:
    delivery_id = await campaign.one(Channel.EMAIL)
    await campaign.work()
    reference = claims.reference(delivery_id, 1)
    await reports.handle(batch(event("Delivery", reference)), services)
    assert (await campaign.row())["state"] == "DELIVERED"
    complaint = event("Complaint", reference, timestamp="2026-07-02T00:00:00.000Z", complaintFeedbackType="abuse")
    await reports.handle(batch(complaint), services)
    assert (await campaign.row())["state"] == "FAILED"


async def test_the_sweep_sends_all_that_is_due_and_looks_after_what_nobody_came_for(services: Services) -> None:
    campaign = Campaign(await make_tenant(lines=260), queue=services.queue)  # type: ignore[arg-type]  # the same double
    await campaign.register(260)
    campaign.queue.away = ConnectionError()
    await campaign.send()
    campaign.queue.away = None
    async with directory():
        await query("UPDATE outbox SET due_at = now() - interval '1 year' WHERE company_id = $1", campaign.company.id)
        await query(
            "UPDATE delivery_directory SET due_at = now() - interval '1 year' WHERE company_id = $1",
            campaign.company.id,
        )
    done = await sweep.handle({}, services)
    ours = {letter.body for _, letter in campaign.queue.letters if str(campaign.company.id) in letter.body}
    assert len(ours) == 520
    assert done["messages sent"] >= 520
    assert done["deliveries looked after"] >= 1


async def test_RV_01_P2_the_mail_for_the_monthly_review_goes_the_same_way(
    services: Services, campaign: Campaign
) -> None:
    company = campaign.company
    await employ(company.id, company.admin_id, company.login_id, company.mobile)
    async with directory():
        row = await AccountMessage.create(
            id=uuid7(),
            company_id=company.id,
            admin_id=company.admin_id,
            kind=MessageKind.ACCESS_REVIEW,
            email="hong@example.com",
            month=date(2026, 3, 1),
            created_at=services.clock(),
        )
    settings = services.settings.model_copy(update={"site_url": "https://admin.bizcall.example"})
    event = batch({"message": str(row.id)}, {"message": "no key"})

    answer = await deliveries.handle(event, replace(services, settings=settings))

    assert failed(answer) == ["m1"]
    assert [each.to for each in campaign.mail.calls] == ["hong@example.com"]
    assert services.metrics.values() == {"MessagesSent": [1]}
