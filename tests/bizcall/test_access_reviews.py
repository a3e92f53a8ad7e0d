"""The monthly review of access records (P3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import access_reviews, audit
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode
from bizcall.ids import uuid7
from tests.accounts import records, refused
from tests.doubles import Turned
from tests.factories import Tenant

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
TUESDAY = datetime(2026, 3, 10, 1, tzinfo=UTC)
"""Ten in the morning in Korea."""


@pytest.fixture
def clock() -> Turned:
    return Turned(datetime(2026, 4, 11, tzinfo=UTC))


async def act(
    company: Tenant, action: str, at: datetime = TUESDAY, *subjects: UUID, actor: Actor | None = None, **details: Any
) -> None:
    actor = actor or Actor(ActorKind.ADMIN, company.admin_id)
    async with tenant(company.id):
        await audit.record(company.id, actor, action, subjects, details, kind="Subscriber", clock=lambda: at)


async def test_P3_a_month_is_summed_up_by_act_and_person(company: Tenant, clock: Turned) -> None:
    operator = Actor(ActorKind.OPERATOR, uuid7())
    await act(company, "subscribers.save", TUESDAY, uuid7(), uuid7())
    await act(company, "subscribers.view", TUESDAY, uuid7(), count=12_000)
    await act(company, "customers.reveal", TUESDAY, uuid7(), actor=operator, count="many")
    await act(company, "exports.download", TUESDAY, uuid7(), reason="DISPUTE", note="민원 처리", rows=5)
    await act(company, "imports.download", TUESDAY + timedelta(hours=1), uuid7())
    found = await access_reviews.review(company.id, date(2026, 3, 17), clock=clock)
    assert (found.month, found.records, found.unexplained, found.confirmed) == (MARCH, 5, 1, None)
    assert {each.action: (each.records, each.subjects) for each in found.acts} == {
        "subscribers.save": (1, 2),
        "subscribers.view": (1, 12_000),
        "customers.reveal": (1, 1),
        "exports.download": (1, 1),
        "imports.download": (1, 1),
    }
    told = [(each.kind, each.id, each.records, each.views, each.downloads) for each in found.people]
    assert told == [
        (ActorKind.ADMIN, company.admin_id, 4, 3, 2),
        (ActorKind.OPERATOR, operator.id, 1, 1, 0),
    ]
    assert [row.action for row in found.downloads] == ["imports.download", "exports.download"]


async def test_P3_who_lays_customers_open_counts_as_one_who_looked(company: Tenant, clock: Turned) -> None:
    await act(company, "companies.policy", masksCustomers=False)
    found = await access_reviews.review(company.id, MARCH, clock=clock)
    assert (found.looks, [person.views for person in found.people]) == (1, [1])


@pytest.mark.parametrize(
    ("moment", "out"),
    [
        ("2026-03-09T22:59:59Z", 1),  # Tuesday, a second before eight in Korea
        ("2026-03-09T23:00:00Z", 0),
        ("2026-03-10T10:59:59Z", 0),
        ("2026-03-10T11:00:00Z", 1),  # eight in the evening
        ("2026-03-13T15:30:00Z", 1),  # Saturday, though Friday in London
        ("2026-03-15T23:30:00Z", 0),  # Monday morning
    ],
)
async def test_P3_looks_out_of_hours_are_told_by_koreas_clocks(
    company: Tenant, clock: Turned, moment: str, out: int
) -> None:
    at = datetime.fromisoformat(moment)
    await act(company, "subscribers.view", at, uuid7())
    await act(company, "subscribers.save", at, uuid7())
    [person] = (await access_reviews.review(company.id, MARCH, clock=clock)).people
    assert (person.views, person.out_of_hours) == (1, out)


async def test_P3_the_month_begins_and_ends_at_koreas_midnight(company: Tenant, clock: Turned) -> None:
    begins, ends = datetime(2026, 2, 28, 15, tzinfo=UTC), datetime(2026, 3, 31, 15, tzinfo=UTC)
    for at in (begins - timedelta(microseconds=1), begins, ends - timedelta(microseconds=1), ends):
        await act(company, "subscribers.save", at)
    assert (await access_reviews.review(company.id, MARCH, clock=clock)).records == 2


async def test_P3_a_month_that_is_over_is_confirmed_once_with_what_was_found(company: Tenant, clock: Turned) -> None:
    await act(company, "subscribers.save")
    actor = Actor(ActorKind.ADMIN, company.admin_id)
    note = "  특이 사항 없음  "
    found = await access_reviews.confirm(company.id, actor, date(2026, 3, 31), note, clock=clock)
    assert found.confirmed is not None
    told = found.confirmed
    assert (told.reviewed_by, told.note, told.records, told.reviewed_at) == (
        company.admin_id,
        "특이 사항 없음",
        1,
        clock.at,
    )
    assert (await records(company.id))[-1]["action"] == "audit.review"
    again = await refused(access_reviews.confirm(company.id, actor, MARCH, "다시 점검함", clock=clock))
    assert (again.code, again.field) == (ErrorCode.STATE, ("monthOn",))
    assert [row["action"] for row in await records(company.id)].count("audit.review") == 1


@pytest.mark.parametrize(
    ("month", "note", "code", "field"),
    [
        (date(2026, 4, 1), "특이 사항 없음", ErrorCode.STATE, "monthOn"),
        (date(2026, 5, 1), "특이 사항 없음", ErrorCode.OUT_OF_RANGE, "monthOn"),
        (date(1, 1, 1), "특이 사항 없음", ErrorCode.OUT_OF_RANGE, "monthOn"),
        (MARCH, " ", ErrorCode.REQUIRED, "note"),
        (MARCH, "ㅁㅁㅁㅁㅁ", ErrorCode.INVALID_FORMAT, "note"),
        (MARCH, "없음", ErrorCode.TOO_SHORT, "note"),
    ],
)
async def test_P3_what_can_not_be_confirmed(
    company: Tenant, clock: Turned, month: date, note: str, code: ErrorCode, field: str
) -> None:
    actor = Actor(ActorKind.ADMIN, company.admin_id)
    problem = await refused(access_reviews.confirm(company.id, actor, month, note, clock=clock))
    assert (problem.code, problem.field) == (code, (field,))


async def test_P3_a_review_is_overdue_ten_days_after_the_months_end(company: Tenant, clock: Turned) -> None:
    async with directory():
        await query("UPDATE company_directory SET created_at = $2 WHERE company_id = $1", company.id, TUESDAY)
        await query("INSERT INTO audit_chain (company_id, number) VALUES ($1, 1)", company.id)

    async def late(at: datetime) -> bool:
        return company.id in await access_reviews.overdue(clock=lambda: at)

    assert not await late(datetime(2026, 4, 10, 14, 59, tzinfo=UTC))
    assert await late(datetime(2026, 4, 10, 15, tzinfo=UTC))
    await access_reviews.confirm(
        company.id, Actor(ActorKind.ADMIN, company.admin_id), MARCH, "특이 사항 없음", clock=clock
    )
    assert not await late(datetime(2026, 4, 30, tzinfo=UTC))
    assert await late(datetime(2026, 5, 11, tzinfo=UTC))
