"""Login ID and password, and the lock (AU-20, AU-22)."""

from __future__ import annotations

import asyncio
import os
import pathlib
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from argon2 import PasswordHasher, extract_parameters

from bizcall import admins
from bizcall.admins import locks, passwords
from bizcall.admins.locks import STRANGER, Locked
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, NotFound
from bizcall.models.companies import PROVIDER_ID
from local.postgres import Postgres
from tests.accounts import ACTOR, KEYS, PASSWORD, WRONG, Person, records, refused, wrong
from tests.doubles import Turned
from tests.patience import PATIENCE
from tests.statements import counted

FAILED = ("admins.sign_in_attempt", "admins.sign_in_failure")


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were compared with a hash."""
    made: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        made.append(password)
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    return made


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


@pytest.mark.parametrize("known", [True, False])
async def test_AU_22_of_100_wrong_passwords_at_once_exactly_5_are_compared(
    person: Person, comparisons: list[str], known: bool
) -> None:
    login_id = person.company.login_id if known else person.company.numbers[5]

    problems = await asyncio.gather(*(refused(person.sign_in(WRONG, login_id=login_id)) for _ in range(100)))

    assert len(comparisons) == 5
    assert sum(problem.code is ErrorCode.CREDENTIALS for problem in problems) == 4
    assert sum(problem.code is ErrorCode.LOCKED for problem in problems) == 96


async def test_AU_22_two_processes_have_five_attempts_between_them(person: Person, postgres: Postgres) -> None:
    """Each comparison with a known account leaves a record."""
    root = pathlib.Path(__file__).parents[3]
    guesser = pathlib.Path(__file__).with_name("guesser.py")
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, str(guesser), postgres.url("app"), person.company.login_id, "50"),
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        for _ in range(2)
    ]

    assert [await process.wait() for process in processes] == [0, 0]

    assert Counter((await person.actions())[1:]) == {
        "admins.sign_in_attempt": 5,
        "admins.sign_in_failure": 4,
        "admins.sign_in_lock": 1,
    }


async def test_AU_22_an_unknown_id_is_answered_like_a_known_one(person: Person) -> None:
    nobody = person.company.numbers[5]

    for _ in range(7):
        assert await refused(person.sign_in(WRONG)) == await refused(person.sign_in(WRONG, login_id=nobody))


async def test_AU_22_an_unknown_id_takes_the_same_time(person: Person) -> None:
    """At the hash's real price: medians of interleaved attempts. A busy machine may spoil a round, not three."""

    async def ratio() -> float:
        took: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(12):
            for known in (True, False):
                start = time.perf_counter()
                await refused(
                    person.sign_in(WRONG, login_id=person.company.login_id if known else person.company.numbers[5])
                )
                took[known].append(time.perf_counter() - start)
            person.clock.turn(days=1)
        return statistics.median(took[True]) / statistics.median(took[False])

    for _ in range(3):
        if 0.8 < await ratio() < 1.25:
            return
    pytest.fail("known and unknown IDs were told apart in three rounds")


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
    assert (await person.actions()) == ["admins.credential_register"]


async def test_A5_an_hour_of_a_strangers_100_guesses_a_minute_never_keeps_the_owners_browser_out(
    person: Person, swift: None
) -> None:
    """Guesses take the strangers' counter, as `sign_in` does before it compares; one a minute goes all the way."""
    device = (await person.complete()).device_token
    compared = 0
    for minute in range(60):
        person.clock.turn(minutes=1)
        await refused(person.sign_in(WRONG))
        async with directory():
            for _ in range(99):
                if isinstance(await locks.reserve(person.company.login_id, STRANGER, person.clock()), Locked):
                    # The rest of this minute's change nothing: attempts in a lock don't lengthen it.
                    break
                compared += 1

        half = await person.sign_in(device=device)
        if minute % 7 == 0:
            assert await person.verify(half, await person.ask(half), device=device)

    assert compared <= 60 / 10 * 5
    assert (await refused(person.sign_in())).code is ErrorCode.LOCKED


