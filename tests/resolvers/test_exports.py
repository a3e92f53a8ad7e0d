"""Exports over GraphQL: asked for, polled, downloaded, cancelled (ST-02, MS-01, ST-01, X5)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from bizcall import exports
from bizcall.database import tenant
from bizcall.ids import uuid7
from bizcall.models import Admin
from tests.console import Console, Wiring, console
from tests.exports import Clerk
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call

FIELDS = """export { id kind status progress { done total } rowCount isMasked fileName fileSize expiresAt asOf
  fromOn toOn createdAt startedAt finishedAt error { code message } } userErrors { code field params { name value } }"""
REQUEST = f"mutation ($input: CallExportRequestInput!) {{ callExportRequest(input: $input) {{ {FIELDS} }} }}"
MESSAGES = f"mutation ($input: MessageExportRequestInput!) {{ messageExportRequest(input: $input) {{ {FIELDS} }} }}"
STATISTICS = (
    f"mutation ($input: StatisticsExportRequestInput!) {{ statisticsExportRequest(input: $input) {{ {FIELDS} }} }}"
)
NODE = (
    "query ($id: ID!) { node(id: $id) { ... on Export { status progress { done total } rowCount isMasked fileSize } } }"
)
LIST = """query ($kinds: [ExportKind!]) { exports(first: 10, filter: {kinds: $kinds}) {
  nodes { id kind status } totalCount { value } } }"""
DOWNLOAD = """
mutation ($id: ID!, $input: ExportDownloadInput) {
  exportDownload(id: $id, input: $input) { download { url expiresAt } userErrors { code field } }
}"""
CANCEL = "mutation ($id: ID!) { exportCancel(id: $id) { export { status finishedAt } userErrors { code field } } }"


def wanted(**more: Any) -> dict[str, Any]:
    """An input."""
    period = {"fromOn": str(DAY.date()), "toOn": str(DAY.date())}
    return {"filter": period, "reason": "DISPUTE", "note": "민원 처리 자료", "idempotencyKey": "k", **more}


async def work(clerk: Clerk) -> None:
    """What the worker does with everything that waits."""
    for _, letter in clerk.queue.letters:
        body = json.loads(letter.body)
        await exports.run(clerk.company.id, UUID(body["exportId"]), storage=clerk.storage, clock=clerk.clock)
    clerk.queue.letters.clear()


def wiring(clerk: Clerk) -> Wiring:
    """The clerk's bucket, queue and clock."""
    return Wiring(storage=clerk.storage, queue=clerk.queue, clock=clerk.clock)


