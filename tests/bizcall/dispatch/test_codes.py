"""The SMS with a code, sent once or not at all (AU-24)."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import SecretStr

from bizcall import admins, dispatch
from bizcall.database import directory, query
from bizcall.dispatch import Malformed, Outcome
from bizcall.dispatch.codes import text
from bizcall.errors import Unavailable
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.settings import Settings
from tests.accounts import ACTOR, KEYS, SETTINGS, Person
from tests.factories import Tenant


@pytest.fixture
async def person(company: Tenant) -> Person:
    """An administrator who has just asked for a code."""
    person = await Person(company).register()
    half = await person.sign_in()
    await admins.code_send(half.token, actor=ACTOR, queue=person.queue, clock=person.clock)
    return person


async def delivery(person: Person) -> str:
    """How far the code has come, by its row."""
    async with directory():
        (row,) = await query("SELECT delivery FROM verification_code WHERE admin_id = $1", person.company.admin_id)
    return str(row["delivery"])


async def test_AU_24_the_message_names_the_row_and_nothing_else(person: Person) -> None:
    ((queue, letter),) = person.queue.letters

    assert queue == "sms"
    assert list(orjson.loads(letter.body)) == ["code"]


async def test_AU_24_the_text_is_one_short_message_without_a_link() -> None:
    told = text("012345")

    assert len(told.encode("euc-kr")) <= 90
    assert "비즈콜" in told
    assert "012345" in told
    assert "타인에게 알려주지 마세요" in told
    assert not re.search(r"https?:|www\.|\w\.\w", told)


async def test_AU_24_a_message_delivered_again_sends_once(person: Person) -> None:
    outcomes = [await person.deliver() for _ in range(3)]

    assert outcomes == [Outcome.SENT, Outcome.DONE_BEFORE, Outcome.DONE_BEFORE]
    assert len(person.phone.received) == 1
    assert await delivery(person) == "SENT"


async def test_AU_24_a_message_delivered_ten_times_at_once_sends_once(person: Person) -> None:
    outcomes = Counter(await asyncio.gather(*(person.deliver() for _ in range(10))))

    assert outcomes == {Outcome.SENT: 1, Outcome.DONE_BEFORE: 9}
    assert len(person.phone.received) == 1


@pytest.mark.parametrize(("seconds", "outcome"), [(120.0, Outcome.SENT), (120.1, Outcome.EXPIRED)])
async def test_AU_24_a_code_that_waited_two_minutes_is_not_sent(
    person: Person, seconds: float, outcome: Outcome
) -> None:
    person.clock.turn(seconds=seconds)

    assert await person.deliver() is outcome
    assert await delivery(person) == outcome
    assert len(person.phone.received) == (outcome is Outcome.SENT)


async def test_AU_24_a_code_that_was_replaced_is_not_sent(person: Person) -> None:
    person.clock.turn(seconds=1)
    async with directory():
        await query(
            "UPDATE verification_code SET expires_at = $2 WHERE admin_id = $1", person.company.admin_id, person.clock()
        )

    assert await person.deliver() is Outcome.EXPIRED


async def test_AU_24_what_became_of_a_failed_sending_is_unknown_and_it_is_not_repeated(person: Person) -> None:
    """The gateway may have sent it before the connection broke."""
    person.phone.away = Unavailable("away")
    with pytest.raises(Unavailable):
        await person.deliver()
    person.phone.away = None

    assert await person.deliver() is Outcome.DONE_BEFORE
    assert len(person.phone.received) == 1
    assert await delivery(person) == "SENDING"


async def test_a_code_that_was_forgotten_is_not_sent(person: Person) -> None:
    body = {"code": str(uuid7())}

    outcome = await dispatch.deliver(body, sms=person.phone, keys=KEYS, settings=SETTINGS, clock=person.clock)

    assert outcome is Outcome.EXPIRED


@pytest.mark.parametrize("body", [{}, {"code": None}, {"code": 1}, {"code": "x"}, {"code": ["x"]}, {"other": "x"}])
async def test_a_message_that_names_no_code_is_malformed(person: Person, body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        await dispatch.deliver(body, sms=person.phone, keys=KEYS, settings=SETTINGS, clock=person.clock)


def test_O1_each_of_the_six_digits_is_uniform_leading_zeros_too() -> None:
    """Of 20,000 codes a chi-square test for each place: 9 degrees of freedom, p > 0.001; the keys are fixed."""
    keys, challenge = Keys("s" * 32), UUID(int=1)
    codes = [keys.code(challenge, challenge, "SIGN_IN", str(i)) for i in range(20_000)]

    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    for place, digits in enumerate(zip(*codes, strict=True)):
        seen, even = Counter(digits), len(codes) / 10
        assert sum((seen[digit] - even) ** 2 / even for digit in "0123456789") < 27.88, place


def test_the_secret_is_long_and_never_shown() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keys("short")
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        Keys.of(Settings(secret_key=None))

    assert "s" * 32 not in repr(Keys.of(Settings(secret_key=SecretStr("s" * 32))))
