"""Signing in through the API, as clients do (AU-20, AU-22, AU-24, AU-31)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from bizcall.admins import codes, locks, sessions
from tests.accounts import PASSWORD, Person, wrong
from tests.factories import Tenant
from tests.resolvers.admins.desk import SIGN_IN, SIGN_OUT, VERIFY, VIEWER, Console, opened


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


async def test_S2_the_idle_minutes_that_were_deployed_hold_and_are_told(company: Tenant) -> None:
    person = await Person(company).register()
    async with opened(person, session_idle_minutes=10) as console:
        session = await console.finish(await console.begin())
        bearer = f"Bearer {session['token']}"
        answer = await console.ask(
            "{ limits { name maximum } viewer { idleUntil sessions { id } } }", authorization=bearer
        )
        assert {"name": "sessionIdle", "maximum": 600} in answer["data"]["limits"]
        assert answer["data"]["viewer"]["idleUntil"] == (person.clock() + timedelta(minutes=10)).isoformat()
        assert len(answer["data"]["viewer"]["sessions"]) == 1

        person.clock.turn(minutes=10)

        assert await console.ask(VIEWER, authorization=bearer) == {"data": {"viewer": None}}


async def test_the_published_limits_are_the_ones_in_force(console: Console) -> None:
    answer = await console.ask("{ limits { name maximum } }")
    published = {limit["name"]: limit["maximum"] for limit in answer["data"]["limits"]}

    assert published["signInFailures"] == locks.FAILURES_MOST
    assert published["signInLock"] == locks.LOCKED_FOR.total_seconds()
    assert published["codeLife"] == codes.LIFE.total_seconds()
    assert published["codeTries"] == codes.TRIES_MOST
    assert published["sessionIdle"] == sessions.IDLE.total_seconds()
    assert published["sessionLife"] == sessions.ABSOLUTE.total_seconds()
