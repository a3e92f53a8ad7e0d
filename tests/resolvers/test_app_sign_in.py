"""The app's server at the API: its bearer, what it may ask for, and the sign-in (IN-11, S1, S5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import service_clients
from bizcall.audit import system
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.permissions import ACCESS, SERVICES
from tests.accounts import SECRET, Person, records
from tests.console import Wiring
from tests.dispatching import Campaign
from tests.factories import Tenant
from tests.phone_app import App
from tests.resolvers.test_app import ROOT_FIELDS
from tests.statements import counted

SIGN_IN = """mutation ($input: AppSignInInput!) {
  appSignIn(input: $input) {
    user { number numberFormatted name email companyName } userErrors { code field }
  }
}"""
OWN = {field for field, roles in ACCESS.items() if roles >= SERVICES}
_serial = count(1)


@dataclass
class Server:
    """The app's server with its token."""

    http: httpx.AsyncClient
    name: str
    token: str

    async def post(self, document: str, token: str | None = None, **variables: Any) -> httpx.Response:
        """Ask with this token, or its own."""
        headers = {"authorization": f"Bearer {self.token if token is None else token}"}
        return await self.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)

    async def ask(self, document: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The answer."""
        answer: dict[str, Any] = (await self.post(document, token, **variables)).json()
        return answer


@pytest.fixture
async def server(db: None) -> AsyncIterator[Server]:
    """A client of the product's own schema."""
    name = f"app-server-{next(_serial)}"
    token = await service_clients.create(name, actor=system())
    app = create_app(Wiring(Settings(stage="test", secret_key=SecretStr(SECRET))))
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        yield Server(client, name, token)


def codes(answer: dict[str, Any]) -> list[str]:
    """The codes of the errors."""
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


@pytest.fixture
async def app(company: Tenant) -> App:
    """A company with one subscriber who may use the app."""
    campaign = Campaign(company)
    await campaign.register()
    return App(campaign)


async def test_IN_11_the_server_signs_a_subscriber_in_once(server: Server, app: App) -> None:
    given = {"number": app.number, "password": await app.invited()}

    answer = await server.ask(SIGN_IN, input=given)

    user = answer["data"]["appSignIn"]["user"]
    assert (user["number"], user["name"], user["email"]) == (app.number, "직원0", "user0@example.com")
    assert user["numberFormatted"] == f"{app.number[:3]}-{app.number[3:7]}-{app.number[7:]}"
    assert user["companyName"].startswith("회사")
    again = (await server.ask(SIGN_IN, input=given))["data"]["appSignIn"]
    assert again == {"user": None, "userErrors": [{"code": "CREDENTIALS", "field": []}]}
    found = [each for each in await records(app.campaign.company.id) if each["action"].startswith("app.")]
    assert [(each["action"], each["actor_kind"], each["address"]) for each in found] == [
        ("app.sign_in", "SERVICE", "203.0.113.9"),
        ("app.sign_in_failure", "SERVICE", "203.0.113.9"),
    ]


async def test_IN_11_neither_strangers_nor_administrators_may_ask(server: Server, company: Tenant) -> None:
    person = await Person(company).register()
    session = (await person.complete()).session.token
    given = {"number": company.numbers[0], "password": "x"}

    assert codes(await server.ask(SIGN_IN, "", input=given)) == ["UNAUTHENTICATED"]
    assert codes(await server.ask(SIGN_IN, session, input=given)) == ["FORBIDDEN"]


@pytest.mark.parametrize("field", sorted(ROOT_FIELDS.keys() - OWN))
async def test_S5_a_server_may_ask_for_nothing_else(server: Server, field: str) -> None:
    with counted() as sent:
        answer = await server.ask(ROOT_FIELDS[field])

    assert codes(answer) == ["FORBIDDEN"]
    assert not [sql for sql in sent if "service_client" not in sql]


async def test_S5_what_a_server_may_ask_for_is_little() -> None:
    assert {field for field in OWN if ".__" not in field} == {
        "Query.limits",
        "Query.documents",
        "Mutation.appSignIn",
    }


async def test_S5_a_token_that_has_ended_or_is_not_quite_right_is_nobodys(server: Server) -> None:
    given = {"number": "070-9999-9995", "password": "x"}
    for token in (server.token[:-1], server.token.upper(), "svc_", server.token.removeprefix("svc_"), "svc_" * 5000):
        assert codes(await server.ask(SIGN_IN, token, input=given)) == ["UNAUTHENTICATED"]

    await service_clients.end(server.name, actor=system())

    assert codes(await server.ask(SIGN_IN, input=given)) == ["UNAUTHENTICATED"]


async def test_A6_two_guesses_in_one_request_are_refused_before_any_is_compared(server: Server) -> None:
    guess = 'appSignIn(input: {number: "070-9999-9994", password: "x"}) { userErrors { code } }'
    with counted() as sent:
        answer = await server.ask(f"mutation {{ a: {guess} b: {guess} }}")

    assert answer["errors"][0]["extensions"]["limit"] == "secretMutations"
    assert sent == []
