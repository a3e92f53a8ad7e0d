"""Personal data and secrets leave only where they are meant to (P6, A10, O7, S7).

Every operation is asked once as it should be and once refused, with random canaries in all of its inputs; then what
left the process is searched: answers, headers, log lines, audit records, queues, the outbox, notes of failures.
"""

from __future__ import annotations

import io
import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import admins, dispatch
from bizcall.admins import Role, Viewer
from bizcall.database import directory, query
from bizcall.dispatch import dead_letters
from bizcall.errors import Unavailable
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import GatewayUncertain
from bizcall.service_clients import ServiceClient
from bizcall.settings import Settings
from lambdas import logs
from resolvers.app import create_app
from tests.accounts import KEYS, PASSWORD, SECRET, SETTINGS
from tests.console import Wiring
from tests.security import operations
from tests.security.inputs import VALID
from tests.security.ledger import Ledger
from tests.security.office import Office, operator
from tests.security.sweep import roles

SECRETS = frozenset({"password", "passwordConfirmation", "currentPassword", "code", "challenge", "deviceToken"})
"""Inputs that are secrets; what is new in an answer under `token` and `deviceToken` is one too."""

PERSONAL = frozenset(
    {
        *("name", "mobile", "adminMobile", "email", "position", "department", "fileName", "search"),
        *("customerName", "customerNumber", "customerTail"),
    }
)
"""Inputs that are personal data, or may be."""

QUEUED = ("outbox", "audit_record", "message_failure")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the functions log where they are told to log from DEBUG on."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.LOUD}
    logs.configure("DEBUG")
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


class Watch:
    """The office, a client, and the canaries that were given so far."""

    def __init__(self, office: Office, http: httpx.AsyncClient) -> None:
        self.office, self.http = office, http
        self.secrets: set[str] = {PASSWORD}
        self.personal: set[str] = {office.word[1:], office.company.mobile, *office.mobiles}
        self.answers: list[tuple[str, str]] = []

    def learn(self, arguments: Any, name: str = "") -> None:
        """Note the canaries in an input."""
        if isinstance(arguments, dict):
            for part, value in arguments.items():
                self.learn(value, part)
        elif isinstance(arguments, list):
            for value in arguments:
                self.learn(value, name)
        elif isinstance(arguments, str) and len(arguments) >= 6:
            if name in SECRETS:
                self.secrets.add(arguments)
            elif name in PERSONAL:
                self.personal.add(arguments)

    def told(self, answer: Any, name: str = "") -> None:
        """Note the secrets that an answer shows once."""
        if isinstance(answer, dict):
            for part, value in answer.items():
                self.told(value, part)
        elif isinstance(answer, list):
            for value in answer:
                self.told(value, name)
        elif isinstance(answer, str) and name in ("token", "deviceToken"):
            self.secrets.add(answer)

    async def ask(self, key: str, arguments: dict[str, Any], who: str) -> dict[str, Any]:
        """One request; keeps what came back, headers too."""
        self.learn(arguments)
        document = operations.document(key, arguments, operations.selection(key, of="Import", depth=2))
        headers = {"authorization": f"Bearer {who}"} if who else {}
        body = {"query": document, "variables": arguments}
        response = await self.http.post("/graphql", json=body, headers=headers)
        self.answers.append((key, "\n".join([response.text, *(f"{k}: {v}" for k, v in response.headers.items())])))
        answer: dict[str, Any] = response.json()
        self.told(answer)
        return answer


@pytest.fixture
async def watch(attacker: Office) -> AsyncIterator[Watch]:
    """A client that the names of roles sign in."""
    until = attacker.clock().replace(year=attacker.clock().year + 1)
    company = attacker.company
    viewers: dict[Role, Viewer | ServiceClient] = {
        Role.ADMIN: Viewer(company.id, company.admin_id, attacker.viewer.session_id, until, until, fresh_until=until),
        Role.OPERATOR: Viewer(PROVIDER_ID, await operator(), uuid7(), until, until, fresh_until=until),
        Role.SERVICE: ServiceClient(uuid7(), "canaries"),
    }

    async def identify(token: str | None, **_: Any) -> Viewer | ServiceClient | None:
        return viewers.get(Role(token)) if token in set(Role) else None

    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, attacker.storage, attacker.queue, attacker.clock), identify=identify)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        yield Watch(attacker, client)


def refused(arguments: Any, name: str = "") -> Any:
    """The same input with every secret and every text of a person spoilt, each by another canary."""
    if isinstance(arguments, dict):
        return {part: refused(value, part) for part, value in arguments.items()}
    if isinstance(arguments, list):
        return [refused(value, name) for value in arguments]
    if name in SECRETS:
        return f"canary{secrets.token_hex(8)}"
    if name in ("mobile", "email", "loginId"):
        return f"canary-{secrets.token_hex(8)}"
    return arguments


