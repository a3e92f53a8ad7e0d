"""The provider's events and plans over GraphQL (ON-01, AU-30, SU-01)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall.admins import Viewer
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.accounts import SECRET
from tests.console import Console, Wiring, console
from tests.factories import Tenant
from tests.provisioning import PLANS, Provider, make_plans

APPLY = """
mutation ($input: ProvisioningApplyInput!) {
  provisioningApply(input: $input) {
    event { reference subscription kind state reason path message source occurredAt receivedAt }
    userErrors { code field message }
  }
}"""
EVENTS = """
query ($filter: ProvisioningEventFilter, $after: String) {
  provisioningEvents(first: 2, after: $after, filter: $filter) {
    totalCount { value precision } pageInfo { hasNextPage endCursor } nodes { reference state reason message }
  }
}"""
PLAN_SAVE = """
mutation ($input: PlanSaveInput!) {
  planSave(input: $input) { plan { code name guide monthlyFee sortOrder } userErrors { code field } }
}"""
GUIDE = "{ plans { code name guide monthlyFee sortOrder } }"
COMPANY = "{ viewer { company { name plan { code name } } } }"


def wired(provider: Provider) -> Wiring:
    """The application's surroundings."""
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    return Wiring(settings, provider.storage, provider.queue, provider.clock)


@asynccontextmanager
async def client(provider: Provider, viewer: Viewer | None) -> AsyncIterator[Console]:
    """A client of the application, signed in as that viewer or not at all."""

    async def identify(token: str | None, **_: object) -> Viewer | None:
        return viewer

    transport = httpx.ASGITransport(create_app(wired(provider), identify=identify))
    headers = {"authorization": "Bearer token", "accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example", headers=headers) as http:
        yield Console(http)


@pytest.fixture
async def provider(db: None) -> Provider:
    """A subscription of this test's own."""
    await make_plans()
    return Provider()


@pytest.fixture
async def operator(provider: Provider) -> AsyncIterator[Console]:
    """An operator's client."""
    until = datetime.now(UTC) + timedelta(hours=1)
    async with client(provider, Viewer(PROVIDER_ID, uuid7(), uuid7(), until, until)) as made:
        yield made


async def test_ON_01_an_operator_applies_an_event_by_hand(operator: Console, provider: Provider) -> None:
    event = provider.completed(1, 2)

    answer = await operator.ask(APPLY, input=event)

    assert answer["userErrors"] == []
    assert answer["event"] | {"occurredAt": None, "receivedAt": None} == {
        "reference": event["id"],
        "subscription": provider.subscription,
        "kind": "SUBSCRIPTION_COMPLETED",
        "state": "APPLIED",
        "reason": None,
        "path": "",
        "message": None,
        "source": "",
        "occurredAt": None,
        "receivedAt": None,
    }
    assert (await provider.state())["lines"] == {1: None, 2: None}
    kinds = {record["actor_kind"] for record in await provider.records() if record["action"].startswith("prov")}
    assert kinds == {"OPERATOR"}


async def test_ON_01_the_same_event_by_hand_and_as_a_file_is_one(operator: Console, provider: Provider) -> None:
    event = provider.completed(1, 2)
    await provider.apply(event)

    answer = await operator.ask(APPLY, input=event)

    assert (answer["userErrors"], answer["event"]["state"]) == ([], "APPLIED")
    assert (await provider.state())["welcomes"] == 1


async def test_ON_01_a_bad_event_is_told_by_its_fields(operator: Console, provider: Provider) -> None:
    event = provider.completed(1, lines=[{"number": provider.number(1)}, {"number": "010-1234-5678"}], adminMobile="x")

    answer = await operator.ask(APPLY, input=event)

    assert answer["event"] is None
    assert sorted((error["code"], error["field"]) for error in answer["userErrors"]) == [
        ("INVALID_FORMAT", ["adminMobile"]),
        ("INVALID_FORMAT", ["lines", "1", "number"]),
    ]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"plan": "NEVER-WAS"}, "NOT_FOUND", ["plan"]),
        ({"plan": None}, "REQUIRED", ["plan"]),
        ({"retire": ["07012345678"]}, "CONFLICT", ["retire"]),
        ({"id": "한글"}, "INVALID_FORMAT", ["id"]),
    ],
)
async def test_ON_01_each_refusal_has_its_code(
    operator: Console, provider: Provider, fields: dict[str, Any], code: str, field: list[str]
) -> None:
    answer = await operator.ask(APPLY, input={**provider.completed(1), **fields})

    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [(code, field)]


