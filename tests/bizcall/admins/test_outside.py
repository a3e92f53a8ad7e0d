"""Operators who come from outside the networks that they are held to (AU-33, S8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import admins
from bizcall.admins import Half, SignedIn
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Throttled
from bizcall.models.companies import PROVIDER_ID
from bizcall.throttles import BOUNDS, Bucket
from tests.accounts import ACTOR, KEYS, PASSWORD, WRONG, Person, records, refused
from tests.statements import counted

OUTSIDE = Actor(ActorKind.NOBODY, address="192.0.2.1", request_id="request-2", outside=True)


@pytest.fixture
async def operator(person: Person, swift: None) -> tuple[Person, str, UUID]:
    """An operator before his first sign-in, at his desk; with his login ID and key."""
    login_id = f"op.{person.company.login_id}"
    key = await admins.operator_create(
        login_id, "김운영", person.company.mobile, keys=KEYS, actor=ACTOR, queue=person.queue, clock=person.clock
    )
    await person.deliver()
    return person, login_id, key


async def registered(person: Person, login_id: str) -> SignedIn:
    """He registers and signs in, from wherever he is."""
    registration = await person.registration_of(await person.sign_in(person.phone.password, login_id=login_id))
    code = await person.registration_code(registration)
    await admins.register(registration.token, code, person.form(), keys=KEYS, actor=person.actor, clock=person.clock)
    person.clock.turn(seconds=30)
    half = await person.sign_in(login_id=login_id)
    return await person.verify(half, await person.ask(half))


async def trail(key: UUID) -> list[tuple[str, str, Any]]:
    """Action, address and network of the records about him."""
    found = [row for row in await records(PROVIDER_ID) if key in row["subject_ids"]]
    return [(row["action"], row["address"], orjson.loads(row["details"]).get("network")) for row in found]


async def test_AU_33_S8_from_outside_the_right_password_is_a_wrong_one(
    operator: tuple[Person, str, UUID], comparisons: list[str]
) -> None:
    person, login_id, key = operator
    await registered(person, login_id)
    attempts: list[tuple[Any, list[str], int]] = []
    for actor, password in ((ACTOR, WRONG), (OUTSIDE, PASSWORD), (OUTSIDE, WRONG)):
        person.actor = actor
        comparisons.clear()
        with counted() as statements:
            problem = await refused(person.sign_in(password, login_id=login_id))
        attempts.append((problem, list(statements), len(comparisons)))

    inside, right, wrong = attempts
    assert inside[0].code is ErrorCode.CREDENTIALS
    assert inside == right == wrong
    assert [(action, network) for action, _, network in (await trail(key))[-4:]] == [
        ("admins.sign_in_attempt", "outside"),
        ("admins.sign_in_failure", "outside"),
    ] * 2


async def test_AU_33_S8_from_outside_no_step_of_a_sign_in_goes_on(operator: tuple[Person, str, UUID]) -> None:
    person, login_id, _ = operator

    async def stays(attempt: Callable[[], Awaitable[Any]]) -> None:
        person.actor = OUTSIDE
        problem = await refused(attempt())
        person.actor = ACTOR
        assert (problem.code, problem.field) == (ErrorCode.STATE, ("challenge",))

    half = await person.sign_in(person.phone.password, login_id=login_id)
    await stays(lambda: person.ask(half))
    code = await person.ask(half)
    await stays(lambda: person.step(half, code))
    registration = await person.step(half, code)
    assert isinstance(registration, Half)
    await stays(lambda: person.registration_code(registration))
    code = await person.registration_code(registration)
    await stays(
        lambda: admins.register(
            registration.token, code, person.form(), keys=KEYS, actor=person.actor, clock=person.clock
        )
    )
    # Nothing of it was used up: where he belongs, he goes on.
    assert await admins.register(registration.token, code, person.form(), keys=KEYS, actor=ACTOR, clock=person.clock)


async def test_AU_33_S8_a_session_is_nobodys_outside_and_goes_on_inside(operator: tuple[Person, str, UUID]) -> None:
    person, login_id, key = operator
    opened = (await registered(person, login_id)).session

    async def seen_at() -> datetime:
        async with directory():
            [row] = await query(
                "SELECT seen_at FROM session WHERE company_id = $1 AND id = $2", PROVIDER_ID, opened.viewer.session_id
            )
        moment: datetime = row["seen_at"]
        return moment

    before = await seen_at()
    person.clock.turn(minutes=5)

    assert await admins.authenticate(opened.token, actor=OUTSIDE, clock=person.clock) is None

    assert await seen_at() == before
    assert (await trail(key))[-1] == ("admins.session_outside", OUTSIDE.address, None)
    assert await admins.authenticate(opened.token, actor=ACTOR, clock=person.clock)


async def test_AU_33_S8_attempts_from_outside_count_as_a_strangers(operator: tuple[Person, str, UUID]) -> None:
    person, login_id, key = operator
    opened = (await registered(person, login_id)).session
    [bound] = BOUNDS[Bucket.ANONYMOUS_REQUEST]
    elsewhere = replace(OUTSIDE, counted_address=f"stranger {key}")
    for _ in range(bound.limit):
        assert await admins.authenticate(opened.token, actor=elsewhere, clock=person.clock) is None

    with pytest.raises(Throttled):
        await admins.authenticate(opened.token, actor=elsewhere, clock=person.clock)

    assert [action for action, _, _ in await trail(key)].count("admins.session_outside") == bound.limit


async def test_AU_33_S8_administrators_of_companies_come_from_anywhere(person: Person) -> None:
    person.actor = OUTSIDE
    opened = (await person.complete()).session

    assert await admins.authenticate(opened.token, actor=OUTSIDE, clock=person.clock)
