"""Faults met by the running system: its database goes and comes back, its workers die, a message is poison."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from local.postgres import Postgres
from tests.journeys.companies import PASSWORD, make_company
from tests.journeys.conftest import ROOT
from tests.journeys.invitations import SEND, deliveries, registered, states, wanted
from tests.journeys.system import Administrator, System, until
from tests.journeys.test_exports import REQUEST, fetched, office, standing
from tests.journeys.test_feeds import CALLS_MADE, ask, came, files, month_of_calls, settled

WAITED_FOR = """SELECT count(DISTINCT relation) FROM pg_locks
  WHERE NOT granted AND relation = ANY($1::text[]::regclass[])
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
READ = "{ viewer { admin { name } } }"


def _read(answer: dict[str, Any]) -> str:
    return "OK" if answer.get("data", {}).get("viewer") else json.dumps(answer)


class Reader:
    """Asks the API the same small thing all the time; keeps when each answer came, how late, and what it was."""

    def __init__(self, administrator: Administrator) -> None:
        self.boss = administrator
        self.answers: list[tuple[float, float, str]] = []
        self._over = threading.Event()

    def run(self) -> None:
        """Until it is told to stop."""
        with httpx.Client(base_url=self.boss.system.addresses["api"], timeout=35) as http:
            while not self._over.is_set():
                began = time.monotonic()
                answer = http.post(
                    "/graphql", json={"query": READ}, headers={"Authorization": f"Bearer {self.boss.token}"}
                ).json()
                code = answer["errors"][0]["extensions"]["code"] if "errors" in answer else _read(answer)
                self.answers.append((time.monotonic(), time.monotonic() - began, code))
                # With what the test asks beside it, within the bound of requests a minute.
                self._over.wait(0.25)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read beside the block."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


async def test_D4_the_database_stops_and_starts_under_load_and_nothing_that_was_acknowledged_is_lost(
    fragile: tuple[System, Postgres],
) -> None:
    system, server = fragile
    company = await make_company(server.url("app"), lines=30)
    boss = await asyncio.to_thread(system.sign_in, company.login_id, PASSWORD)
    people = registered(boss, company)
    reader = Reader(boss)

    with reader.reading():
        acknowledged = boss.ask(SEND, **wanted(people[:15], "before"))["invitationsSend"]
        await asyncio.to_thread(server.stop)
        assert system.http.get("/readyz").status_code == 503
        assert system.http.get("/healthz").status_code == 200
        refused = system.http.post(
            "/graphql",
            json={"query": SEND, "variables": wanted(people[15:], "during")},
            headers={"Authorization": f"Bearer {boss.token}", "Accept": "application/graphql-response+json"},
        )
        assert refused.status_code == 503
        assert refused.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        await asyncio.sleep(2)
        await asyncio.to_thread(server.start)
        until(lambda: system.http.get("/readyz").status_code == 200)
        ready = time.monotonic()
        again = boss.ask(SEND, **wanted(people[15:], "during"))["invitationsSend"]
        # What a worker held when the database went comes again when the queue's three minutes are over. Of what it had
        # handed to a gateway it could record nothing: that stays SENDING, and is repeated by nobody.
        until(lambda: redriven(system, "Deliveries") and finished(states(boss)), every=0.5)
        until(lambda: not system.waiting("DeliveriesQueue"), every=0.5)

    assert not acknowledged["userErrors"] + again["userErrors"]
    assert {code for _, _, code in reader.answers} <= {"OK", "UNAVAILABLE"}
    # What takes longer than this has no answer at all on AWS: its HTTP API gives up.
    assert max(seconds for _, seconds, _ in reader.answers) < 30
    assert [code for at, _, code in reader.answers if at > ready + 10 and code != "OK"] == []
    sent, rows = texts(system) + mails(system), await deliveries(server.url("app"), company)
    # Also what can't be said to have left has: no message that was acknowledged is lost.
    assert [row for row in rows if not sent[row["recipient"]]] == []
    assert len(rows) == 60


def finished(found: Mapping[str, int]) -> bool:
    """Whether all of sixty have left, but for at most those that workers held when the database went: thirty.

    Of these it can't be said.
    """
    return set(found) <= {"SENT", "SENDING", "UNKNOWN"} and found.get("SENT", 0) >= 30


def redriven(system: System, queue: str) -> bool:
    """Send dead letters again, as an operator would; whether there are none.

    Here a message comes again after a second, so that five times may be over before the database is back.
    """
    if not system.waiting(f"{queue}Dead"):
        return True
    letters(system, "redrive", queue.lower())
    return False


