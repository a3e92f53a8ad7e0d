"""The function that seals, forgets and verifies audit records (P2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from bizcall import audit, review_reminders
from bizcall.audit import chain, sealing
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.ports import Clock
from bizcall.settings import Settings
from lambdas import audit as function
from lambdas.runtime import Services
from tests.doubles import MemoryStorage, Phone, RecordingMail, RecordingQueue, Turned
from tests.factories import Tenant


@pytest.fixture
def services(company: Tenant, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A world with this company only, where what was recorded a moment ago is sealed."""

    async def one(done: str) -> list[UUID]:
        return [company.id]

    monkeypatch.setattr(chain, "least_recently", one)
    monkeypatch.setattr(audit, "seal_due", partial(audit.seal_due, margin=timedelta(0)))
    # A day on which nobody is asked for his review.
    clock = Turned(datetime(2026, 4, 20, tzinfo=UTC))
    settings = Settings(stage="test", web_origins=())
    return Services(settings, MemoryStorage(), RecordingQueue(), Phone(), RecordingMail(), clock)


async def act(company: Tenant) -> None:
    """One record."""
    async with tenant(company.id):
        await audit.record(company.id, audit.system(), "subscribers.save")


async def test_P2_a_quarter_of_an_hour_seals_and_a_night_verifies(company: Tenant, services: Services) -> None:
    await act(company)
    assert (await function.handle({"source": "aws.scheduler"}, services))["sealed"] == 1
    assert (await function.handle({"source": "aws.scheduler"}, services))["sealed"] == 0
    assert (await function.handle({"verify": True}, services))["verified"] == 1


async def test_RV_01_P2_a_quarter_of_an_hour_asks_for_reviews_in_the_first_days_of_a_month(
    company: Tenant, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[UUID, date]] = []

    async def waiting(month: date, day: date) -> list[UUID]:
        return [company.id]

    async def ask(company_id: UUID, month: date, clock: Clock) -> int:
        asked.append((company_id, month))
        return 2

    monkeypatch.setattr(review_reminders, "_waiting", waiting)
    monkeypatch.setattr(review_reminders, "_ask", ask)
    assert (await function.handle({}, services))["reminded"] == 0
    first = replace(services, clock=Turned(datetime(2026, 5, 2, tzinfo=UTC)))
    assert (await function.handle({}, first))["reminded"] == 2
    assert (await function.handle({}, replace(first, remaining=lambda: function.STOP_BEFORE - 1)))["reminded"] == 0
    assert asked == [(company.id, date(2026, 4, 1))]


async def test_P2_a_broken_chain_fails_the_night_so_that_the_alarm_rings(company: Tenant, services: Services) -> None:
    await act(company)
    await function.handle({}, services)
    async with tenant(company.id):
        await query(
            "INSERT INTO audit_seal SELECT company_id, 3, recorded_to, recorded_to + interval '1 day', 1, hash, hash,"
            " sealed_at FROM audit_seal WHERE company_id = $1",
            company.id,
        )
    with pytest.raises(ExceptionGroup) as raised:
        await function.handle({"verify": True}, services)
    assert [type(failure) for failure in raised.value.exceptions] == [audit.Broken]


async def test_P2_nothing_is_begun_when_the_time_is_up(company: Tenant, services: Services) -> None:
    await act(company)
    late = replace(services, remaining=lambda: function.STOP_BEFORE - 1)
    assert await function.handle({}, late) == {"sealed": 0, "forgotten": 0, "reminded": 0}
    assert (await function.handle({"verify": True}, late))["verified"] == 0
    assert (await function.handle({}, services))["sealed"] == 1


async def test_P2_what_can_not_be_sealed_keeps_nothing_from_being_forgotten(
    company: Tenant, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[UUID] = []

    async def forget_due(**named: object) -> int:
        forgotten.append(uuid7())
        return 1

    async def seal_due(**named: object) -> int:
        raise sealing.Blind

    monkeypatch.setattr(audit, "seal_due", seal_due)
    monkeypatch.setattr(audit, "forget_due", forget_due)
    with pytest.raises(ExceptionGroup) as raised:
        await function.handle({}, services)
    assert [type(failure) for failure in raised.value.exceptions] == [sealing.Blind]
    assert len(forgotten) == 1
