"""The administrators: they register people, invite a few of them every few seconds, and look at a list meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.soak.carrier import Carrier
from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import CODE_SEND, SIGN_IN, VERIFY

LINES = "query ($after: String) { subscribers(first: 100, after: $after) { nodes { id } pageInfo { endCursor } } }"
SAVE = """
mutation ($input: SubscribersSaveInput!) {
  subscribersSave(input: $input) { rows { line { subscriber { id } } } userErrors { code } }
}
"""
SEND = """
mutation ($input: InvitationsSendInput!) {
  invitationsSend(input: $input) { job { id } userErrors { code field } }
}
"""
CODE = "mutation { viewerCodeSend { challenge { token } userErrors { code } } }"
CONFIRM = "mutation ($input: ViewerCodeConfirmInput!) { viewerCodeConfirm(input: $input) { userErrors { code } } }"
LOOK = "{ viewer { admin { name } } subscribers(first: 50) { nodes { number subscriber { name } } } }"

AGAIN_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
RESEND_SECONDS = 30.0
"""How long a code keeps another one from being sent."""
CODES = 10
"""How often an administrator asks for a code: one that got lost is not sent again by itself."""


@dataclass
class Answers:
    """What the API answered: how often with which code, and how long it took at the most, in seconds."""

    codes: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def note(self, code: str, seconds: float) -> None:
        """One answer."""
        self.codes[code] += 1
        self.longest[code] = max(self.longest[code], seconds)


@dataclass
class Office:
    """One company's administrator. `invited` has the subscribers of each request that was acknowledged, by its key."""

    company: Company
    http: httpx.AsyncClient
    carrier: Carrier
    answers: Answers = field(default_factory=Answers)
    renewing: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str = ""
    people: list[str] = field(default_factory=list)
    invited: dict[str, list[str]] = field(default_factory=dict)

    async def ask(self, document: str, /, **variables: Any) -> dict[str, Any] | None:
        """The data of an operation; None where it is to be asked again. Other errors are raised."""
        before = time.monotonic()
        code = "OK"
        try:
            answer = await self.http.post(
                "/graphql",
                json={"query": document, "variables": variables},
                headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            )
            body = answer.json()
            if errors := body.get("errors"):
                code = str(errors[0]["extensions"]["code"])
        except (httpx.HTTPError, ValueError) as error:
            # The gateway before a function that was killed answers as AWS does: without GraphQL.
            code = f"no GraphQL ({type(error).__name__})"
        except KeyError:
            code = "no GraphQL"
        else:
            if "data" not in body and "errors" not in body:
                code = f"no GraphQL ({answer.status_code})"
        self.answers.note(code, time.monotonic() - before)
        if code == "OK":
            data: dict[str, Any] = body["data"]
            return data
        if code == "UNAVAILABLE" or code.startswith("no GraphQL"):
            return None
        raise AssertionError(body)

    async def insist(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """The data of an operation that is asked again until it is answered."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if (data := await self.ask(document, **variables)) is not None:
                return data
            await asyncio.sleep(AGAIN_SECONDS)
        raise AssertionError("the API did not come back")

    async def sign_in(self) -> None:
        """ID and password, then the code that the carrier was given."""
        wanted = {"loginId": self.company.login_id, "password": PASSWORD}
        challenge = (await self.insist(SIGN_IN, input=wanted))["signIn"]["challenge"]["token"]
        await self.insist(CODE_SEND, input={"challenge": challenge})
        code = await self.carrier.code_for(self.company.mobile)
        verified = await self.insist(VERIFY, input={"challenge": challenge, "code": code})
        self.token = verified["signInVerify"]["session"]["token"]

    async def freshly(self, document: str, /, **given: Any) -> dict[str, Any]:
        """The payload of a mutation that may ask for a fresh code, which the administrator then gives."""
        for _ in range(CODES):
            [payload] = (await self.insist(document, input=given)).values()
            if {error["code"] for error in payload["userErrors"]} != {"CODE_REQUIRED"}:
                assert not payload["userErrors"], payload
                return dict(payload)
            renewed = self.renewing.locked()
            async with self.renewing:
                if not renewed:
                    await self._renew()
        raise AssertionError("no code came")

    async def _renew(self) -> None:
        """Ask for a code and give it; whether that made the session fresh, the next mutation tells."""
        known = len(self.carrier.texts(self.company.mobile))
        sent = (await self.insist(CODE))["viewerCodeSend"]
        if sent["challenge"] is None:
            # Another one was sent a moment ago.
            await asyncio.sleep(RESEND_SECONDS)
            return
        try:
            code = await self.carrier.code_for(self.company.mobile, known=known)
        except TimeoutError:
            return
        await self.insist(CONFIRM, input={"challenge": sent["challenge"]["token"], "code": code})

    async def register(self) -> None:
        """Put somebody with a mobile and an address on each line."""
        lines: list[str] = []
        after = None
        while len(lines) < len(self.company.numbers):
            page = (await self.insist(LINES, after=after))["subscribers"]
            lines += [node["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        rows = [
            {
                "lineId": line,
                "name": f"직원{place}",
                "mobile": f"010{number[-8:]}",
                "email": f"u{number}@example.com",
                "appEnabled": True,
            }
            for place, (line, number) in enumerate(zip(lines, self.company.numbers, strict=True))
        ]
        saved = (await self.insist(SAVE, input={"rows": rows, "idempotencyKey": "register"}))["subscribersSave"]
        assert not saved["userErrors"], saved
        self.people = [row["line"]["subscriber"]["id"] for row in saved["rows"]]

    async def invite(self, people: list[str]) -> None:
        """Invite them under one key until that is acknowledged."""
        key = f"wave-{len(self.invited)}"
        self.invited[key] = []
        await self.freshly(SEND, subscriberIds=people, idempotencyKey=key)
        self.invited[key] = people

    async def look(self) -> None:
        """Read, once."""
        await self.ask(LOOK)


async def open_office(database: str, api: str, carrier: Carrier, *, people: int) -> Office:
    """A company with so many people, its administrator signed in."""
    company = await make_company(database, lines=people)
    office = Office(company, httpx.AsyncClient(base_url=api, timeout=35), carrier)
    await office.sign_in()
    await office.register()
    return office
