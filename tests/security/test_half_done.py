"""What is half done opens nothing (O9, A10, S5, AU-03): tokens where they don't belong, steps out of order."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import admins, service_clients
from bizcall.admins import Form, Half, Profile, SignedIn, tokens
from bizcall.errors import Invalid
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.http import CLIENT_HEADER
from resolvers.permissions import NOBODY
from tests.accounts import ACTOR, KEYS, PASSWORD, SECRET, Person
from tests.console import Wiring
from tests.doubles import MemoryStorage, RecordingQueue, Turned
from tests.factories import make_tenant
from tests.security import operations
from tests.security.answers import REDACTED
from tests.security.inputs.accounts import invited, password, registering
from tests.security.sweep import roles

WAYS = ("bearer", "cookie")
PURPOSES = {
    "SIGN_IN": ("signInCodeSend", "signInVerify"),
    "REGISTRATION": ("registrationCodeSend", "adminRegister"),
    "PASSWORD_RESET": ("passwordResetVerify", "passwordReset"),
    "MOBILE_CHANGE": ("viewerMobileChange",),
    "FRESH_FACTOR": ("viewerCodeConfirm",),
}
"""The mutations that a challenge of each purpose is for."""


@dataclass
class Kinds:
    """Everything that is not, or no longer, a session."""

    clock: Turned
    tokens: dict[str, str] = field(default_factory=dict)
    session: str = ""
    mobile: str = ""


async def half_done() -> Kinds:
    """One of each kind."""
    clock = Turned()
    found = Kinds(clock)

    async def somebody() -> Person:
        return await Person(await make_tenant(lines=2), clock=clock, queue=RecordingQueue()).register()

    person = await somebody()
    found.mobile = person.company.mobile
    ended = await person.complete()
    clock.turn(seconds=31)
    await admins.sign_out(ended.session.viewer, ACTOR, clock=clock)
    opened = await person.complete()
    found.session = opened.session.token
    other = await somebody()
    desk: Any = type("Desk", (), {"clock": clock})
    begun = await admins.reset_code_send(other.company.mobile, actor=ACTOR, queue=other.queue, clock=clock)
    await other.deliver()
    await admins.reset_verify(begun.half.token, other.phone.code, keys=KEYS, actor=ACTOR, clock=clock)
    change, _ = await admins.mobile_code_send(
        opened.session.viewer,
        PASSWORD,
        f"0107{person.company.mobile[-7:]}",
        actor=ACTOR,
        queue=person.queue,
        clock=clock,
    )
    fresh, _ = await admins.fresh_code_send(opened.session.viewer, actor=ACTOR, queue=person.queue, clock=clock)
    found.tokens = {
        "SIGN_IN": (await (await somebody()).sign_in()).token,
        "REGISTRATION": (await registering(desk))[1],
        "PASSWORD_RESET": begun.half.token,
        "MOBILE_CHANGE": change.token,
        "FRESH_FACTOR": fresh.token,
        "device": opened.device_token,
        "temporary password": (await invited(desk))[1],
        "password": PASSWORD,
        "code": other.phone.code,
        "ended session": ended.session.token,
        "ended server": await ended_server(),
    }
    return found


async def ended_server() -> str:
    """The token of the app's server after it was replaced."""
    token = await service_clients.create("half-done", actor=ACTOR)
    await service_clients.end("half-done", actor=ACTOR)
    return token


def tampered(token: str) -> dict[str, str]:
    """Twenty texts that are almost a session's token, or pretend to be another kind of one (S5)."""
    turned = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    digest = hashlib.sha256(token.encode())

    def jwt(header: str, body: str) -> str:
        parts = (base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, body))
        return ".".join([*parts, ""])

    return {
        "another last bit": turned,
        "another first letter": ("A" if token[0] != "A" else "B") + token[1:],
        "without its end": token[:-1],
        "without its beginning": token[1:],
        "with more": token + "A",
        "twice": token * 2,
        "in capitals": token.upper(),
        "in small letters": token.lower(),
        "reversed": token[::-1],
        "padded": token + "=",
        "its hash": digest.hexdigest(),
        "its hash in base64": base64.urlsafe_b64encode(digest.digest()).decode().rstrip("="),
        "quoted": f'"{token}"',
        "a list": f"{token},{token}",
        "percent-encoded": "%" + token.encode().hex(),
        "null": "null",
        "a wildcard": "%",
        "SQL": "' OR 1=1 --",
        "alg none": jwt('{"alg":"none"}', '{"sub":"admin"}'),
        "kid injection": jwt('{"alg":"HS256","kid":"../../dev/null"}', '{"sub":"admin"}'),
        "very long": "A" * 4_000,
        "one letter": "A",
    }


