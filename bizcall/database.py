"""The one door to PostgreSQL: transactions that see one company, or only the tables outside companies.

    async with tenant(company_id):     one use case of one company: row-level security shows nothing else
    async with directory():            login IDs, sessions, numbers, outbox: tables that stand outside companies
    async with reading(company_id):    what a loader needs: the transaction that is open already, else its own

Statements that run outside of these see no tenant's rows: PostgreSQL raises, because the setting is missing.
Driver errors that mean "the database is away" leave as `Unavailable`, those that mean "two transactions were in each
other's way" as `Collided`; this is the only place that maps them. What may be run again after them: a whole operation
that only reads, once, at the edge (`resolvers/http.py`), and a whole use case after a collision (`repeated`).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from bizcall import tls
from bizcall.connections import ACQUIRE, DEAD
from bizcall.errors import Collided, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

ENGINE = "bizcall.connections"
MODELS = "bizcall.models"
AWAY = (
    *DEAD,
    # The password was changed: until the secret is read again, nobody is let in.
    asyncpg.InvalidAuthorizationSpecificationError,
    # No room, or rolled back by the server: the same request may be sent again.
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    # Nothing can be reached, or not in time.
    OSError,
)
COLLISIONS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

ATTEMPTS = 3
COLLIDED = "a transaction collided with another one and is run again"
PAUSE = 0.05
"""Seconds before the second attempt at the most; twice that before the third."""

ABANDONED = 60.0
"""Seconds in which a transaction that hears nothing from its process is ended by the server: as long as a worker runs.

A process that is killed with its machine, or frozen, doesn't close its connection: its locks would stay for hours, and
each redelivery of its message would wait for them until it is given up.
"""

logger = logging.getLogger(__name__)

_company: ContextVar[UUID | None] = ContextVar("company", default=None)
_inside: ContextVar[bool] = ContextVar("inside", default=False)
_refusals = 0


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """A connection without asyncpg's reset query: all settings here are SET LOCAL, so none outlives a transaction."""

    def get_reset_query(self) -> str:
        """Nothing to reset; saves a round trip at each release."""
        return ""


async def connect(
    url: str,
    *,
    size: int,
    connection_class: type[Connection] = Connection,
    command_timeout: float = 25.0,
    abandoned: float = ABANDONED,
) -> None:
    """Open a pool of up to `size` connections, lazily: the first statement connects.

    `url` is as `bizcall/tls.py` reads it, which verifies the server unless the address says that it is this machine.
    `command_timeout` is in seconds, for one statement; `abandoned`, in seconds too, is how long the server keeps a
    transaction open between two statements.
    """
    credentials: dict[str, Any] = {
        **tls.arguments(url),
        "minsize": 0,
        "maxsize": size,
        "connection_class": connection_class,
        "timeout": ACQUIRE,
        "command_timeout": command_timeout,
        "max_inactive_connection_lifetime": 240,
        "server_settings": {
            "idle_in_transaction_session_timeout": f"{abandoned * 1000:.0f}",
            # Past ours, so that the server ends only those statements whose process no longer can.
            "statement_timeout": f"{(command_timeout + 5) * 1000:.0f}",
            "tcp_keepalives_idle": "300",
            "tcp_keepalives_interval": "10",
            "tcp_keepalives_count": "3",
        },
    }
    # Requests run in other tasks than start-up does, and Tortoise keeps its context in a ContextVar: the global
    # fallback is what makes the pool visible to all of them.
    await Tortoise.init(
        config={
            "connections": {"default": {"engine": ENGINE, "credentials": credentials}},
            "apps": {"bizcall": {"models": [MODELS], "default_connection": "default"}},
            "use_tz": True,
            "timezone": "UTC",
        },
        _enable_global_fallback=True,
    )


def refusals() -> int:
    """How often in this process's life the server has not let the role in: who sees it grow reads the secret again."""
    return _refusals


async def disconnect() -> None:
    """Close the pool."""
    await Tortoise.close_connections()


@asynccontextmanager
async def tenant(
    company_id: UUID, *, read_only: bool = False, snapshot: bool = False
) -> AsyncGenerator[BaseDBAsyncClient]:
    """Open a transaction that sees the rows of one company only, beside the tables outside companies.

    With `snapshot` all its statements see the same moment; a row that was changed since then it may read, but who
    writes or locks it raises Collided. Raises RuntimeError when nested: SET LOCAL would outlive the inner savepoint.
    """
    async with _transaction(snapshot=snapshot) as tx:
        token = _company.set(company_id)
        try:
            await tx.execute_query_dict(
                "SELECT set_config('app.company_id', $1, true), set_config('transaction_read_only', $2, true)",
                [str(company_id), "on" if read_only else "off"],
            )
            yield tx
        finally:
            _company.reset(token)


