"""Invitations over GraphQL: sending, what became of each, sending again, onboarding (IN-10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bizcall.database import query, tenant
from bizcall.ports import GatewayRefused
from schema.node import encode
from tests.console import Console, Wiring, console
from tests.dispatching import Campaign
from tests.factories import Tenant
from tests.imports import Desk, person, workbook
from tests.statements import counted

SEND = """
mutation ($input: InvitationsSendInput!) {
  invitationsSend(input: $input) {
    job {
      id status progress { done total } createdAt startedAt finishedAt error { code }
      counts { queued sending sent delivered failed unknown }
      invitations(first: 10) { totalCount { value } nodes { subscriber { name } } }
    }
    userErrors { code field message params { name value } }
  }
}
"""
RESEND = """
mutation ($input: InvitationsResendInput!) {
  invitationsResend(input: $input) {
    invitations { id deliveries { state } }
    userErrors { code field }
  }
}
"""
LIST = """
query ($filter: InvitationFilter) {
  invitations(first: 100, filter: $filter) {
    nodes {
      id createdAt expiresAt
      subscriber { name onboarding { state invitedAt signedInAt invitation { id } } }
      batch { id status }
      deliveries { id channel recipient state reason gatewayCode attempts { number outcome code gateway } }
    }
  }
}
"""
SUBSCRIBERS = """
query ($filter: LineFilter) {
  subscribers(first: 100, filter: $filter) {
    nodes { subscriber { name onboarding { state invitedAt invitation { deliveries { state } } } } }
  }
}
"""
JOB = "query ($id: ID!) { node(id: $id) { ... on InvitationBatch { status progress { done total } } } }"


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


@pytest.fixture
async def client(campaign: Campaign) -> AsyncIterator[Console]:
    async with console(campaign.company, Wiring(queue=campaign.queue, clock=campaign.clock)) as made:
        yield made


def ids(campaign: Campaign) -> list[str]:
    """The subscribers as the API names them."""
    return [encode("Subscriber", key) for key in campaign.people]


async def test_IN_10_a_request_is_a_job_that_ends_when_every_message_has(campaign: Campaign, client: Console) -> None:
    await campaign.register(2)
    asked = await client.ask(SEND, input={"subscriberIds": ids(campaign), "idempotencyKey": "k"})
    assert asked["userErrors"] == []
    job = asked["job"]
    assert (job["status"], job["progress"], job["error"]) == ("QUEUED", {"done": 0, "total": 4}, None)
    assert job["counts"]["queued"] == 4
    assert {node["subscriber"]["name"] for node in job["invitations"]["nodes"]} == {"직원0", "직원1"}
    campaign.sms.faults = [GatewayRefused("1062")]
    await campaign.work()
    again = (await client.ask(SEND, input={"subscriberIds": ids(campaign), "idempotencyKey": "k"}))["job"]
    assert (again["id"], again["status"]) == (job["id"], "COMPLETED")
    assert again["counts"] == {"queued": 0, "sending": 0, "sent": 3, "delivered": 0, "failed": 1, "unknown": 0}
    assert again["startedAt"] is not None
    assert again["finishedAt"] is not None
    assert await client.ask(JOB, id=job["id"]) == {"status": "COMPLETED", "progress": {"done": 4, "total": 4}}


async def test_IN_10_the_list_tells_what_became_of_each_message(campaign: Campaign, client: Console) -> None:
    await campaign.register()
    await campaign.send()
    campaign.sms.faults = [GatewayRefused("1062")]
    await campaign.work()
    [node] = (await client.ask(LIST))["nodes"]
    assert [
        (row["channel"], row["recipient"], row["state"], row["reason"], row["gatewayCode"])
        for row in node["deliveries"]
    ] == [
        ("SMS", "01077770000", "FAILED", "GATEWAY_REFUSED", "1062"),
        ("EMAIL", "user0@example.com", "SENT", None, None),
    ]
    [attempt] = node["deliveries"][0]["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["code"]) == (1, "REFUSED", "1062")
    assert node["subscriber"]["onboarding"]["state"] == "INVITED"
    assert node["subscriber"]["onboarding"]["invitation"]["id"] == node["id"]
    assert len((await client.ask(LIST, filter={"states": ["FAILED"], "channels": ["SMS"]}))["nodes"]) == 1
    assert (await client.ask(LIST, filter={"states": ["FAILED"], "channels": ["EMAIL"]}))["nodes"] == []
    assert len((await client.ask(LIST, filter={"subscriberIds": ids(campaign)}))["nodes"]) == 1
    assert len((await client.ask(LIST, filter={"batchId": node["batch"]["id"]}))["nodes"]) == 1
    assert (await client.ask(LIST, filter={"batchId": "nonsense"}))["nodes"] == []


async def test_IN_10_failed_messages_are_sent_again_when_somebody_asks(campaign: Campaign, client: Console) -> None:
    await campaign.register()
    await campaign.send()
    campaign.sms.faults = [GatewayRefused("1062")]
    await campaign.work()
    [node] = (await client.ask(LIST))["nodes"]
    given = {"invitationIds": [node["id"]], "idempotencyKey": "again"}
    asked = await client.ask(RESEND, input=given)
    assert asked["userErrors"] == []
    assert [row["state"] for row in asked["invitations"][0]["deliveries"]] == ["QUEUED", "SENT"]
    await campaign.work()
    assert {row["state"] for row in await campaign.rows()} == {"SENT"}
    asked = await client.ask(RESEND, input={**given, "idempotencyKey": "once more"})
    assert asked == {"invitations": None, "userErrors": [{"code": "STATE", "field": ["invitationIds", "0"]}]}


async def test_what_a_request_lacks_is_told(campaign: Campaign, client: Console) -> None:
    await campaign.register(app_enabled=False)

    async def refusals(**given: Any) -> list[tuple[str, list[str]]]:
        asked = await client.ask(SEND, input={"idempotencyKey": "k", **given})
        assert asked["job"] is None
        return [(error["code"], error["field"]) for error in asked["userErrors"]]

    assert await refusals() == [("REQUIRED", ["subscriberIds"])]
    assert await refusals(subscriberIds=ids(campaign), filter={}) == [("CONFLICT", ["subscriberIds"])]
    assert await refusals(filter={}) == [("REQUIRED", ["expectedCount"])]
    assert await refusals(filter={}, expectedCount=2) == [("CONFLICT", ["expectedCount"])]
    assert await refusals(subscriberIds=ids(campaign)) == [("APP_DISABLED", ["subscriberIds", "0"])]
    assert await refusals(subscriberIds=["nonsense"]) == [("NOT_FOUND", ["subscriberIds", "0"])]
    asked = await client.ask(SEND, input={"filter": {}, "expectedCount": 1, "idempotencyKey": "k"})
    [error] = asked["userErrors"]
    assert (error["code"], error["field"]) == ("APP_DISABLED", ["filter"])
    assert error["message"] == "앱 사용이 꺼져 있는 가입자가 1명 있습니다."


async def test_another_companys_subscribers_and_invitations_are_missing(
    campaign: Campaign, client: Console, stranger: Tenant
) -> None:
    other = Campaign(stranger)
    await other.register()
    await other.send()
    [row] = (await other.rows())[:1]
    asked = await client.ask(SEND, input={"subscriberIds": ids(other), "idempotencyKey": "k"})
    assert [error["code"] for error in asked["userErrors"]] == ["NOT_FOUND"]
    given = {"invitationIds": [encode("Invitation", row["invitation_id"])], "idempotencyKey": "r"}
    assert [error["code"] for error in (await client.ask(RESEND, input=given))["userErrors"]] == ["NOT_FOUND"]
    assert (await client.ask(LIST))["nodes"] == []
    for kind, key in [("Invitation", row["invitation_id"]), ("Delivery", row["id"])]:
        assert await client.ask("query ($id: ID!) { node(id: $id) { id } }", id=encode(kind, key)) is None


async def test_IN_10_subscribers_are_filtered_by_how_far_they_have_come(campaign: Campaign, client: Console) -> None:
    silent, _ = await campaign.register(2)
    async with tenant(campaign.company.id):
        await query(
            "UPDATE subscriber SET invited_at = $3 WHERE company_id = $1 AND id = $2",
            campaign.company.id, silent, campaign.clock() - timedelta(days=8),
        )  # fmt: skip

    async def names(**wanted: Any) -> list[str]:
        nodes = (await client.ask(SUBSCRIBERS, filter=wanted))["nodes"]
        return [node["subscriber"]["name"] for node in nodes]

    assert await names(invitedNeverSignedInForDays=8) == ["직원0"]
    assert await names(invitedNeverSignedInForDays=9) == []
    assert await names(onboarding=["REGISTERED"]) == ["직원1"]
    refused = await client.answer(SUBSCRIBERS, filter={"invitedNeverSignedInForDays": -1})
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_page_of_invitations_takes_as_many_statements_however_long_it_is(
    campaign: Campaign, client: Console
) -> None:
    counts = []
    for _ in range(2):
        await campaign.register(4)
        await campaign.send(*campaign.people[-4:])
        with counted() as statements:
            await client.ask(LIST)
        counts.append(len(statements))
    # Two of them are the records of having seen subscribers and recipients.
    assert counts[0] == counts[1] <= 11


async def test_BK_02_an_import_invites_whom_it_registers_if_that_is_asked_for(campaign: Campaign) -> None:
    desk = Desk(campaign.company, queue=campaign.queue, clock=campaign.clock)
    numbers = campaign.company.numbers
    rows = [
        person(numbers[0], "홍길동", mobile="01011112222", email="hong@example.com", app="ON"),
        person(numbers[1], "김철수", mobile="01011113333", app="OFF"),
        person(numbers[2], "이영희", app="ON"),
    ]
    document = """
    mutation ($id: ID!, $input: ImportRegisterInput!) {
      importRegister(id: $id, input: $input) { import { id sendInvitations } userErrors { code } }
    }
    """
    result = """
    query ($id: ID!) {
      node(id: $id) { ... on Import { counts { registered invited } invitationBatch { progress { total } } } }
    }
    """
    async with console(campaign.company, Wiring(queue=desk.queue, clock=desk.clock)) as client:
        for key, wanted, invited in [("a", False, 0), ("b", True, 1), ("c", True, 0)]:
            previewed = await desk.preview(*rows)
            given = {"contentHash": previewed.content_hash, "idempotencyKey": key, "sendInvitations": wanted}
            asked = await client.ask(document, id=encode("Import", previewed.id), input=given)
            assert asked == {
                "import": {"id": encode("Import", previewed.id), "sendInvitations": wanted},
                "userErrors": [],
            }
            registrations = [pair for pair in desk.queue.letters if pair[0] == "registrations"]
            desk.queue.letters[:] = registrations
            await desk.work()
            told = await client.ask(result, id=encode("Import", previewed.id))
            assert told["counts"] == {"registered": 3, "invited": invited}
            assert told["invitationBatch"] == ({"progress": {"total": 2}} if invited else None)
            await campaign.work()
    assert [call.to for call in campaign.sms.calls] == ["01011112222"]
    assert [call.to for call in campaign.mail.calls] == ["hong@example.com"]


@pytest.mark.parametrize("sends", [False, True])
async def test_BK_02_a_dropped_file_invites_by_the_policy_of_the_company(campaign: Campaign, sends: bool) -> None:
    desk = Desk(campaign.company, queue=campaign.queue, clock=campaign.clock)
    async with tenant(campaign.company.id):
        await query("UPDATE company SET import_sends_invitations = $2 WHERE id = $1", campaign.company.id, sends)
    row = person(campaign.company.numbers[0], mobile="01011112222", app="ON")
    imported = await desk.receive(await desk.drop(workbook([row])))
    assert (imported.rows_registered, imported.rows_invited, imported.send_invitations) == (1, int(sends), sends)
    await campaign.work()
    assert len(campaign.sms.calls) == int(sends)
