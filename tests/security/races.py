"""Races for secrets, again and again, from two processes at once (A1, O3, O4).

    python -m tests.security.races [--runs 20] [--each 20]

Starts a PostgreSQL of its own, and in each run lets two processes of 20 requests each go for the same account:
wrong passwords, of which exactly five may be compared; wrong codes, of which five may be; and the right code, which may
open one session. Prints a line a race and ends with 1 if any run came out otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from bizcall import admins, database, migrate
from bizcall.admins import Half, SignedIn
from bizcall.audit import Actor, ActorKind
from bizcall.errors import Invalid
from local import state
from local.postgres import Postgres
from tests.accounts import KEYS, Person, wrong
from tests.doubles import RecordingQueue
from tests.factories import make_tenant
from tests.patience import wait_for_connections

ACTOR = Actor(ActorKind.NOBODY)
PROCESSES = 2


async def compete(url: str, race: str, secrets: tuple[str, str], requests: int) -> None:
    """One process's part: all its requests at once; prints how many were let in."""
    wait_for_connections()
    await database.connect(url, size=5)

    async def attempt() -> bool:
        try:
            if race == "password":
                await admins.sign_in(secrets[0], secrets[1], actor=ACTOR)
                return True
            step = await admins.verify(secrets[0], secrets[1], keys=KEYS, actor=ACTOR, queue=RecordingQueue())
            return isinstance(step, SignedIn)
        except Invalid:
            return False

    let_in = sum(await asyncio.gather(*(attempt() for _ in range(requests))))
    await database.disconnect()
    sys.stdout.write(f"{let_in}\n")


async def raced(url: str, race: str, secrets: tuple[str, str], requests: int) -> int:
    """How many requests of both processes were let in."""
    command = (sys.executable, "-m", "tests.security.races", "--compete", json.dumps([url, race, *secrets, requests]))
    running = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2])
        for _ in range(PROCESSES)
    ]
    outputs = [(await process.communicate())[0] for process in running]
    if any(process.returncode for process in running):
        raise RuntimeError("a process of a race failed")
    return sum(int(output) for output in outputs)


async def begun(person: Person) -> tuple[Half, str]:
    """A sign-in that waits for its code, and the code."""
    half = await person.sign_in()
    return half, await person.ask(half)


async def wrong_passwords(url: str, requests: int) -> bool:
    """Exactly five are compared, and none lets in."""
    person = await Person(await make_tenant(lines=2)).register()
    let_in = await raced(url, "password", (person.company.login_id, "Wrong00Horse"), requests)
    found = Counter(await person.actions())
    told = (found["admins.sign_in_attempt"], found["admins.sign_in_failure"], found["admins.sign_in_lock"])
    return (let_in, *told) == (0, 5, 4, 1)


async def wrong_codes(url: str, requests: int) -> bool:
    """Exactly five are compared; then the right one is dead."""
    person = await Person(await make_tenant(lines=2)).register()
    half, code = await begun(person)
    let_in = await raced(url, "code", (half.token, wrong(code)), requests)
    async with database.directory():
        [row] = await database.query("SELECT tries FROM verification_code WHERE admin_id = $1", person.company.admin_id)
    try:
        await person.verify(half, code)
    except Invalid:
        return (let_in, row["tries"]) == (0, 5)
    return False


async def right_codes(url: str, requests: int) -> bool:
    """Exactly one opens a session."""
    person = await Person(await make_tenant(lines=2)).register()
    half, code = await begun(person)
    let_in = await raced(url, "code", (half.token, code), requests)
    async with database.directory():
        rows = await database.query("SELECT 1 FROM session WHERE admin_id = $1", person.company.admin_id)
    return (let_in, len(rows)) == (1, 1)


RACES: dict[str, Callable[[str, int], Awaitable[bool]]] = {
    "A1 wrong passwords: 5 compared": wrong_passwords,
    "O3 wrong codes: 5 compared": wrong_codes,
    "O4 right codes: 1 session": right_codes,
}


async def run(runs: int, requests: int) -> int:
    """All races; returns how many runs came out wrong."""
    home = state.scratch()
    server = Postgres(home, durable=False)
    server.start()
    try:
        await migrate.apply(server.url("owner"))
        await database.connect(server.url("app"), size=2)
        failed = 0
        for name, race in RACES.items():
            held = [await race(server.url("app"), requests) for _ in range(runs)]
            failed += held.count(False)
            sys.stdout.write(f"{name:34} {held.count(True)}/{runs} runs of {PROCESSES} × {requests}\n")
        await database.disconnect()
        return failed
    finally:
        server.stop()
        shutil.rmtree(home)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.races", description="Races for secrets.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--each", type=int, default=20, help="requests of each process")
    # One word of JSON: a token may begin with a hyphen, which would make it an option.
    parser.add_argument("--compete", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.compete:
        url, race, account, secret, requests = asked.compete
        asyncio.run(compete(url, race, (account, secret), requests))
        return 0
    return 1 if asyncio.run(run(asked.runs, asked.each)) else 0


if __name__ == "__main__":
    sys.exit(main())
