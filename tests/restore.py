"""A backup that was restored is the same database: `python -m tests.restore`.

Starts a PostgreSQL with two companies, the demo company, a month of calls and sealed audit records; tries the dumps
that row-level security refuses; restores the complete one into an empty server of its own, as operators are told to;
and compares both: every table's rows by content, owners, grants, row-level security, policies, functions, triggers,
constraints, indexes. Then the application works on what was restored: it sees its own company only, audit chains hold,
rollups equal their facts, no migration is missing. At last people and servers lose their access in the first server,
and `infra/after_restore.sql` takes it from them in the restored one, too. Prints a line a check and ends with 1 if any
fails.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg

from benchmarks.registering import FileStorage, NoQueue
from bizcall import audit, database, feeds, migrate, months
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.feeds import keys
from bizcall.models.feeds import FeedKind
from bizcall.stats.comparing import Span, differences
from bizcall.stats.rollups import CALLS
from local import generator, seed, state
from local.postgres import DATABASE, Postgres
from local.programs import programs
from tests import restored_access
from tests.factories import Tenant, make_tenant

CALLS_LOADED = 5_000

OURS = "ANY (ARRAY(SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'))"
"""Schemas, of which the months of facts have one of their own."""

RELATIONS = f"""
SELECT oid::regclass::text AS name, relkind::text AS kind, pg_get_userbyid(relowner) AS owner,
       relrowsecurity, relforcerowsecurity,
       (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(relacl) AS one) AS granted
FROM pg_class WHERE relnamespace = {OURS} AND relkind IN ('r', 'p', 'v', 'S') ORDER BY 1
"""
CATALOGUE = {
    "tables, owners, grants, row-level security": RELATIONS,
    "policies": "SELECT * FROM pg_policies ORDER BY schemaname, tablename, policyname",
    "functions": f"""
        SELECT oid::regprocedure::text AS name, pg_get_userbyid(proowner) AS owner, pg_get_functiondef(oid) AS body,
               (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(proacl) AS one) AS granted
        FROM pg_proc WHERE pronamespace = {OURS} ORDER BY 1
    """,
    "triggers": """
        SELECT tgrelid::regclass::text AS place, pg_get_triggerdef(oid) AS body, tgenabled::text
        FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    "constraints": f"""
        SELECT conrelid::regclass::text AS place, conname, convalidated,
               -- A condition that was read again has fewer brackets.
               translate(pg_get_constraintdef(oid), '() ', '') AS body
        FROM pg_constraint WHERE connamespace = {OURS} ORDER BY 1, 2
    """,
    "indexes": f"""
        SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS body, indisvalid
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = {OURS} ORDER BY 1
    """,
    "schemas": f"""
        SELECT nspname, pg_get_userbyid(nspowner) AS owner,
               (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(nspacl) AS one) AS granted
        FROM pg_namespace WHERE oid = {OURS} ORDER BY 1
    """,
}


@dataclass
class Server:
    """One server with the role `backup`, which reads everything, and the programs to dump and restore it."""

    home: pathlib.Path = field(default_factory=state.scratch)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __post_init__(self) -> None:
        self.postgres = Postgres(self.home, durable=False)
        self.programs = programs(self.home)
        self.postgres.start()
        self.postgres.stop()
        self._add_role()
        self.postgres.start()

    def url(self, role: str) -> str:
        """The address of `owner`, `app` or `backup`."""
        if role == "backup":
            return f"postgres://backup:{self.password}@127.0.0.1:{self.postgres.port}/{DATABASE}?sslmode=disable"
        return self.postgres.url("owner" if role == "owner" else "app")

    def run(self, program: str, *arguments: str) -> tuple[int, str]:
        """Exit code and words of one of PostgreSQL's programs."""
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr.strip()

    def remove(self) -> None:
        """Stop it and remove its files."""
        self.postgres.stop()
        shutil.rmtree(self.home)

    def _add_role(self) -> None:
        """What needs a superuser, whom the embedded server lets in by no other way."""
        data, postgres = self.home / "cluster" / "data", str(self.programs / "postgres")
        with (data / "pg_hba.conf").open("a") as hosts:
            hosts.write("host all backup 127.0.0.1/32 scram-sha-256\n")
        subprocess.run(
            [postgres, "--single", "-D", str(data), "-F", "-c", "exit_on_error=true", "postgres"],
            input=f"CREATE ROLE backup LOGIN BYPASSRLS PASSWORD '{self.password}'\nGRANT pg_read_all_data TO backup\n",
            cwd="/", text=True, capture_output=True, check=True, env={"PATH": os.defpath, "LC_ALL": "C"},
            **state.identity(),
        )  # fmt: skip


