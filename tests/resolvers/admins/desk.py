"""A client of the whole application, and the person in front of it, for tests of signing in and of what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from bizcall import dispatch
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.accounts import PASSWORD, SECRET, Person
from tests.console import Wiring

SIGN_IN = """
mutation ($input: SignInInput!) {
  signIn(input: $input) { challenge { token expiresAt } userErrors { code field message params { name value } } }
}"""
SEND = """
mutation ($input: SignInCodeSendInput!) {
  signInCodeSend(input: $input) { code { mobileMasked expiresAt nextAt } userErrors { code field } }
}"""
VERIFY = """
mutation ($input: SignInVerifyInput!) {
  signInVerify(input: $input) {
    session { token deviceToken viewer { expiresAt admin { id name mobileMasked } company { name } permissions } }
    userErrors { code field params { name value } }
  }
}"""
VIEWER = "{ viewer { idleUntil expiresAt admin { name } company { representativeNumber } permissions } }"
SIGN_OUT = "mutation { signOut { signedOut userErrors { code } } }"


@dataclass
class Console:
    """A client of the application, and the person in front of it."""

    http: httpx.AsyncClient
    person: Person

    async def ask(self, document: str, input: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:  # noqa: A002
        """The answer to a document."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"query": document, "variables": {"input": input} if input else {}}
        response = await self.http.post("/graphql", json=body, headers={"accept": "application/json", **named})
        answer: dict[str, Any] = response.json()
        return answer

    async def begin(self, **more: str) -> str:
        """The first step: the challenge's token."""
        answer = await self.ask(SIGN_IN, {"loginId": self.person.company.login_id, "password": PASSWORD, **more})
        token: str = answer["data"]["signIn"]["challenge"]["token"]
        return token

    async def code(self, challenge: str) -> str:
        """A code, asked for, delivered and read."""
        answer = await self.ask(SEND, {"challenge": challenge})
        assert answer["data"]["signInCodeSend"]["userErrors"] == []
        assert await self.person.deliver() is dispatch.Outcome.SENT
        return self.person.phone.code

    async def finish(self, challenge: str, **more: str) -> dict[str, Any]:
        """The second step: the session."""
        answer = await self.ask(VERIFY, {"challenge": challenge, "code": await self.code(challenge), **more})
        session: dict[str, Any] = answer["data"]["signInVerify"]["session"]
        return session


def wiring(person: Person, **settings: Any) -> Wiring:
    """The application's services with the person's clock and queue; `settings` as a deployment may have them."""
    known = Settings(stage="test", secret_key=SecretStr(SECRET), **settings)
    return Wiring(known, queue=person.queue, clock=person.clock)


@asynccontextmanager
async def opened(person: Person, *, address: str = "203.0.113.7", **settings: Any) -> AsyncIterator[Console]:
    """The application, with a client that keeps cookies."""
    transport = httpx.ASGITransport(create_app(wiring(person, **settings)), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        yield Console(client, person)