async def test_ST_02_request_poll_download(company: Tenant, stranger: Tenant) -> None:
    await began(company.id)
    await Feeder(company.id).load([call(company.numbers[0], "a"), call(company.numbers[0], "b")])
    clerk = Clerk(company)
    async with console(company, wiring(clerk)) as client, console(stranger, wiring(clerk)) as other:
        asked = await client.ask(REQUEST, input=wanted(unmasked=True))
        assert asked["userErrors"] == []
        export = asked["export"]
        assert (export["status"], export["progress"]) == ("QUEUED", {"done": 0, "total": 2})
        assert (export["kind"], export["rowCount"], export["fromOn"]) == ("CALLS", None, str(DAY.date()))
        early = await client.ask(DOWNLOAD, id=export["id"])
        assert early["userErrors"] == [{"code": "STATE", "field": ["id"]}]

        await work(clerk)
        done = await client.ask(NODE, id=export["id"])
        assert (done["status"], done["rowCount"], done["isMasked"]) == ("COMPLETED", 2, False)
        link = await client.ask(DOWNLOAD, id=export["id"])
        assert "통화 이력" in link["download"]["url"]
        assert (await client.ask(REQUEST, input=wanted(unmasked=True)))["export"]["id"] == export["id"]

        assert await other.ask(NODE, id=export["id"]) is None
        assert (await other.ask(DOWNLOAD, id=export["id"]))["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
        clerk.clock.turn(hours=24)
        assert (await client.ask(NODE, id=export["id"]))["status"] == "EXPIRED"
        assert (await client.ask(DOWNLOAD, id=export["id"]))["userErrors"] == [{"code": "STATE", "field": ["id"]}]


async def test_P3_a_colleague_is_asked_why_he_takes_the_file(company: Tenant) -> None:
    await began(company.id)
    clerk = Clerk(company)
    colleague = replace(company, admin_id=uuid7(), mobile="01099998888", numbers=company.numbers[1:])
    async with tenant(company.id):
        await Admin.create(id=colleague.admin_id, company_id=company.id, name="이동료", mobile=colleague.mobile)
    async with console(company, wiring(clerk)) as client, console(colleague, wiring(clerk)) as other:
        export = (await client.ask(REQUEST, input=wanted()))["export"]["id"]
        await work(clerk)
        assert (await client.ask(DOWNLOAD, id=export))["userErrors"] == []
        assert (await other.ask(DOWNLOAD, id=export))["userErrors"] == [{"code": "REQUIRED", "field": ["reason"]}]
        unsaid = await other.ask(DOWNLOAD, id=export, input={"reason": "INCIDENT"})
        assert unsaid == {"download": None, "userErrors": [{"code": "REQUIRED", "field": ["note"]}]}
        taken = await other.ask(DOWNLOAD, id=export, input={"reason": "INCIDENT", "note": "유출 신고 조사"})
        assert (taken["userErrors"], taken["download"] is None) == ([], False)


@pytest.mark.parametrize(
    ("note", "code"),
    [("", "REQUIRED"), ("   ", "REQUIRED"), ("...", "REQUIRED"), ("자료", "TOO_SHORT"), ("가" * 201, "TOO_LONG")],
)
async def test_P3_a_reason_that_says_nothing_is_refused(company: Tenant, note: str, code: str) -> None:
    async with console(company, wiring(Clerk(company))) as client:
        refused = await client.ask(REQUEST, input=wanted(note=note))
        assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [(code, ["note"])]
        assert (await client.ask(LIST))["nodes"] == []


async def test_MS_01_ST_01_messages_statistics_the_list_and_cancel(company: Tenant) -> None:
    clerk = Clerk(company)
    async with console(company, wiring(clerk)) as client:
        statistics = {key: value for key, value in wanted().items() if key != "filter"}
        statistics |= {"granularity": "DAY", "groupBy": "COMPANY", "idempotencyKey": "s"}
        period = wanted()["filter"]
        made = [
            await client.ask(MESSAGES, input=wanted(idempotencyKey="m")),
            await client.ask(STATISTICS, input={**statistics, "calls": period}),
            await client.ask(STATISTICS, input={**statistics, "messages": period, "idempotencyKey": "t"}),
        ]
        assert [each["userErrors"] for each in made] == [[], [], []]
        assert await refusals(client, statistics) == [("REQUIRED", ["calls"])]
        assert await refusals(client, {**statistics, "calls": period, "messages": period}) == [("CONFLICT", ["calls"])]
        late = {**period, "toOn": "2099-01-01"}
        assert await refusals(client, {**statistics, "messages": late}) == [("OUT_OF_RANGE", ["messages", "toOn"])]

        ended = await client.ask(CANCEL, id=made[0]["export"]["id"])
        assert (ended["export"]["status"], ended["userErrors"]) == ("CANCELLED", [])
        await work(clerk)
        listed = await client.ask(LIST)
        assert [(each["kind"], each["status"]) for each in listed["nodes"]] == [
            ("MESSAGE_STATISTICS", "COMPLETED"),
            ("CALL_STATISTICS", "COMPLETED"),
            ("MESSAGES", "CANCELLED"),
        ]
        assert (await client.ask(LIST, kinds=["MESSAGES"]))["totalCount"] == {"value": 1}
        again = await client.ask(CANCEL, id=made[1]["export"]["id"])
        assert again["userErrors"] == [{"code": "STATE", "field": ["id"]}]


async def refusals(client: Console, given: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Codes and fields of a refused request for statistics."""
    answer = await client.ask(STATISTICS, input=given)
    return [(error["code"], error["field"]) for error in answer["userErrors"]]
