"""Companies for journeys that must not meet in the demo company, written in SQL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

import asyncpg
from argon2 import PasswordHasher

from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID

PASSWORD = "journey2026"

_serials = count(1)


@dataclass(frozen=True)
class Operator:
    """One of the provider's own staff."""

    login_id: str
    mobile: str


@dataclass(frozen=True)
class Company:
    """A company of a journey: who signs in, and its numbers."""

    id: UUID
    name: str
    mobile: str
    numbers: list[str]

    @property
    def login_id(self) -> str:
        """The representative number."""
        return self.numbers[0]


@dataclass(frozen=True)
class Tenure:
    """That somebody holds a line, in one department ("" is none), from one moment until another."""

    number: str
    name: str
    department: str
    since: datetime
    until: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether it holds at that moment."""
        return self.since <= at and (self.until is None or at < self.until)


async def make_company(database: str, *, lines: int, registered: bool = True) -> Company:
    """A company with lines, free for a year, a department 영업팀 and an administrator, whose password is PASSWORD.

    One who has not registered has no password that anybody knows: he waits for his welcome message.
    """
    serial = next(_serials)
    numbers = [f"0{7090000000 + serial * 100000 + place}" for place in range(lines)]
    made = Company(uuid7(), f"여정상사 {serial}", f"0109{serial:07d}", numbers)
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(made.id))
            await connection.execute(
                "INSERT INTO company (id, name, representative_number) VALUES ($1, $2, $3)",
                made.id,
                made.name,
                made.login_id,
            )
            await connection.execute(
                "INSERT INTO number_directory (number, company_id) SELECT unnest($2::text[]), $1", made.id, numbers
            )
            await connection.execute(
                "INSERT INTO line (company_id, id, number, created_at)"
                " SELECT $1, v.*, now() - interval '1 year' FROM unnest($2::uuid[], $3::text[]) AS v",
                made.id,
                [uuid7() for _ in numbers],
                numbers,
            )
            await connection.execute(
                "INSERT INTO department (company_id, id, name) VALUES ($1, $2, '영업팀')", made.id, uuid7()
            )
            await _employ(connection, made.id, made.login_id, made.mobile, registered=registered)
    finally:
        await connection.close()
    return made


async def settle(database: str, company: Company, tenures: Sequence[Tenure]) -> None:
    """Let people have held free lines since whenever they are said to, which the API lets nobody enter afterwards.

    Several tenures of one name on one line, in the order of time, are somebody who changed departments.
    """
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
            departments: dict[str, UUID | None] = {"": None}
            for name in sorted({each.department for each in tenures} - {""}):
                departments[name] = await connection.fetchval(_DEPARTMENT, company.id, uuid7(), name)
            people: dict[tuple[str, str], UUID] = {}
            for each in tenures:
                key = people.setdefault((each.number, each.name), uuid7())
                where = departments[each.department]
                await connection.execute(
                    _HOLDER, company.id, key, each.number, where, each.name, each.since, each.until
                )
                await connection.execute(
                    "INSERT INTO membership (company_id, subscriber_id, department_id, started_at, ended_at)"
                    " VALUES ($1, $2, $3, $4, $5)",
                    company.id,
                    key,
                    where,
                    each.since,
                    each.until,
                )
    finally:
        await connection.close()


_DEPARTMENT = """
WITH made AS (
    INSERT INTO department (company_id, id, name)
    SELECT $1, $2, $3::text WHERE NOT EXISTS (SELECT FROM department WHERE company_id = $1 AND name = $3)
    RETURNING id
)
SELECT id FROM made UNION ALL SELECT id FROM department WHERE company_id = $1 AND name = $3
"""
_HOLDER = """
INSERT INTO subscriber (company_id, id, line_id, department_id, name, started_at, ended_at, updated_at)
SELECT $1, $2, id, $4, $5, $6, $7, $6 FROM line WHERE company_id = $1 AND number = $3
ON CONFLICT (company_id, id) DO UPDATE SET department_id = excluded.department_id, ended_at = excluded.ended_at
"""


async def make_operator(database: str) -> Operator:
    """An operator, whose password is PASSWORD."""
    serial = next(_serials)
    made = Operator(f"operator{serial}", f"0109{serial:07d}")
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(PROVIDER_ID))
            await _employ(connection, PROVIDER_ID, made.login_id, made.mobile, registered=True)
    finally:
        await connection.close()
    return made


async def _employ(
    connection: asyncpg.Connection, company_id: UUID, login_id: str, mobile: str, *, registered: bool
) -> None:
    """An administrator of the company that the transaction sees."""
    admin = uuid7()
    await connection.execute(
        "INSERT INTO admin (company_id, id, name, mobile) VALUES ($1, $2, $3, $4)",
        company_id,
        admin,
        "여관리" if registered else "",
        mobile,
    )
    await connection.execute(
        "INSERT INTO credential (admin_id, company_id, login_id, password_hash, mobile, password_changed_at,"
        " registered_at, temporary_until)"
        " VALUES ($1, $2, $3, $4, $5, now(), CASE WHEN $6 THEN now() END, CASE WHEN NOT $6 THEN now() END)",
        admin,
        company_id,
        login_id,
        PasswordHasher().hash(PASSWORD if registered else secrets.token_hex()),
        mobile,
        registered,
    )