async def fill(server: Server, folder: pathlib.Path) -> tuple[Tenant, Tenant]:
    """Companies, a month of calls, sealed audit records; returns the company that has the calls, and another."""
    await migrate.apply(server.url("owner"))
    await database.connect(server.url("app"), size=2, command_timeout=120)
    await seed.seed()
    other = await make_tenant()
    company = await make_tenant()
    month = months.shifted(months.today(), -1)
    async with tenant(company.id):
        await query("UPDATE line SET created_at = created_at - interval '1 year' WHERE company_id = $1", company.id)
        await audit.record(company.id, Actor(ActorKind.NOBODY), "admins.sign_in")
    path = folder / "calls.csv.gz"
    generator.write(path, "calls", company.numbers, month.year, month.month, CALLS_LOADED)
    loaded = await feeds.receive(
        keys.feed(FeedKind.CALLS, company.id, "a.csv.gz"), storage=FileStorage(path), queue=NoQueue()
    )
    if loaded is None or loaded.loaded != CALLS_LOADED:
        raise ValueError(f"not all calls went in: {loaded}")
    await audit.seal_due(margin=timedelta(0))
    await database.disconnect()
    await restored_access.admit(server.url("app"), company, other)
    return company, other


async def contents(server: Server) -> dict[str, tuple[int, int]]:
    """Rows of each table, and a sum over what stands in them."""
    connection = await asyncpg.connect(server.url("backup"))
    try:
        tables = [row["name"] for row in await connection.fetch(RELATIONS) if row["kind"] == "r"]
        found = {}
        for table in tables:
            row = await connection.fetchrow(
                f"SELECT count(*), coalesce(sum(hashtextextended(one::text, 0)), 0)::numeric::text FROM {table} AS one"
            )
            found[table] = (row[0], row[1])
        return found
    finally:
        await connection.close()


async def catalogue(server: Server) -> dict[str, list[tuple[object, ...]]]:
    """What the catalogue says of each sort of thing."""
    connection = await asyncpg.connect(server.url("backup"))
    try:
        return {name: [tuple(row) for row in await connection.fetch(sql)] for name, sql in CATALOGUE.items()}
    finally:
        await connection.close()


async def works(server: Server, company: Tenant) -> dict[str, bool]:
    """What the application finds in a restored database."""
    found = {"outside of companies nothing is seen": False, "audit records can't be removed": False}
    found["no migration is missing"] = await migrate.apply(server.url("owner")) == []
    connection = await asyncpg.connect(server.url("app"))
    try:
        try:
            await connection.fetchval("SELECT count(*) FROM line")
        except asyncpg.UndefinedObjectError:
            found["outside of companies nothing is seen"] = True
        await connection.execute("SELECT set_config('app.company_id', $1, false)", str(company.id))
        [seen] = await connection.fetch("SELECT count(*) AS lines, count(DISTINCT company_id) AS companies FROM line")
        found["within one, its own alone"] = (seen["lines"], seen["companies"]) == (len(company.numbers), 1)
        try:
            await connection.execute("DELETE FROM audit_record WHERE company_id = $1", company.id)
        except asyncpg.InsufficientPrivilegeError:
            found["audit records can't be removed"] = True
    finally:
        await connection.close()
    await database.connect(server.url("app"), size=2, command_timeout=120)
    verdict = await audit.verify(company.id)
    found["the audit chain holds"] = verdict.seals > 0 and not verdict.faults
    month = months.shifted(months.today(), -1)
    async with tenant(company.id):
        [counted] = await query("SELECT count(*) AS calls FROM call WHERE company_id = $1", company.id)
        span = Span(month, months.shifted(month, 1))
        differing = [row for rollup in CALLS.rollups for row in await differences(company.id, CALLS, rollup, span)]
    found["calls are all there, and rollups say what they say"] = (counted["calls"], differing) == (CALLS_LOADED, [])
    await database.disconnect()
    return found


