"""The second wall: what PostgreSQL itself keeps apart, whatever the code above forgets. Everything commits for real."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from bizcall.database import directory, query, tenant
from bizcall.ids import uuid7
from bizcall.models import Line
from local.postgres import Postgres
from tests.bizcall.catalogue import DIRECTORY, ForeignKey, age, as_owner, foreign_keys, stripped
from tests.factories import Tenant, make_tenant
from tests.statements import ON_PURPOSE

TENANTS_TABLES = (
    "line",
    "department",
    "subscriber",
    "membership",
    "admin",
    "audit_record",
    "audit_seal",
    "idempotency_key",
    "upload",
)


@pytest.mark.parametrize("table", [*TENANTS_TABLES, "company"])
async def test_a_forgotten_tenant_raises(company: Tenant, table: str) -> None:
    async with directory():
        with pytest.raises(OperationalError, match=r"app\.company_id|uuid"):
            await query(f"SELECT count(*) FROM {table} /* {ON_PURPOSE} */")


async def test_a_statement_outside_any_transaction_raises(company: Tenant) -> None:
    with pytest.raises(RuntimeError):
        await query("SELECT 1")
    with pytest.raises(OperationalError, match=r"app\.company_id|uuid"):
        await Line.filter(company_id=company.id)


async def test_what_a_company_sees_is_its_own_where_the_filter_is_forgotten(company: Tenant, stranger: Tenant) -> None:
    async with tenant(company.id):
        for table in ("line", "department", "admin", "line_row"):
            [found] = await query(f"SELECT array_agg(DISTINCT company_id) AS ids FROM {table} /* {ON_PURPOSE} */")
            assert found["ids"] == [company.id]
        [found] = await query("SELECT array_agg(id) AS ids FROM company")
        assert found["ids"] == [company.id]
        assert await Line.filter(company_id=stranger.id) == []


async def test_a_row_of_another_company_is_neither_written_nor_changed(company: Tenant, stranger: Tenant) -> None:
    with pytest.raises(OperationalError, match="row-level security"):
        async with tenant(company.id):
            await query("INSERT INTO department (company_id, id, name) VALUES ($1, $2, 'x')", stranger.id, uuid7())
    with pytest.raises(OperationalError, match="row-level security"):
        async with tenant(company.id):
            await query("UPDATE department SET company_id = $2 WHERE company_id = $1", company.id, stranger.id)
    async with tenant(company.id):
        changed = await query("UPDATE department SET name = 'x' WHERE company_id = $1 RETURNING id", stranger.id)
        gone = await query("DELETE FROM idempotency_key WHERE company_id = $1 RETURNING key", stranger.id)
    assert (changed, gone) == ([], [])


async def test_a_tenant_ends_with_its_transaction_however_that_ends(company: Tenant) -> None:
    with pytest.raises(OperationalError):
        async with tenant(company.id):
            await query("SELECT 1 / 0")
    for _ in range(10):
        async with directory():
            with pytest.raises(OperationalError):
                await query(f"SELECT count(*) FROM line /* {ON_PURPOSE} */")


async def test_interleaved_tenants_on_few_connections_never_leak(db: None) -> None:
    companies = [await make_tenant(lines=3) for _ in range(8)]

    async def look(turn: int) -> None:
        company = companies[turn % 8]
        async with tenant(company.id):
            for _ in range(3):
                [found] = await query(f"SELECT array_agg(number ORDER BY number) AS n FROM line /* {ON_PURPOSE} */")
                assert found["n"] == company.numbers
                await asyncio.sleep(0.001 * (turn % 3))

    await asyncio.gather(*(look(turn) for turn in range(160)))


async def test_every_table_of_companies_stands_under_forced_row_level_security(db: None, postgres: Postgres) -> None:
    rows = await as_owner(
        postgres,
        "SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,"
        " coalesce((SELECT bool_and(pg_get_expr(polqual, polrelid) LIKE '%(current_setting(''app.company_id''::text))%'"
        # A restrictive policy can only take away from what the permissive one lets through.
        " AND polcmd = '*') FILTER (WHERE polpermissive) FROM pg_policy WHERE polrelid = c.oid), false) AS keyed"
        " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND (c.relname = 'company' OR EXISTS"
        " (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'company_id'))",
    )
    assert {row["name"] for row in rows} > {*TENANTS_TABLES, "company"}
    assert {row["name"] for row in rows if not (row["forced"] and row["keyed"])} <= DIRECTORY
    views = await as_owner(
        postgres,
        "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'",
    )
    assert views
    assert all("security_invoker=true" in (view["reloptions"] or ()) for view in views)


async def test_every_foreign_key_between_tables_of_companies_leads_with_the_company(
    db: None, postgres: Postgres
) -> None:
    keys = [key for key in await foreign_keys(postgres) if key.parent not in DIRECTORY and key.parent != "company"]
    assert len(keys) > 5
    assert [key.name for key in keys if (key.columns[0], key.targets[0]) != ("company_id", "company_id")] == []


async def test_a_foreign_companys_ids_cannot_be_referenced_in_SQL(
    company: Tenant, stranger: Tenant, postgres: Postgres
) -> None:
    keys = [key for key in await foreign_keys(postgres) if len(key.columns) > 1]
    assert {"line", "department", "subscriber", "admin"} <= {key.parent for key in keys}
    for key in keys:
        assert await accepts(postgres, key, child_of=stranger.id, parent_of=stranger.id), key
        assert not await accepts(postgres, key, child_of=company.id, parent_of=stranger.id), key


async def accepts(postgres: Postgres, key: ForeignKey, *, child_of: UUID, parent_of: UUID) -> bool:
    """Whether the real tables take such a child, as the owner whom no policy stops, with only this one key in force."""
    others = [uuid7() for _ in key.targets[1:]]
    marks = ", ".join(f"${i + 1}" for i in range(len(key.targets)))
    async with stripped(postgres, key) as connection:
        await connection.execute(
            f"INSERT INTO {key.parent} ({', '.join(key.targets)}) VALUES ({marks})", parent_of, *others
        )
        try:
            await connection.execute(
                f"INSERT INTO {key.child} ({', '.join(key.columns)}) VALUES ({marks})", child_of, *others
            )
        except asyncpg.ForeignKeyViolationError:
            return False
    return True


async def test_the_role_that_serves_requests_owns_nothing_and_bypasses_nothing(db: None, postgres: Postgres) -> None:
    [role] = await as_owner(
        postgres,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = 'app'",
    )
    assert set(role.values()) == {False}
    owned = "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'app'"
    assert await as_owner(postgres, owned) == []
    member = "SELECT roleid FROM pg_auth_members WHERE member = 'app'::regrole"
    assert await as_owner(postgres, member) == []
    [rights] = await as_owner(
        postgres,
        "SELECT has_schema_privilege('app', 'public', 'CREATE') AS creates,"
        " bool_or(has_table_privilege('app', oid, 'TRUNCATE') OR has_table_privilege('app', oid, 'TRIGGER')) AS more"
        " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')",
    )
    assert rights == {"creates": False, "more": False}


async def test_nothing_that_history_names_can_be_deleted(postgres: Postgres, db: None) -> None:
    rows = await as_owner(
        postgres,
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND has_table_privilege('app', oid, 'DELETE')",
    )
    signing_in = {"sign_in_attempt", "device", "challenge", "session", "account_message", "former_password"}
    counting = {"throttle"}
    dispatching = {"outbox", "inbox", "delivery_directory", "gateway_report", "message_failure"}
    # A number that was retired is free for another company (ON-01); its line stays.
    others = {"idempotency_key", "import_deadline", "export_deadline", "number_directory"}
    # What a correction replaces goes, and rollups are made anew from what is left.
    feeding = {"call", "message", "feed_reject"} | {
        f"{fact}_{rollup}"
        for fact in ("call", "message")
        for rollup in ("hour", "department_hour", "department_day", "line_day", "line_month")
    }
    # What people told goes when its time is over (P7); nothing else names these rows.
    disposing = {"customer", "export", "import_finding", "import_row"}
    # An edit may leave an attachment out; its file stays.
    publishing = {"notice_attachment"}
    known = others | dispatching | signing_in | counting | feeding | disposing | publishing
    # The rest only 90 days after the company's contract has ended: a restrictive policy says so.
    ended = await as_owner(
        postgres,
        "SELECT polrelid::regclass::text AS name FROM pg_policy WHERE polname = 'ended' AND NOT polpermissive"
        " AND polcmd = 'd' AND pg_get_expr(polqual, polrelid) LIKE '%state%ENDED%ended_at%90 days%'",
    )
    assert {row["relname"] for row in rows} == known | {row["name"] for row in ended}


async def test_CO_03_P7_rows_that_history_names_go_only_90_days_after_the_end_of_the_contract(
    company: Tenant, postgres: Postgres
) -> None:
    async def remove() -> tuple[int, int]:
        async with tenant(company.id):
            lines = await query("DELETE FROM line WHERE company_id = $1 AND id = $2 RETURNING id", company.id, line)
            [counts] = await query("SELECT events, facts FROM provisioning_empty($1, 10)", company.id)
        return len(lines), counts["facts"]

    line, name = company.line_ids[1], str(company.id)
    async with directory():
        await query("INSERT INTO provisioning_subscription VALUES ($1, $2, now())", name, company.id)
        await query("INSERT INTO provisioning_fact VALUES ($1, 'NAME', true, '바름', now(), 'e1')", name)
    # Whoever has the role can end a contract, and date the end back in one column; the database's own is not his.
    for state in ("ACTIVE", "SUSPENDED", "ENDED"):
        async with directory():
            await query(
                "UPDATE company_directory SET state = $2, state_changed_at = '2020-01-01' WHERE company_id = $1",
                company.id,
                state,
            )
        assert await remove() == (0, 0)
    for refused in (
        "UPDATE company_directory SET ended_at = '2020-01-01' WHERE company_id = $1",
        "UPDATE company_directory SET company_id = $1 WHERE company_id = $1",
        "DELETE FROM provisioning_fact WHERE subscription = $1::uuid::text",
        "DELETE FROM provisioning_event WHERE company_id = $1",
    ):
        with pytest.raises(OperationalError, match="permission denied"):
            async with tenant(company.id):
                await query(refused, company.id)
    for days, gone in ((89, (0, 0)), (91, (1, 1))):
        await age(postgres, company.id, days=days)
        assert await remove() == gone


@pytest.mark.parametrize("statement", ["UPDATE audit_record SET action = 'x'", "DELETE FROM audit_record"])
async def test_audit_records_are_neither_changed_nor_deleted(company: Tenant, statement: str) -> None:
    with pytest.raises(OperationalError, match="permission denied"):
        async with tenant(company.id):
            await query(f"{statement} WHERE company_id = $1", company.id)