async def test_ON_01_a_known_id_with_other_content_is_refused(operator: Console, provider: Provider) -> None:
    await provider.apply(provider.completed(1))

    answer = await operator.ask(APPLY, input=provider.completed(2))

    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [("KEY_REUSED", ["id"])]


async def test_ON_01_operators_see_what_waits_and_why(operator: Console, provider: Provider) -> None:
    for place in range(3):
        await provider.apply(provider.changed(f"more-{place}", 1, lines=[{"number": provider.number(place)}]))
    wanted = {"search": provider.subscription, "states": ["WAITING"]}

    page = await operator.ask(EVENTS, filter=wanted)
    rest = await operator.ask(EVENTS, filter=wanted, after=page["pageInfo"]["endCursor"])

    assert page["totalCount"] == {"value": 3, "precision": "EXACT"}
    nodes = page["nodes"] + rest["nodes"]
    assert {node["reference"] for node in nodes} == {f"{provider.subscription}:more-{place}" for place in range(3)}
    assert {(node["state"], node["reason"]) for node in nodes} == {("WAITING", "UNKNOWN_SUBSCRIPTION")}
    assert "청약" in nodes[0]["message"]
    assert (await operator.ask(EVENTS, filter={**wanted, "states": ["APPLIED"]}))["nodes"] == []
    assert (await operator.ask(EVENTS, filter={**wanted, "states": []}))["nodes"] == []


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (APPLY, {"input": Provider(serial=0).completed(1)}),
        (EVENTS, {}),
        (PLAN_SAVE, {"input": {"code": "X", "name": "x"}}),
    ],
)
async def test_T9_what_is_the_operators_is_nobody_elses(
    provider: Provider, company: Tenant, document: str, variables: dict[str, Any]
) -> None:
    async with client(provider, None) as nobody:
        answer = await nobody.answer(document, **variables)
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    async with console(company, wired(provider)) as administrator:
        answer = await administrator.answer(document, **variables)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_AU_30_the_guide_of_all_plans_is_read_without_signing_in(operator: Console, provider: Provider) -> None:
    given = {
        "code": "GUIDE-1",
        "name": "안내 요금제",
        "guide": "월 5,500원.\n회선마다.",
        "monthlyFee": 5500,
        "sortOrder": 7,
    }
    assert (await operator.ask(PLAN_SAVE, input=given))["plan"] == given

    async with client(provider, None) as nobody:
        guide = await nobody.ask(GUIDE)

    assert given in guide
    assert [plan["sortOrder"] for plan in guide] == sorted(plan["sortOrder"] for plan in guide)
    changed = {**given, "name": "다른 이름", "monthlyFee": None}
    assert (await operator.ask(PLAN_SAVE, input=changed))["plan"] == changed
    assert changed in await operator.ask(GUIDE)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"code": "소문자"}, "INVALID_FORMAT", "code"),
        ({"code": "lower"}, "INVALID_FORMAT", "code"),
        ({"name": " "}, "REQUIRED", "name"),
        ({"name": "가" * 51}, "TOO_LONG", "name"),
        ({"guide": "x" * 2000}, None, None),
        ({"monthlyFee": -1}, "OUT_OF_RANGE", "monthlyFee"),
        ({"sortOrder": 10_001}, "OUT_OF_RANGE", "sortOrder"),
    ],
)
async def test_AU_30_a_bad_plan_is_refused(
    operator: Console, fields: dict[str, Any], code: str | None, field: str | None
) -> None:
    answer = await operator.ask(PLAN_SAVE, input={"code": "BAD-1", "name": "x", **fields})

    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == ([(code, [field])] if code else [])


async def test_SU_01_a_company_sees_its_plan(provider: Provider, company: Tenant) -> None:
    await provider.apply(provider.completed(1))
    key = await provider.company_id()
    assert key
    own = Tenant(key, company.admin_id, provider.mobile, [provider.number(1)], [])

    async with console(own, wired(provider)) as administrator:
        viewer = await administrator.ask(COMPANY)
    async with console(company, wired(provider)) as other:
        without = await other.ask(COMPANY)

    assert viewer["company"]["plan"] == {"code": PLANS[0], "name": f"요금제 {PLANS[0]}"}
    assert without["company"]["plan"] is None
