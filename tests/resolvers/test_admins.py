"""Signing in through the API, as clients do (AU-20, AU-22, AU-24, AU-31)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import dispatch
from bizcall.admins import codes, locks, sessions
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.accounts import PASSWORD, SECRET, Person, wrong
from tests.console import Wiring
from tests.factories import Tenant

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


@pytest.fixture
async def console(company: Tenant) -> AsyncIterator[Console]:
    """The application, with a client that keeps cookies."""
    person = await Person(company).register()
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, queue=person.queue, clock=person.clock))
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        yield Console(client, person)


async def test_AU_20_password_and_code_make_a_session(console: Console) -> None:
    session = await console.finish(await console.begin())

    assert session["viewer"]["admin"]["name"] == "김관리"
    assert session["viewer"]["admin"]["mobileMasked"] == f"010-****-{console.person.company.mobile[-4:]}"
    answer = await console.ask(VIEWER, authorization=f"Bearer {session['token']}")
    viewer = answer["data"]["viewer"]
    assert viewer["company"]["representativeNumber"] == console.person.company.login_id
    assert viewer["expiresAt"] == (console.person.clock() + timedelta(hours=12)).isoformat()
    assert viewer["permissions"] == [
        "SUBSCRIBERS_MANAGE",
        "DEPARTMENTS_MANAGE",
        "IMPORTS_MANAGE",
        "INVITATIONS_SEND",
        "AUDIT_READ",
    ]


async def test_AU_31_nobody_is_signed_in_without_a_session(console: Console) -> None:
    challenge = await console.begin()

    assert await console.ask(VIEWER) == {"data": {"viewer": None}}
    assert await console.ask(VIEWER, authorization=f"Bearer {challenge}") == {"data": {"viewer": None}}
    assert (await console.ask(SIGN_OUT))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    departments = "{ departments(first: 1) { nodes { name } } }"
    answer = await console.ask(departments, authorization=f"Bearer {challenge}")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_AU_31_sign_out_ends_the_session_at_once(console: Console) -> None:
    bearer = f"Bearer {(await console.finish(await console.begin()))['token']}"

    assert (await console.ask(SIGN_OUT, authorization=bearer))["data"]["signOut"] == {
        "signedOut": True,
        "userErrors": [],
    }

    assert await console.ask(VIEWER, authorization=bearer) == {"data": {"viewer": None}}


async def test_AU_22_a_lock_is_told_in_both_languages_with_its_end(console: Console) -> None:
    given = {"loginId": console.person.company.login_id, "password": "Wrong00Horse"}
    for _ in range(4):
        (error,) = (await console.ask(SIGN_IN, given))["data"]["signIn"]["userErrors"]
        assert (error["code"], error["field"]) == ("CREDENTIALS", [])

    (korean,) = (await console.ask(SIGN_IN, given))["data"]["signIn"]["userErrors"]
    (english,) = (await console.ask(SIGN_IN, given, accept_language="en"))["data"]["signIn"]["userErrors"]

    until = (console.person.clock() + timedelta(minutes=10)).replace(microsecond=0)
    assert korean["code"] == "LOCKED"
    assert korean["params"] == [{"name": "until", "value": until.isoformat()}]
    shown = f"{until + timedelta(hours=9):%Y-%m-%d %H:%M:%S}"
    assert shown in korean["message"]
    assert shown in english["message"]


async def test_AU_22_known_and_unknown_ids_are_answered_byte_by_byte_alike(console: Console) -> None:
    known, unknown = console.person.company.login_id, console.person.company.numbers[5]

    for _ in range(6):
        answers = [
            await console.ask(SIGN_IN, {"loginId": login_id, "password": "Wrong00Horse"})
            for login_id in (known, unknown)
        ]
        assert answers[0] == answers[1]


async def test_AU_24_a_wrong_code_tells_how_many_tries_are_left(console: Console) -> None:
    challenge = await console.begin()
    code = await console.code(challenge)

    answer = await console.ask(VERIFY, {"challenge": challenge, "code": wrong(code)})

    assert answer["data"]["signInVerify"] == {
        "session": None,
        "userErrors": [{"code": "CODE_WRONG", "field": ["code"], "params": [{"name": "triesLeft", "value": "4"}]}],
    }


@pytest.mark.parametrize("second", ["signIn", "signInCodeSend", "signInVerify"])
async def test_A6_two_secrets_in_one_request_are_refused_before_any_is_compared(console: Console, second: str) -> None:
    inputs = {
        "signIn": '{loginId: "0701", password: "x"}',
        "signInCodeSend": '{challenge: "x"}',
        "signInVerify": '{challenge: "x", code: "x"}',
    }
    document = f"""mutation {{
      a: signIn(input: {inputs["signIn"]}) {{ userErrors {{ code }} }}
      b: {second}(input: {inputs[second]}) {{ userErrors {{ code }} }}
    }}"""

    answer = await console.ask(document)

    assert answer["errors"][0]["extensions"]["limit"] == "secretMutations"


async def test_AU_31_a_browser_keeps_its_session_in_a_cookie_that_scripts_cannot_read(console: Console) -> None:
    challenge = await console.begin()
    code = await console.code(challenge)
    body = {
        "query": VERIFY,
        "variables": {"input": {"challenge": challenge, "code": code, "keep": "COOKIE"}},
    }

    response = await console.http.post("/graphql", json=body)

    session = response.json()["data"]["signInVerify"]["session"]
    assert session["token"] is None
    assert session["deviceToken"] is None
    cookies = response.headers.get_list("set-cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"session", "device"}
    assert all("httponly" in cookie.lower() and "samesite" in cookie.lower() for cookie in cookies)
    assert (await console.ask(VIEWER, x_bizcall_client="console"))["data"]["viewer"]["admin"]["name"] == "김관리"
    # A form of another origin sends the cookie, but not the header.
    assert (await console.ask(VIEWER))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_AU_31_sign_out_takes_the_cookie_away(console: Console) -> None:
    await console.finish(await console.begin(), keep="COOKIE")

    await console.ask(SIGN_OUT, x_bizcall_client="console")

    assert "session" not in console.http.cookies
    assert "device" in console.http.cookies
    assert await console.ask(VIEWER) == {"data": {"viewer": None}}


@pytest.mark.parametrize("keep", ["TOKEN", "COOKIE"])
async def test_AU_22_the_device_token_spares_its_device_the_lock_of_strangers(console: Console, keep: str) -> None:
    session = await console.finish(await console.begin(), keep=keep)
    if keep == "COOKIE":
        console.http.cookies.delete("session")
    device = {"deviceToken": session["deviceToken"]} if keep == "TOKEN" else {}
    guess = {"loginId": console.person.company.login_id, "password": "Wrong00Horse"}
    kept, console.http.cookies = console.http.cookies, httpx.Cookies()
    for _ in range(5):
        await console.ask(SIGN_IN, guess)
    right = {**guess, "password": PASSWORD}
    assert (await console.ask(SIGN_IN, right))["data"]["signIn"]["userErrors"][0]["code"] == "LOCKED"

    console.http.cookies = kept

    assert await console.begin(**device)


async def test_the_published_limits_are_the_ones_in_force(console: Console) -> None:
    answer = await console.ask("{ limits { name maximum } }")
    published = {limit["name"]: limit["maximum"] for limit in answer["data"]["limits"]}

    assert published["signInFailures"] == locks.FAILURES_MOST
    assert published["signInLock"] == locks.LOCKED_FOR.total_seconds()
    assert published["codeLife"] == codes.LIFE.total_seconds()
    assert published["codeTries"] == codes.TRIES_MOST
    assert published["sessionIdle"] == sessions.IDLE.total_seconds()
    assert published["sessionLife"] == sessions.ABSOLUTE.total_seconds()