@pytest.fixture(scope="module")
async def kinds(db: None) -> Kinds:
    """One of each kind."""
    return await half_done()


@pytest.fixture
async def client(kinds: Kinds) -> AsyncIterator[httpx.AsyncClient]:
    """The application, with its own way to tell who is signed in."""
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, MemoryStorage(), RecordingQueue(), kinds.clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as made:
        yield made


async def ask(client: httpx.AsyncClient, key: str, token: str | None, way: str, **given: Any) -> tuple[int, str]:
    """Status and body of a root field's answer, without what differs from request to request."""
    variables = given or operations.least(key)
    document = operations.document(key, variables, operations.selection(key, depth=1))
    headers = {"accept": "application/graphql-response+json", CLIENT_HEADER: "test"}
    if token is not None:
        headers |= {"authorization": f"Bearer {token}"} if way == "bearer" else {"cookie": f"session={token}"}
    response = await client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
    return response.status_code, REDACTED.sub("", response.text)


async def test_O9_what_is_half_done_is_nobody_to_every_field(client: httpx.AsyncClient, kinds: Kinds) -> None:
    assert '"role":"ADMIN"' in (await ask(client, "Query.viewer", kinds.session, "bearer"))[1]
    for key in operations.fields():
        nobody = await ask(client, key, None, "bearer")
        assert NOBODY in roles(key) or '"UNAUTHENTICATED"' in nobody[1], key
        for kind, token in kinds.tokens.items():
            for way in WAYS:
                assert await ask(client, key, token, way) == nobody, (key, kind, way)


async def test_S5_a_session_that_is_almost_one_is_none(client: httpx.AsyncClient, kinds: Kinds) -> None:
    variants = tampered(kinds.session)
    assert len(variants) >= 20
    for key in ("Query.viewer", "Query.subscribers", "Mutation.signOut", "Mutation.viewerSave"):
        nobody = await ask(client, key, None, "bearer")
        for variant, token in variants.items():
            assert await ask(client, key, token, "bearer") == nobody, (key, variant)


@pytest.mark.parametrize("hours", [0.5, 12])
async def test_S5_an_idle_and_an_expired_session_are_none(
    client: httpx.AsyncClient, kinds: Kinds, hours: float
) -> None:
    nobody = await ask(client, "Mutation.viewerSave", None, "bearer")
    kinds.clock.turn(hours=hours)
    try:
        for way in WAYS:
            assert await ask(client, "Mutation.viewerSave", kinds.session, way) == nobody
    finally:
        kinds.clock.at -= timedelta(hours=hours)


async def test_O9_a_challenge_is_for_its_own_purpose_only(client: httpx.AsyncClient, kinds: Kinds) -> None:
    """Every token in every place for a challenge: refused like one out of thin air."""
    chosen = password()
    rest: dict[str, dict[str, str]] = {
        "signInCodeSend": {},
        "signInVerify": {"code": "000000"},
        "registrationCodeSend": {"mobile": kinds.mobile},
        "adminRegister": {
            "code": "000000",
            "name": "김관리",
            "email": "new@office.example",
            "mobile": kinds.mobile,
            "password": chosen,
            "passwordConfirmation": chosen,
        },
        "passwordResetVerify": {"code": "000000"},
        "passwordReset": {"password": chosen, "passwordConfirmation": chosen},
        "viewerMobileChange": {"code": "000000"},
        "viewerCodeConfirm": {"code": "000000"},
    }
    places = {slot.root.split(".")[1] for slot in operations.slots() if slot.name == "challenge"}
    assert places == set(rest) == set(itertools.chain(*PURPOSES.values())), "add the new place to this test"
    for name, given in rest.items():
        key = f"Mutation.{name}"
        thin_air = await ask(client, key, kinds.session, "bearer", input={**given, "challenge": tokens.fresh()})
        assert '"STATE"' in thin_air[1], name
        for kind, token in {**kinds.tokens, "session": kinds.session}.items():
            if name not in PURPOSES.get(kind, ()):
                answer = await ask(client, key, kinds.session, "bearer", input={**given, "challenge": token})
                assert answer == thin_air, (name, kind)