async def everything(watch: Watch) -> None:
    """Every operation, refused and then as it should be."""
    for key in operations.fields():
        for builder in VALID.get(key, (None,)):
            arguments = await builder(watch.office) if builder else operations.least(key)
            who = next(str(role) for role in (Role.ADMIN, Role.OPERATOR, Role.SERVICE) if role in roles(key))
            await watch.ask(key, refused(arguments), who)
            await watch.ask(key, arguments, who)


async def left(watch: Watch, log: io.StringIO) -> dict[str, str]:
    """What has left the process or stays for others to read, by place."""
    found = {"log": log.getvalue(), "queue": repr(watch.office.queue.letters)}
    async with directory():
        for table in ("outbox", "message_failure"):
            rows = await query(f"SELECT t::text AS text FROM {table} t")
            found[table] = "\n".join(row["text"] for row in rows)
    return found


def leaks(places: dict[str, str], canaries: set[str]) -> list[str]:
    """Which canaries stand where."""
    # Six digits are a code, and also a part of many a number.
    long = {each for each in canaries if len(each) > 6}
    return [f"{place}: {each}" for place, text in places.items() for each in long if each in text]


async def test_P6_nothing_secret_or_personal_is_logged_queued_or_recorded(
    watch: Watch, log: io.StringIO, books: Ledger
) -> None:
    await everything(watch)

    places = await left(watch, log)
    places["audit"] = "\n".join((await books.rows(watch.office.company.id))["audit_record"])
    places["the provider's audit"] = "\n".join((await books.rows(PROVIDER_ID))["audit_record"])
    assert "answered" in places["log"]
    assert watch.office.company.id.hex[:8] in places["audit"]
    assert leaks(places, watch.secrets | watch.personal) == []


async def test_A10_a_secret_is_in_no_answer_but_the_one_that_shows_it(watch: Watch) -> None:
    await everything(watch)

    shown: dict[str, set[str]] = {}
    for key, text in watch.answers:
        for secret in {each for each in watch.secrets if len(each) > 6 and each in text}:
            shown.setdefault(secret, set()).add(key)
    twice = {secret: keys for secret, keys in shown.items() if len(keys) > 1}
    assert not twice
    assert {key for keys in shown.values() for key in keys} == {
        "Mutation.signIn",
        "Mutation.signInVerify",
        "Mutation.passwordResetCodeSend",
        "Mutation.viewerMobileCodeSend",
        "Mutation.viewerCodeSend",
    }


@pytest.mark.parametrize("fault", ["database", "queue", "bug"])
async def test_P6_a_fault_at_any_layer_tells_nothing(
    watch: Watch, log: io.StringIO, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exceptions quote what a driver's would: the row, the statement's values."""
    canary = f"canary{secrets.token_hex(8)}"
    watch.secrets.add(canary)

    async def broken(*_: Any, **__: Any) -> Any:
        try:
            raise ValueError(f"Key (mobile)=({canary}) already exists")
        except ValueError as cause:
            if fault == "bug":
                raise
            raise Unavailable("the database is away") from cause

    names = [f"Mutation.{name}" for name in ("signIn", "viewerSave", "representativeNumberFind", "signInCodeSend")]
    inputs = {key: await VALID[key][0](watch.office) for key in names}
    if fault == "queue":
        watch.office.queue.away = ConnectionError(canary)
    else:
        for name in ("sign_in", "profile_save", "find_representative", "code_send"):
            monkeypatch.setattr(admins, name, broken)

    codes = [(await watch.ask(key, given, Role.ADMIN)).get("errors") for key, given in inputs.items()]

    assert all(codes) == (fault != "queue")
    places = {**await left(watch, log), "answers": "\n".join(text for _, text in watch.answers)}
    assert {"database": "answered", "queue": "did not take", "bug": "unexpected error"}[fault] in places["log"]
    # The queue's fault leaves the operations whole, so that their answers show what they are meant to.
    given = {canary} if fault == "queue" else watch.secrets | watch.personal
    assert leaks(places, given) == []


async def test_P6_a_gateways_fault_and_a_dead_letters_note_tell_nothing(watch: Watch, log: io.StringIO) -> None:
    canary = f"canary{secrets.token_hex(8)}"
    someone = watch.office.person
    watch.office.clock.turn(minutes=1)
    half = await someone.sign_in()
    await admins.code_send(half.token, actor=watch.office.actor, queue=watch.office.queue, clock=watch.office.clock)
    someone.phone.away = GatewayUncertain(canary)
    body = json.loads(watch.office.queue.letters[-1][1].body)

    try:
        await dispatch.deliver(body, sms=someone.phone, keys=KEYS, settings=SETTINGS, clock=watch.office.clock)
    except Exception as error:
        logging.getLogger("bizcall").exception("a message failed")
        await dead_letters.note("sms", "message-1", logs.reason(error), clock=watch.office.clock)
    code = someone.phone.code

    places = await left(watch, log)
    assert leaks(places, {canary, half.token, watch.office.company.mobile}) == []
    assert code not in places["log"]
    assert f'"{code}"' not in places["outbox"]
