"""What PostgreSQL's catalogue says about the tables, read as their owner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from local.postgres import Postgres

DIRECTORY = frozenset(
    {
        "account_message",
        "account_row",
        "audit_chain",
        "challenge",
        "company_directory",
        "credential",
        "delivery_directory",
        "device",
        "document_version",
        "export_deadline",
        "former_password",
        "gateway",
        "gateway_report",
        "import_deadline",
        "inbox",
        "message_failure",
        "notice",
        "notice_attachment",
        "number_directory",
        "number_freed",
        "outbox",
        "plan",
        "provisioning_event",
        "provisioning_fact",
        "provisioning_subscription",
        "service_client",
        "session",
        "sign_in_attempt",
        "verification_code",
    }
)
"""Tables outside companies: read before anybody's company is known, or by sweeps over all of them."""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; `child.columns` refer to `parent.targets`, which the index `target` keeps unique."""

    oid: int
    name: str
    child: str
    parent: str
    target: int
    columns: list[str]
    targets: list[str]


async def as_owner(postgres: Postgres, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    """The rows of a statement, as the role that owns the tables."""
    connection = await asyncpg.connect(postgres.url("owner"))
    try:
        return [dict(row) for row in await connection.fetch(sql, *parameters)]
    finally:
        await connection.close()


async def tenants(postgres: Postgres) -> set[str]:
    """Tables and views whose rows are companies', each of which says whose it is."""
    rows = await as_owner(
        postgres,
        "SELECT table_name::text FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'company_id'",
    )
    return {row["table_name"] for row in rows} - DIRECTORY


async def age(postgres: Postgres, company_id: UUID, *, days: int) -> None:
    """Let a company's contract have ended so many days ago by the database's clock, which no test turns."""
    await as_owner(
        postgres,
        "UPDATE company_directory SET ended_at = now() - make_interval(days => $2) WHERE company_id = $1",
        company_id,
        days,
    )


async def foreign_keys(postgres: Postgres) -> list[ForeignKey]:
    """All foreign keys of the schema."""
    names = (
        "array(SELECT a.attname::text FROM unnest({}) WITH ORDINALITY k (n, i)"
        " JOIN pg_attribute a ON a.attrelid = {} AND a.attnum = k.n ORDER BY k.i)"
    )
    rows = await as_owner(
        postgres,
        "SELECT con.oid::bigint AS oid, con.conname::text AS name, child.relname::text AS child,"
        " parent.relname::text AS parent, con.conindid::bigint AS target,"
        f" {names.format('con.conkey', 'con.conrelid')} AS columns,"
        f" {names.format('con.confkey', 'con.confrelid')} AS targets"
        " FROM pg_constraint con JOIN pg_class child ON child.oid = con.conrelid"
        " JOIN pg_class parent ON parent.oid = con.confrelid"
        " WHERE con.contype = 'f' AND con.connamespace = 'public'::regnamespace ORDER BY 2",
    )
    return [ForeignKey(**row) for row in rows]


@asynccontextmanager
async def stripped(postgres: Postgres, key: ForeignKey) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection, in a transaction where of all constraints of both tables only this key is in force.

    Rolled back at the end: an invented row would meet a dozen checks before the key that is to be tried.
    """
    connection = await asyncpg.connect(postgres.url("owner"))
    transaction = connection.transaction()
    await transaction.start()
    try:
        for table in {key.child, key.parent}:
            # The owner is bound by forced policies too, and they are not what is tried here.
            await connection.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        others = await connection.fetch(
            "SELECT conrelid::regclass::text AS tbl, conname FROM pg_constraint"
            " WHERE conrelid IN ($1::regclass, $2::regclass) AND oid <> $3::oid"
            " AND NOT (contype IN ('p', 'u') AND conindid = $4::oid) AND contype <> 'n'",
            key.child,
            key.parent,
            key.oid,
            key.target,
        )
        for other in others:
            await connection.execute(
                f'ALTER TABLE {other["tbl"]} DROP CONSTRAINT IF EXISTS "{other["conname"]}" CASCADE'
            )
        optional = await connection.fetch(
            "SELECT attrelid::regclass::text AS tbl, attname FROM pg_attribute"
            " WHERE attrelid IN ($1::regclass, $2::regclass) AND attnum > 0 AND attnotnull AND NOT attisdropped"
            " AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary"
            " AND attnum = ANY(indkey::smallint[]))",
            key.child,
            key.parent,
        )
        for column in optional:
            await connection.execute(f'ALTER TABLE {column["tbl"]} ALTER COLUMN "{column["attname"]}" DROP NOT NULL')
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()