async def test_O9_other_tokens_are_no_devices(client: httpx.AsyncClient, kinds: Kinds) -> None:
    """A wrong password with any of them is a stranger's failure, and the right one asks for the code all the same."""
    person = await Person(await make_tenant(lines=2), clock=kinds.clock, queue=RecordingQueue()).register()
    given = {"loginId": person.company.login_id, "password": PASSWORD}
    for _ in range(5):
        await ask(client, "Mutation.signIn", None, "bearer", input={**given, "password": "Wrong00Horse"})
    stranger = await ask(client, "Mutation.signIn", None, "bearer", input=given)
    assert '"LOCKED"' in stranger[1]
    for kind, token in {**kinds.tokens, "session": kinds.session}.items():
        answer = await ask(client, "Mutation.signIn", None, "bearer", input={**given, "deviceToken": token})
        assert answer == stranger, kind


@dataclass
class Steps:
    """The steps of the first sign-in, taken in any order with what the ones before have given."""

    person: Person
    temporary: str
    challenge: str = "none yet"
    form: str = "none yet"
    code: str = "000000"
    done: list[str] = field(default_factory=list)

    async def take(self, step: str) -> None:
        """One step; a refusal is a step that hasn't been taken."""
        try:
            await getattr(self, step)()
        except Invalid:
            return
        self.done.append(step)

    async def code_send(self) -> None:
        """A code for the sign-in."""
        await admins.code_send(self.challenge, actor=ACTOR, queue=self.person.queue, clock=self.person.clock)
        await self.person.deliver()
        self.code = self.person.phone.code

    async def verify(self) -> None:
        """The code."""
        step = await admins.verify(
            self.challenge, self.code, keys=KEYS, actor=ACTOR, queue=self.person.queue, clock=self.person.clock
        )
        assert isinstance(step, Half)
        self.form = step.token

    async def form_code_send(self) -> None:
        """A code for the form."""
        await admins.registration_code_send(
            self.form if self.form != "none yet" else self.challenge,
            self.person.company.mobile,
            actor=ACTOR,
            queue=self.person.queue,
            clock=self.person.clock,
        )
        await self.person.deliver()
        self.code = self.person.phone.code

    async def register(self) -> None:
        """The form."""
        chosen = "Quiet7Harbour9"
        form = Form(chosen, chosen, Profile("김관리", "", "", "new@office.example"), self.person.company.mobile)
        challenge = self.form if self.form != "none yet" else self.challenge
        await admins.register(challenge, self.code, form, keys=KEYS, actor=ACTOR, clock=self.person.clock)


ORDER = ("code_send", "verify", "form_code_send", "register")


@pytest.mark.parametrize("order", list(itertools.permutations(ORDER)), ids=lambda order: " ".join(order))
async def test_O9_the_first_sign_ins_steps_lead_anywhere_in_one_order_only(
    kinds: Kinds, order: tuple[str, ...]
) -> None:
    person, temporary = await invited(kinds)  # type: ignore[arg-type]  # only the clock of an office is asked for
    steps = Steps(person, temporary, challenge=(await person.sign_in(temporary)).token)

    for step in order:
        await steps.take(step)

    # A step counts only when all before it were taken: what was tried too early has left nothing behind.
    expected: list[str] = []
    for step in order:
        if ORDER[len(expected)] == step:
            expected.append(step)
    assert steps.done == expected
    assert ("admins.register" in await person.actions()) == (order == ORDER)


@pytest.mark.parametrize("order", list(itertools.permutations(("send", "verify", "reset"))), ids=" ".join)
async def test_O9_a_resets_steps_lead_anywhere_in_one_order_only(kinds: Kinds, order: tuple[str, ...]) -> None:
    person = await Person(await make_tenant(lines=2), clock=kinds.clock, queue=RecordingQueue()).register()
    challenge, code, chosen, done = (await person.sign_in()).token, "000000", password(), []
    options: dict[str, Any] = {"actor": ACTOR, "clock": person.clock}
    for step in order:
        try:
            if step == "send":
                begun = await admins.reset_code_send(person.company.mobile, queue=person.queue, **options)
                await person.deliver()
                challenge, code = begun.half.token, person.phone.code
            elif step == "verify":
                await admins.reset_verify(challenge, code, keys=KEYS, **options)
            else:
                await admins.reset(challenge, None, chosen, chosen, queue=person.queue, **options)
        except Invalid:
            continue
        done.append(step)

    assert ("reset" in done) == (order == ("send", "verify", "reset"))
    assert ("admins.password_reset" in await person.actions()) == ("reset" in done)


async def test_AU_03_the_temporary_password_opens_the_form_and_nothing_else(kinds: Kinds) -> None:
    person, temporary = await invited(kinds)  # type: ignore[arg-type]  # only the clock of an office is asked for
    half = await person.sign_in(temporary)

    step = await person.step(half, await person.ask(half))

    assert not isinstance(step, SignedIn)
    assert await admins.authenticate(step.token, clock=kinds.clock) is None
