"""Many sign-ins at once: how many passwords are compared, how long others wait, and what time tells (AU-22, A5, A8)."""

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
from functools import partial
from typing import Any

import pytest
from argon2 import PasswordHasher

from bizcall import admins
from bizcall.admins import locks, passwords
from bizcall.admins.locks import STRANGER, Locked
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, NotFound
from local.postgres import Postgres
from tests.accounts import ACTOR, KEYS, PASSWORD, WRONG, Person, refused
from tests.patience import PATIENCE


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

    assert Counter(await person.actions()) == {
        "admins.sign_in_attempt": 5,
        "admins.sign_in_failure": 4,
        "admins.sign_in_lock": 1,
    }


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
    """What loses is refused, but not all at its first line; a deadlock would be raised as Collided."""
    reached = set()
    completed = await person.complete()
    viewer, device = completed.session.viewer, completed.device_token
    person.clock.turn(seconds=30)
    acting: dict[str, Any] = {"actor": ACTOR, "queue": person.queue, "clock": person.clock}

    async def signing() -> None:
        half = await person.sign_in(device=device)
        reached.add(signing)
        code = await person.ask(half)
        await person.verify(half, code, device=device)

    async def resetting() -> None:
        half, code = await person.reset_code()
        reached.add(resetting)
        await admins.reset_verify(half.token, code, keys=KEYS, actor=ACTOR, clock=person.clock)
        await admins.reset(half.token, None, "Battery1Staple", "Battery1Staple", **acting)

    async def moving() -> None:
        half, _ = await admins.mobile_code_send(viewer, PASSWORD, f"0118{person.company.mobile[-7:]}", **acting)
        reached.add(moving)
        await admins.mobile_change(viewer, half.token, "000000", keys=KEYS, **acting)

    begun: list[Callable[[], Awaitable[Any]]] = [signing, resetting, moving] * 3
    steps = [*begun]
    steps += [person.register, partial(admins.unlock, viewer.admin_id, actor=ACTOR, clock=person.clock)] * 2
    steps += [partial(admins.password_change, viewer, PASSWORD, *["Purple7Fox21"] * 2, **acting)]
    steps += [partial(admins.sessions_end, viewer.admin_id, actor=ACTOR, clock=person.clock)]
    last = partial(admins.replace, viewer.admin_id, f"0117{person.company.mobile[-7:]}", keys=KEYS, **acting)
    rounds: list[list[Callable[[], Awaitable[Any]]]] = [begun, steps, steps, [*steps, last]]
    for round_ in rounds:
        answers = await asyncio.gather(*(step() for step in round_), return_exceptions=True)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        assert not [failure for failure in failures if not isinstance(failure, Invalid | NotFound)]
        person.clock.turn(minutes=1)
    assert reached == {signing, resetting, moving}


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
