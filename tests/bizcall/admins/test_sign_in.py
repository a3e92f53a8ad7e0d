"""Login ID and password, and the lock (AU-20, AU-22)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from argon2 import PasswordHasher, extract_parameters

from bizcall import admins
from bizcall.admins import passwords
from bizcall.admins.locks import STRANGER
from bizcall.database import directory, query
from bizcall.errors import ErrorCode
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import ACTOR, PASSWORD, WRONG, Person, records, refused, wrong
from tests.doubles import Turned
from tests.statements import counted

FAILED = ("admins.sign_in_attempt", "admins.sign_in_failure")


async def test_AU_20_the_right_password_opens_half_a_sign_in_and_no_session(person: Person) -> None:
    half = await person.sign_in()

    assert half.expires_at == person.clock() + timedelta(minutes=10)
    assert await admins.authenticate(half.token, clock=person.clock) is None
    async with directory():
        assert not await query("SELECT 1 FROM session WHERE admin_id = $1", person.company.admin_id)


@pytest.mark.parametrize("written", ["{0:.3}-{1:.4}-{2}", "{0:.3} {1:.4} {2}", "+82 {3}"])
async def test_AU_01_the_login_id_is_accepted_as_people_write_it(person: Person, written: str) -> None:
    number = person.company.login_id

    assert await person.sign_in(login_id=written.format(number[:3], number[3:7], number[7:], number[1:]))


@pytest.mark.parametrize("text", ["", "ab", "070", "0" * 40, "07012345678; --", "\x00"])
async def test_AU_01_what_is_no_number_is_refused_before_anything_is_compared(
    person: Person, comparisons: list[str], text: str
) -> None:
    assert (await refused(admins.sign_in(text, PASSWORD, actor=ACTOR))).field == ("loginId",)
    assert not comparisons


async def test_AU_22_the_fifth_failure_locks_for_ten_minutes_and_says_until_when(
    person: Person, comparisons: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(4):
        assert (await refused(person.sign_in(WRONG))).code is ErrorCode.CREDENTIALS
    assert "an account is locked" not in caplog.text
    until = person.clock() + timedelta(minutes=10)

    problem = await refused(person.sign_in(WRONG))

    assert problem.code is ErrorCode.LOCKED
    assert datetime.fromisoformat(problem.params["until"]) == until.replace(microsecond=0)
    assert len(comparisons) == 5
    assert caplog.text.count("an account is locked") == 1


async def test_AU_22_while_locked_the_right_password_looks_like_a_wrong_one(
    person: Person, comparisons: list[str]
) -> None:
    await lock(person)
    comparisons.clear()

    assert await refused(person.sign_in()) == await refused(person.sign_in(WRONG))
    assert not comparisons


async def test_AU_22_the_lock_ends_on_the_second_and_attempts_in_it_do_not_lengthen_it(person: Person) -> None:
    await lock(person)
    person.clock.turn(minutes=9, seconds=59)
    assert (await refused(person.sign_in())).code is ErrorCode.LOCKED

    person.clock.turn(seconds=1)

    assert await person.sign_in()


async def test_AU_22_after_a_lock_there_are_five_attempts_again(person: Person, comparisons: list[str]) -> None:
    await lock(person)
    person.clock.turn(minutes=10)
    comparisons.clear()

    assert [(await refused(person.sign_in(WRONG))).code for _ in range(6)] == [ErrorCode.CREDENTIALS] * 4 + [
        ErrorCode.LOCKED
    ] * 2
    assert len(comparisons) == 5


async def test_AU_22_success_resets_the_counter(person: Person) -> None:
    for _ in range(2):
        for _ in range(4):
            assert (await refused(person.sign_in(WRONG))).code is ErrorCode.CREDENTIALS
        assert await person.sign_in()


async def test_AU_22_the_fifth_attempt_may_be_the_right_one(person: Person) -> None:
    for _ in range(4):
        await refused(person.sign_in(WRONG))

    assert await person.sign_in()
    assert (await refused(person.sign_in(WRONG))).code is ErrorCode.CREDENTIALS


@pytest.mark.parametrize(("hours", "code"), [(23.99, ErrorCode.LOCKED), (24.0, ErrorCode.CREDENTIALS)])
async def test_AU_22_failures_are_forgotten_a_day_after_the_last(person: Person, hours: float, code: ErrorCode) -> None:
    for _ in range(4):
        await refused(person.sign_in(WRONG))
    person.clock.turn(hours=hours)

    assert (await refused(person.sign_in(WRONG))).code is code


async def test_AU_22_an_unknown_id_is_answered_like_a_known_one(person: Person) -> None:
    nobody = person.company.numbers[5]

    for _ in range(7):
        assert await refused(person.sign_in(WRONG)) == await refused(person.sign_in(WRONG, login_id=nobody))


async def test_AU_22_a_browser_that_signed_in_before_is_not_locked_out_by_strangers(person: Person) -> None:
    device = (await person.complete()).device_token
    await lock(person)

    assert await person.sign_in(device=device)
    assert (await refused(person.sign_in())).code is ErrorCode.LOCKED


async def test_AU_22_a_known_browser_has_five_attempts_too(person: Person, comparisons: list[str]) -> None:
    device = (await person.complete()).device_token
    comparisons.clear()

    problems = [await refused(person.sign_in(WRONG, device=device)) for _ in range(7)]

    assert len(comparisons) == 5
    assert problems[-1].code is ErrorCode.LOCKED
    assert await person.sign_in()


async def test_AU_22_another_accounts_browser_is_a_strangers(person: Person, stranger: Any) -> None:
    other = await Person(stranger, clock=person.clock).register()
    device = (await other.complete()).device_token
    await lock(person)

    assert (await refused(person.sign_in(device=device))).code is ErrorCode.LOCKED


@pytest.mark.parametrize("device", ["", "x", "é" * 43, "A" * 43, "A" * 5000])
async def test_AU_22_a_device_token_out_of_thin_air_is_a_strangers(person: Person, device: str) -> None:
    await lock(person)

    assert (await refused(person.sign_in(device=device))).code is ErrorCode.LOCKED


async def test_AU_22_the_lock_holds_for_a_sign_in_that_had_begun(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)
    await lock(person)

    assert (await refused(person.verify(half, code))).code is ErrorCode.LOCKED
    person.clock.turn(seconds=31)
    assert (await refused(person.ask(half))).code is ErrorCode.LOCKED


async def test_a_password_of_any_length_is_refused_before_it_is_hashed(person: Person, comparisons: list[str]) -> None:
    problem = await refused(person.sign_in("가" * 100_000))

    assert (problem.code, problem.field) == (ErrorCode.TOO_LONG, ("password",))
    assert not comparisons


async def test_a_password_with_lone_surrogates_is_a_wrong_one(person: Person) -> None:
    assert (await refused(person.sign_in("\ud800" * 10))).code is ErrorCode.CREDENTIALS


async def test_a_weaker_hash_is_replaced_at_the_next_sign_in(person: Person) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with directory():
        await query("UPDATE credential SET password_hash = $2 WHERE admin_id = $1", person.company.admin_id, weak)

    await person.sign_in()

    async with directory():
        (row,) = await query("SELECT password_hash FROM credential WHERE admin_id = $1", person.company.admin_id)
    assert extract_parameters(row["password_hash"]).memory_cost == passwords.MEMORY_KIB
    assert await person.sign_in()


async def test_A7_known_and_unknown_ids_cost_the_same_statements(person: Person) -> None:
    nobody = person.company.numbers[5]

    for _ in range(6):
        with counted() as for_known:
            await refused(person.sign_in(WRONG))
        with counted() as for_unknown:
            await refused(person.sign_in(WRONG, login_id=nobody))
        assert for_known == for_unknown


async def test_failures_of_an_id_that_nobody_has_are_recorded_in_the_providers_trail(person: Person) -> None:
    before = len(await records(PROVIDER_ID))

    await lock(person, login_id=person.company.numbers[5])

    made = (await records(PROVIDER_ID))[before:]
    assert [record["action"] for record in made] == [*FAILED * 4, "admins.sign_in_attempt", "admins.sign_in_lock"]
    assert all(record["subject_ids"] == [] for record in made)
    assert await person.actions() == []


async def test_each_step_is_recorded_and_a_lock_too(person: Person) -> None:
    await person.complete()
    before = await person.actions()
    await lock(person)
    await refused(person.sign_in())

    assert before == [
        "admins.sign_in_attempt",
        "admins.sign_in_password",
        "admins.code_send",
        "admins.sign_in",
    ]
    assert (await person.actions())[4:] == [*FAILED * 4, "admins.sign_in_attempt", "admins.sign_in_lock"]


async def test_A12_the_trail_tells_sorts_of_browsers_apart_without_naming_them(person: Person) -> None:
    for browser in ("Firefox", "Safari", "Firefox"):
        await refused(
            admins.sign_in(person.company.login_id, WRONG, user_agent=browser, actor=ACTOR, clock=person.clock)
        )

    failures = [row for row in await records(person.company.id) if row["action"] == "admins.sign_in_failure"]
    first, second, third = (orjson.loads(row["details"])["browser"] for row in failures)
    assert first == third != second
    assert "Firefox" not in str(failures)


@pytest.mark.parametrize("known", [True, False])
async def test_AU_22_an_attempt_is_counted_and_recorded_at_once_before_it_is_compared(
    person: Person, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """A process that dies while it compares leaves both; nothing is held open meanwhile, or this couldn't look."""
    login_id, company_id = person.company.login_id, person.company.id
    if not known:
        login_id, company_id = person.company.numbers[5], PROVIDER_ID
    found: list[object] = []

    async def dying(*_: object) -> None:
        async with directory():
            found.extend(await query("SELECT failures FROM sign_in_attempt WHERE login_id = $1", login_id))
        raise SystemError

    monkeypatch.setattr(passwords, "compare", dying)
    with pytest.raises(SystemError):
        await person.sign_in(WRONG, login_id=login_id)

    assert found == [{"failures": 1}]
    *_, last = await records(company_id)
    assert (last["action"], last["subject_ids"], last["address"]) == (
        "admins.sign_in_attempt",
        [person.company.admin_id] if known else [],
        ACTOR.address,
    )


async def test_prune_forgets_counters_that_count_no_more(person: Person) -> None:
    await lock(person)
    await admins.prune(clock=person.clock)
    assert (await refused(person.sign_in())).code is ErrorCode.LOCKED
    later = Turned(person.clock() + timedelta(days=1))

    await admins.prune(clock=later)

    async with directory():
        assert not await query("SELECT 1 FROM sign_in_attempt WHERE login_id = $1", person.company.login_id)


async def test_the_codes_counter_is_apart_from_the_strangers(person: Person) -> None:
    """Wrong codes don't lock the account: they have limits of their own (AU-24)."""
    half = await person.sign_in()
    code = await person.ask(half)
    for _ in range(5):
        await refused(person.verify(half, wrong(code)))

    async with directory():
        (row,) = await query(
            "SELECT failures FROM sign_in_attempt WHERE login_id = $1 AND device = $2",
            person.company.login_id,
            STRANGER,
        )
    assert row["failures"] == 0


async def lock(person: Person, login_id: str | None = None) -> None:
    """Five failures."""
    for _ in range(5):
        await refused(person.sign_in(WRONG, login_id=login_id))
