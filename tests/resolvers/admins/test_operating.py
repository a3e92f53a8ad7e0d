"""Lists of administrators, and what operators do to their accounts, through the API (ON-02, AU-22, AU-31, AU-32)."""

from __future__ import annotations

from typing import Any

import pytest

from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from schema.node import encode
from tests.accounts import PASSWORD, WRONG, Person
from tests.console import Console as SignedIn
from tests.console import console as signed_in
from tests.factories import Tenant
from tests.resolvers.admins.desk import SIGN_IN, Console, wiring
from tests.statements import counted

pytestmark = pytest.mark.usefixtures("swift")

ERRORS = "userErrors { code field }"
ROW = """
  id loginId companyName representativeNumber state createdAt registeredAt endedAt lockedUntil temporaryUntil
  passwordChangedAt mobileMasked name department position email welcome { state createdAt sentAt }
"""
ADMINS = f"""
query ($first: Int, $after: String, $last: Int, $before: String, $filter: AdminFilter) {{
  admins(first: $first, after: $after, last: $last, before: $before, filter: $filter) {{
    nodes {{ {ROW} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount {{ value }}
  }}
}}"""
RESEND = f"""
mutation ($input: AdminWelcomeResendInput!) {{
  adminWelcomeResend(input: $input) {{ admin {{ id state welcome {{ state }} }} {ERRORS} }}
}}"""
UNLOCK = f"mutation ($id: ID!) {{ adminUnlock(id: $id) {{ admin {{ state lockedUntil }} {ERRORS} }} }}"
SESSIONS_END = f"mutation ($id: ID!) {{ adminSessionsEnd(id: $id) {{ ended {ERRORS} }} }}"
REPLACE = f"""
mutation ($id: ID!, $input: AdminReplaceInput!) {{
  adminReplace(id: $id, input: $input) {{ admin {{ id loginId state mobileMasked }} {ERRORS} }}
}}"""


def opaque(person: Person) -> str:
    """The administrator's id as clients see it."""
    return encode("Admin", person.company.admin_id)


async def of(client: SignedIn, **given: Any) -> list[dict[str, Any]]:
    """The nodes of a page."""
    page = await client.ask(ADMINS, **{"first": 100, **given})
    nodes: list[dict[str, Any]] = page["nodes"]
    return nodes


async def test_operators_see_accounts_and_no_people(console: Console, operator: SignedIn) -> None:
    company = console.person.company

    [row] = await of(operator, filter={"search": company.login_id})

    assert row["id"] == opaque(console.person)
    assert (row["loginId"], row["state"]) == (company.login_id, "REGISTERED")
    assert row["mobileMasked"] == f"010-****-{company.mobile[-4:]}"
    assert [row[field] for field in ("name", "department", "position", "email", "welcome")] == [None] * 5


async def test_a_company_sees_its_own_administrators_with_their_names(console: Console, stranger: Tenant) -> None:
    await Person(stranger, clock=console.person.clock).register()
    async with signed_in(console.person.company, wiring(console.person)) as client:
        [row] = await of(client)
        assert row["name"] == "김관리"
        assert await of(client, filter={"search": stranger.login_id}) == []


async def test_operators_search_by_name_number_and_mobile_and_by_state(console: Console, operator: SignedIn) -> None:
    company = console.person.company
    name = (await of(operator, filter={"search": company.login_id}))[0]["companyName"]

    for search in (name[1:], company.login_id, company.mobile):
        found = await of(operator, filter={"search": search, "states": ["REGISTERED"]})
        assert opaque(console.person) in [row["id"] for row in found]
    assert await of(operator, filter={"search": company.mobile, "states": ["INVITED", "LOCKED"]}) == []
    assert await of(operator, filter={"search": company.mobile[:-1]}) == []
    for path, value in {"search": "x" * 101, "states": ["ENDED"] * 5}.items():
        answer = await operator.answer(ADMINS, first=1, filter={path: value})
        assert answer["errors"][0]["extensions"]["problems"][0]["field"] == ["filter", path]


async def test_operators_page_both_ways_at_the_same_cost(console: Console, operator: SignedIn) -> None:
    admin_ids = [opaque(console.person)]
    for _ in range(3):
        console.person.clock.turn(seconds=1)
        replaced = await operator.ask(REPLACE, id=admin_ids[0], input={"mobile": "01088886666"})
        admin_ids.insert(0, replaced["admin"]["id"])
    wanted = {"search": console.person.company.login_id}

    forward = await operator.ask(ADMINS, first=1, filter=wanted)
    with counted() as for_one:
        await operator.ask(ADMINS, first=1, filter=wanted)
    with counted() as for_all:
        whole = await operator.ask(ADMINS, first=100, filter=wanted)
    seen = [forward["nodes"][0]["id"]]
    while forward["pageInfo"]["hasNextPage"]:
        forward = await operator.ask(ADMINS, first=1, after=forward["pageInfo"]["endCursor"], filter=wanted)
        seen.append(forward["nodes"][0]["id"])
    backward = await operator.ask(ADMINS, last=2, filter=wanted)
    earlier = await operator.ask(ADMINS, last=2, before=backward["pageInfo"]["startCursor"], filter=wanted)

    everything = [row["id"] for row in whole["nodes"]]
    assert seen == everything
    assert set(everything) >= {admin_ids[0]}
    assert [row["id"] for row in (*earlier["nodes"], *backward["nodes"])] == everything[-4:]
    assert len(for_one) == len(for_all)


