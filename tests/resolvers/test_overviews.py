"""Companies for operators: list, masked overview, and entering with a reason (P4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import orjson
import pytest
from pydantic import SecretStr

from bizcall import admins, dispatch
from bizcall.admins import sessions
from bizcall.admins.locks import STRANGER
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.settings import Settings
from bizcall.subscribers import editing
from resolvers.app import create_app
from schema.node import encode
from tests.accounts import ACTOR, KEYS, SECRET, Person, records
from tests.console import Console, Wiring, console
from tests.doubles import Phone, RecordingQueue, Turned
from tests.factories import Tenant, make_tenant
from tests.resolvers.operators import END, ENTER, LIST, ONE, RESUME, SUSPEND, WHY, desk

SEND = "mutation { viewerCodeSend { challenge { token } userErrors { code } } }"
CONFIRM = """
mutation ($input: ViewerCodeConfirmInput!) { viewerCodeConfirm(input: $input) { userErrors { code } } }
"""


@pytest.fixture
async def operator(db: None) -> AsyncIterator[Console]:
    async with desk() as (api, _):
        yield api


async def hire(company: Tenant, place: int, **fields: Any) -> None:
    draft = editing.Draft(company.line_ids[place], cast("Any", fields))
    await editing.save(company.id, ACTOR, [draft])


def hidden(found: Any, *texts: str) -> bool:
    return not any(text in str(found) for text in texts)


async def test_an_operator_finds_a_company_by_name_number_and_the_administrators_mobile(
    company: Tenant, stranger: Tenant, operator: Console
) -> None:
    await Person(company).register()
    everybody = await operator.ask(LIST, first=100)
    assert encode("Company", PROVIDER_ID) not in [node["id"] for node in everybody["nodes"]]
    [named] = (await operator.ask(LIST, first=1, filter={"search": company.login_id}))["nodes"]
    name = named["name"]
    for search in (name, company.login_id, company.numbers[3], f"{company.mobile[:3]}-{company.mobile[3:]}"):
        page = await operator.ask(LIST, first=100, filter={"search": search})
        nodes = {node["id"]: node for node in page["nodes"]}
        assert encode("Company", company.id) in nodes, search
        assert encode("Company", stranger.id) not in nodes or search == name
        told = nodes[encode("Company", company.id)]
        assert told["adminMobilesMasked"] == [f"010-****-{company.mobile[-4:]}"]
        assert hidden(page, company.mobile)
    assert (await operator.ask(LIST, first=5, filter={"search": "010-9876-5432"}))["nodes"] == []
    answer = await operator.answer(LIST, first=5, filter={"search": "가" * 101})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


REPLACE = """
mutation ($id: ID!, $input: AdminReplaceInput!) {
  adminReplace(id: $id, input: $input) { userErrors { code field } }
}"""
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Admin { companyName name email } } }"


async def test_an_operator_finds_accounts_of_all_companies_by_id_and_nothing_else_of_theirs(
    company: Tenant, stranger: Tenant, operator: Console
) -> None:
    for each in (company, stranger):
        await Person(each).register()
    await hire(company, 0, name="김하나")
    colleague = await admins.operator_create(
        f"op{uuid7().hex[-12:]}", "동료", "01055559996", keys=KEYS, actor=ACTOR, queue=RecordingQueue()
    )
    async with tenant(company.id):
        [row] = await query("SELECT id FROM subscriber WHERE company_id = $1", company.id)
    accounts = [encode("Admin", each.admin_id) for each in (company, stranger)]
    theirs = [
        encode("Company", company.id),
        encode("Line", company.line_ids[0]),
        encode("Subscriber", row["id"]),
        *(encode("Department", key) for key in company.departments.values()),
        encode("Admin", colleague),
    ]

    found = await operator.ask(NODES, ids=[*accounts, *theirs])

    assert [each and each["id"] for each in found] == [*accounts, *(None for _ in theirs)]
    assert {(each["name"], each["email"]) for each in found[:2]} == {(None, None)}
    assert found[0]["companyName"] != found[1]["companyName"]


@pytest.mark.parametrize("field", ["NAME", "NUMBER", "CREATED_AT"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_the_companies_are_walked_both_ways_in_every_order(
    company: Tenant, operator: Console, field: str, direction: str
) -> None:
    for _ in range(4):
        await make_tenant(lines=1)
    wanted = {"filter": {"search": "회사"}, "orderBy": {"field": field, "direction": direction}}
    whole = [node["id"] for node in (await operator.ask(LIST, first=100, **wanted))["nodes"]]
    ahead, place = list[str](), None
    while len(ahead) < min(len(whole), 9):
        page = await operator.ask(LIST, first=2, after=place, **wanted)
        ahead += [node["id"] for node in page["nodes"]]
        place = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert ahead == whole[: len(ahead)]
    back = await operator.ask(LIST, last=3, before=place, **wanted)
    assert [node["id"] for node in back["nodes"]] == ahead[:-1][-3:]


async def test_P4_an_overview_masks_everybody(company: Tenant, operator: Console) -> None:
    await Person(company).register()
    await hire(company, 0, name="홍길동", mobile="01022223333")
    told = await operator.ask(ONE, id=encode("Company", company.id))
    assert (told["lineCount"], told["subscriberCount"]) == (len(company.numbers), 1)
    [admin] = told["admins"]
    assert (admin["nameMasked"], admin["mobileMasked"]) == ("김*리", f"010-****-{company.mobile[-4:]}")
    assert hidden(told, "김관리", company.mobile, "홍길동", "01022223333")
    assert await operator.ask(ONE, id=encode("Company", uuid7())) is None
    assert await operator.ask(ONE, id=encode("Company", PROVIDER_ID)) is None
    assert await operator.ask(ONE, id=encode("Admin", company.admin_id)) is None


async def test_P4_entering_shows_whole_people_and_stands_in_both_trails(company: Tenant) -> None:
    await Person(company).register()
    await hire(company, 0, name="홍길동", mobile="01022223333", email="hong@staff.example", position="대리")
    async with desk() as (operator, key):
        entered = await operator.ask(ENTER, id=encode("Company", company.id), input={**WHY, "search": "길동"})
    assert entered["userErrors"] == []
    [line] = entered["company"]["lines"]
    assert (line["name"], line["mobile"], line["email"]) == ("홍길동", "01022223333", "hong@staff.example")
    assert line["number"] == company.numbers[0]
    [admin] = entered["company"]["admins"]
    assert (admin["name"], admin["mobile"]) == ("김관리", company.mobile)
    own = [row for row in await records(company.id) if row["actor_kind"] == "OPERATOR"]
    assert [(row["action"], row["subject_kind"], row["actor_id"]) for row in own] == [
        ("companies.enter", "Subscriber", key),
        ("admins.view", "Admin", key),
    ]
    assert len(own[0]["subject_ids"]) == 1
    assert own[1]["subject_ids"] == [company.admin_id]
    assert "고객 문의 응대 31" in own[0]["details"]
    theirs = [row for row in await records(PROVIDER_ID) if row["actor_id"] == key]
    assert [(row["action"], row["subject_ids"]) for row in theirs] == [("companies.enter", [company.id])]


async def test_S6_an_operator_enters_a_company_or_replaces_its_administrator_with_a_fresh_code_only(
    company: Tenant,
) -> None:
    clock, queue, phone = Turned(), RecordingQueue(), Phone()
    await Person(company).register()
    login_id = f"op{uuid7().hex[-12:]}"
    key = await admins.operator_create(
        login_id, "오퍼레", "01055559998", keys=KEYS, actor=ACTOR, queue=queue, clock=clock
    )
    async with tenant(PROVIDER_ID):
        opened = await sessions.begin(PROVIDER_ID, key, actor=ACTOR, user_agent="", device=STRANGER, clock=clock)
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    transport = httpx.ASGITransport(create_app(Wiring(settings, queue=queue, clock=clock)))
    headers = {"authorization": f"Bearer {opened.token}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example", headers=headers) as client:
        operator, given = Console(client), {"id": encode("Company", company.id), "input": WHY}
        clock.turn(seconds=sessions.FRESH.total_seconds())
        other = {"id": encode("Admin", company.admin_id), "input": {"mobile": "010-5555-9997"}}
        assert (await operator.ask(ENTER, **given))["userErrors"] == [{"code": "CODE_REQUIRED", "field": []}]
        assert (await operator.ask(REPLACE, **other))["userErrors"] == [{"code": "CODE_REQUIRED", "field": []}]
        ending = {**given, "input": {**WHY, "representativeNumber": company.login_id}}
        for contract, asked in ((SUSPEND, given), (RESUME, given), (END, ending)):
            refused = await operator.ask(contract, **asked)
            assert refused["userErrors"] == [{"code": "CODE_REQUIRED", "field": []}]
        assert not [row for row in await records(company.id) if row["actor_kind"] == "OPERATOR"]
        begun = await operator.ask(SEND)
        _, letter = queue.letters[-1]
        await dispatch.deliver(orjson.loads(letter.body), sms=phone, keys=KEYS, settings=settings, clock=clock)
        typed = {"challenge": begun["challenge"]["token"], "code": phone.code}
        assert (await operator.ask(CONFIRM, input=typed))["userErrors"] == []
        assert (await operator.ask(ENTER, **given))["userErrors"] == []
        assert (await operator.ask(REPLACE, **other))["userErrors"] == []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({**WHY, "note": "....."}, "REQUIRED", ["note"]),
        ({**WHY, "note": "문의"}, "TOO_SHORT", ["note"]),
        ({**WHY, "search": "가" * 101}, "TOO_LONG", ["search"]),
    ],
)
async def test_nothing_is_shown_or_recorded_without_a_reason_that_says_something(
    company: Tenant, operator: Console, given: dict[str, str], code: str, field: list[str]
) -> None:
    refused = await operator.ask(ENTER, id=encode("Company", company.id), input=given)
    assert refused == {"company": None, "userErrors": [{"code": code, "field": field}]}
    assert await records(company.id) == []


async def test_a_company_that_is_not_there_and_the_provider_are_entered_by_nobody(operator: Console) -> None:
    for opaque in (encode("Company", uuid7()), encode("Company", PROVIDER_ID), encode("Line", uuid7()), "?"):
        refused = await operator.ask(ENTER, id=opaque, input=WHY)
        assert refused == {"company": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}


async def test_T9_an_administrator_sees_no_list_and_enters_nothing_not_even_his_own(company: Tenant) -> None:
    async with console(company) as api:
        for document, given in (
            (LIST, {"first": 5}),
            (ONE, {"id": encode("Company", company.id)}),
            (ENTER, {"id": encode("Company", company.id), "input": WHY}),
            (SUSPEND, {"id": encode("Company", company.id), "input": WHY}),
            (RESUME, {"id": encode("Company", company.id), "input": WHY}),
            (END, {"id": encode("Company", company.id), "input": {**WHY, "representativeNumber": company.login_id}}),
        ):
            answer = await api.answer(document, **given)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await records(company.id) == []
