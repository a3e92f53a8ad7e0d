"""The rules by which an engine that distributes tables over machines takes the schema, held to the catalogue.

They are those of Citus with `company_id` as the distribution column (docs/scaling.md); nothing here runs on it.
"""

from __future__ import annotations

from local.postgres import Postgres
from tests.bizcall.catalogue import DIRECTORY, as_owner, foreign_keys

REFERENCE = frozenset({"company", "plan"})
"""Small tables that every machine would hold a copy of: each distributed table may refer to them by any key."""

LOCAL = DIRECTORY - REFERENCE | {"migration", "throttle"}
"""Tables that would stay on the coordinator: found before any company is known."""

GIVEN_UP = frozenset({("credential", "admin")})
"""Keys from the coordinator to a distributed table, which a move would drop; nothing deletes administrators."""


async def distributed(postgres: Postgres) -> set[str]:
    """All other tables, which would be distributed."""
    rows = await as_owner(
        postgres,
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition",
    )
    return {row["relname"] for row in rows} - REFERENCE - LOCAL


async def test_every_table_has_its_place(db: None, postgres: Postgres) -> None:
    tables = await distributed(postgres)
    assert {"line", "call", "message", "call_hour", "audit_record"} <= tables
    rows = await as_owner(
        postgres,
        "SELECT attrelid::regclass::text AS name, atttypid::regtype::text AS type, attnotnull AS filled"
        " FROM pg_attribute WHERE attname = 'company_id' AND attrelid = ANY($1::regclass[]::oid[])",
        sorted(tables),
    )
    assert {row["name"] for row in rows} == tables
    # Tables whose rows are to lie together must be distributed by columns of one type, which are never null.
    assert {(row["type"], row["filled"]) for row in rows} == {("uuid", True)}


async def test_every_unique_or_exclusive_key_of_a_distributed_table_has_the_company(
    db: None, postgres: Postgres
) -> None:
    tables = await distributed(postgres)
    rows = await as_owner(
        postgres,
        "SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS parent, i.indisprimary,"
        " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'company_id'"
        " AND a.attnum = ANY(i.indkey[0:i.indnkeyatts - 1])) AS carries"
        " FROM pg_index i WHERE i.indrelid = ANY($1::regclass[]::oid[])"
        " AND (i.indisunique OR i.indisexclusion)",
        sorted(tables),
    )
    assert {row["parent"] for row in rows if row["indisprimary"]} == tables
    assert [row["name"] for row in rows if not row["carries"]] == []
    exclusions = await as_owner(
        postgres,
        "SELECT conname::text FROM pg_constraint WHERE contype = 'x' AND conrelid = ANY($1::regclass[]::oid[])"
        " AND NOT EXISTS (SELECT FROM unnest(conkey, conexclop) AS part (attnum, operator)"
        " JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = part.attnum"
        " JOIN pg_operator o ON o.oid = part.operator WHERE a.attname = 'company_id' AND o.oprname = '=')",
        sorted(tables),
    )
    assert exclusions == []


async def test_foreign_keys_stay_on_one_machine(db: None, postgres: Postgres) -> None:
    tables = await distributed(postgres)
    keys = await foreign_keys(postgres)
    assert len(keys) > 20
    for key in keys:
        if key.child in tables:
            together = key.parent in tables and ("company_id", "company_id") in zip(
                key.columns, key.targets, strict=True
            )
            assert together or key.parent in REFERENCE, key.name
        elif key.child in REFERENCE:
            assert key.parent in REFERENCE, key.name
        else:
            # A table of the coordinator may refer to its neighbours, and to copies, but not to what lies elsewhere.
            assert key.parent in LOCAL | REFERENCE or (key.child, key.parent) in GIVEN_UP, key.name
    assert {(key.child, key.parent) for key in keys} >= GIVEN_UP


async def test_no_foreign_key_changes_the_company_of_a_row(db: None, postgres: Postgres) -> None:
    rows = await as_owner(
        postgres,
        "SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY($1::regclass[]::oid[])"
        " AND (confupdtype <> 'a' OR confdeltype NOT IN ('a', 'r', 'c'))",
        sorted(await distributed(postgres)),
    )
    assert rows == []
