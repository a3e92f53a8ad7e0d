"""Codes by SMS (AU-24)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from bizcall import admins
from bizcall.admins import codes
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, Problem, Unavailable
from bizcall.keys import DIGITS, Keys
from bizcall.models.accounts import Purpose
from tests.accounts import ACTOR, KEYS, PASSWORD, Person, records, refused, wrong
from tests.factories import Tenant


async def asked(person: Person) -> int:
    """How many messages for the SMS worker were ever written."""
    return len(person.queue.letters)


async def test_AU_24_the_right_code_opens_a_session(person: Person) -> None:
    signed_in = await person.complete()

    viewer = await admins.authenticate(signed_in.session.token, clock=person.clock)
    assert viewer
    assert (viewer.company_id, viewer.admin_id) == (person.company.id, person.company.admin_id)
    assert person.phone.received[0][0] == person.company.mobile


async def test_AU_24_the_answer_shows_the_last_four_digits_of_the_mobile_only(person: Person) -> None:
    half = await person.sign_in()

    sent = await admins.code_send(half.token, actor=ACTOR, queue=person.queue, clock=person.clock)

    assert sent.mobile == f"010-****-{person.company.mobile[-4:]}"
    assert sent.expires_at == person.clock() + timedelta(minutes=3)
    assert sent.next_at == person.clock() + timedelta(seconds=30)


@pytest.mark.parametrize("typed", ["{0}{1}", " {0} {1} ", "{0}-{1}"])
async def test_AU_24_blanks_in_a_code_do_not_matter(person: Person, typed: str) -> None:
    half = await person.sign_in()
    code = await person.ask(half)

    assert await person.verify(half, typed.format(code[:3], code[3:]))


@pytest.mark.parametrize("typed", ["", "0", "000000000", "abcdef", "１２３４５６", "\ud800", "\x00"])
async def test_AU_24_anything_else_is_a_wrong_code(person: Person, typed: str) -> None:
    half = await person.sign_in()
    await person.ask(half)

    problem = await refused(person.verify(half, typed))

    assert problem == Problem(ErrorCode.CODE_WRONG, ("code",), {"triesLeft": "4"})


@pytest.mark.parametrize(("seconds", "alive"), [(179.9, True), (180.0, False), (180.1, False)])
async def test_AU_24_a_code_lives_three_minutes(person: Person, seconds: float, alive: bool) -> None:
    half = await person.sign_in()
    code = await person.ask(half)
    person.clock.turn(seconds=seconds)

    if alive:
        assert await person.verify(half, code)
    else:
        assert (await refused(person.verify(half, code))).code is ErrorCode.CODE_EXPIRED


async def test_AU_24_after_five_wrong_tries_the_right_code_is_dead(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)

    left = [(await refused(person.verify(half, wrong(code)))).params["triesLeft"] for _ in range(5)]

    assert left == ["4", "3", "2", "1", "0"]
    assert (await refused(person.verify(half, code))).code is ErrorCode.CODE_EXPIRED


async def test_AU_24_the_fifth_try_may_be_the_right_one(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)
    for _ in range(4):
        await refused(person.verify(half, wrong(code)))

    assert await person.verify(half, code)


async def test_AU_24_of_100_wrong_codes_at_once_exactly_5_are_compared(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)

    problems = await asyncio.gather(*(refused(person.verify(half, wrong(code))) for _ in range(100)))

    assert Counter(problem.code for problem in problems) == {ErrorCode.CODE_WRONG: 5, ErrorCode.CODE_EXPIRED: 95}


async def test_AU_24_of_100_right_codes_at_once_exactly_one_opens_a_session(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)

    answers = await asyncio.gather(*(person.verify(half, code) for _ in range(100)), return_exceptions=True)

    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert all(isinstance(answer, Invalid) for answer in answers if isinstance(answer, BaseException))
    async with directory():
        assert len(await query("SELECT 1 FROM session WHERE admin_id = $1", person.company.admin_id)) == 1


async def test_AU_24_a_challenge_opens_one_session(person: Person) -> None:
    half = await person.sign_in()
    await person.verify(half, await person.ask(half))
    person.clock.turn(seconds=31)

    assert (await refused(person.ask(half))).code is ErrorCode.STATE
    assert (await refused(person.verify(half, person.phone.code))).code is ErrorCode.STATE


async def test_AU_24_a_code_is_refused_for_another_challenge_of_the_same_person(person: Person) -> None:
    first, second = await person.sign_in(), await person.sign_in()
    code = await person.ask(first)

    assert (await refused(person.verify(second, code))).code is ErrorCode.CODE_EXPIRED
    person.clock.turn(seconds=31)
    await person.ask(second)
    assert (await refused(person.verify(second, code))).code is ErrorCode.CODE_WRONG
    assert await person.verify(first, code)


async def test_AU_24_a_code_is_refused_for_another_account(person: Person, stranger: Tenant) -> None:
    other = await Person(stranger, clock=person.clock).register()
    half, others = await person.sign_in(), await other.sign_in()
    code = await person.ask(half)
    await other.ask(others)

    assert (await refused(other.verify(others, code))).code is ErrorCode.CODE_WRONG


async def test_AU_24_a_challenge_for_another_purpose_opens_nothing_here(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)
    async with directory():
        await query(
            "UPDATE challenge SET purpose = $2 WHERE admin_id = $1",
            person.company.admin_id,
            Purpose.REGISTRATION.value,
        )

    assert (await refused(person.verify(half, code))).code is ErrorCode.STATE
    person.clock.turn(seconds=31)
    assert (await refused(person.ask(half))).code is ErrorCode.STATE


async def test_AU_24_the_digits_depend_on_code_challenge_purpose_and_mobile() -> None:
    from bizcall.ids import uuid7

    code, challenge = uuid7(), uuid7()
    digits = {
        KEYS.code(code, challenge, "SIGN_IN", "01012345678"),
        KEYS.code(uuid7(), challenge, "SIGN_IN", "01012345678"),
        KEYS.code(code, uuid7(), "SIGN_IN", "01012345678"),
        KEYS.code(code, challenge, "PASSWORD_RESET", "01012345678"),
        KEYS.code(code, challenge, "SIGN_IN", "01012345679"),
    }

    assert len(digits) == 5


async def test_AU_24_ten_minutes_after_the_password_the_challenge_is_over(person: Person) -> None:
    half = await person.sign_in()
    person.clock.turn(minutes=9, seconds=59)
    code = await person.ask(half)

    person.clock.turn(seconds=1)

    assert (await refused(person.verify(half, code))).code is ErrorCode.STATE


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 43, "A" * 5000, "\ud800", "\x00"])
async def test_AU_24_a_challenge_out_of_thin_air_opens_nothing(person: Person, token: str) -> None:
    problem = await refused(
        admins.verify(token, "000000", keys=KEYS, actor=ACTOR, queue=person.queue, clock=person.clock)
    )

    assert problem == Problem(ErrorCode.STATE, ("challenge",))


async def test_AU_24_thirty_seconds_lie_between_two_codes(person: Person) -> None:
    half = await person.sign_in()
    await person.ask(half)
    person.clock.turn(seconds=29.9)

    problem = await refused(person.ask(half))

    assert problem.code is ErrorCode.TOO_SOON
    assert await asked(person) == 1
    person.clock.turn(seconds=0.1)
    assert await person.ask(half)


async def test_AU_24_a_further_code_kills_the_one_before(person: Person) -> None:
    half = await person.sign_in()
    first = await person.ask(half)
    person.clock.turn(seconds=30)
    second = await person.ask(half)

    assert (await refused(person.verify(half, first))).code is ErrorCode.CODE_WRONG
    assert await person.verify(half, second)


async def test_AU_24_of_20_requests_for_a_code_at_once_one_sends(person: Person) -> None:
    half = await person.sign_in()

    answers = await asyncio.gather(
        *(admins.code_send(half.token, actor=ACTOR, queue=person.queue, clock=person.clock) for _ in range(20)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, admins.Sent) for answer in answers) == 1
    assert await asked(person) == 1


async def test_AU_24_the_eleventh_code_of_a_day_is_refused(person: Person) -> None:
    start = person.clock()
    for _ in range(10):
        await person.ask(await person.sign_in())
        person.clock.turn(minutes=5)

    problem = await refused(person.ask(await person.sign_in()))

    assert problem == Problem(
        ErrorCode.TOO_SOON, params={"until": (start + timedelta(days=1)).isoformat(timespec="seconds")}
    )
    assert await asked(person) == 10
    person.clock.at = start + timedelta(days=1)
    assert await person.ask(await person.sign_in())


async def test_AU_24_another_purposes_sends_do_not_count(person: Person) -> None:
    for _ in range(10):
        await person.ask(await person.sign_in())
        person.clock.turn(minutes=3)
    async with directory():
        await query(
            "UPDATE verification_code SET purpose = $2 WHERE admin_id = $1",
            person.company.admin_id,
            Purpose.MOBILE_CHANGE.value,
        )

    assert await person.ask(await person.sign_in())


async def test_AU_24_the_chance_of_a_blind_hit_stays_under_50_in_a_million_a_day() -> None:
    assert codes.SENDS_MOST * codes.TRIES_MOST / 10**DIGITS <= 50e-6


async def test_AU_24_a_queue_that_is_away_does_not_fail_the_request(person: Person) -> None:
    """The message waits in the outbox for the sweep."""
    person.queue.away = Unavailable("away")
    half = await person.sign_in()

    assert await admins.code_send(half.token, actor=ACTOR, queue=person.queue, clock=person.clock)

    async with directory():
        assert await query("SELECT 1 FROM outbox WHERE company_id = $1", person.company.id)


async def test_neither_code_nor_password_nor_token_stands_in_any_row(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    person.queue.away = Unavailable("away")
    half = await person.sign_in()
    await admins.code_send(half.token, actor=ACTOR, queue=person.queue, clock=person.clock)
    async with directory():
        (row,) = await query("SELECT * FROM verification_code WHERE admin_id = $1", person.company.admin_id)
        code = KEYS.code(row["id"], row["challenge_id"], row["purpose"], row["mobile"])
        await query("UPDATE verification_code SET delivery = 'SENDING' WHERE id = $1", row["id"])
    await refused(person.verify(half, wrong(code)))
    signed_in = await person.verify(half, code)

    rows = [*await records(person.company.id)]
    async with directory():
        for table in ("outbox", "credential", "challenge", "verification_code", "session", "device"):
            rows += await query(f"SELECT * FROM {table} WHERE company_id = $1", person.company.id)
    # Keys and times hold six digits by accident; what could leak is text, json and bytes.
    told = [value for row in rows for name, value in row.items() if isinstance(value, str | bytes) and name != "mobile"]
    for secret in (PASSWORD, half.token, signed_in.session.token, signed_in.device_token):
        assert not any(secret in (value if isinstance(value, str) else value.hex()) for value in told)
        assert secret not in caplog.text
    texts = [value for value in told if isinstance(value, str) and not value.startswith("$argon2id$")]
    assert not any(code == part for value in texts for part in value.replace('"', " ").split())
    assert code not in [record.getMessage() for record in caplog.records]


async def test_failures_are_recorded_with_their_try(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)
    await refused(person.verify(half, wrong(code)))

    last = (await records(person.company.id))[-1]

    assert (last["action"], last["details"]) == ("admins.code_failure", '{"tries": 1, "purpose": "SIGN_IN"}')
    assert last["subject_ids"] == [person.company.admin_id]
    assert (last["address"], last["request_id"]) == (ACTOR.address, ACTOR.request_id)


async def test_prune_keeps_what_the_limit_of_a_day_counts(person: Person) -> None:
    half = await person.sign_in()
    await person.ask(half)
    kept = "SELECT 1 FROM verification_code WHERE admin_id = $1"

    person.clock.turn(days=1, hours=23)
    await admins.prune(clock=person.clock)
    async with directory():
        assert await query(kept, person.company.admin_id)

    person.clock.turn(hours=2)
    await admins.prune(clock=person.clock)
    async with directory():
        assert not await query(kept, person.company.admin_id)


async def test_A10_under_another_key_a_code_is_void_and_a_welcome_that_was_sent_is_not(company: Tenant) -> None:
    person = Person(company)
    temporary = await person.invite()
    half = await person.sign_in(temporary)
    code = await person.ask(half)

    other = admins.verify(half.token, code, keys=Keys("n" * 64), actor=ACTOR, queue=person.queue, clock=person.clock)

    assert (await refused(other)).code is ErrorCode.CODE_WRONG
    assert await person.sign_in(temporary)
