"""What tells every row of a company, as the owner of the tables."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from local.postgres import Postgres

TABLES = """
SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@asynccontextmanager
async def ledger(postgres: Postgres) -> AsyncGenerator[Ledger]:
    """A Ledger on a connection of its own, as long as the context lasts."""
    connection = await asyncpg.connect(postgres.url("owner"))
    try:
        names = [row["name"] for row in await connection.fetch(TABLES)]
        yield Ledger(connection, names)
    finally:
        await connection.close()


@dataclass
class Ledger:
    """Reads all tables that name companies."""

    connection: Any
    tables: list[str]

    async def rows(self, company_id: UUID) -> dict[str, list[str]]:
        """All rows of a company as text, by table."""
        one = "SELECT '{0}' AS name, t::text AS text FROM \"{0}\" t WHERE company_id = $1"
        parts = [one.format(name) for name in self.tables]
        parts.append("SELECT 'company', t::text FROM company t WHERE id = $1")
        await self.connection.execute("SELECT set_config('app.company_id', $1, false)", str(company_id))
        found: dict[str, list[str]] = {name: [] for name in [*self.tables, "company"]}
        for row in await self.connection.fetch(" UNION ALL ".join(parts) + " ORDER BY 1, 2", company_id):
            found[row["name"]].append(row["text"])
        return found


def uuids(text: str) -> set[str]:
    """All UUIDs in a text, as 32 digits."""
    return {found.replace("-", "") for found in UUIDS.findall(text)}


async def left(books: Ledger, company_id: UUID, *texts: str) -> dict[str, set[str]]:
    """Tables in which a text still stands, by the text."""
    rows = await books.rows(company_id)
    return {text: {name for name, found in rows.items() if any(text in row for row in found)} for text in texts}
