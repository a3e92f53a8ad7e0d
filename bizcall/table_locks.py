"""Changes that need a table for themselves, made without holding up for long those who use it.

Whoever waits for a table stands in its queue, and everybody who comes later stands behind him, readers too. So a change
waits for a lock briefly, then gives back what it has, lets those behind it go on, and begins anew after a pause. Own
code, because PostgreSQL knows how long a lock is waited for, but not how to ask for it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from bizcall.errors import Unavailable

T = TypeVar("T")

IN_THE_WAY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How often a change is tried, for how many seconds it waits for each lock, and how many lie between two attempts.

    97 s for a change that waits for one lock in vain, of the 300 s that a function has. Each file of migrations is a
    change, and those that were applied stay.
    """

    attempts: int = 20
    lock_seconds: float = 2.0
    pause_seconds: float = 3.0


PATIENCE = Patience()


class TablesBusy(Unavailable):
    """Others held what a change needs at each of its attempts; nothing of it is left, and it may be made again."""

    def __init__(self, change: str, attempts: int) -> None:
        super().__init__(
            f"{change}: not done, since others held a table that it needs at each of {attempts} attempts, and nothing"
            " of it is left; see who that is (docs/operations.md, Changes of the schema), and do it again afterwards"
        )


async def change(connection: Any, name: str, work: Callable[[], Awaitable[T]], patience: Patience = PATIENCE) -> T:
    """Do the work in one transaction of this connection of asyncpg, as often as `patience` says; `name` is for people.

    Each lock is waited for by itself, so what is locked already is held for as long as the others take: a change that
    locks few tables holds up fewest. Raises TablesBusy.
    """
    for attempt in range(1, patience.attempts + 1):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {round(patience.lock_seconds * 1000)}")
                return await work()
        except IN_THE_WAY:
            logger.warning("a table is in use", extra={"change": name, "attempt": attempt})
            if attempt < patience.attempts:
                await asyncio.sleep(patience.pause_seconds)
    raise TablesBusy(name, patience.attempts)
