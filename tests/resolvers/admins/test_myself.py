"""One's own account through the API (ME-01, AU-31)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts import OTHER_PASSWORD, PASSWORD, WRONG, wrong
from tests.resolvers.admins.desk import VIEWER, Console

pytestmark = pytest.mark.usefixtures("swift")

ERRORS = "userErrors { code field params { name value } }"
SAVE = f"""
mutation ($input: ViewerSaveInput!) {{
  viewerSave(input: $input) {{ admin {{ name department position email }} {ERRORS} }}
}}"""
PASSWORD_CHANGE = f"""
mutation ($input: ViewerPasswordChangeInput!) {{
  viewerPasswordChange(input: $input) {{ isChanged token {ERRORS} }}
}}"""
MOBILE_CODE = f"""
mutation ($input: ViewerMobileCodeSendInput!) {{
  viewerMobileCodeSend(input: $input) {{ challenge {{ token }} code {{ mobileMasked }} {ERRORS} }}
}}"""
MOBILE_CHANGE = f"""
mutation ($input: ViewerMobileChangeInput!) {{
  viewerMobileChange(input: $input) {{ admin {{ mobileMasked }} {ERRORS} }}
}}"""
SESSIONS = "{ viewer { sessions { id createdAt seenAt expiresAt address isCurrent } } }"
SESSION_END = f"mutation ($id: ID!) {{ sessionEnd(id: $id) {{ isEnded {ERRORS} }} }}"
END_OTHERS = f"mutation {{ sessionsEndOthers {{ ended {ERRORS} }} }}"


class Mine:
    """A signed-in client."""

    def __init__(self, console: Console, token: str) -> None:
        self.console, self.bearer = console, f"Bearer {token}"

    async def ask(self, document: str, **variables: Any) -> Any:
        """The only field of an answer, which must be without top-level errors."""
        body = {"query": document, "variables": variables}
        response = await self.console.http.post("/graphql", json=body, headers={"authorization": self.bearer})
        answer = response.json()
        assert "errors" not in answer, answer
        [found] = answer["data"].values()
        return found


async def signed_in(console: Console) -> Mine:
    """Sign in; another code may be asked for at once afterwards."""
    session = await console.finish(await console.begin())
    console.person.clock.turn(minutes=3)
    return Mine(console, session["token"])


async def test_ME_01_absent_fields_stay_and_empty_ones_are_cleared(console: Console) -> None:
    mine = await signed_in(console)
    whole = {"name": "홍길동", "department": "총무팀", "position": "과장", "email": "hong@example.com"}
    assert await mine.ask(SAVE, input=whole) == {"admin": whole, "userErrors": []}

    assert (await mine.ask(SAVE, input={}))["admin"] == whole
    assert (await mine.ask(SAVE, input={"position": "차장"}))["admin"] == {**whole, "position": "차장"}
    assert (await mine.ask(SAVE, input={"department": ""}))["admin"] == {**whole, "position": "차장", "department": ""}


async def test_ME_01_bad_fields_are_named(console: Console) -> None:
    mine = await signed_in(console)

    saved = await mine.ask(SAVE, input={"name": "", "department": "가" * 51, "email": "nobody"})

    assert saved["admin"] is None
    assert [(error["code"], error["field"]) for error in saved["userErrors"]] == [
        ("REQUIRED", ["name"]),
        ("INVALID_FORMAT", ["email"]),
        ("TOO_LONG", ["department"]),
    ]


async def test_ME_01_null_is_the_empty_text(console: Console) -> None:
    mine = await signed_in(console)

    cleared = await mine.ask(SAVE, input={"department": None, "position": None})
    refused = await mine.ask(SAVE, input={"name": None, "email": None})

    assert (cleared["admin"]["department"], cleared["admin"]["position"]) == ("", "")
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [
        ("REQUIRED", ["name"]),
        ("REQUIRED", ["email"]),
    ]


async def test_ME_01_a_new_password_keeps_this_session_only(console: Console) -> None:
    other, mine = await signed_in(console), await signed_in(console)
    given = {"password": OTHER_PASSWORD, "passwordConfirmation": OTHER_PASSWORD}
    wrongly = await mine.ask(PASSWORD_CHANGE, input={"currentPassword": WRONG, **given})
    assert [(error["code"], error["field"]) for error in wrongly["userErrors"]] == [
        ("CREDENTIALS", ["currentPassword"])
    ]
    same = await mine.ask(PASSWORD_CHANGE, input={"currentPassword": PASSWORD, **dict.fromkeys(given, PASSWORD)})
    assert [(error["code"], error["field"]) for error in same["userErrors"]] == [("REUSED", ["password"])]

    changed = await mine.ask(PASSWORD_CHANGE, input={"currentPassword": PASSWORD, **given})

    token = changed.pop("token")
    assert changed == {"isChanged": True, "userErrors": []}
    assert await mine.ask(VIEWER) is None
    assert await Mine(console, token).ask(VIEWER)
    assert await other.ask(VIEWER) is None


async def test_S1_of_a_browser_the_cookie_is_renewed(console: Console) -> None:
    await console.finish(await console.begin(), keep="COOKIE")
    former = console.http.cookies["session"]
    given = {"currentPassword": PASSWORD, "password": OTHER_PASSWORD, "passwordConfirmation": OTHER_PASSWORD}

    answer = await console.ask(PASSWORD_CHANGE, given, x_bizcall_client="web")

    assert answer["data"]["viewerPasswordChange"] == {"isChanged": True, "token": None, "userErrors": []}
    assert console.http.cookies["session"] != former
    assert (await console.ask(VIEWER, x_bizcall_client="web"))["data"]["viewer"]
    assert await Mine(console, former).ask(VIEWER) is None


async def test_S2_pages_that_poll_keep_no_session_awake(console: Console) -> None:
    mine = await signed_in(console)

    async def idle_until(*beside: str) -> str:
        body = {"query": f"{{ {' '.join(beside)} viewer {{ idleUntil }} }}"}
        answer = (await console.http.post("/graphql", json=body, headers={"authorization": mine.bearer})).json()
        viewer = answer["data"]["viewer"]
        return str(viewer["idleUntil"]) if viewer else ""

    before = await idle_until("plans { __typename }")
    console.person.clock.turn(minutes=20)
    assert await idle_until() == before
    assert await idle_until("limits { __typename }", "rateLimit { __typename }") == before
    assert await idle_until("plans { __typename }") > before
    console.person.clock.turn(minutes=20)
    assert await idle_until()
    console.person.clock.turn(minutes=10)
    assert not await idle_until()


async def test_ME_01_a_new_mobile_takes_the_code_that_came_to_it(console: Console) -> None:
    mine, person = await signed_in(console), console.person
    mobile = f"0118{person.company.mobile[-7:]}"
    sent = await mine.ask(MOBILE_CODE, input={"currentPassword": PASSWORD, "mobile": mobile})
    assert sent["code"]["mobileMasked"] == f"011-****-{mobile[-4:]}"
    await person.deliver()
    challenge, code = sent["challenge"]["token"], person.phone.code
    wrongly = await mine.ask(MOBILE_CHANGE, input={"challenge": challenge, "code": wrong(code)})
    assert [(error["code"], error["field"]) for error in wrongly["userErrors"]] == [("CODE_WRONG", ["code"])]

    changed = await mine.ask(MOBILE_CHANGE, input={"challenge": challenge, "code": code})

    assert changed == {"admin": {"mobileMasked": f"011-****-{mobile[-4:]}"}, "userErrors": []}


async def test_AU_31_sessions_are_seen_and_ended(console: Console) -> None:
    first, second, mine = [await signed_in(console) for _ in range(3)]
    listed = (await mine.ask(SESSIONS))["sessions"]
    assert [session["isCurrent"] for session in listed] == [True, False, False]
    assert {session["address"] for session in listed} == {"203.0.113.7"}

    ended = await mine.ask(SESSION_END, id=listed[1]["id"])

    assert ended == {"isEnded": True, "userErrors": []}
    assert await second.ask(VIEWER) is None
    again = await mine.ask(SESSION_END, id=listed[1]["id"])
    assert [(error["code"], error["field"]) for error in again["userErrors"]] == [("NOT_FOUND", ["id"])]
    assert (await mine.ask(END_OTHERS))["ended"] == 1
    assert await first.ask(VIEWER) is None
    assert await mine.ask(VIEWER)