async def test_A8_a_process_works_on_two_hashes_at_a_time(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    verify, running, most = PasswordHasher.verify, 0, 0
    guard = threading.Lock()

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        try:
            return bool(verify(self, stored, password))
        finally:
            with guard:
                running -= 1

    monkeypatch.setattr(PasswordHasher, "verify", counting)

    await asyncio.gather(*(refused(person.sign_in(WRONG, login_id=person.company.numbers[i % 10])) for i in range(12)))

    assert most == passwords.AT_ONCE == 2


async def test_A8_20_sign_ins_at_once_keep_a_simple_query_quick(person: Person) -> None:
    """The 95th percentile of a query meanwhile is a part of the whole; on the loop, it would be most of it."""
    took: list[float] = []
    began = time.perf_counter()
    running = asyncio.gather(
        *(refused(person.sign_in(WRONG, login_id=person.company.numbers[i % 10])) for i in range(20))
    )
    while not running.done():
        start = time.perf_counter()
        async with directory():
            await query("SELECT 1")
        took.append(time.perf_counter() - start)

    await running
    whole = time.perf_counter() - began
    assert statistics.quantiles(took, n=20)[-1] < whole / 4


async def test_the_steps_of_one_account_at_once_never_wait_for_each_other_in_a_circle(
    person: Person, swift: None
) -> None:
    """What loses is refused; a deadlock would be raised as Collided."""
    completed = await person.complete()
    viewer, device = completed.session.viewer, completed.device_token
    person.clock.turn(seconds=30)
    acting: dict[str, Any] = {"actor": ACTOR, "queue": person.queue, "clock": person.clock}

    async def signing() -> None:
        half = await person.sign_in(device=device)
        code = await person.ask(half)
        await person.verify(half, code, device=device)

    async def resetting() -> None:
        half, code = await person.reset_code()
        await admins.reset_verify(half.token, code, keys=KEYS, actor=ACTOR, clock=person.clock)
        await admins.reset(half.token, None, "Battery1Staple", "Battery1Staple", **acting)

    async def moving() -> None:
        half, _ = await admins.mobile_code_send(viewer, PASSWORD, f"0118{person.company.mobile[-7:]}", **acting)
        await admins.mobile_change(viewer, half.token, "000000", keys=KEYS, **acting)

    steps: list[Callable[[], Awaitable[Any]]] = [signing, resetting, moving] * 3
    steps += [person.register, partial(admins.unlock, viewer.admin_id, actor=ACTOR, clock=person.clock)] * 2
    steps += [partial(admins.password_change, viewer, PASSWORD, *["Purple7Fox21"] * 2, **acting)]
    steps += [partial(admins.sessions_end, viewer.admin_id, actor=ACTOR, clock=person.clock)]
    last = partial(admins.replace, viewer.admin_id, f"0117{person.company.mobile[-7:]}", keys=KEYS, **acting)
    rounds: list[list[Callable[[], Awaitable[Any]]]] = [steps, steps, [*steps, last]]
    for round_ in rounds:
        answers = await asyncio.gather(*(step() for step in round_), return_exceptions=True)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        assert not [failure for failure in failures if not isinstance(failure, Invalid | NotFound)]
        person.clock.turn(minutes=1)


async def test_A8_the_event_loop_turns_while_a_password_is_compared(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify, begun, may_end = PasswordHasher.verify, threading.Event(), threading.Event()

    def held(self: PasswordHasher, stored: str, password: str) -> bool:
        begun.set()
        assert may_end.wait(PATIENCE), "the loop stood still"
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", held)

    running = asyncio.create_task(refused(person.sign_in(WRONG)))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    assert not running.done()
    may_end.set()
    await running


async def test_each_step_is_recorded_and_a_lock_too(person: Person) -> None:
    await person.complete()
    before = await person.actions()
    await lock(person)
    await refused(person.sign_in())

    assert before == [
        "admins.credential_register",
        "admins.sign_in_attempt",
        "admins.sign_in_password",
        "admins.code_send",
        "admins.sign_in",
    ]
    assert (await person.actions())[5:] == [*FAILED * 4, "admins.sign_in_attempt", "admins.sign_in_lock"]


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