async def test_D4_the_database_stops_while_a_feed_loads_and_a_file_is_made_and_both_are_there_once(
    fragile: tuple[System, Postgres],
) -> None:
    system, server = fragile
    company, admin, wanted_file = await office(system, 2_000)
    _, calls = month_of_calls(company)
    key = f"feeds/calls/{company.id}/whole.csv"
    async with midway(server.url("app"), "customer", "correction") as waiting:
        export = admin.ask(REQUEST, input=wanted_file)["callExportRequest"]["export"]["id"]
        system.drop(key, "".join(calls).encode())
        await waiting()
        [_, whole] = await files(system, company)
        assert (whole["state"], whole["lines"]) == ("LOADING", 0)
        await standing(system, company, "RUNNING")
        await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(until, lambda: system.http.get("/readyz").status_code == 200)

    await asyncio.to_thread(until, lambda: redriven(system, "Feeds") and not system.waiting("FeedsQueue"), every=0.5)
    await settled(system, company, CALLS_MADE)
    [_, whole] = await came(system, company, loaded=2)
    assert (whole["loaded"], whole["known"]) == (CALLS_MADE - 2_000, 2_000)

    # What the sweep does when the lease is over, without waiting for it. A worker for whom the database came back in
    # time has given its claim up; another one may have made the file then, before the feed had loaded.
    await ask(system, company, "UPDATE export SET lease_until = now() WHERE company_id = $1 AND state = 'RUNNING'")
    [row] = await ask(system, company, "SELECT id FROM export WHERE company_id = $1")
    system.deliver("ExportsQueue", json.dumps({"companyId": str(company.id), "exportId": str(row["id"])}))
    count, rows = await asyncio.to_thread(fetched, admin, export)
    wanted_file["idempotencyKey"] = "afterwards"
    later = admin.ask(REQUEST, input=wanted_file)["callExportRequest"]["export"]["id"]
    whole_count, whole_rows = await asyncio.to_thread(fetched, admin, later)
    assert whole_count == len(whole_rows) > 10_000
    assert count == len(rows) >= 2_000
    assert Counter(rows) <= Counter(whole_rows)


@asynccontextmanager
async def midway(database: str, *tables: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Whoever reads these tables waits, until the server stops; waits itself until somebody waits for each."""
    connection = await asyncpg.connect(database)
    await connection.execute("BEGIN")
    for table in tables:
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

    async def waiting() -> None:
        for _ in range(1200):
            if await connection.fetchval(WAITED_FOR, tables) == len(tables):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("nobody came to wait")

    try:
        yield waiting
    finally:
        connection.terminate()


async def test_W3_a_worker_that_is_killed_doubles_nothing_and_leaves_nothing_unseen(
    fragile: tuple[System, Postgres],
) -> None:
    system, server = fragile
    company = await make_company(server.url("app"), lines=30)
    boss = await asyncio.to_thread(system.sign_in, company.login_id, PASSWORD)
    people = registered(boss, company)
    killed = 0
    for start in range(0, 30, 10):
        boss.ask(SEND, **wanted(people[start : start + 10], f"wave {start}"))
        await asyncio.sleep(0.1 + start / 100)
        killed += system.kill("deliveries")
    assert killed >= 3

    # What a dead worker held stays SENDING until its lease has ended; everything else goes on without it.
    until(lambda: "QUEUED" not in states(boss), every=0.5)
    until(lambda: not system.waiting("DeliveriesQueue"))
    rows = await deliveries(server.url("app"), company)
    assert len(rows) == 60
    assert {row["state"] for row in rows} <= {"SENT", "SENDING"}
    sent = texts(system) + mails(system)
    for row in rows:
        times = sent[row["recipient"]]
        assert times == 1 if row["state"] == "SENT" else times <= 1, row


async def test_W5_poison_ends_among_the_dead_holds_up_nobody_and_is_redriven_by_the_command(
    fragile: tuple[System, Postgres],
) -> None:
    system, server = fragile
    company = await make_company(server.url("app"), lines=30)
    for queue, name in (("Deliveries", "delivery"), ("Feeds", "fileId"), ("Exports", "exportId")):
        # A database that is away for long makes letters dead, too; their messages are the sweep's by then.
        system.purge(f"{queue}Dead")
        system.deliver(f"{queue}Queue", json.dumps({"companyId": "홍길동", name: "nobody"}), 2)
    boss = system.sign_in()
    _, calls = month_of_calls(company)
    system.drop(f"feeds/calls/{company.id}/good.csv", "".join(calls[:501]).encode())

    await came(system, company, loaded=1)
    await settled(system, company, 500)
    for queue, reason in (("Deliveries", "Malformed"), ("Feeds", "ValueError"), ("Exports", "ValueError")):
        await asyncio.to_thread(until, lambda name=queue: system.waiting(f"{name}Dead") == 2)
        told = letters(system, "list", queue.lower())
        assert (told.count(reason), told.count("failed 5×")) == (2, 2), told
        assert "홍길동" not in told
    assert boss.ask(READ)["viewer"]

    assert "1 sent again, 1 left" in letters(system, "redrive", "deliveries", "--limit", "1")
    await asyncio.to_thread(until, lambda: system.waiting("DeliveriesDead") == 2)
    told = letters(system, "list", "deliveries")
    assert told.count("redriven 1×") == 1
    assert told.count("failed 10×") == 1


def letters(system: System, *arguments: str) -> str:
    """What the operators' command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "local", "letters", *arguments, "--state", str(system.log.parent)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def texts(system: System) -> Counter[str]:
    """How many text messages each mobile got, in the domestic form."""
    found = [message["to"] for message in system.messages() if message["kind"] == "SMS"]
    return Counter("0" + number.removeprefix("+82") for number in found)


def mails(system: System) -> Counter[str]:
    """How many mails each address got."""
    found = [message["to"] for message in system.messages() if message["kind"] == "MAIL"]
    return Counter(to.rpartition("<")[2].rstrip(">") for to in found)


@pytest.fixture(autouse=True)
def nothing_unexpected(fragile: tuple[System, Postgres]) -> Iterator[None]:
    """No fault may show as a bug of ours."""
    yield
    assert "unexpected error" not in fragile[0].log.read_text("utf-8")
