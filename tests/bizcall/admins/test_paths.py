"""The lock and the account's state on every path that compares a secret or uses an account (security A4).

Each path is prepared while the account is as it should be; then the state comes; then the path is gone to its end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bizcall import admins
from bizcall.admins import Form, Half, Profile, SignedIn, passwords, sessions
from bizcall.audit import Actor, ActorKind
from bizcall.database import tenant
from bizcall.errors import Invalid, NotFound
from tests.accounts import ACTOR, KEYS, PASSWORD, Person
from tests.factories import Tenant

NEXT = "Quiet7Harbour9"
WRONG = "Wrong00Horse"
OPERATOR = Actor(ActorKind.OPERATOR)

REGISTERED = """
path             free     locked   here     replaced       changed        moved
stranger         ok 1     LOCKED   ok 1     CREDENTIALS 1  CREDENTIALS 1  ok 1
known            ok 1     ok 1     LOCKED   CREDENTIALS 1  CREDENTIALS 1  ok 1
code             ok 0     LOCKED   ok 0     STATE          STATE          STATE
verify           ok 0     LOCKED   ok 0     STATE          STATE          STATE
reset-code       ok 0     ok 0     ok 0     decoy 0        ok 0           decoy 0
reset-verify     ok 0     ok 0     ok 0     none 0         STATE          none 0
reset            ok 1     ok 1     ok 1     NOT_FOUND      STATE          NOT_FOUND
password         ok 2     ok 2     LOCKED   NotFound       CREDENTIALS 1  ok 2
mobile-code      ok 1     ok 1     LOCKED   NotFound       CREDENTIALS 1  ok 1
mobile           ok 0     ok 0     LOCKED   STATE          STATE          STATE
session          ok 0     ok 0     ok 0     ended 0        ended 0        ok 0
"""
"""Locked: for strangers; here: for this browser; changed and moved: the password or the mobile, from another browser.

A reset is the way out of a lock (PW-01), so no lock stands in its way. The number is of passwords that were compared:
none in a lock; those of a new password are the present one and the former ones that it may not be.
"""

UNREGISTERED = """
path             free     locked   expired              replaced       registered
stranger         ok 1     LOCKED   TEMPORARY_EXPIRED 1  CREDENTIALS 1  CREDENTIALS 1
code             ok 0     LOCKED   ok 0                 STATE          STATE
verify           ok 0     LOCKED   ok 0                 STATE          STATE
form-code        ok 0     LOCKED   ok 0                 STATE          STATE
form             ok 1     LOCKED   ok 1                 STATE          STATE
reset-code       decoy 0  decoy 0  decoy 0              decoy 0        ok 0
"""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """How dear a comparison is doesn't matter here, only whether it is made."""
    monkeypatch.setattr(passwords, "TIME_COST", 1)
    monkeypatch.setattr(passwords, "MEMORY_KIB", 1024)


@dataclass
class Case:
    """An account with everything begun that can be."""

    person: Person
    password: str = PASSWORD
    halves: dict[str, Half] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    opened: SignedIn | None = None

    @property
    def viewer(self) -> sessions.Viewer:
        """Who is signed in."""
        assert self.opened is not None
        return self.opened.session.viewer

    @property
    def admin_id(self) -> Any:
        """The administrator's key."""
        return self.person.company.admin_id

    def options(self) -> dict[str, Any]:
        """What acts of the account take."""
        return {"actor": ACTOR, "queue": self.person.queue, "clock": self.person.clock}


async def registered(company: Tenant, path: str) -> Case:
    """Signed in on a known browser, with what the path needs begun."""
    case = Case(await Person(company).register())
    person = case.person
    case.opened = await person.complete()
    person.clock.turn(seconds=31)
    if path in ("code", "verify"):
        case.halves[path] = await person.sign_in()
    if path == "verify":
        case.codes[path] = await person.ask(case.halves[path])
    if path in ("reset-verify", "reset"):
        begun = await admins.reset_code_send(company.mobile, **case.options())
        await person.deliver()
        case.halves[path], case.codes[path] = begun.half, person.phone.code
    if path == "reset":
        await admins.reset_verify(begun.half.token, person.phone.code, keys=KEYS, actor=ACTOR, clock=person.clock)
    if path == "mobile":
        mobile = f"0104{company.mobile[-7:]}"
        case.halves[path], _ = await admins.mobile_code_send(case.viewer, PASSWORD, mobile, **case.options())
        await person.deliver()
        case.codes[path] = person.phone.code
    person.clock.turn(seconds=31)
    return case


async def unregistered(company: Tenant, path: str) -> Case:
    """The temporary password has come, with what the path needs begun."""
    person = Person(company)
    welcome = await admins.prepare(company.admin_id, keys=KEYS)
    async with tenant(company.id):
        await admins.invite(
            company.id, company.admin_id, login_id=company.login_id, welcome=welcome, actor=ACTOR, clock=person.clock
        )
    # The temporary password ends before the challenges that it began do.
    person.clock.turn(hours=71, minutes=57, seconds=30)
    case = Case(person, KEYS.password(welcome.message_id, company.admin_id))
    if path in ("code", "verify", "form-code", "form"):
        case.halves[path] = await person.sign_in(case.password)
    if path == "verify":
        case.codes[path] = await person.ask(case.halves[path])
    if path in ("form-code", "form"):
        step = await person.step(case.halves[path], await person.ask(case.halves[path]))
        assert isinstance(step, Half)
        case.halves[path] = step
    person.clock.turn(seconds=31)
    if path == "form":
        await admins.registration_code_send(case.halves[path].token, company.mobile, **case.options())
        await person.deliver()
        case.codes[path] = person.phone.code
    person.clock.turn(seconds=31)
    return case


