"""Builders of companies for tests; each is new, with numbers that no other has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from uuid import UUID

from bizcall import companies
from bizcall.admins.passwords import NOBODYS
from bizcall.companies import LineDraft
from bizcall.database import directory, query, tenant
from bizcall.ids import uuid7
from bizcall.models import Admin, Company, Department, Line, NumberDirectory

_companies = count(1)


@dataclass
class Tenant:
    """A company in the database with the keys that tests need."""

    id: UUID
    admin_id: UUID
    mobile: str
    numbers: list[str]
    line_ids: list[UUID]
    departments: dict[str, UUID] = field(default_factory=dict)

    @property
    def login_id(self) -> str:
        """The representative number."""
        return self.numbers[0]


async def make_tenant(*, lines: int = 10, departments: tuple[str, ...] = ("영업팀", "개발팀")) -> Tenant:
    """A company with `lines` free lines, every third of which has a RID, and one administrator."""
    serial = next(_companies)
    base = 7010000000 + serial * 10000
    numbers = [f"0{base + i}" for i in range(lines)]
    made = Tenant(uuid7(), uuid7(), f"010{serial:08d}", numbers, [uuid7() for _ in numbers])
    async with tenant(made.id):
        await Company.create(id=made.id, name=f"회사 {serial}", representative_number=numbers[0])
        await NumberDirectory.bulk_create([NumberDirectory(number=n, company_id=made.id) for n in numbers])
        await Line.bulk_create(
            [
                Line(id=key, company_id=made.id, number=n, rid=numbers[0] if i % 3 == 0 else None)
                for i, (key, n) in enumerate(zip(made.line_ids, numbers, strict=True))
            ]
        )
        for name in departments:
            row = await Department.create(company_id=made.id, name=name)
            made.departments[name] = row.id
        await Admin.create(id=made.admin_id, company_id=made.id, name="김관리", mobile=made.mobile)
    return made


async def company_with_lines(name: str, numbers: Sequence[str], since: datetime | None = None) -> UUID:
    """A company with these lines, in normal form, from now or `since` on, and nobody; the lowest represents it."""
    key = uuid7()
    async with tenant(key):
        await Company.create(id=key, name=name, representative_number=companies.lowest(numbers))
        await companies.claim(key, [LineDraft(number, since=since) for number in numbers])
    return key


async def owner_of(number: str) -> UUID | None:
    """The company that has a number, in normal form; None when nobody has."""
    async with directory():
        row = await NumberDirectory.get_or_none(number=number)
    return row.company_id if row else None


async def employ(company_id: UUID, admin_id: UUID, login_id: str, mobile: str, password_hash: str = NOBODYS) -> None:
    """Let an administrator of the company be one who can sign in, by default with a password that nobody knows."""
    async with tenant(company_id):
        await query(
            """
            INSERT INTO credential (
                admin_id, company_id, login_id, password_hash, mobile, password_changed_at, registered_at
            ) VALUES ($1, $2, $3, $4, $5, now(), now()) ON CONFLICT DO NOTHING
            """,
            admin_id,
            company_id,
            login_id,
            password_hash,
            mobile,
        )
