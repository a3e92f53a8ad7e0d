"""Who did what to whose data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tortoise.exceptions import OperationalError

from bizcall import audit
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.ids import uuid7
from tests.accounts import records
from tests.doubles import Turned
from tests.factories import Tenant

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_a_record_tells_actor_act_subjects_and_details(company: Tenant) -> None:
    clock, actor = Turned(), Actor(ActorKind.ADMIN, company.admin_id, "203.0.113.7", "request-1")
    subjects = [uuid7(), uuid7()]

    async with tenant(company.id):
        await audit.record(
            company.id, actor, "subscribers.save", subjects, {"count": 2}, kind="Subscriber", clock=clock
        )

    (row,) = await records(company.id)
    del row["id"], row["recorded_at"]
    assert row == {
        "company_id": company.id,
        "at": clock.at,
        "actor_kind": "ADMIN",
        "actor_id": company.admin_id,
        "action": "subscribers.save",
        "subject_kind": "Subscriber",
        "subject_ids": subjects,
        "address": "203.0.113.7",
        "request_id": "request-1",
        "details": '{"count": 2}',
    }


async def test_a_worker_acts_as_the_system() -> None:
    assert audit.system("message-1") == Actor(ActorKind.SYSTEM, None, "", "message-1")


async def test_a_record_goes_with_its_act(company: Tenant) -> None:
    async def fail() -> None:
        async with tenant(company.id):
            await audit.record(company.id, audit.system(), "subscribers.save")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert not await records(company.id)


@pytest.mark.parametrize("table", ["audit_record", "audit_seal"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET company_id = $1 WHERE company_id = $1",
        "DELETE FROM {} WHERE company_id = $1",
        "TRUNCATE {} /* $1 company_id */",
    ],
)
async def test_P2_records_and_seals_can_be_added_only(company: Tenant, table: str, statement: str) -> None:
    async def change() -> None:
        async with tenant(company.id):
            await query(statement.format(table), *([company.id] if "= $1" in statement else []))

    with pytest.raises(OperationalError, match="permission denied"):
        await change()


@pytest.mark.parametrize("moment", ["now() - interval '1 year'", "DEFAULT"])
async def test_P2_the_time_of_recording_is_the_databases_own(company: Tenant, moment: str) -> None:
    async def write() -> None:
        async with tenant(company.id):
            await query(
                "INSERT INTO audit_record (company_id, id, at, actor_kind, action, recorded_at)"
                f" VALUES ($1, $2, now(), 'SYSTEM', 'x', {moment})",
                company.id,
                uuid7(),
            )

    with pytest.raises(OperationalError, match="permission denied"):
        await write()


async def test_P2_the_time_of_recording_is_not_before_the_transaction_began(company: Tenant) -> None:
    async with tenant(company.id):
        (began,) = await query("SELECT now() AS at")
        await audit.record(company.id, audit.system(), "subscribers.save", clock=lambda: LONG_AGO)
    (row,) = await records(company.id)
    assert row["recorded_at"] > began["at"] > row["at"]


@pytest.mark.parametrize("kind", list(ActorKind))
async def test_everybody_who_acts_can_be_named(company: Tenant, kind: ActorKind) -> None:
    async with tenant(company.id):
        await audit.record(company.id, Actor(kind), "subscribers.save")
    (row,) = await records(company.id)
    assert row["actor_kind"] == kind


async def test_another_companys_record_can_not_be_written(company: Tenant, stranger: Tenant) -> None:
    async def write() -> None:
        async with tenant(company.id):
            await audit.record(stranger.id, audit.system(), "subscribers.save")

    with pytest.raises(OperationalError, match="row-level security"):
        await write()


async def test_a_record_outside_of_companies_raises(company: Tenant) -> None:
    async def write() -> None:
        async with directory():
            await audit.record(company.id, audit.system(), "subscribers.save")

    # The setting is missing on a fresh connection, and empty on one that has served a company before.
    with pytest.raises(OperationalError, match=r"app\.company_id|invalid input syntax for type uuid"):
        await write()
