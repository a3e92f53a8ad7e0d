"""What `infra/after_restore.sql` takes away in a restored database, for `tests/restore.py`.

`admit` lets people and servers in before the dump; `revoke` ends that in the first server after it; `shut` runs the
file against the restored one as operators are told to, with what is read of the first.
"""

from __future__ import annotations

import pathlib
import subprocess
from datetime import timedelta
from uuid import UUID

import asyncpg

from benchmarks.registering import NoQueue
from bizcall import database, service_clients
from bizcall.admins import administering
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.ports import now
from tests.factories import Tenant, employ

FILE = pathlib.Path(__file__).parents[1] / "infra" / "after_restore.sql"
KEYS, SYSTEM = Keys("k" * 32), Actor(ActorKind.SYSTEM)

TAKEN_ALONG = {
    "credential.csv": "SELECT admin_id, company_id, login_id, password_hash, mobile, password_changed_at, created_at, "
    "temporary_until, registered_at, ended_at FROM credential",
    "service_client.csv": "SELECT id, ended_at FROM service_client WHERE ended_at IS NOT NULL",
}
"""What operators are told to read of the former instance; a check holds the page to it."""

ACCESS = {
    "accounts": "SELECT admin_id, login_id, password_hash, mobile, registered_at, ended_at FROM credential ORDER BY 1",
    "administrators": "SELECT id, company_id, mobile, ended_at FROM admin ORDER BY 1",
    "servers": "SELECT id, ended_at FROM service_client ORDER BY 1",
}
WAYS = {
    "sessions": "SELECT count(*) FROM session WHERE ended_at IS NULL",
    "half-done sign-ins": "SELECT count(*) FROM challenge WHERE used_at IS NULL",
    "temporary passwords": "SELECT count(*) FROM credential WHERE temporary_until > now()",
    "invitations": "SELECT count(*) FROM invitation WHERE used_at IS NULL AND expires_at > now()",
}


async def admit(url: str, company: Tenant, other: Tenant) -> None:
    """An operator, a server's token, a session, a half-done sign-in, an invitation."""
    await database.connect(url, size=1)
    at, keys = now(), [uuid7() for _ in range(5)]
    await administering.operator_create("leaving", "나가", "01012345670", keys=KEYS, actor=SYSTEM, queue=NoQueue())
    await service_clients.create("leaking", actor=SYSTEM)
    for each in (company, other):
        await employ(each.id, each.admin_id, each.login_id, each.mobile)
    async with tenant(company.id):
        await query(
            """
            INSERT INTO session (id, token_hash, company_id, admin_id, user_agent_hash, created_at, seen_at, expires_at)
            VALUES ($1, sha256('a'), $2, $3, sha256('b'), $4, $4, $5)
            """,
            keys[0], company.id, company.admin_id, at, at + timedelta(hours=1),
        )  # fmt: skip
        await query(
            """
            INSERT INTO challenge
                (id, token_hash, purpose, company_id, admin_id, mobile, device, created_at, expires_at)
            VALUES ($1, sha256('c'), 'SIGN_IN', $2, $3, $4, $1, $5, $6)
            """,
            keys[4], company.id, company.admin_id, company.mobile, at, at + timedelta(minutes=5),
        )  # fmt: skip
        await query(
            """
            INSERT INTO subscriber (company_id, id, line_id, name, started_at, updated_at)
            VALUES ($1, $2, $3, '김', $4, $4)
            """,
            company.id, keys[1], company.line_ids[0], at,
        )  # fmt: skip
        await query(
            """
            INSERT INTO invitation_batch (company_id, id, invitations, deliveries, created_at)
            VALUES ($1, $2, 1, 0, $3)
            """,
            company.id, keys[2], at,
        )  # fmt: skip
        await query(
            """
            INSERT INTO invitation (company_id, id, subscriber_id, batch_id, channels, created_at, expires_at)
            VALUES ($1, $2, $3, $4, '{SMS}', $5, $6)
            """,
            company.id, keys[3], keys[1], keys[2], at, at + timedelta(days=7),
        )  # fmt: skip
    await database.disconnect()


async def revoke(url: str, company: Tenant, other: UUID) -> None:
    """Replace the company's administrator, change another one's password, end the operator and the server's token."""
    await database.connect(url, size=1)
    await administering.replace(company.admin_id, "01098765432", keys=KEYS, actor=SYSTEM, queue=NoQueue())
    await administering.operator_end("leaving", actor=SYSTEM)
    await service_clients.end("leaking", actor=SYSTEM)
    async with directory():
        await query(
            "UPDATE credential SET password_hash = $2, password_changed_at = $3 WHERE admin_id = $1",
            other, "$argon2id$another", now(),
        )  # fmt: skip
    await database.disconnect()


async def found(url: str, statements: dict[str, str]) -> dict[str, list[tuple[object, ...]]]:
    """What the statements find, for a role that sees all companies."""
    connection = await asyncpg.connect(url)
    try:
        return {name: [tuple(row) for row in await connection.fetch(sql)] for name, sql in statements.items()}
    finally:
        await connection.close()


def shut(psql: str, former: str, restored: str, folder: pathlib.Path) -> str:
    """Do as operators are told, as the role `app` of both; returns what went wrong, nothing if all went well."""

    def run(*arguments: str) -> str:
        return subprocess.run([psql, *arguments], cwd=folder, capture_output=True, text=True, check=False).stderr

    words = "".join(run(former, "-c", rf"\copy ({sql}) TO '{name}' (FORMAT csv)") for name, sql in TAKEN_ALONG.items())
    return words + run("--set", "ON_ERROR_STOP=1", "--single-transaction", "--file", str(FILE), restored)
