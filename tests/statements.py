"""The statements that the suite sends: counted by tests of N+1, and held against a rule after each test."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import asyncpg
import pytest

from bizcall.database import Connection

ON_PURPOSE = "without its company, on purpose"
SENT: list[str] = []
TENANTS: set[str] = set()
"""Tables and views of companies, `company` itself apart; as the catalogue has them, once the database is migrated."""

_TRANSACTION = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SELECT set_config)", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_FROM = re.compile(r'\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+)?(?:public\.)?"?(\w+)"?', re.IGNORECASE)
_COMPANY = r'(?:"?\w+"?\.)?"?company_id"?'
_NAMED = re.compile(
    # Compared, alone or as the first of a key; joined by; or among the columns that an INSERT fills.
    rf"{_COMPANY}\s*(?:=|IN\b)|=\s*{_COMPANY}|\({_COMPANY},[^()]*\)\s*(?:=|IN\b)|USING\s*\({_COMPANY}"
    rf'|INTO\s+"?\w+"?(?:\s+AS\s+\w+)?\s*\([^)]*{_COMPANY}',
    re.IGNORECASE,
)


class Recorded(Connection):
    """A connection that notes each statement as it is sent.

    asyncpg's own query loggers are called a turn of the loop later, and so would miss the last statement of a block.
    """

    async def execute(self, query: str, *args: Any, **kwargs: Any) -> Any:
        """Note and run."""
        SENT.append(query)
        return await super().execute(query, *args, **kwargs)

    async def executemany(self, command: str, args: Any, **kwargs: Any) -> Any:
        """Note once, and run."""
        SENT.append(command)
        return await super().executemany(command, args, **kwargs)

    async def fetch(self, query: str, *args: Any, **kwargs: Any) -> Any:
        """Note and run."""
        SENT.append(query)
        return await super().fetch(query, *args, **kwargs)

    async def fetchrow(self, query: str, *args: Any, **kwargs: Any) -> Any:
        """Note and run."""
        SENT.append(query)
        return await super().fetchrow(query, *args, **kwargs)

    def cursor(self, query: str, *args: Any, **kwargs: Any) -> Any:
        """Note and open."""
        SENT.append(query)
        return super().cursor(query, *args, **kwargs)

    async def fetchval(self, query: str, *args: Any, **kwargs: Any) -> Any:
        """Note and run."""
        SENT.append(query)
        return await super().fetchval(query, *args, **kwargs)


@contextmanager
def session_ended_before(place: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let the server end the session under the statement of that place in the block, those of transactions counted.

    Collects that statement, or nothing if there are fewer.
    """
    found: list[str] = []
    left = place

    def ended(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def sent(self: Recorded, sql: str, *args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                found.append(sql)
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await Connection.execute(self, "SELECT pg_terminate_backend(pg_backend_pid())")
            return await send(self, sql, *args, **kwargs)

        return sent

    with monkeypatch.context() as patched:
        for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
            patched.setattr(Recorded, name, ended(getattr(Recorded, name)))
        yield found


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements of a block, without those that only open or close a transaction."""
    found: list[str] = []
    start = len(SENT)
    try:
        yield found
    finally:
        found += [sql for sql in SENT[start:] if not _TRANSACTION.match(sql)]


@lru_cache(maxsize=10_000)
def forgets_company(sql: str) -> bool:
    """Whether a statement touches a tenant's table and doesn't say of which company.

    To select the column is not enough. A company's own row goes by its id. Of several tables one must be named so; the
    policies see to all of them.
    """
    sql = _COMMENT.sub(" ", sql)
    return not TENANTS.isdisjoint(_FROM.findall(sql)) and not _NAMED.search(sql)
