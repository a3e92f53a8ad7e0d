"""The sweep (security T1): one company's administrator with every id and name of another company, in every place.

What comes back must be, to the byte, what an id that never was brings; nothing of the other company may be in it or be
changed by it; and it may cost no other number of statements. `Sweep.findings` is what was not so.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr

from bizcall.admins import Role, Viewer
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.service_clients import ServiceClient
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.permissions import ACCESS, ADMINS, NOBODY, Roles
from schema.node import encode, split
from tests.accounts import SECRET
from tests.console import Wiring
from tests.security import operations
from tests.security.answers import REDACTED, Secrets, Told, keys_in, resembling
from tests.security.inputs import VALID
from tests.security.ledger import Ledger, uuids
from tests.security.names import ELSEWHERE, NAMING, OPERATORS_PLACES, SAME_FILTER, SHARED
from tests.security.office import Builder, Office, operator, own
from tests.security.operations import CURSORS, PAGE, Slot
from tests.statements import counted

HEADERS = {"accept": "application/graphql-response+json"}


def roles(key: str) -> Roles:
    """Who may ask for a root field."""
    return ACCESS.get(key, ADMINS)


CALLERS: Mapping[Role | None, str] = {
    Role.ADMIN: "ours",
    Role.OPERATOR: "operator",
    Role.SERVICE: "service",
    NOBODY: "",
}
"""The tokens of everybody who may ask; a valid input is answered to the first one who may."""

GROWING = frozenset({"Query.auditRecords"})
"""Lists to which every look at them adds a row: only filtered do they stay the same."""

SECRET_NAMES = frozenset({"challenge", "deviceToken"})
"""Names that are 256 random bits."""


def swept(slot: Slot, arguments: dict[str, Any]) -> bool:
    """Whether a place of this input takes something that may be another company's."""
    if slot.name in CURSORS:
        return "first" in arguments
    naming = slot.type == "ID" or (slot.name in NAMING and slot.path not in ELSEWHERE)
    return naming and operations.has(arguments, slot.steps)