async def free(case: Case) -> None:
    """As it should be."""


async def locked(case: Case, device: str | None = None) -> None:
    """Five failures of strangers, or on one browser."""
    for _ in range(5):
        with pytest.raises(Invalid):
            await case.person.sign_in(WRONG, device=device)


async def here(case: Case) -> None:
    """Five failures on the known browser."""
    assert case.opened is not None
    await locked(case, case.opened.device_token)


async def replaced(case: Case) -> None:
    """Another administrator has taken the place."""
    person = case.person
    mobile = f"0105{person.company.mobile[-7:]}"
    await admins.replace(case.admin_id, mobile, keys=KEYS, actor=OPERATOR, queue=person.queue, clock=person.clock)


async def changed(case: Case) -> None:
    """The password was changed by a reset elsewhere."""
    await case.person.register("Another0Horse5")


async def moved(case: Case) -> None:
    """The second factor was changed from another browser."""
    elsewhere = await case.person.complete()
    mobile = f"0108{case.person.company.mobile[-7:]}"
    half, _ = await admins.mobile_code_send(elsewhere.session.viewer, PASSWORD, mobile, **case.options())
    await case.person.deliver()
    code = case.person.phone.code
    await admins.mobile_change(elsewhere.session.viewer, half.token, code, keys=KEYS, **case.options())


async def expired(case: Case) -> None:
    """The temporary password is over; what it began is not."""
    case.person.clock.turn(seconds=89)


STATES: dict[str, Callable[[Case], Awaitable[None]]] = {
    "free": free,
    "locked": locked,
    "here": here,
    "replaced": replaced,
    "changed": changed,
    "moved": moved,
    "expired": expired,
    "registered": changed,
}


async def go(path: str, case: Case) -> str:
    """Go a path to its end."""
    person, options = case.person, case.options()
    half, code = case.halves.get(path), case.codes.get(path, "")
    token = half.token if half else ""
    proof: dict[str, Any] = {"keys": KEYS, "actor": ACTOR, "clock": person.clock}
    if path == "stranger":
        await person.sign_in(case.password)
    elif path == "known":
        assert case.opened is not None
        await person.sign_in(device=case.opened.device_token)
    elif path == "code":
        await admins.code_send(token, **options)
    elif path == "verify":
        await person.step(half or Half("", person.clock()), code)
    elif path == "form-code":
        await admins.registration_code_send(token, person.company.mobile, **options)
    elif path == "form":
        profile = Profile("김관리", "", "", "new@office.example")
        await admins.register(token, code, Form(NEXT, NEXT, profile, person.company.mobile), **proof)
    elif path == "reset-code":
        return await reset_code(case)
    elif path == "reset-verify":
        return "ok" if await admins.reset_verify(token, code, **proof) else "none"
    elif path == "reset":
        await admins.reset(token, case.admin_id, NEXT, NEXT, **options)
    elif path == "password":
        await admins.password_change(case.viewer, PASSWORD, NEXT, NEXT, **options)
    elif path == "mobile-code":
        await admins.mobile_code_send(case.viewer, PASSWORD, f"0106{person.company.mobile[-7:]}", **options)
    elif path == "mobile":
        await admins.mobile_change(case.viewer, token, code, keys=KEYS, **options)
    else:
        assert path == "session"
        assert case.opened is not None
        alive = await admins.authenticate(case.opened.session.token, clock=person.clock)
        return "ok" if alive else "ended"
    return "ok"


async def reset_code(case: Case) -> str:
    """Whether an SMS goes out, which is all that differs."""
    before = len(case.person.phone.received)
    await admins.reset_code_send(case.person.company.mobile, **case.options())
    await case.person.deliver()
    return "ok" if len(case.person.phone.received) > before else "decoy"


def cells(table: str) -> list[tuple[str, str, str, int]]:
    """Path, state, answer and comparisons of each cell of a table."""
    head, *lines = (line.split() for line in table.strip().splitlines())
    found = []
    for path, *words in lines:
        for state in head[1:]:
            answer = words.pop(0)
            compared = int(words.pop(0)) if words and words[0].isdigit() else 0
            found.append((path, state, answer, compared))
        assert not words, path
    return found


async def outcome(path: str, state: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """What a path comes to in a state, and how many passwords were compared on it."""
    await STATES[state](case)
    compared: list[str] = []
    compare = passwords._compare

    def counting(stored: str | None, password: str) -> passwords.Comparison:
        compared.append(password)
        return compare(stored, password)

    monkeypatch.setattr(passwords, "_compare", counting)
    try:
        answer = await go(path, case)
    except Invalid as refused:
        answer = refused.problems[0].code.value
    except NotFound:
        answer = "NotFound"
    return answer, len(compared)


@pytest.mark.parametrize(("path", "state", "answer", "compared"), cells(REGISTERED))
async def test_A4_of_a_registered_account(
    company: Tenant, path: str, state: str, answer: str, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await outcome(path, state, await registered(company, path), monkeypatch) == (answer, compared)


@pytest.mark.parametrize(("path", "state", "answer", "compared"), cells(UNREGISTERED))
async def test_A4_of_an_account_that_waits_for_its_registration(
    company: Tenant, path: str, state: str, answer: str, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await outcome(path, state, await unregistered(company, path), monkeypatch) == (answer, compared)


async def test_PW_01_a_reset_clears_every_lock(company: Tenant) -> None:
    case = await registered(company, "reset")
    await here(case)
    await locked(case)

    await go("reset", case)

    assert case.opened is not None
    assert await case.person.sign_in(NEXT)
    assert await case.person.sign_in(NEXT, device=case.opened.device_token)