@asynccontextmanager
async def directory() -> AsyncGenerator[BaseDBAsyncClient]:
    """Open a transaction for the tables that stand outside companies; a tenant's table raises in it."""
    async with _transaction() as tx:
        yield tx


async def enter(company_id: UUID) -> None:
    """Turn the open `directory()` transaction into one that also sees this company, for use cases that find it midway.

    Raises RuntimeError outside a transaction, or where another company was entered already.
    """
    if not _inside.get() or _company.get() not in (None, company_id):
        raise RuntimeError("enter() needs an open directory() transaction that has entered no other company")
    _company.set(company_id)
    await query("SELECT set_config('app.company_id', $1, true)", str(company_id))


@asynccontextmanager
async def reading(company_id: UUID) -> AsyncGenerator[BaseDBAsyncClient]:
    """The open transaction of this company, or a read-only one of its own."""
    if _inside.get() and _company.get() == company_id:
        yield get_connection("default")
    else:
        async with tenant(company_id, read_only=True) as tx:
            yield tx


async def query(sql: str, *parameters: Any) -> list[dict[str, Any]]:
    """Run one statement on the open transaction and return its rows, those of RETURNING included."""
    if not _inside.get():
        raise RuntimeError("query() needs an open tenant() or directory() transaction")
    return await get_connection("default").execute_query_dict(sql, list(parameters))


async def batches(sql: str, *parameters: Any, size: int) -> AsyncGenerator[list[tuple[Any, ...]]]:
    """The rows of one statement on the open transaction, `size` at a time, without ever holding all of them.

    Each batch counts as a statement of its own for the limits on time.
    """
    if not _inside.get():
        raise RuntimeError("batches() needs an open tenant() or directory() transaction")
    connection: Any = get_connection("default")
    async with connection.acquire_connection() as driver:
        cursor = await driver.cursor(sql, *parameters)
        while batch := await cursor.fetch(size):
            yield batch


async def copy(table: str, rows: bytes) -> None:
    """Fill a table of the open transaction from `rows`, which are in the text format of COPY.

    PostgreSQL takes it for temporary tables only: it refuses COPY where row-level security is in force.
    """
    if not _inside.get():
        raise RuntimeError("copy() needs an open tenant() or directory() transaction")
    connection: Any = get_connection("default")
    async with connection.acquire_connection() as driver:
        await driver.copy_to_table(table, source=memoryview(rows), format="text")


async def lock(name: str, *, shared: bool = False) -> None:
    """Hold a lock until the end of the open transaction; whoever asks for the same name waits for that.

    Those who hold it `shared` don't wait for each other, only for whoever holds it alone. `name` begins with the
    feature and what it locks, as in "imports.inbox <key>": names of all features share a space.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await query(f"SELECT {function}(hashtextextended($1, 0))", name)


def repeated(use_case: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Run a use case again from its beginning, up to 3 times in all, when its transaction collided with another.

    For use cases whose effects are their transactions: the one that collided was rolled back whole. Inside of a
    transaction nothing is repeated, because that one is what has ended. Each attempt that is repeated is logged. Raises
    Collided after the last one.
    """

    @functools.wraps(use_case)
    async def attempted(*arguments: P.args, **named: P.kwargs) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return await use_case(*arguments, **named)
            except Collided:
                if _inside.get():
                    raise
                logger.warning(COLLIDED, extra={"use_case": use_case.__qualname__, "attempt": attempt})
                # The two that met would meet again if both came back at the same moment.
                await asyncio.sleep(random.uniform(0, attempt * PAUSE))  # noqa: S311 - no secret depends on it
        return await use_case(*arguments, **named)

    return attempted


@asynccontextmanager
async def _transaction(*, snapshot: bool = False) -> AsyncGenerator[BaseDBAsyncClient]:
    global _refusals
    if _inside.get():
        raise RuntimeError("transactions do not nest: one use case is one transaction")
    inside = _inside.set(True)
    # enter() may set the company inside the block; whatever it set ends with the transaction.
    company = _company.set(None)
    try:
        pool: Any = get_connection("default")
        async with pool.transaction(snapshot=snapshot) as tx:
            yield tx
    except COLLISIONS as error:
        raise Collided("two transactions were in each other's way") from error
    except AWAY as error:
        if isinstance(error, ssl.SSLCertVerificationError):
            logger.error("the database's certificate could not be verified")
        if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
            _refusals += 1
            logger.error("the database doesn't let this role in")
        raise Unavailable("the database is away") from error
    finally:
        _company.reset(company)
        _inside.reset(inside)
