"""Changes that need a table for themselves, made without holding up for long those who use it.

Whoever waits for a table stands in its queue, and everybody who comes later stands behind him, readers too. So a change
waits for a lock briefly, then gives back what it has, lets those behind it go on, and begins anew after a pause. Own
code, because PostgreSQL knows how long a lock is waited for, but not how to ask for it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from bizcall import tls
from bizcall.errors import Unavailable

T = TypeVar("T")

LOCK = 7_002_070
"""The advisory lock of whoever changes the schema."""

IN_THE_WAY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How often a change is tried, for how many seconds it waits for each lock, and how many lie between two attempts.

    `seconds` are those of a whole run, after which nothing is tried again, and how long another run is waited for: the
    function has 300, of which the last attempt needs some.
    """

    attempts: int = 20
    lock_seconds: float = 2.0
    pause_seconds: float = 3.0
    seconds: float = 240.0


PATIENCE = Patience()


class TablesBusy(Unavailable):
    """Others held what a change needs at each of its attempts; nothing of it is left, and it may be made again."""

    def __init__(self, change: str, attempts: int) -> None:
        super().__init__(
            f"{change}: not done, since others held a table that it needs at each of {attempts} attempts, and nothing"
            " of it is left; see who that is (docs/operations.md, Changes of the schema), and do it again afterwards"
        )


class AnotherRun(Unavailable):
    """Another run changes the schema and did not end in time."""

    def __init__(self) -> None:
        super().__init__(
            "another run changes the schema and did not end in time, so nothing was done; see who that is"
            " (docs/operations.md, Changes of the schema), and do it again afterwards"
        )


@dataclass(frozen=True)
class Run:
    """One run's connection, while no other run changes the schema; `until` is by the monotonic clock."""

    connection: Any
    patience: Patience
    until: float

    async def change(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work in one transaction, as often as the patience lasts; `name` is for people. Raises TablesBusy.

        Each lock is waited for by itself, so what is locked already is held for as long as the others take: a change
        that locks few tables holds up fewest.
        """
        for attempt in range(1, self.patience.attempts + 1):
            try:
                async with self.connection.transaction():
                    await self.connection.execute(
                        f"SET LOCAL lock_timeout = {_milliseconds(self.patience.lock_seconds)}"
                    )
                    return await work()
            except IN_THE_WAY:
                logger.warning("a table is in use", extra={"change": name, "attempt": attempt})
                last = attempt == self.patience.attempts or time.monotonic() + self.patience.pause_seconds > self.until
                if last:
                    raise TablesBusy(name, attempt) from None
                await asyncio.sleep(self.patience.pause_seconds)
        raise ValueError("no attempt was allowed")


@asynccontextmanager
async def run(url: str, patience: Patience = PATIENCE) -> AsyncGenerator[Run]:
    """Change the schema as the tables' owner, one run at a time. Raises AnotherRun."""
    connection = await tls.connect(url)
    until = time.monotonic() + patience.seconds
    try:
        await connection.execute(f"SET lock_timeout = {_milliseconds(patience.seconds)}")
        try:
            # In nobody's way.
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        except asyncpg.LockNotAvailableError:
            raise AnotherRun from None
        await connection.execute("RESET lock_timeout")
        yield Run(connection, patience, until)
    finally:
        await connection.close()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
