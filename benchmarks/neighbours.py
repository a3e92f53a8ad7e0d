"""A quiet company beside a noisy one: `python -m benchmarks.neighbours [--calls N] [--rounds N] [--state FOLDER]`.

The noisy company is that of `benchmarks/office.py`; five of its administrators ask as often as a company may, 50 times
a second, and for what costs most: days of a hundred departments over a quarter, and pages of a hundred calls. At most
39 of its requests are under way, each on a connection of its own: all but one of the functions that the API may have.
On that one the quiet company's home screen and calls are asked for up to 20 times a second meanwhile, and as often
without the noise, by turns. Wanted: its 95th percentile at most twice as long with the noise as without (security L14).

Both applications are the product's own, with sessions and budgets, each in a process of its own, without a network. In
the cloud each request has processors of its own, and only the database is shared; here the noisy company's Python takes
them from the database and from the quiet one. So what is told is an upper bound.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr

from benchmarks import office
from bizcall import database
from bizcall.admins import sessions
from bizcall.admins.locks import STRANGER
from bizcall.audit import system
from bizcall.ids import uuid7
from bizcall.models import Admin
from bizcall.settings import Settings
from bizcall.throttles import BOUNDS, Bucket
from local.postgres import Postgres
from resolvers.app import create_app
from tests.console import Wiring
from tests.factories import company_with_lines, employ
from tests.feeding import DAY, Feeder, began, call

ADMINS = 5
NOISY_A_SECOND = BOUNDS[Bucket.COMPANY_REQUEST][0].limit / 60
UNDER_WAY = 39
QUIET_A_SECOND = 20
SECONDS = 10
WANTED = 2.0

DEPARTMENTS = (
    "query($filter:CallFilter!){callStatistics(filter:$filter,granularity:DAY,groupBy:DEPARTMENT,first:100)"
    "{nodes{subject{label} total{total totalSeconds}} totalCount{value}}}"
)
CALLS = (
    "query($filter:CallFilter!){calls(filter:$filter,first:100)"
    "{nodes{id startedAt type seconds line{numberFormatted} subscriber{name} customer{name}} totalCount{value}}}"
)
HOME = "{home{company{name} plan{name} notices{title} month{calls{measures{total}}} shortcuts{area waiting}}}"

Asked = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Noise:
    """What the noisy company got in a round: answers by kind."""

    answered: Counter[str]
    seconds: float


def numbers(count: int, start: str) -> list[str]:
    """Numbers that no earlier run has taken: the server may have been kept from one."""
    base = time.time_ns() // 10_000_000 % 99_000_000
    return [f"{start}{base + place:08d}" for place in range(count)]


async def neighbour() -> tuple[UUID, dict[str, Any]]:
    """The quiet company, which has 20 lines and 2,000 calls, and the filter of their month."""
    lines = numbers(20, "070")
    company_id = await company_with_lines("이웃", lines)
    await began(company_id)
    records = [
        call(lines[place % len(lines)], f"c{place}", DAY + timedelta(minutes=place), seconds=place % 600)
        for place in range(2_000)
    ]
    await Feeder(company_id).load(records)
    return company_id, {"filter": {"fromOn": str(DAY.date()), "toOn": str((DAY + timedelta(days=30)).date())}}


async def sessions_of(company_id: UUID, mobiles: Sequence[str]) -> list[str]:
    """Tokens of administrators with these mobiles, made for the occasion."""
    made = []
    for mobile in mobiles:
        admin = await _employed(company_id, mobile)
        async with database.directory():
            await database.enter(company_id)
            opened = await sessions.begin(company_id, admin, actor=system(), user_agent="", device=STRANGER)
        made.append(opened.token)
    return made


async def _employed(company_id: UUID, mobile: str) -> UUID:
    admin_id = uuid7()
    async with database.tenant(company_id):
        await Admin.create(id=admin_id, company_id=company_id, name="측정", mobile=mobile)
    await employ(company_id, admin_id, mobile, mobile)
    return admin_id


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The application over the open database."""
    app = create_app(Wiring(Settings(stage="test", secret_key=SecretStr("k" * 64))))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as http:
        yield http


async def ask(http: httpx.AsyncClient, token: str, asked: Asked) -> str:
    """Send it; the code of the error, or "OK"."""
    document, variables = asked
    response = await http.post(
        "/graphql",
        json={"query": document, "variables": variables},
        headers={"authorization": f"Bearer {token}"},
    )
    errors = response.json().get("errors")
    return str(errors[0]["extensions"]["code"]) if errors else "OK"


def make_noise(url: str, tokens: Sequence[str], asked: Sequence[Asked], on: Event, told: Queue[Noise | None]) -> None:
    """The noisy company's process: tells of each round; None when it is ready."""
    asyncio.run(_noisy(url, tokens, asked, on, told))


