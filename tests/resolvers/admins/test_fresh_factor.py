"""A fresh code before data is taken away or messages go to many (security S6)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bizcall.admins import sessions
from bizcall.ids import uuid7
from bizcall.subscribers import editing
from schema.node import encode
from tests.accounts import Person, wrong
from tests.dispatching import Campaign
from tests.factories import make_tenant
from tests.resolvers.admins.desk import Console, opened

SEND = "mutation { viewerCodeSend { challenge { token } code { mobileMasked } userErrors { code } } }"
CONFIRM = """
mutation ($input: ViewerCodeConfirmInput!) {
  viewerCodeConfirm(input: $input) { freshUntil userErrors { code field } }
}"""
REGISTER = """
mutation ($id: ID!, $input: ImportRegisterInput!) {
  importRegister(id: $id, input: $input) { userErrors { code } }
}"""
DOWNLOAD = "mutation ($id: ID!) { exportDownload(id: $id) { userErrors { code } } }"
FRESH = "{ viewer { freshUntil } }"
DAY = {"filter": {"fromOn": "2026-01-01", "toOn": "2026-01-01"}, "reason": "DISPUTE", "note": "민원 처리 자료"}
STATISTICS = {**DAY, "calls": DAY["filter"], "granularity": "DAY", "groupBy": "COMPANY"}
GUARDED: list[tuple[str, dict[str, Any]]] = [
    ("callExportRequest", DAY),
    ("callExportRequest", {**DAY, "unmasked": True}),
    ("messageExportRequest", DAY),
    ("statisticsExportRequest", {name: value for name, value in STATISTICS.items() if name != "filter"}),
    ("invitationsSend", {"filter": {}, "expectedCount": 1}),
    ("invitationsSend", {"subscriberIds": [encode("Subscriber", uuid7()) for _ in range(11)]}),
    ("invitationsResend", {"invitationIds": [encode("Invitation", uuid7()) for _ in range(11)]}),
    ("importRegister", {"contentHash": "0" * 64, "sendInvitations": True}),
    ("exportDownload", {}),
    ("companyPolicySave", {"masksCustomers": False}),
]
UNGUARDED: list[tuple[str, dict[str, Any]]] = [
    ("invitationsSend", {"subscriberIds": [encode("Subscriber", uuid7()) for _ in range(10)]}),
    ("importRegister", {"contentHash": "0" * 64}),
    ("companyPolicySave", {"masksCustomers": True}),
]
SMALL: list[tuple[str, dict[str, Any]]] = [
    ("invitationsSend", {"subscriberIds": [encode("Subscriber", uuid7())]}),
    ("invitationsResend", {"invitationIds": [encode("Invitation", uuid7())]}),
]


class Desk:
    """A client with a real session, of which it sends the token."""

    def __init__(self, console: Console, token: str) -> None:
        self.console, self.token = console, token

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of the one field."""
        body = {"query": document, "variables": variables}
        response = await self.console.http.post(
            "/graphql", json=body, headers={"authorization": f"Bearer {self.token}"}
        )
        answer = response.json()
        assert "errors" not in answer, answer
        [value] = answer["data"].values()
        return value

    async def refused(self, name: str, given: dict[str, Any]) -> list[str]:
        """The codes of what a mutation answers."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        variables: dict[str, Any] = {"input": {**given, "idempotencyKey": str(uuid7())}}
        if name == "companyPolicySave":
            variables = {"input": given}
        if name == "importRegister":
            document, variables["id"] = REGISTER, encode("Import", uuid7())
        elif name == "exportDownload":
            document, variables = DOWNLOAD, {"id": encode("Export", uuid7())}
        return [error["code"] for error in (await self.ask(document, **variables))["userErrors"]]

    async def confirmed(self, **given: Any) -> Any:
        """What comes of a code that is asked for, read and typed, or of another one in its place."""
        begun = await self.ask(SEND)
        assert begun["userErrors"] == []
        await self.console.person.deliver()
        typed = {"challenge": begun["challenge"]["token"], "code": self.console.person.phone.code, **given}
        return await self.ask(CONFIRM, input=typed)


async def at_work(console: Console) -> Desk:
    """The person, signed in long ago."""
    session = await console.finish(await console.begin())
    console.person.clock.turn(seconds=sessions.FRESH.total_seconds())
    return Desk(console, session["token"])


@pytest.mark.usefixtures("swift")
async def test_S6_what_takes_data_away_or_sends_to_many_asks_for_a_fresh_code(console: Console) -> None:
    session = await console.finish(await console.begin())
    desk = Desk(console, session["token"])
    for name, given in GUARDED:
        assert "CODE_REQUIRED" not in await desk.refused(name, given), f"{name}: the sign-in's code is fresh"
    console.person.clock.turn(seconds=sessions.FRESH.total_seconds())
    console.person.queue.letters.clear()
    for name, given in GUARDED:
        assert await desk.refused(name, given) == ["CODE_REQUIRED"], name
    assert not console.person.queue.letters
    for name, given in UNGUARDED:
        assert "CODE_REQUIRED" not in await desk.refused(name, given), name
    confirmed = await desk.confirmed()
    assert confirmed["userErrors"] == []
    assert (await desk.ask(FRESH))["freshUntil"] == confirmed["freshUntil"]
    for name, given in GUARDED:
        assert "CODE_REQUIRED" not in await desk.refused(name, given), name
    assert "admins.code_confirm" in await console.person.actions()
    console.person.clock.turn(seconds=sessions.FRESH.total_seconds())
    assert await desk.refused(*GUARDED[0]) == ["CODE_REQUIRED"]


@pytest.mark.usefixtures("swift")
async def test_S6_many_small_sendings_ask_for_a_fresh_code_like_one_to_many(console: Console) -> None:
    desk = await at_work(console)
    elsewhere = Desk(console, (await console.finish(await console.begin()))["token"])
    for name, given in SMALL * 3:
        assert "CODE_REQUIRED" not in await elsewhere.refused(name, given), "with a fresh code nothing is counted"
    console.person.clock.turn(seconds=sessions.FRESH.total_seconds())
    for name, given in (SMALL * 2)[:3]:
        assert "CODE_REQUIRED" not in await desk.refused(name, given), name
    for each in (desk, elsewhere):
        for name, given in SMALL:
            assert await each.refused(name, given) == ["CODE_REQUIRED"], "all sessions of the account count together"
    assert (await desk.confirmed())["userErrors"] == []
    for name, given in SMALL:
        assert "CODE_REQUIRED" not in await desk.refused(name, given), name
    console.person.clock.turn(hours=1)
    later = Desk(console, (await console.finish(await console.begin()))["token"])
    console.person.clock.turn(seconds=sessions.FRESH.total_seconds())
    assert "CODE_REQUIRED" not in await later.refused(*SMALL[0])


@pytest.mark.usefixtures("swift")
async def test_S6_an_invitation_to_contacts_that_changed_since_the_last_code_asks_for_another(console: Console) -> None:
    company, clock = console.person.company, console.person.clock
    campaign = Campaign(company, clock=clock)
    people = await campaign.register(3)
    desk = await at_work(console)
    edits: list[editing.Fields] = [{"name": "새 이름"}, {"mobile": "01099990001"}]
    drafts = [
        editing.Draft(company.line_ids[place], edit, people[place], revision=1) for place, edit in enumerate(edits, 1)
    ]
    drafts.append(editing.Draft(company.line_ids[3], {"name": "신입", "mobile": "01099990002", "app_enabled": True}))
    saved = await editing.save(company.id, campaign.actor, drafts, clock=clock)
    standing, renamed, moved, hired = people[0], *(outcome.subscriber_id for outcome in saved.outcomes)

    async def asks(*invited: UUID | None) -> bool:
        given = {"subscriberIds": [encode("Subscriber", each) for each in invited if each]}
        codes = await desk.refused("invitationsSend", given)
        assert codes in ([], ["CODE_REQUIRED"])
        return bool(codes)

    assert [await asks(standing, renamed), await asks(moved), await asks(hired)] == [False, True, True]
    assert (await desk.confirmed())["userErrors"] == []
    assert not await asks(moved, hired)


@pytest.mark.usefixtures("swift")
async def test_S6_a_wrong_code_and_somebody_elses_make_nothing_fresh(console: Console) -> None:
    desk = await at_work(console)
    begun = await desk.ask(SEND)
    await console.person.deliver()
    challenge, code = begun["challenge"]["token"], console.person.phone.code
    wrongly = await desk.ask(CONFIRM, input={"challenge": challenge, "code": wrong(code)})
    assert [error["code"] for error in wrongly["userErrors"]] == ["CODE_WRONG"]
    assert await desk.refused(*GUARDED[0]) == ["CODE_REQUIRED"]
    async with opened(await Person(await make_tenant(), clock=console.person.clock).register()) as other:
        stranger = await at_work(other)
        foreign = await stranger.ask(CONFIRM, input={"challenge": challenge, "code": code})
        assert [error["code"] for error in foreign["userErrors"]] == ["STATE"]
        assert await stranger.refused(*GUARDED[0]) == ["CODE_REQUIRED"]


@pytest.mark.usefixtures("swift")
async def test_S6_a_code_makes_only_the_session_fresh_in_which_it_was_typed(console: Console) -> None:
    desk = await at_work(console)
    elsewhere = Desk(console, (await console.finish(await console.begin()))["token"])
    console.person.clock.turn(seconds=sessions.FRESH.total_seconds())
    assert (await desk.confirmed())["userErrors"] == []
    assert await elsewhere.refused(*GUARDED[0]) == ["CODE_REQUIRED"]
    assert "CODE_REQUIRED" not in await desk.refused(*GUARDED[0])
