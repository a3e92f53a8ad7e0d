"""What the operations of the guide cost: statements (security L12) and shares of the limits (L10)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from graphql import parse
from pydantic import SecretStr

from bizcall import audit, exports, imports, notices, service_clients
from bizcall.database import query, tenant
from bizcall.models.feeds import FeedKind
from bizcall.months import KOREA
from bizcall.notices import NoticeCategory
from bizcall.settings import Settings
from resolvers import root
from resolvers.app import create_app
from resolvers.guard import check
from resolvers.limits import Bounds
from schema.node import encode, key_of
from tests.accounts import ACTOR, KEYS, PASSWORD, SECRET, Person
from tests.console import Wiring
from tests.dispatching import Campaign
from tests.doubles import MemoryStorage
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, NOW, Feeder, began, call
from tests.guide import documents
from tests.imports import person, workbook
from tests.statements import counted

STATEMENTS_MOST = 12
"""Session and bound take two of them; of writes idempotency, outbox and audit up to seven, however much is written."""

LOCKING = {"callExportRequest": 14}
"""What takes more: unfinished exports are counted before the rows are, and under a lock, lest more of them get in."""

STRANGERS = {"passwordResetCodeSend", "passwordResetVerify", "representativeNumberFind"}
"""What nobody who is signed in asks for."""

PAGED = re.compile(r"\b(first|last): \d+")
SHARE = 0.6


@dataclass
class Reader:
    """Somebody who goes through the guide: each operation with the values that the ones before it gave."""

    company: Tenant
    http: httpx.AsyncClient
    person: Person
    storage: MemoryStorage
    token: str = ""
    known: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    async def ask(self, document: str, variables: dict[str, Any], bearer: str | None = None) -> tuple[Any, int]:
        """The value of the first root field, all of which must be without errors, and the number of statements."""
        token = self.token if bearer is None else bearer
        headers = {"authorization": f"Bearer {token}"} if token else {}
        with counted() as sent:
            response = await self.http.post(
                "/graphql", json={"query": document, "variables": variables}, headers=headers
            )
        answer = response.json()
        assert "errors" not in answer, answer
        values = list(answer["data"].values())
        assert not any(isinstance(value, dict) and value.get("userErrors") for value in values), answer
        return values[0], len(sent)

    async def step(self, name: str, document: str) -> None:
        """One operation of the guide."""
        field_name = name.split()[1]
        variables: dict[str, Any] = getattr(self, f"_{field_name}", dict)()
        if "$id" in document and field_name == "node":
            [kind] = re.findall(r"\.\.\. on (Upload|Import|InvitationBatch|Notice|Export)\b", document)
            variables = {"id": self.known[kind]}
        if PAGED.search(document) and not document.startswith("mutation"):
            one, many = [
                (await self.ask(PAGED.sub(rf"\1: {size}", document), variables))[1] for size in (1, Bounds().page)
            ]
            assert one == many, f"{name}: {one} statements for a page of one, {many} for a page of a hundred"
        value, self.counts[name] = await self.ask(document, variables, await self.bearer(field_name))
        await getattr(self, f"after_{field_name}", self.nothing)(value)

    async def bearer(self, field_name: str) -> str | None:
        """Whose token an operation needs: nobody's, the app's server's, or (None) the administrator's."""
        if field_name in STRANGERS:
            return ""
        if field_name != "appSignIn":
            return None
        return await service_clients.create(f"app-{self.company.login_id}", actor=ACTOR)

    async def nothing(self, value: Any) -> None:
        """What most operations lead to."""

    def _signIn(self) -> dict[str, Any]:
        return {"input": {"loginId": self.company.login_id, "password": PASSWORD}}

    async def after_signIn(self, value: Any) -> None:
        """The challenge."""
        self.known["challenge"] = value["challenge"]["token"]

    def _signInCodeSend(self) -> dict[str, Any]:
        return {"input": {"challenge": self.known["challenge"]}}

    async def after_signInCodeSend(self, value: Any) -> None:
        """The code."""
        await self.person.deliver()

    def _signInVerify(self) -> dict[str, Any]:
        return {"input": {"challenge": self.known["challenge"], "code": self.person.phone.code}}

    async def after_signInVerify(self, value: Any) -> None:
        """The session."""
        self.token = value["session"]["token"]

    def _passwordResetCodeSend(self) -> dict[str, Any]:
        return {"input": {"mobile": self.company.mobile}}

    async def after_passwordResetCodeSend(self, value: Any) -> None:
        """The code."""
        self.known["reset"] = value["challenge"]["token"]
        await self.person.deliver()

    def _passwordResetVerify(self) -> dict[str, Any]:
        return {"input": {"challenge": self.known["reset"], "code": self.person.phone.code}}

    def _representativeNumberFind(self) -> dict[str, Any]:
        return {"input": {"number": self.company.numbers[-1]}}

    def _viewerSave(self) -> dict[str, Any]:
        return {"input": {"position": "팀장"}}

    def _appSignIn(self) -> dict[str, Any]:
        return {"input": {"number": self.company.numbers[0], "password": self.known["password"]}}

    def _subscribersSave(self) -> dict[str, Any]:
        line = encode("Line", self.company.line_ids[-1])
        return {"input": {"rows": [{"lineId": line, "seenHolder": None, "name": "한새로", "appEnabled": True}]}}

    def _departmentsSave(self) -> dict[str, Any]:
        return {"input": {"create": [{"name": "신사업팀"}]}}

    def _uploadCreate(self) -> dict[str, Any]:
        self.known["file"] = workbook(
            [
                person(number, f"사람{place}", department="영업팀")
                for place, number in enumerate(self.company.numbers[4:7])
            ]
        )
        given = {"purpose": "SUBSCRIBER_IMPORT", "fileName": "명단.xlsx", "size": len(self.known["file"])}
        return {"input": given}

    async def after_uploadCreate(self, value: Any) -> None:
        """The upload, and what the worker makes of it."""
        self.known["Upload"] = value["upload"]["id"]
        key = next(entry["value"] for entry in value["form"]["fields"] if entry["name"] == "key")
        await self.storage.write(key, self.known["file"], content_type="")
        await imports.receive(key, storage=self.storage, queue=self.person.queue, clock=self.person.clock)
        document = "query($id:ID!){node(id:$id){...on Upload{import{id contentHash}}}}"
        found = (await self.ask(document, {"id": self.known["Upload"]}))[0]["import"]
        self.known |= {"Import": found["id"], "hash": found["contentHash"]}

    def _importRegister(self) -> dict[str, Any]:
        return {"id": self.known["Import"], "input": {"contentHash": self.known["hash"], "idempotencyKey": "k"}}

    def _invitationsSend(self) -> dict[str, Any]:
        return {"input": {"subscriberIds": self.known["people"], "idempotencyKey": "invitations"}}

    def _calls(self) -> dict[str, Any]:
        last = NOW.astimezone(KOREA).date()
        days = {"fromOn": str(last - timedelta(days=30)), "toOn": str(last), "weekdays": ["MONDAY", "FRIDAY"]}
        return {"filter": {**days, "hours": {"from": 9, "to": 18}, "direction": "INCOMING"}}

    def _messages(self) -> dict[str, Any]:
        return self._calls()

    def _callStatistics(self) -> dict[str, Any]:
        [wanted] = self._calls().values()
        return dict.fromkeys(("filter", "one", "other"), wanted)

    async def after_calls(self, value: Any) -> None:
        """Calls with customers, of whom one is opened."""
        self.known["call"] = next(node["id"] for node in value["nodes"] if node["customer"])

    def _callExportRequest(self) -> dict[str, Any]:
        return {"input": {**self._calls(), "reason": "QUALITY_CHECK", "note": "월간 점검", "idempotencyKey": "x"}}

    async def after_callExportRequest(self, value: Any) -> None:
        """The file, made by the worker."""
        self.known["Export"] = value["export"]["id"]
        key = key_of(value["export"]["id"], "Export")
        await exports.run(self.company.id, key, storage=self.storage, clock=self.person.clock)

    async def after_notices(self, value: Any) -> None:
        """One to open."""
        self.known["Notice"] = value["nodes"][0]["id"]

    def _exportDownload(self) -> dict[str, Any]:
        return {"id": self.known["Export"]}

    def _customerReveal(self) -> dict[str, Any]:
        return {"id": self.known["call"], "input": {"reason": "CALL_BACK", "note": "부재중 전화 회신"}}

    async def after_invitationsSend(self, value: Any) -> None:
        """The job."""
        self.known["InvitationBatch"] = value["job"]["id"]
        async with tenant(self.company.id):
            [invited] = await query(
                "SELECT invitation.id, subscriber_id FROM invitation JOIN subscriber"
                " ON subscriber.company_id = $1 AND subscriber.id = subscriber_id"
                " WHERE invitation.company_id = $1 AND line_id = $2",
                self.company.id,
                self.company.line_ids[0],
            )
        self.known["password"] = KEYS.password(invited["id"], invited["subscriber_id"])


async def reading(company: Tenant, http: httpx.AsyncClient, someone: Person, storage: MemoryStorage) -> Reader:
    """A reader whose company has three subscribers, a month of calls with a customer each, and a notice to read."""
    reader = Reader(company, http, someone, storage)
    campaign = Campaign(company, clock=someone.clock)
    reader.known["people"] = [encode("Subscriber", key) for key in await campaign.register(3)]
    await began(company.id)
    noon = NOW.astimezone(KOREA).replace(hour=12, minute=0, second=0)
    days = range(1, 29)
    calls = [
        call(company.numbers[day % 3], f"c{day}", noon - timedelta(days=day), customer=f"0105555{day:04d}")
        for day in days
    ]
    book = [
        {"number": f"0105555{day:04d}", "name": f"김고객{day}", "details": "", "updated_at": DAY.isoformat()}
        for day in days
    ]
    await Feeder(company.id).load(calls)
    await Feeder(company.id, FeedKind.CUSTOMERS).load(book)
    notice = notices.Draft(NoticeCategory.MAINTENANCE, "정기 점검", "새벽에 **쉽니다**.", someone.clock())
    await notices.save(None, notice, actor=audit.system(), storage=storage, clock=someone.clock)
    return reader


async def test_L12_an_operation_of_the_guide_takes_few_statements_however_long_its_page(db: None) -> None:
    company = await make_tenant(departments=("영업팀", "개발팀", "경영지원팀"))
    someone, storage = await Person(company).register(), MemoryStorage()
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, storage=storage, queue=someone.queue, clock=someone.clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as http:
        reader = await reading(company, http, someone, storage)
        for name, document in documents().items():
            await reader.step(name, document)
    more = {name.split()[1]: count for name, count in reader.counts.items() if count > STATEMENTS_MOST}
    assert more == LOCKING


@pytest.mark.parametrize("name", documents())
def test_L10_an_operation_of_the_guide_stays_below_sixty_percent_of_every_limit(name: str) -> None:
    document, bounds = documents()[name], Bounds()
    parsed = parse(document, max_tokens=int(SHARE * bounds.tokens))
    _, asked = check(parsed, {}, None, root.schema()._schema, bounds)
    shares = {
        "query": len(document.encode()) / bounds.query,
        "depth": asked.depth / bounds.depth,
        "fields": asked.fields / bounds.fields,
        "aliases": asked.aliases / bounds.aliases,
        "directives": asked.directives / bounds.directives,
        "nodes": asked.nodes / bounds.nodes,
        "cost": asked.cost / bounds.cost,
    }
    assert {limit: share for limit, share in shares.items() if share > SHARE} == {}