async def _noisy(url: str, tokens: Sequence[str], asked: Sequence[Asked], on: Event, told: Queue[Noise | None]) -> None:
    await database.connect(url, size=UNDER_WAY)
    async with client() as http:
        for each in asked:
            assert await ask(http, tokens[0], each) == "OK"
        told.put(None)
        while True:
            if on.is_set():
                told.put(await _round(http, tokens, asked, on))
            await asyncio.sleep(0.02)


async def _round(http: httpx.AsyncClient, tokens: Sequence[str], asked: Sequence[Asked], on: Event) -> Noise:
    """As often as a company may, as long as `on` is set."""
    answered = Counter[str]()
    room = asyncio.Semaphore(UNDER_WAY)

    async def one(number: int) -> None:
        try:
            answered[await ask(http, tokens[number % len(tokens)], asked[number % len(asked)])] += 1
        finally:
            room.release()

    began_at = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in itertools.count():
            await room.acquire()
            if not on.is_set():
                break
            tasks.create_task(one(number))
            await asyncio.sleep(max(0, began_at + (number + 1) / NOISY_A_SECOND - time.perf_counter()))
    return Noise(answered, time.perf_counter() - began_at)


async def quiet(http: httpx.AsyncClient, tokens: Sequence[str], asked: Sequence[Asked]) -> list[float]:
    """Milliseconds of each request of a round, all of which must be answered."""
    took = list[float]()
    ends = time.perf_counter() + SECONDS
    while (begin := time.perf_counter()) < ends:
        code = await ask(http, tokens[len(took) % len(tokens)], asked[len(took) % len(asked)])
        assert code == "OK", code
        took.append((time.perf_counter() - begin) * 1000)
        await asyncio.sleep(max(0, begin + 1 / QUIET_A_SECOND - time.perf_counter()))
    return took


def percentile(took: Sequence[float], percent: int) -> float:
    """Of so many hundredths of the requests, the slowest."""
    return statistics.quantiles(took, n=100)[percent - 1]


async def compare(noisy: office.Office, server: Postgres, rounds: int) -> AsyncIterator[str]:
    """Rounds without and with the noise, by turns, and the lines of the table."""
    company_id, own = await neighbour()
    loud = {"filter": {"fromOn": str(noisy.first), "toOn": str(noisy.last)}}
    asked = [(HOME, {}), (CALLS, own)]
    mobiles = numbers(2 * ADMINS, "010")
    tokens = await sessions_of(company_id, mobiles[:ADMINS])
    loud_tokens = await sessions_of(noisy.company_id, mobiles[ADMINS:])
    spawned = multiprocessing.get_context("spawn")
    on, told = spawned.Event(), spawned.Queue()
    child = spawned.Process(
        target=make_noise,
        args=(server.url("app"), loud_tokens, [(DEPARTMENTS, loud), (CALLS, loud)], on, told),
        daemon=True,
    )
    child.start()
    without, with_noise, noise = list[float](), list[float](), list[Noise]()
    try:
        await asyncio.to_thread(told.get, timeout=120)
        async with client() as http:
            for each in asked:
                await ask(http, tokens[0], each)
            load = os.getloadavg()[0]
            for _ in range(rounds):
                without += await quiet(http, tokens, asked)
                on.set()
                with_noise += await quiet(http, tokens, asked)
                on.clear()
                noise.append(await asyncio.to_thread(told.get, timeout=120))
    finally:
        child.kill()
        child.join()
    for line in table(noisy, without, with_noise, noise):
        yield line
    yield f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after; {os.cpu_count()} processors"


def table(
    noisy: office.Office, without: Sequence[float], with_noise: Sequence[float], noise: Sequence[Noise]
) -> list[str]:
    """What was found."""
    answered = sum((each.answered for each in noise), Counter[str]())
    seconds = sum(each.seconds for each in noise)
    codes = ", ".join(f"{code} {count}" for code, count in answered.most_common())
    lines = [
        f"The noisy company: {noisy.calls:,} calls; {answered.total() / seconds:.1f} requests a second ({codes})",
        f"{'the quiet company':20}{'requests':>10}{'median ms':>11}{'p95 ms':>9}{'p99 ms':>9}",
    ]
    for name, took in (("alone", without), ("beside the noise", with_noise)):
        figures = f"{percentile(took, 50):11.1f}{percentile(took, 95):9.1f}{percentile(took, 99):9.1f}"
        lines.append(f"{name:20}{len(took):10,}{figures}")
    ratio = percentile(with_noise, 95) / percentile(without, 95)
    lines.append(f"p95: {ratio:.2f} times, wanted {WANTED:.0f}{'' if ratio <= WANTED else '  missed'}")
    return lines


if __name__ == "__main__":
    given = office.arguments("A quiet company beside a noisy one")
    office.run(given, lambda noisy, server, _folder: compare(noisy, server, given.rounds))
