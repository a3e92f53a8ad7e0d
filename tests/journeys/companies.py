"""Companies for journeys that must not meet in the demo company, written in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from uuid import UUID

import asyncpg
from argon2 import PasswordHasher

from bizcall.ids import uuid7

PASSWORD = "journey2026"

_serials = count(1)


@dataclass(frozen=True)
class Company:
    """A company of a journey: who signs in, and its numbers."""

    id: UUID
    mobile: str
    numbers: list[str]

    @property
    def login_id(self) -> str:
        """The representative number."""
        return self.numbers[0]


async def make_company(database: str, *, lines: int) -> Company:
    """A company with free lines, one department 영업팀 and one administrator, whose password is PASSWORD."""
    serial = next(_serials)
    numbers = [f"0{7090000000 + serial * 100000 + place}" for place in range(lines)]
    made = Company(uuid7(), f"0109{serial:07d}", numbers)
    admin = uuid7()
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(made.id))
            await connection.execute(
                "INSERT INTO company (id, name, representative_number) VALUES ($1, $2, $3)",
                made.id,
                f"여정상사 {serial}",
                made.login_id,
            )
            await connection.execute(
                "INSERT INTO number_directory (number, company_id) SELECT unnest($2::text[]), $1", made.id, numbers
            )
            await connection.execute(
                "INSERT INTO line (company_id, id, number) SELECT $1, * FROM unnest($2::uuid[], $3::text[])",
                made.id,
                [uuid7() for _ in numbers],
                numbers,
            )
            await connection.execute(
                "INSERT INTO department (company_id, id, name) VALUES ($1, $2, '영업팀')", made.id, uuid7()
            )
            await connection.execute(
                "INSERT INTO admin (company_id, id, name, mobile) VALUES ($1, $2, '여관리', $3)",
                made.id,
                admin,
                made.mobile,
            )
            await connection.execute(
                "INSERT INTO credential (admin_id, company_id, login_id, password_hash, mobile, password_changed_at,"
                " registered_at) VALUES ($1, $2, $3, $4, $5, now(), now())",
                admin,
                made.id,
                made.login_id,
                PasswordHasher().hash(PASSWORD),
                made.mobile,
            )
    finally:
        await connection.close()
    return made