async def main() -> int:
    """Fill, dump, restore, compare; 0 if everything is as it was."""
    folder = state.scratch()
    first, second = Server(), Server()
    failed = 0

    def told(what: str, good: bool, words: str = "") -> None:
        nonlocal failed
        failed += not good
        print(f"{'ok  ' if good else 'FAIL'}  {what}{f': {words}' if words else ''}", flush=True)

    try:
        company, other = await fill(first, folder)
        before, shape = await contents(first), await catalogue(first)
        file = str(folder / "bizcall.dump")

        def dump(role: str, *more: str) -> tuple[int, str]:
            return first.run("pg_dump", "--format=custom", f"--file={file}", *more, first.url(role))

        code, words = dump("owner")
        told("the owner's dump is refused", code != 0 and "row-level security" in words, words.splitlines()[0])
        code, words = dump("owner", "--enable-row-security")
        told("and the one under row-level security, which would lack rows", code != 0, words.splitlines()[0])
        code, words = dump("backup")
        told("the dump of a role that bypasses it", code == 0, words)
        words = restored(second, file)
        told("restored as the owner", words == "", words)
        after = await contents(second)
        rows = sum(count for count, _ in before.values())
        wrong = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        told(f"{rows} rows of {len(before)} tables", not wrong and rows > CALLS_LOADED, ", ".join(wrong))
        for name, found in (await catalogue(second)).items():
            told(f"{len(found)} {name}", found == shape[name] and len(found) > 0, difference(shape[name], found))
        for name, good in (await works(second, company)).items():
            told(name, good)
        for name, good in (await revoked(first, second, company, other, folder)).items():
            told(name, good)
    finally:
        for server in (first, second):
            server.remove()
        shutil.rmtree(folder)
    return 1 if failed else 0


async def revoked(
    first: Server, second: Server, company: Tenant, other: Tenant, folder: pathlib.Path
) -> dict[str, bool]:
    """Whether what is revoked in the first server can be revoked in the restored one."""
    access, ways = restored_access.ACCESS, restored_access.WAYS
    before = await restored_access.found(second.url("backup"), ways)
    await restored_access.revoke(first.url("app"), company, other.admin_id)
    wanted = await restored_access.found(first.url("backup"), access)
    revived = await restored_access.found(second.url("backup"), access)
    psql = shutil.which("psql") or str(second.programs / "psql")
    words = restored_access.shut(psql, first.url("app"), second.url("app"), folder)
    after = await restored_access.found(second.url("backup"), access)
    left = await restored_access.found(second.url("backup"), ways)
    checks = {f"infra/after_restore.sql runs{f': {words}' if words else ''}": not words}
    page = (pathlib.Path(__file__).parents[1] / "docs" / "operations.md").read_text()
    checks["operators are told to read what is read here"] = all(
        sql in page for sql in restored_access.TAKEN_ALONG.values()
    )
    checks |= {f"{name} are the first server's again": revived[name] != wanted[name] == after[name] for name in access}
    return checks | {f"no {name} are left": before[name] != [(0,)] == left[name] for name in ways}


def restored(server: Server, file: str) -> str:
    """Restore a dump into an empty database of that server; returns what was said, which is nothing if it went well."""
    arguments = ("--exit-on-error", "--single-transaction", f"--dbname={server.url('owner')}", file)
    return server.run("pg_restore", *arguments)[1]


def difference(before: list[tuple[object, ...]], after: list[tuple[object, ...]]) -> str:
    """The first thing that isn't in both."""
    apart: Callable[[tuple[object, ...]], bool] = lambda row: (row in before) != (row in after)  # noqa: E731
    return next((str(row)[:300] for row in [*before, *after] if apart(row)), "")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