@dataclass
class Sweep:
    """Two populated companies and a client of the application."""

    ours: Office
    theirs: Office
    ledger: Ledger
    http: httpx.AsyncClient
    secrets: Secrets
    findings: list[str] = field(default_factory=list)
    exercised: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    costs: dict[str, int] = field(default_factory=dict)
    """Statements of a root field's valid inputs, the most of them; what tells whose session it is isn't among them."""

    calls: int = 0

    async def everything(self) -> None:
        """All root fields, then the lists of nodes."""
        for key in operations.fields():
            await self.field(key)
        await self.nested()

    async def field(self, key: str) -> None:
        """One root field: each of its places, then its valid inputs."""
        for builder in VALID.get(key, (None,)):
            arguments = await self.arguments(key, builder, self.ours)
            if arguments is None:
                self.findings.append(f"{key}: its input is not known; add a valid one to VALID in inputs")
                return
            wanted = [
                slot for slot in operations.slots() if slot.root == key not in SAME_FILTER and swept(slot, arguments)
            ]
            named = any(slot.type != "ID" for slot in wanted)
            theirs = await self.arguments(key, builder, self.theirs) if named else None
            if any(slot.name in CURSORS for slot in wanted):
                theirs = {**(theirs or {}), "cursor": await self.last_cursor(key, theirs or {})}
            before = await self.state()
            for slot in wanted:
                await self.slot(slot, arguments, theirs or {})
            await self.valid(key, arguments)
            await self.unchanged(key, before)

    async def arguments(self, key: str, builder: Builder | None, office: Office) -> dict[str, Any] | None:
        """A valid input; None where there is no way to know one."""
        if builder is not None:
            return await builder(office)
        made = operations.least(key)
        return made if set(made) <= {"first"} else None

    async def slot(self, slot: Slot, arguments: dict[str, Any], theirs: dict[str, Any]) -> None:
        """One place; `theirs` is the other company's valid input, for what ids are not made of."""
        if slot.name in CURSORS and slot.root in SHARED:
            self.exercised.add(slot.path)
        elif slot.name in CURSORS:
            await self.cursor(slot, arguments, theirs["cursor"])
        elif slot.type == "ID":
            await self.id(slot, arguments)
        else:
            foreign = str(_at(theirs, slot.steps))
            await self.pair(slot, arguments, foreign, resembling(foreign))

    async def id(self, slot: Slot, arguments: dict[str, Any]) -> None:
        """A place for an id: of the type that it is for, alone and in a list among one's own; of another type; raw."""
        known = split(str(_at(arguments, slot.steps)))
        assert known is not None, f"{slot.path}: what VALID gives is no id"
        types = list(self.theirs.ids)
        any_type = slot.root in ("Query.node", "Query.nodes")
        other = types[(types.index(known[0]) + 1 + self.calls) % len(types)]
        for name in types if any_type else dict.fromkeys((known[0], other)):
            foreign, missing = (encode(name, key) for key in self.keys(name))
            await self.pair(slot, arguments, foreign, missing, of=name)
            # A filter in a mutation would find what is one's own and act on it; the lists have the same filters.
            if slot.many and "filter" not in slot.steps[: -1 if slot.root.startswith("Mutation") else 0]:
                await self.pair(slot, arguments, foreign, missing, of=name, beside=True)
        await self.pair(slot, arguments, *map(str, self.keys(known[0])))

    def keys(self, name: str) -> tuple[UUID | str, UUID | str]:
        """The other company's key of that type, and one that never was."""
        key = self.theirs.ids[name]
        if isinstance(key, UUID):
            return key, uuid7()
        return str(key), str(replace(key, id=resembling(key.id)))

    async def last_cursor(self, key: str, theirs: dict[str, Any]) -> str:
        """The last one of a page of the other company's list."""
        needed = {"first", "orderBy", *operations.least(key)}
        given = {name: value for name, value in theirs.items() if name in needed}
        document = operations.document(key, given, "{ pageInfo { endCursor } }")
        who = "theirs" if Role.ADMIN in roles(key) else "operator"
        answer = (await self.post(document, given, who)).json()
        assert "data" in answer, f"{key}: {answer}"
        cursor = next(iter(answer["data"].values()))["pageInfo"]["endCursor"]
        assert cursor, f"{key}: the other company's list is empty; fill it in populated.py"
        return str(cursor)

    async def cursor(self, slot: Slot, arguments: dict[str, Any], foreign: str) -> None:
        """A place for a cursor: one of the other company's list, and the same place with a key that never was."""
        keeps_filter = slot.root in GROWING or "filter" in operations.least(slot.root)
        left_out = ("first",) if keeps_filter else ("first", "filter")
        rest = {name: value for name, value in arguments.items() if name not in left_out}
        await self.pair(slot, {**rest, PAGE[slot.name]: 5}, foreign, resembling(foreign))

    async def pair(
        self,
        slot: Slot,
        arguments: dict[str, Any],
        foreign: str,
        missing: str,
        *,
        of: str | None = None,
        beside: bool = False,
    ) -> None:
        """The foreign value and the one that never was: no difference."""
        self.exercised.add(slot.path)
        told = []
        for value in (foreign, missing):
            given = operations.put(arguments, slot.steps, value, beside=beside)
            answer = await self.told(slot.root, given, of=of, depth=1)
            told.append(replace(answer, text=answer.text.replace(value, "@")))
            if NOBODY not in roles(slot.root):
                self.refused(slot.root, answer)
        place = f"{slot.path} = {of or 'text'}{' beside own ones' if beside else ''}"
        if slot.name in SECRET_NAMES:
            # Whoever has the token may learn that it is one: nobody comes to it by guessing.
            told[0] = replace(told[0], statements=told[1].statements)
        self.compare(place, told[0], told[1], foreign)

    def compare(self, place: str, foreign: Told, missing: Told, value: str) -> None:
        """Note whatever tells two answers apart, or shows anything."""
        if "GRAPHQL_VALIDATION_FAILED" in foreign.text or "INTERNAL_SERVER_ERROR" in foreign.text:
            self.findings.append(f"{place}: {foreign.text[:300]}")
        if foreign.text != missing.text:
            self.findings.append(f"{place}: {foreign.text[:300]} is not {missing.text[:300]}")
        if foreign.statements != missing.statements:
            self.findings.append(f"{place}: {foreign.statements} statements, not {missing.statements}")
        self.shows(place, foreign.raw, value)

    def shows(self, place: str, text: str, *given: str) -> None:
        """Note what of the other company stands in a text."""
        for value in given:
            text = text.replace(value, "")
        known = frozenset(found for value in given for found in keys_in(value))
        if seen := self.secrets.seen(text, known):
            self.findings.append(f"{place}: shows {seen[:3]}")

    def refused(self, key: str, told: Told) -> None:
        """Note that a field which isn't an administrator's was answered to one."""
        if Role.ADMIN not in roles(key) and '"FORBIDDEN"' not in told.text:
            self.findings.append(f"{key}: not FORBIDDEN to administrators: {told.text[:200]}")

    async def valid(self, key: str, arguments: dict[str, Any]) -> None:
        """The valid input: answered to whom it is meant for, and without anything of the other company."""
        self.called.add(key)
        allowed = roles(key)
        for role, who in CALLERS.items():
            refusal = '"UNAUTHENTICATED"' if role is NOBODY else '"FORBIDDEN"'
            if role not in allowed and refusal not in (told := await self.told(key, arguments, who)).text:
                self.findings.append(f"{key}: not {refusal} to {role or 'nobody'}: {told.text[:200]}")
        operators = any((key, name) in OPERATORS_PLACES for name in arguments)
        meant = Role.OPERATOR if operators else next(role for role in CALLERS if role in allowed)
        told = await self.told(key, arguments, CALLERS[meant], of="Import")
        self.costs[key] = max(told.statements, self.costs.get(key, 0))
        if told.wrong:
            self.findings.append(f"{key}: its input in VALID is not valid: {told.wrong}")
        if meant is Role.ADMIN or operators:
            self.shows(key, told.raw)

    async def nested(self) -> None:
        """The paged lists of nodes, with the cursors of the other company's."""
        for kind, names in operations.lists().items():
            for name in names:
                for argument in CURSORS:
                    await self.walk(kind, name, argument)

    async def walk(self, kind: str, name: str, argument: str) -> None:
        """One list of one node, by one argument."""
        document = (
            f"query ($id: ID!, $size: Int, $cursor: String) {{ node(id: $id) {{ ... on {kind} {{"
            f" {name}({PAGE[argument]}: $size, {argument}: $cursor)"
            f" {{ nodes {{ __typename }} pageInfo {{ endCursor startCursor }} totalCount {{ value }} }} }} }} }}"
        )
        given = {"id": own(self.theirs, kind), "size": 5}
        answer = (await self.post(document, given, "theirs")).json()
        foreign = answer["data"]["node"][name]["pageInfo"]["endCursor"]
        place = f"{kind}.{name}.{argument}"
        assert foreign, f"{place}: the other company's list is empty; fill it in populated.py"
        told = []
        for cursor in (foreign, resembling(foreign)):
            given = {"id": own(self.ours, kind), "size": 5, "cursor": cursor}
            told.append(await self.asked(document, given, "ours", cursor))
        self.exercised.add(place)
        self.compare(place, told[0], told[1], foreign)

    async def told(
        self, key: str, arguments: dict[str, Any], who: str = "ours", *, of: str | None = None, depth: int = 3
    ) -> Told:
        """The answer of one operation."""
        given = _once(arguments)
        shown = of if of in operations.nodes() else "Import"
        document = operations.document(key, given, operations.selection(key, of=shown, depth=depth))
        return await self.asked(document, given, who)

    async def asked(self, document: str, variables: dict[str, Any], who: str, *hidden: str) -> Told:
        """The answer to a document."""
        with counted() as sent:
            response = await self.post(document, variables, who)
        text = response.text
        for each in hidden:
            text = text.replace(each, "@")
        names = [(name, value) for name, value in response.headers.items() if name != "x-request-id"]
        # Cookies that are set hold fresh tokens, lengths of answers follow from their bodies.
        kept = sorted(f"{name}: {value}" for name, value in names if name not in ("set-cookie", "content-length"))
        raw = "\n".join([response.text, *(f"{name}: {value}" for name, value in names)])
        return Told(raw, REDACTED.sub("", "\n".join([text, *kept])), len(sent))

    async def post(self, document: str, variables: dict[str, Any], who: str) -> httpx.Response:
        """One request; `who` is a token that `client` knows, or nothing."""
        self.calls += 1
        headers = {**HEADERS, **({"authorization": f"Bearer {who}"} if who else {})}
        return await self.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)

    async def state(self) -> tuple[dict[str, list[str]], int, int]:
        """The other company's rows, objects and letters."""
        rows = await self.ledger.rows(self.theirs.company.id)
        return rows, len(self.theirs.queue.letters), len(self.theirs.storage.written)

    async def unchanged(self, key: str, before: tuple[dict[str, list[str]], int, int]) -> None:
        """Note what has changed of the other company, and what was sent or stored about it."""
        after = await self.state()
        for table, rows in after[0].items():
            if rows != before[0][table]:
                differs = sorted(set(rows) ^ set(before[0][table]))
                self.findings.append(f"{key}: changed {table} of the other company: {differs[:2]}")
        if after[1:] != before[1:]:
            self.findings.append(f"{key}: sent or stored something at the other company's desk")
        self.shows(f"{key}: letters", repr(self.ours.queue.letters))
        self.shows(f"{key}: objects", repr(self.ours.storage.written))


