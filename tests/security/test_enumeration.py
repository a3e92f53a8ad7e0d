"""Nobody learns which accounts there are (A7, O8, T6): not by answers, headers, statements, messages or time."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall.admins import locks, passwords
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.accounts import SECRET, Person
from tests.console import Wiring
from tests.factories import Tenant
from tests.security import operations
from tests.security.answers import REDACTED
from tests.security.samples import chance, told_apart
from tests.statements import counted

SAMPLES = 120


@pytest.fixture
async def person(company: Tenant) -> Person:
    """Somebody who has an account."""
    return await Person(company).register()


@pytest.fixture
async def client(person: Person) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger's."""
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, queue=person.queue, clock=person.clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as made:
        yield made


async def ask(client: httpx.AsyncClient, name: str, **given: Any) -> httpx.Response:
    """The answer to a mutation."""
    key = f"Mutation.{name}"
    document = operations.document(key, {"input": given}, operations.selection(key))
    return await client.post("/graphql", json={"query": document, "variables": {"input": given}})


def shown(response: httpx.Response, *hidden: str) -> str:
    """Body and headers, without what was given and what is random."""
    kept = [f"{name}: {value}" for name, value in response.headers.items() if name != "x-request-id"]
    text = REDACTED.sub("", "\n".join([str(response.status_code), response.text, *kept]))
    for each in hidden:
        text = text.replace(each, "@")
    return text


def guess(name: str) -> dict[str, str]:
    """A sign-in with a wrong password."""
    return {"loginId": name, "password": "Wrong00Horse"}


async def timed(client: httpx.AsyncClient, person: Person, samples: int = SAMPLES) -> tuple[list[float], list[float]]:
    """Seconds of wrong sign-ins with an ID that is somebody's and with one that isn't, interleaved at random."""
    took: dict[bool, list[float]] = {True: [], False: []}
    order = [True, False] * samples
    random.Random(1).shuffle(order)
    for place, known in enumerate(order):
        if place % locks.FAILURES_MOST == 0:
            # Failures are forgotten in a day: no attempt meets the lock, where nothing is compared.
            person.clock.turn(days=1)
        given = guess(person.company.login_id if known else person.company.numbers[5])
        start = time.perf_counter()
        await ask(client, "signIn", **given)
        took[known].append(time.perf_counter() - start)
    return took[True], took[False]


def test_two_samples_are_told_apart_when_they_differ() -> None:
    made = random.Random(7)
    one, same = [made.gauss(30, 3) for _ in range(SAMPLES)], [made.gauss(30, 3) for _ in range(SAMPLES)]
    later = [made.gauss(32, 3) for _ in range(SAMPLES)]

    assert chance(one, same) > 0.05
    assert chance(one, later) < 0.001


async def test_A7_a_known_and_an_unknown_id_get_the_same_answer(client: httpx.AsyncClient, person: Person) -> None:
    known, unknown = person.company.login_id, person.company.numbers[5]
    for _ in range(6):
        assert shown(await ask(client, "signIn", **guess(known))) == shown(
            await ask(client, "signIn", **guess(unknown))
        )


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparisons at a fraction of their price, so that what else differs shows the more."""
    monkeypatch.setattr(passwords, "TIME_COST", 1)
    monkeypatch.setattr(passwords, "MEMORY_KIB", 4 * 1024)


async def cheaply(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's and nobody's hash at that price."""
    await person.register()
    monkeypatch.setattr(passwords, "NOBODYS", await passwords.hashed("nobody knows this1"))


async def test_A7_a_known_and_an_unknown_id_take_the_same_time(
    client: httpx.AsyncClient, person: Person, cheap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cheaply(person, monkeypatch)

    async def measure() -> tuple[Sequence[float], Sequence[float]]:
        return await timed(client, person)

    assert not await told_apart(measure)


async def test_A7_a_comparison_left_out_would_be_seen(
    client: httpx.AsyncClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its real price, by which it stands out on a busy machine too."""
    compare = passwords._compare

    def lazy(stored: str | None, password: str) -> passwords.Comparison:
        return passwords.Comparison(False, None) if stored is None else compare(stored, password)

    monkeypatch.setattr(passwords, "_compare", lazy)

    async def measure() -> tuple[Sequence[float], Sequence[float]]:
        return await timed(client, person, SAMPLES // 6)

    assert await told_apart(measure)


async def test_O8_an_unknown_mobile_is_answered_like_a_known_one_and_gets_no_message(
    client: httpx.AsyncClient, person: Person
) -> None:
    told, costs = [], []
    unknown = f"0199{person.company.mobile[-7:]}"
    for mobile in (person.company.mobile, unknown):
        with counted() as sent:
            response = await ask(client, "passwordResetCodeSend", mobile=mobile)
        payload = response.json()["data"]["passwordResetCodeSend"]
        hidden = (payload["challenge"]["token"], payload["code"]["mobileMasked"])
        told.append(shown(response, *hidden))
        costs.append(len(sent))
        await person.deliver()

    assert told[0] == told[1]
    assert costs[0] == costs[1]
    assert [to for to, _ in person.phone.received] == [person.company.mobile]


async def test_O8_a_known_and_an_unknown_mobile_take_the_same_time(client: httpx.AsyncClient, person: Person) -> None:
    """Both mobiles have had as many codes, since the limits look at those of a day."""

    async def measure() -> tuple[Sequence[float], Sequence[float]]:
        took: dict[bool, list[float]] = {True: [], False: []}
        order = [True, False] * 60
        random.Random(2).shuffle(order)
        for known in order:
            person.clock.turn(hours=3)
            mobile = person.company.mobile if known else f"0197{person.company.mobile[-7:]}"
            start = time.perf_counter()
            response = await ask(client, "passwordResetCodeSend", mobile=mobile)
            took[known].append(time.perf_counter() - start)
            assert response.json()["data"]["passwordResetCodeSend"]["challenge"], response.text
        return took[True], took[False]

    assert not await told_apart(measure)


async def test_FN_01_a_hit_and_a_miss_cost_the_same_statements(client: httpx.AsyncClient, person: Person) -> None:
    costs = []
    for number in (person.company.numbers[3], "07099999999"):
        with counted() as sent:
            await ask(client, "representativeNumberFind", number=number)
        costs.append(len(sent))

    assert costs[0] == costs[1]
