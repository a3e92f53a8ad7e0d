"""Tortoise's asyncpg backend with an end to every wait: for a connection, for its first answer, for its last.

Named as the engine by `bizcall/database.py`. Own code, because Tortoise waits without limit for a free connection,
loses one whose transaction can't begin, and on a dead one replaces the error by that of the rollback.

    taking       at most ACQUIRE seconds, connecting included
    beginning    a connection that died while it lay idle is replaced once: nothing was sent on it that could count
    rolling back at most ROLLBACK seconds, then the connection is thrown away; the server rolls back by itself
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from types import TracebackType
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

ACQUIRE = 3.0
ROLLBACK = 0.5
SWIFT = 1.0
"""Seconds within which a dead connection says so; one that took longer hangs, and a second try would hang as well."""

DEAD = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    ConnectionError,
)
"""What a connection raises at its first use when it died while it lay idle.

InternalClientError: the server's last words have arrived, the end of the stream has not.
"""

logger = logging.getLogger(__name__)


class Transaction(TransactionContextPooled):
    """One transaction on one connection of the pool; with `snapshot` all its statements see the same moment."""

    def __init__(self, client: TransactionalDBClient, pool_init_lock: asyncio.Lock, *, snapshot: bool = False) -> None:
        super().__init__(client, pool_init_lock)
        self._snapshot = snapshot

    async def __aenter__(self) -> TransactionalDBClient:
        """Take a connection and begin; raises what the driver raises, with nothing left behind."""
        await self.ensure_connection()
        before = time.monotonic()
        try:
            await self._begin()
        except DEAD:
            if time.monotonic() - before > SWIFT:
                raise
            # What ended one idle connection, a restart for example, has most likely ended the others too.
            await self._pool.expire_connections()
            await self._begin()
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit or roll back, and give the connection back; never hides the error of the block."""
        try:
            if kind is None:
                await self._commit()
            else:
                await self._roll_back()
        finally:
            get_connections().reset(self.token)
            await self._give_back()

    @property
    def _pool(self) -> Any:
        pool: Any = self.client._parent._pool
        return pool

    async def _begin(self) -> None:
        client: Any = self.client
        client._connection = await self._pool.acquire(timeout=ACQUIRE)
        try:
            # The client's own begin() knows no isolation; told here, it costs no round trip.
            client.transaction = client._connection.transaction(isolation="repeatable_read" if self._snapshot else None)
            await client.transaction.start()
        except BaseException:
            self._throw_away()
            await self._give_back()
            raise

    async def _commit(self) -> None:
        try:
            await self.client.commit()
        except asyncpg.PostgresError:
            # The server has answered, so the transaction is over.
            raise
        except BaseException:
            self._throw_away()
            raise

    async def _roll_back(self) -> None:
        try:
            async with asyncio.timeout(ROLLBACK):
                await self.client.rollback()
        except Exception as failure:
            logger.warning("a transaction could not be rolled back: %s", type(failure).__name__)
            self._throw_away()
        except BaseException:
            self._throw_away()
            raise

    def _throw_away(self) -> None:
        # The pool has forgotten a connection already whose end it has seen.
        with contextlib.suppress(asyncpg.InterfaceError):
            self.client._connection.terminate()

    async def _give_back(self) -> None:
        if self._pool:
            await self._pool.release(self.client._connection)


class Client(AsyncpgDBClient):
    """The backend; what differs is how a transaction is entered and left."""

    def _in_transaction(self) -> TransactionContext:
        return self.transaction()

    def transaction(self, *, snapshot: bool = False) -> TransactionContext:
        """A transaction of its own."""
        # Tortoise's annotation asks for another class than its own constructor gives.
        return Transaction(TransactionWrapper(self), self._pool_init_lock, snapshot=snapshot)


client_class = Client
"""Where Tortoise looks for the backend of an engine."""