async def test_ON_02_the_welcome_again(company: Tenant, console: Console, operator: SignedIn, stranger: Tenant) -> None:
    newcomer = Person(stranger, clock=console.person.clock, queue=console.person.queue)
    await newcomer.invite()
    [row] = await of(operator, filter={"search": stranger.login_id})
    assert (row["state"], row["welcome"]["state"]) == ("INVITED", "SENT")
    given = {"representativeNumber": stranger.login_id, "companyName": row["companyName"]}

    resent = await operator.ask(RESEND, input=given)

    assert resent["admin"] == {"id": row["id"], "state": "INVITED", "welcome": {"state": "QUEUED"}}
    before = newcomer.phone.password
    await newcomer.deliver()
    assert newcomer.phone.password != before
    wrongly = await operator.ask(RESEND, input={**given, "companyName": "다른 회사"})
    assert wrongly["userErrors"] == [{"code": "NOT_FOUND", "field": []}]
    name = (await of(operator, filter={"search": company.login_id}))[0]["companyName"]
    registered = await operator.ask(RESEND, input={"representativeNumber": company.login_id, "companyName": name})
    assert registered["userErrors"] == [{"code": "STATE", "field": []}]


async def test_AU_22_unlock(console: Console, operator: SignedIn) -> None:
    login_id = console.person.company.login_id
    for _ in range(5):
        await console.ask(SIGN_IN, {"loginId": login_id, "password": WRONG})
    [row] = await of(operator, filter={"search": login_id})
    assert row["state"] == "LOCKED"
    assert row["lockedUntil"]

    unlocked = await operator.ask(UNLOCK, id=opaque(console.person))

    assert unlocked == {"admin": {"state": "REGISTERED", "lockedUntil": None}, "userErrors": []}
    assert await console.begin()


async def test_AU_31_sessions_of_an_account_are_ended(console: Console, operator: SignedIn) -> None:
    await console.finish(await console.begin())

    assert await operator.ask(SESSIONS_END, id=opaque(console.person)) == {"ended": 1, "userErrors": []}


async def test_AU_32_replace(console: Console, operator: SignedIn) -> None:
    company = console.person.company

    replaced = await operator.ask(REPLACE, id=opaque(console.person), input={"mobile": "010-8888-5555"})

    assert replaced["admin"]["loginId"] == company.login_id
    assert (replaced["admin"]["state"], replaced["admin"]["mobileMasked"]) == ("INVITED", "010-****-5555")
    [former] = [row for row in await of(operator, filter={"states": ["ENDED"]}) if row["id"] == opaque(console.person)]
    assert former["loginId"] is None
    again = await operator.ask(REPLACE, id=opaque(console.person), input={"mobile": "010-8888-5555"})
    assert again["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
    bad = await operator.ask(REPLACE, id=replaced["admin"]["id"], input={"mobile": "1234"})
    assert bad["userErrors"] == [{"code": "INVALID_FORMAT", "field": ["mobile"]}]
    answer = await console.ask(SIGN_IN, {"loginId": company.login_id, "password": PASSWORD})
    assert answer["data"]["signIn"]["userErrors"][0]["code"] == "CREDENTIALS"


@pytest.mark.parametrize(
    "opaque_id", [encode("Admin", uuid7()), encode("Line", uuid7()), "", "x", "관리자"], ids=lambda text: text[:4]
)
async def test_nobodys_id_is_not_found(operator: SignedIn, opaque_id: str) -> None:
    for document, given in ((UNLOCK, {}), (SESSIONS_END, {}), (REPLACE, {"input": {"mobile": "01088884444"}})):
        told = await operator.ask(document, id=opaque_id, **given)
        assert told["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]


@pytest.mark.parametrize(
    ("document", "given"),
    [
        (RESEND, {"input": {"representativeNumber": "0", "companyName": "x"}}),
        (UNLOCK, {"id": "x"}),
        (SESSIONS_END, {"id": "x"}),
        (REPLACE, {"id": "x", "input": {"mobile": "x"}}),
    ],
)
async def test_what_operators_do_is_for_nobody_else(console: Console, document: str, given: dict[str, Any]) -> None:
    async with signed_in(console.person.company, wiring(console.person)) as client:
        answer = await client.answer(document, **given)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    body = {"query": document, "variables": given}
    nobody = (await console.http.post("/graphql", json=body)).json()
    assert nobody["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_operators_see_nothing_of_companies_work(operator: SignedIn) -> None:
    document = "{ departments(first: 1) { nodes { id } } }"
    assert (await operator.answer(document))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_operator_is_a_viewer_of_the_provider(operator: SignedIn) -> None:
    viewer = await operator.ask("{ viewer { role permissions company { id } } }")

    assert viewer["role"] == "OPERATOR"
    assert viewer["permissions"] == ["ADMINS_MANAGE", "PROVISIONING_APPLY", "AUDIT_READ"]
    assert viewer["company"]["id"] == encode("Company", PROVIDER_ID)