def _once(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments under an idempotency key that nobody has used."""
    given = arguments.get("input")
    if not isinstance(given, dict) or "idempotencyKey" not in given:
        return arguments
    return {**arguments, "input": {**given, "idempotencyKey": secrets.token_hex(8)}}


def _at(arguments: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        arguments = arguments[0] if step == "[]" else arguments[step]
    return arguments


@asynccontextmanager
async def sweep(ours: Office, theirs: Office, ledger: Ledger) -> AsyncGenerator[Sweep]:
    """The sweep over two offices, with a client that "theirs" and the tokens of CALLERS sign in."""
    operator_id = await operator()
    until = ours.clock().replace(year=ours.clock().year + 1)

    def viewer(company_id: UUID, admin_id: UUID, session_id: UUID) -> Viewer:
        return Viewer(company_id, admin_id, session_id, until, until, fresh_until=until)

    viewers: dict[str, Viewer | ServiceClient] = {
        "ours": viewer(ours.company.id, ours.company.admin_id, ours.viewer.session_id),
        "theirs": viewer(theirs.company.id, theirs.company.admin_id, theirs.viewer.session_id),
        "operator": viewer(PROVIDER_ID, operator_id, uuid7()),
        "service": ServiceClient(uuid7(), "sweep"),
    }

    async def identify(token: str | None, **_: Any) -> Viewer | ServiceClient | None:
        return viewers.get(token or "")

    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, ours.storage, ours.queue, ours.clock), identify=identify)
    texts = (theirs.word[1:], theirs.exchange, *theirs.company.numbers, *theirs.mobiles, theirs.company.mobile)
    rows = await ledger.rows(theirs.company.id)
    keys = frozenset(key for table in rows.values() for row in table for key in uuids(row))
    hidden = Secrets(texts, keys - {PROVIDER_ID.hex, UUID(int=0).hex})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        yield Sweep(ours, theirs, ledger, client, hidden)
