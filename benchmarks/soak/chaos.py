"""What goes wrong meanwhile. Each kind runs beside the others for the whole time and counts what it did."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.soak.carrier import CONFUSION, OUTAGE, Carrier
from local.postgres import Postgres
from local.stack import System

KILLS_A_MINUTE = 5
CUTS_A_MINUTE = 3
REPEATS_A_MINUTE = 6
REPEATED = 10
AWAY_SECONDS = 5.0
KILLED = (
    *("DeliveriesFunction", "DeliveriesFunction", "DeliveriesFunction"),
    *("FeedsFunction", "FeedsFunction", "ExportsFunction", "SweepFunction", "ApiFunction"),
)
"""Which function's worker is killed; those that matter more often."""


@dataclass
class Chaos:
    """Everything that is done to a running system; `done` counts it."""

    system: System
    postgres: Postgres
    carrier: Carrier
    sqs: Any
    companies: Sequence[UUID]
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)

    async def kill(self, seconds: float) -> None:
        """Workers (-9), in the midst of their work wherever possible."""
        end = time.monotonic() + seconds
        wanted = round(seconds / 60 * KILLS_A_MINUTE)
        for turn in range(wanted):
            # Whatever the time that the earlier ones took, the rest is spread over what is left.
            left = max(end - time.monotonic(), 0)
            await asyncio.sleep(left / (wanted - turn) * self.dice.uniform(0.2, 0.6))
            # The one that matters always has a process sooner or later; the others may have none at the moment.
            if not await self._killed(self.dice.choice(KILLED)):
                await self._killed(KILLED[0])

    async def _killed(self, function: str) -> bool:
        """Kill one process of the function: one that works, if any does within 4 s; False if there is none."""
        for _ in range(200):
            processes = self.system.functions.processes(function)
            if busy := [pid for pid, idle in processes.items() if not idle]:
                await asyncio.sleep(self.dice.uniform(0, 0.4))
                return self._kill(function, self.dice.choice(busy))
            await asyncio.sleep(0.02)
        return bool(processes) and self._kill(function, self.dice.choice(list(processes)))

    def _kill(self, function: str, pid: int) -> bool:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.done[f"{function} killed"] += 1
        return True

    async def stop_database(self, seconds: float) -> None:
        """PostgreSQL stopped and started: fast, immediately, fast."""
        for immediately in (False, True, False):
            await asyncio.sleep(seconds * 0.25)
            if immediately:
                _crash(self.postgres)
            await asyncio.to_thread(self.postgres.stop)
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(self.postgres.start)
            self.done["PostgreSQL stopped"] += 1

    async def cut(self, seconds: float) -> None:
        """All sessions of the application ended by the server."""
        for _ in range(round(seconds / 60 * CUTS_A_MINUTE)):
            await asyncio.sleep(60 / CUTS_A_MINUTE * self.dice.uniform(0.7, 1.0))
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(self.postgres.url("app"), timeout=3)
                ended = await connection.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'app' AND pid <> pg_backend_pid()"
                )
                await connection.close()
                self.done["connections cut"] += len(ended)

    async def disturb(self, seconds: float) -> None:
        """The gateway away, then confused, then away again, each for a twentieth of the time."""
        for name, faults in (("away", OUTAGE), ("confused", CONFUSION), ("away", OUTAGE)):
            await asyncio.sleep(seconds * 0.2)
            self.carrier.disturbed = faults
            await asyncio.sleep(seconds * 0.05)
            self.carrier.disturbed = ()
            self.done[f"gateway {name}"] += 1

    async def repeat(self, seconds: float) -> None:
        """Messages of the queue delivered again, twice at a time: of any state, the ones under way included."""
        url = self.system.addresses.queues["DeliveriesQueue"]
        for _ in range(round(seconds / 60 * REPEATS_A_MINUTE)):
            await asyncio.sleep(60 / REPEATS_A_MINUTE)
            company = self.dice.choice(self.companies)
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                for key in await deliveries(self.postgres.url("app"), company, REPEATED):
                    body = json.dumps({"companyId": str(company), "delivery": str(key)})
                    for _ in range(2):
                        await asyncio.to_thread(self.sqs.send_message, QueueUrl=url, MessageBody=body)
                        self.done["messages repeated"] += 1


def _crash(postgres: Postgres) -> None:
    """An immediate shutdown: no session is ended in order, and the next start recovers from the log."""
    mark = postgres.home / "cluster" / "data" / "postmaster.pid"
    os.kill(int(mark.read_text().split()[0]), signal.SIGQUIT)


async def deliveries(database: str, company: UUID, most: int) -> list[UUID]:
    """The latest deliveries of a company."""
    connection = await asyncpg.connect(database, timeout=3)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company))
            rows = await connection.fetch(
                "SELECT id FROM delivery WHERE company_id = $1 ORDER BY created_at DESC, id LIMIT $2", company, most
            )
    finally:
        await connection.close()
    return [row["id"] for row in rows]
