"""Messages per second of one worker: `python -m benchmarks.dispatching [MESSAGES]`.

One process with one database connection, as a Lambda function is, takes batches of ten from a queue in memory and hands
them to a gateway in memory that answers at once, or after 100 ms as real ones do. PostgreSQL is real and durable,
started for the occasion. Told beside it: how long a request for 5,000 subscribers takes to commit, and to be answered.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from uuid import UUID

import asyncpg

from bizcall import database, invitations, migrate
from bizcall.audit import system
from bizcall.database import query, tenant
from bizcall.dispatch import claims, deliveries
from bizcall.dispatch.deliveries import Delivered
from bizcall.dispatch.mails import Letterhead
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.models import Subscriber
from bizcall.models.dispatch import Channel
from bizcall.ports import Fate, Letter, Report
from bizcall.subscribers.listing import LineFilter
from local import state
from local.postgres import Postgres
from tests.factories import company_with_lines

_MESSAGES = 2_000
_BATCH = 10
_LARGE = 5_000
_LETTERHEAD = Letterhead(Address("비즈콜", "no-reply", "bizcall.example"), "https://app.bizcall.example")


class Carrier:
    """Both gateways; takes `seconds` for each message."""

    name = "benchmark"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.taken = 0

    async def _take(self, reference: str) -> str:
        await asyncio.sleep(self._seconds)
        self.taken += 1
        return reference

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """Nothing."""
        return None

    async def reports(self, since: datetime) -> AsyncIterator[Report]:
        """None."""
        for report in list[Report]():
            yield report


class TextCarrier(Carrier):
    """For text messages."""

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """Take it."""
        return await self._take(reference)


class MailCarrier(Carrier):
    """For mail."""

    async def send(self, message: bytes, *, to: str, reference: str) -> str:
        """Take it."""
        return await self._take(reference)


class NoQueue:
    """Takes everything and keeps nothing."""

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Take all."""
        return {letter.id for letter in letters}


async def make_company(serial: int, people: int) -> UUID:
    """A company whose every line is held by somebody who can be invited."""
    base = 7030000000 + serial * 100_000
    company_id = await company_with_lines(f"회사 {serial}", [f"0{base + n}" for n in range(people)])
    at = datetime.now(UTC) - timedelta(days=1)
    async with tenant(company_id):
        lines = await query("SELECT id FROM line WHERE company_id = $1 ORDER BY number", company_id)
        await Subscriber.bulk_create(
            [
                Subscriber(
                    company_id=company_id, line_id=row["id"], name=f"직원{n}", mobile=f"010{n:08d}",
                    email=f"user{n}@example.com", app_enabled=True, started_at=at, updated_at=at,
                )
                for n, row in enumerate(lines)
            ],
            batch_size=1_000,
        )  # fmt: skip
    return company_id


async def request(company_id: UUID, people: int, channels: Sequence[Channel]) -> float:
    """Invite all of a company; answers the seconds until the client has his answer."""
    begin = time.perf_counter()
    await invitations.send_filtered(
        company_id,
        system(),
        LineFilter(),
        expected_count=people,
        channels=channels,
        idempotency_key=str(uuid7()),
        queue=NoQueue(),
    )
    return time.perf_counter() - begin


async def work(company_id: UUID, seconds: float) -> tuple[int, float]:
    """Carry out all messages of a company, ten at a time; answers how many were sent, and in how long."""
    async with tenant(company_id):
        rows = await query("SELECT id FROM delivery WHERE company_id = $1 ORDER BY id", company_id)
    sms, mail, keys = TextCarrier(seconds), MailCarrier(seconds), Keys("k" * 64)
    sent = 0
    begin = time.perf_counter()
    for start in range(0, len(rows), _BATCH):
        outcomes = await asyncio.gather(
            *(
                deliveries.deliver(
                    claims.body(company_id, row["id"]), sms=sms, mail=mail, keys=keys, letterhead=_LETTERHEAD
                )
                for row in rows[start : start + _BATCH]
            )
        )
        sent += outcomes.count(Delivered.SENT)
    return sent, time.perf_counter() - begin


async def analyze(owner: str) -> None:
    """What autovacuum does within a minute: tables of this size without statistics are joined row by row."""
    connection = await asyncpg.connect(owner)
    await connection.execute("ANALYZE")
    await connection.close()


async def measure(url: str, owner: str, messages: int) -> list[str]:
    """All measurements, a line each."""
    await database.connect(url, size=1)
    told = []
    try:
        serial = 0
        for channel in Channel:
            for seconds in (0.0, 0.1):
                serial += 1
                company_id = await make_company(serial, messages)
                await request(company_id, messages, [channel])
                sent, took = await work(company_id, seconds)
                told.append(
                    f"{channel:6} gateway {seconds * 1000:4.0f} ms  {sent:6} messages  {sent / took:6.0f} a second"
                )
        company_id = await make_company(serial + 1, _LARGE)
        await analyze(owner)
        took = await request(company_id, _LARGE, list(Channel))
        told.append(f"a request for {_LARGE} subscribers, {2 * _LARGE} messages: {took:.1f} s")
    finally:
        await database.disconnect()
    return told


def main() -> None:
    """Start PostgreSQL, measure, tell."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else _MESSAGES
    home = state.scratch()
    server = Postgres(home)
    server.start()
    try:
        asyncio.run(migrate.apply(server.url("owner")))
        print("\n".join(asyncio.run(measure(server.url("app"), server.url("owner"), messages))))
    finally:
        server.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
