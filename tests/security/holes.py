"""Seeded holes: a function of the product that has forgotten its company, with PostgreSQL's own wall taken away.

While such a function runs, every condition on company_id in its statements is true. The rest of the product stays as
it is, so what a sweep finds is what it would find if somebody forgot a filter there.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bizcall.database import Connection
from bizcall.paging import Pages, Slice
from tests.security.ledger import Ledger

CONDITION = re.compile(r'(?:"?\w+"?\.)?"?company_id"?\s*=\s*(\$\d+)')
WALLS = "SELECT relname::text AS name FROM pg_class WHERE relrowsecurity ORDER BY 1"

_open = contextvars.ContextVar("open", default=False)


@dataclass(frozen=True)
class Hole:
    """A function by its place, the root fields that a sweep reaches it by, and how many findings these must give."""

    owner: Any
    name: str
    fields: tuple[str, ...]


@contextmanager
def forgetful() -> Iterator[None]:
    """Statements in here see all companies."""
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


@dataclass(frozen=True)
class Forgetful:
    """A list without its company, which is read after its function has returned."""

    pages: Pages[Any]

    async def page(self, part: Slice) -> Any:
        """The same over all companies."""
        with forgetful():
            return await self.pages.page(part)

    async def count(self) -> Any:
        """Likewise."""
        with forgetful():
            return await self.pages.count()


def seeded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, having forgotten its company."""

    @functools.wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        made = function(*arguments, **named)
        if not inspect.isawaitable(made):
            return Forgetful(made)

        async def awaited() -> Any:
            with forgetful():
                return await made

        return awaited()

    return called


def seed(hole: Hole, patch: pytest.MonkeyPatch) -> None:
    """Open a hole until the end of the test."""
    found = getattr(hole.owner, hole.name)
    static = isinstance(hole.owner, type)
    patch.setattr(hole.owner, hole.name, staticmethod(seeded(found)) if static else seeded(found))


def blind(patch: pytest.MonkeyPatch) -> None:
    """Make connections leave conditions on companies out while a hole is open."""
    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        original = getattr(Connection, name)

        def sent(self: Connection, sql: str, *rest: Any, _original: Any = original, **named: Any) -> Any:
            text = CONDITION.sub(r"\1::uuid IS NOT NULL", sql) if _open.get() else sql
            return _original(self, text, *rest, **named)

        patch.setattr(Connection, name, sent)


@asynccontextmanager
async def unwalled(books: Ledger) -> AsyncGenerator[None]:
    """Take row-level security away from all tables, and put it back."""
    names = [row["name"] for row in await books.connection.fetch(WALLS)]
    try:
        for name in names:
            await books.connection.execute(f'ALTER TABLE "{name}" DISABLE ROW LEVEL SECURITY')
        yield
    finally:
        for name in names:
            await books.connection.execute(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY')
