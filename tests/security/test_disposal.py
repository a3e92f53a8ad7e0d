"""Personal data goes when its time is over (P7, article 13): rows of a company that has all sorts."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from bizcall import admins, disposal, emptying, imports
from bizcall.admins import credentials
from bizcall.database import directory, query, tenant
from bizcall.errors import Unavailable
from bizcall.models.companies import PROVIDER_ID
from bizcall.subscribers import editing
from tests.accounts import ACTOR, KEYS, Person, records
from tests.doubles import RecordingQueue, Turned
from tests.factories import Tenant
from tests.security.ledger import Ledger, left
from tests.security.office import Office, holder, leave

DAYS = disposal.KEPT.days


async def test_P7_who_left_is_forgotten_after_90_days_and_history_goes_on(attacker: Office, books: Ledger) -> None:
    office, company = attacker, attacker.company
    gone, kept = await leave(office, 3), await holder(office, 1)
    marks = gone["name"], gone["mobile"], gone["email"]
    office.clock.turn(days=DAYS, minutes=-1)
    await disposal.dispose(company.id, clock=office.clock)
    assert all("subscriber" in tables for tables in (await left(books, company.id, *marks)).values())
    office.clock.turn(minutes=2)
    assert await disposal.dispose(company.id, clock=office.clock) > 0
    assert await left(books, company.id, *marks) == {mark: set() for mark in marks}
    async with tenant(company.id):
        [row] = await query("SELECT * FROM subscriber WHERE company_id = $1 AND id = $2", company.id, gone["id"])
        [calls] = await query(
            "SELECT count(*) AS n FROM call WHERE company_id = $1 AND subscriber_id = $2", company.id, gone["id"]
        )
        [stood] = await query(
            "SELECT count(*) AS n FROM membership WHERE company_id = $1 AND subscriber_id = $2", company.id, gone["id"]
        )
    assert (row["name"], row["position"], row["mobile"], row["email"]) == ("", "", None, None)
    assert (row["department_id"], row["line_id"]) == (gone["department_id"], gone["line_id"])
    assert calls["n"] > 0
    assert stood["n"] > 0
    assert await holder(office, 1) == kept
    last = (await records(company.id))[-1]
    assert (last["action"], last["actor_kind"]) == ("people.forget", "SYSTEM")


async def test_P7_imported_rows_recipients_and_exports_go_and_a_second_run_finds_nothing(
    attacker: Office, books: Ledger
) -> None:
    company = attacker.company
    office = attacker
    present = [office.mobiles[place] for place in range(4)]
    office.clock.turn(days=DAYS + 2)
    # Previews that nobody registered end by the sweep.
    await imports.expire(clock=office.clock)
    office.clock.turn(days=DAYS)
    assert await disposal.dispose(company.id, clock=office.clock) > 0
    rows = await books.rows(company.id)
    assert (rows["import_row"], rows["import_finding"], rows["export"]) == ([], [], [])
    assert rows["export_deadline"] == []
    assert rows["import"]
    # Who holds a line is known to nothing but his own row.
    assert await left(books, company.id, *present) == {mobile: {"subscriber"} for mobile in present}
    before = len(await records(company.id))
    assert await disposal.dispose(company.id, clock=office.clock) == 0
    assert len(await records(company.id)) == before


async def test_P7_a_run_is_bounded_and_the_next_one_goes_on(attacker: Office, books: Ledger) -> None:
    office, company = attacker, attacker.company
    for place in range(3):
        await leave(office, place)
    office.clock.turn(days=DAYS + 1)
    async with directory():
        await query("UPDATE company_directory SET disposed_at = $2 WHERE company_id = $1", company.id, office.clock())
    await disposal.dispose(company.id, clock=office.clock, rows_most=2)
    async with tenant(company.id):
        [row] = await query(
            "SELECT count(*) AS n FROM subscriber WHERE company_id = $1 AND forgotten_at IS NOT NULL", company.id
        )
        [seen] = await query("SELECT disposed_at FROM company_directory WHERE company_id = $1", company.id)
    assert (row["n"], seen["disposed_at"]) == (2, office.clock() - disposal.EVERY)


async def test_P7_a_person_who_moved_to_another_line_is_no_leaver(company: Tenant) -> None:
    """His former holding keeps its name."""
    clock = Turned()
    drafts = [
        editing.Draft(line, {"name": "김이동", "mobile": "01088887777"})
        for line in (company.line_ids[0], company.line_ids[1])
    ]
    await editing.save(company.id, ACTOR, drafts[:1], clock=clock)
    async with tenant(company.id):
        [row] = await query("SELECT id, revision FROM subscriber WHERE company_id = $1", company.id)
    await editing.remove(company.id, ACTOR, row["id"], revision=row["revision"], clock=clock)
    await editing.save(company.id, ACTOR, drafts[1:], clock=clock)
    clock.turn(days=DAYS + 1)
    assert await disposal.dispose(company.id, clock=clock) == 0


async def test_P7_a_former_administrator_keeps_his_name_as_long_as_records_name_him(
    company: Tenant, books: Ledger
) -> None:
    clock = Turned()
    person = Person(company, clock=clock, queue=RecordingQueue())
    await person.register()
    await admins.replace(company.admin_id, "010-5550-0001", keys=KEYS, actor=ACTOR, queue=RecordingQueue(), clock=clock)
    clock.turn(days=DAYS + 1)
    await admins.prune(clock=clock)
    await disposal.dispose(company.id, clock=clock)
    assert await left(books, company.id, company.mobile, "김관리") == {company.mobile: set(), "김관리": {"admin"}}
    [row] = [row for row in (await books.rows(company.id))["credential"] if str(company.admin_id) in row]
    assert "01055500001" not in row
    clock.turn(days=disposal.NAMES_KEPT.days)
    await disposal.dispose(company.id, clock=clock)
    assert await left(books, company.id, "김관리") == {"김관리": set()}


async def test_P7_a_day_visits_every_company_once_operators_too(company: Tenant) -> None:
    clock = Turned()
    login_id = "ended.operator"
    key = await admins.operator_create(
        login_id, "박운영", "01055501234", keys=KEYS, actor=ACTOR, queue=RecordingQueue(), clock=clock
    )
    async with tenant(PROVIDER_ID):
        await credentials.end(PROVIDER_ID, key, clock())
    clock.turn(days=DAYS + 1)
    async with directory():
        await query("UPDATE company_directory SET disposed_at = $1", clock())
        await query(
            "UPDATE company_directory SET disposed_at = NULL WHERE company_id = ANY($1::uuid[])",
            [company.id, PROVIDER_ID],
        )
    assert await disposal.dispose_due(clock=clock) > 0
    async with tenant(PROVIDER_ID):
        [row] = await query("SELECT mobile FROM admin WHERE company_id = $1 AND id = $2", PROVIDER_ID, key)
    assert row["mobile"] == ""
    assert await disposal.dispose_due(clock=clock) == 0
    async with directory():
        rows = await query("SELECT count(*) AS n FROM company_directory WHERE disposed_at IS DISTINCT FROM $1", clock())
    assert rows[0]["n"] == 0


async def test_P7_a_company_that_failed_waits_an_hour_and_the_others_keep_their_turn(
    company: Tenant, stranger: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, visited, companies = Turned(), list[UUID](), [company.id, stranger.id]

    async def dispose(company_id: UUID, **_: Any) -> int:
        visited.append(company_id)
        if company_id == company.id:
            raise Unavailable("away")
        return await disposing(company_id, clock=clock)

    disposing = disposal.dispose
    monkeypatch.setattr(disposal, "dispose", dispose)
    async with directory():
        await query("UPDATE company_directory SET disposed_at = $1", clock())
        # The one that fails has been due for longer.
        for days, company_id in enumerate(companies, start=-3):
            await query(
                "UPDATE company_directory SET disposed_at = $2 WHERE company_id = $1",
                company_id,
                clock() + days * disposal.EVERY,
            )
    # A run that has no time left takes nobody's turn.
    assert await disposal.dispose_due(clock=clock, stop=lambda: True) == 0
    left = iter([False, True])
    with pytest.raises(ExceptionGroup):
        await disposal.dispose_due(clock=clock, stop=lambda: next(left))
    assert visited == companies[:1]
    await disposal.dispose_due(clock=clock)
    assert visited == companies
    clock.turn(seconds=disposal.FAILED_EVERY.total_seconds() - 1)
    await disposal.dispose_due(clock=clock)
    assert visited == companies
    clock.turn(seconds=1)
    with pytest.raises(ExceptionGroup):
        await disposal.dispose_due(clock=clock)
    assert visited == [*companies, company.id]


async def test_P7_companies_of_which_more_is_left_come_after_all_that_are_due(
    company: Tenant, stranger: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that however many are emptied at once, none of the others loses its day."""
    clock, visited = Turned(), list[UUID]()

    async def empty(company_id: UUID, *_: Any, **__: Any) -> emptying.Visit:
        visited.append(company_id)
        return emptying.Visit(Counter(), whole=company_id == stranger.id)

    monkeypatch.setattr(emptying, "empty", empty)
    monkeypatch.setattr(disposal, "COMPANIES_MOST", 1)
    async with directory():
        await query("UPDATE company_directory SET disposed_at = $1", clock())
        await query("UPDATE company_directory SET disposed_at = NULL WHERE company_id = $1", company.id)
        await query(
            "UPDATE company_directory SET disposed_at = $2 WHERE company_id = $1",
            stranger.id,
            clock() - disposal.EVERY - disposal.FAILED_EVERY,
        )
    for _ in range(3):
        await disposal.dispose_due(clock=clock)
    assert visited == [company.id, stranger.id, company.id]
