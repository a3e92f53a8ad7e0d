"""Personal data goes when its time is over, and on request (P7, article 13): rows of a company that has all sorts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import admins, audit, disposal, emptying, erasures, imports
from bizcall.admins import credentials
from bizcall.audit import ActorKind
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, NotFound, Unavailable
from bizcall.exports import claims
from bizcall.feeds import loading
from bizcall.feeds.records import Batch
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.dispatch import Channel
from bizcall.models.exports import State
from bizcall.models.feeds import FeedKind
from bizcall.ports import Clock, GatewayUncertain, now
from bizcall.subscribers import editing
from lambdas import accounts
from tests.accounts import ACTOR, KEYS, Person, records, refused
from tests.console import Wiring
from tests.dispatching import Campaign
from tests.doubles import RecordingQueue, Turned
from tests.exports import Clerk, fresh
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, counts
from tests.histories import whole
from tests.security.ledger import Ledger
from tests.security.office import Office

DAYS = disposal.KEPT.days


async def holder(office: Office, place: int) -> dict[str, Any]:
    """Whoever holds the line of that place."""
    async with tenant(office.company.id):
        [row] = await query(
            "SELECT * FROM subscriber WHERE company_id = $1 AND line_id = $2 AND ended_at IS NULL",
            office.company.id,
            office.company.line_ids[place],
        )
    return row


async def leave(office: Office, place: int) -> dict[str, Any]:
    """Let him go, and return what was known of him."""
    row = await holder(office, place)
    await editing.remove(office.company.id, office.actor, row["id"], revision=row["revision"], clock=office.clock)
    return row


async def left(books: Ledger, company_id: UUID, *texts: str) -> dict[str, set[str]]:
    """Tables in which a text still stands, by the text."""
    rows = await books.rows(company_id)
    return {text: {name for name, found in rows.items() if any(text in row for row in found)} for text in texts}


def customer(number: str, at: datetime = DAY, name: str = "김하늘") -> dict[str, Any]:
    """A record of an address book."""
    return {"number": number, "name": name, "updated_at": at.isoformat()}


async def erased(company: Tenant, contact: str, *, clock: Clock = now) -> Mapping[str, int]:
    """Erase somebody from the company."""
    return await disposal.erase(company.login_id, contact, "본인 요청, 접수 18", actor=ACTOR, clock=clock)


async def waited_for(lock: str) -> bool:
    """Whether somebody waits for a lock of this name."""
    return (
        await query(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND classid::bigint << 32 | objid::bigint = hashtextextended($1, 0)",
            lock,
        )
        != []
    )


async def numbers(company: Tenant) -> list[str]:
    """The customers it has."""
    async with tenant(company.id, read_only=True):
        rows = await query("SELECT number FROM customer WHERE company_id = $1 ORDER BY number", company.id)
    return [row["number"] for row in rows]


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


async def test_P7_somebody_is_erased_on_request_and_the_act_is_recorded(attacker: Office, books: Ledger) -> None:
    office, company = attacker, attacker.company
    gone = await leave(office, 0)
    refusal = await refused(
        disposal.erase(company.login_id, office.mobiles[1], "본인 요청, 접수 12", actor=ACTOR, clock=office.clock)
    )
    assert (refusal.code, refusal.field) == (ErrorCode.STATE, ("contact",))
    told = await disposal.erase(
        company.login_id, f"+82 {gone['mobile'][1:]}", "본인 요청, 접수 12", actor=ACTOR, clock=office.clock
    )
    assert (told["subscribers"], told["customers"]) == (1, 0)
    assert told["recipients"] > 0
    assert told["importRows"] > 0
    assert (await left(books, company.id, gone["mobile"]))[gone["mobile"]] == set()
    # What was found by his mobile went whole; the mail address went with it, but for the mail itself.
    assert (await left(books, company.id, gone["name"]))[gone["name"]] == set()
    await disposal.erase(company.login_id, gone["email"].upper(), "본인 요청, 접수 12", actor=ACTOR, clock=office.clock)
    assert (await left(books, company.id, gone["email"]))[gone["email"]] == set()
    acts = [row for row in await records(company.id) if row["action"] == "people.erase"]
    assert [row["subject_ids"] for row in acts] == [[gone["id"]], []]
    assert "접수 12" in acts[0]["details"]


async def test_P7_messages_under_way_lose_their_recipient_and_end_unsent_or_unknown(company: Tenant) -> None:
    campaign = Campaign(company)
    waiting, silent = await campaign.register(2)
    campaign.sms.always = GatewayUncertain("silence")
    await campaign.send(silent, channels=[Channel.SMS])
    await campaign.work()
    await campaign.send(waiting, channels=[Channel.SMS])
    async with tenant(company.id):
        people = await query(
            "UPDATE subscriber SET ended_at = $2 WHERE company_id = $1 RETURNING mobile", company.id, campaign.clock()
        )
    told = [
        await disposal.erase(company.login_id, row["mobile"], "본인 요청, 접수 14", actor=ACTOR, clock=campaign.clock)
        for row in people
    ]
    assert [counts["recipients"] for counts in told] == [1, 1]
    assert {row["recipient"] for row in await campaign.rows()} == {""}
    # Whoever asked the gateway about nobody would go on asking it for an hour.
    campaign.sms.away = GatewayUncertain("asked")
    await campaign.work()
    campaign.clock.turn(minutes=5)
    await campaign.resolve()
    rows = {(row["state"], row["reason"]) for row in await campaign.rows()}
    assert rows == {("FAILED", "SUBSCRIBER_CHANGED"), ("UNKNOWN", "NO_ANSWER")}
    assert len(campaign.sms.calls) == 1


async def test_P7_messages_to_a_former_administrator_go_with_him(company: Tenant) -> None:
    person = Person(company, clock=Turned(), queue=RecordingQueue())
    await person.register()
    await person.complete()
    await person.reset_code()
    await admins.replace(
        company.admin_id,
        "010-5550-0002",
        keys=KEYS,
        actor=ACTOR,
        queue=person.queue,
        clock=person.clock,
    )
    await disposal.erase(
        person.company.login_id, person.company.mobile, "본인 요청, 접수 17", actor=ACTOR, clock=person.clock
    )
    async with directory():
        for table in ("account_message", "challenge", "verification_code"):
            left = await query(
                f"SELECT 1 FROM {table} WHERE company_id = $1 AND admin_id = $2",
                person.company.id,
                company.admin_id,
            )
            assert left == [], table


async def test_P7_a_customer_and_a_cell_of_a_refused_row_are_erased_too(attacker: Office, books: Ledger) -> None:
    office, company = attacker, attacker.company
    customer = office.mobiles[-1]
    told = await disposal.erase(company.login_id, customer, "본인 요청, 접수 13", actor=ACTOR, clock=office.clock)
    assert told["customers"] == 1
    tables = (await left(books, company.id, customer))[customer]
    assert tables <= {"call", "message"}
    word = f"{office.word}번호"
    problem = await refused(disposal.erase(company.login_id, word, "본인 요청, 접수 14", actor=ACTOR))
    assert (problem.code, problem.field) == (ErrorCode.INVALID_FORMAT, ("contact",))


@pytest.mark.parametrize(
    ("told", "contact"),
    [
        ("+14155550100", "+14155550100"),
        ("+1 415-555-0100", " +1 415-555-0100"),
        ("발신번호표시제한", "발신번호표시제한"),
        ("sip:kim@example.test", "sip:kim@example.test"),
        ("1" * 40, "1" * 40),
        ("010-5555-0100", "+82 10 5555 0100"),
    ],
)
async def test_P7_a_customer_is_erased_by_whatever_an_address_book_knows_him_by(
    company: Tenant, told: str, contact: str
) -> None:
    feeder = Feeder(company.id, FeedKind.CUSTOMERS)
    await feeder.load([customer(told), customer("010-5555-0101")])
    gone = await erased(company, contact)
    assert gone["customers"] == 1
    assert await numbers(company) == ["01055550101"]


@pytest.mark.parametrize("slip", ["010-5555-01", "+82 10 5555 01", "2" * 40, "+1" + "2" * 39, "", "\0", "김하늘"])
async def test_P7_what_is_neither_anybodys_nor_written_as_a_number_or_an_address_is_taken_for_a_slip(
    company: Tenant, slip: str
) -> None:
    problem = await refused(erased(company, slip))
    assert (problem.code, problem.field) == (ErrorCode.INVALID_FORMAT, ("contact",))
    assert (await erased(company, "+1 415-555-0100"))["customers"] == 0


async def test_P7_no_record_of_before_brings_an_erased_customer_back_and_a_newer_one_does(
    company: Tenant, stranger: Tenant
) -> None:
    """Whatever the file: an old one that is read again, or one that brings a record which nobody had seen."""
    feeder, clock = Feeder(company.id, FeedKind.CUSTOMERS), Turned()
    before, after = clock() - timedelta(minutes=1), clock() + timedelta(seconds=1)
    told, other = "010-5555-0100", "+14155550100"
    book = [customer(told, DAY), customer(told, before), customer(other, before), customer("010-5555-0101", before)]
    await feeder.load(book, "book.jsonl.gz")
    assert [(await erased(company, each, clock=clock))["customers"] for each in (told, other)] == [1, 1]
    assert counts(await feeder.load(book, "again.jsonl.gz")) == (0, 0, 4, 0)
    assert await numbers(company) == ["01055550101"]
    # Who had not been told of yet is erased as well.
    assert (await erased(company, "010-5555-0102", clock=clock))["customers"] == 0
    assert counts(await feeder.load([customer("010-5555-0102", before)], "late.jsonl.gz")) == (0, 0, 1, 0)
    # Of another company's customers nothing was said.
    assert counts(await Feeder(stranger.id, FeedKind.CUSTOMERS).load(book)) == (3, 0, 1, 0)

    newer = [customer(told, clock()), customer(told, after), customer("010-5555-0102", clock().replace(microsecond=0))]
    assert counts(await feeder.load(newer, "newer.jsonl.gz")) == (1, 0, 2, 0)
    assert await numbers(company) == ["01055550100", "01055550101"]
    # Erased once more: also the record that was ahead of the clock doesn't come back, and no earlier request opens it.
    assert (await erased(company, told, clock=clock))["customers"] == 1
    await erased(company, told, clock=Turned(clock() - timedelta(days=1)))
    assert counts(await feeder.load(newer, "newest.jsonl.gz")) == (0, 0, 3, 0)
    assert await numbers(company) == ["01055550101"]


async def test_P7_a_record_that_is_put_in_beside_an_erasure_does_not_stay(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever is first, the other one waits for its transaction."""
    feeder, told = Feeder(company.id, FeedKind.CUSTOMERS), "010-5555-0100"
    load, erase, waits = asyncio.Event(), asyncio.Event(), asyncio.Event()
    loading_load = loading.load

    async def slowly(company_id: UUID, batch: Batch) -> loading.Loaded:
        done = await loading_load(company_id, batch)
        load.set()
        await erase.wait()
        return done

    monkeypatch.setattr(loading, "load", slowly)
    loader = asyncio.create_task(feeder.load([customer(told)]), context=fresh())
    await load.wait()
    eraser = asyncio.create_task(erased(company, told), context=fresh())
    async with tenant(company.id):
        while not await waited_for(erasures.lock_name(company.id)):
            assert not eraser.done()
            await asyncio.sleep(0.01)
    erase.set()
    await loader
    assert (await eraser)["customers"] == 1
    assert await numbers(company) == []

    monkeypatch.setattr(loading, "load", loading_load)
    record = audit.record

    async def recorded(*given: Any, **named: Any) -> None:
        await record(*given, **named)
        loader = asyncio.create_task(feeder.load([customer(told)], "again.jsonl.gz"), context=fresh())
        while not await waited_for(erasures.lock_name(company.id)):
            assert not loader.done()
            await asyncio.sleep(0.01)
        waits.set()
        later.append(loader)

    later = list[asyncio.Task[Any]]()
    monkeypatch.setattr(audit, "record", recorded)
    await erased(company, told)
    assert waits.is_set()
    assert counts(await later[0]) == (0, 0, 1, 0)
    assert await numbers(company) == []


async def test_P7_whom_an_export_was_asked_for_is_erased_by_number_name_and_digits_also_from_unfinished_ones(
    company: Tenant,
) -> None:
    clerk = Clerk(company)
    await Feeder(company.id, FeedKind.CUSTOMERS).load(
        [customer("010-5555-0100"), customer("010-5555-0101", name="박비")]
    )
    asked: list[dict[str, Any]] = [
        {"customer_number": "+82 10 5555 0100"},
        {"customer_tail": "0100"},
        {"customer_tail": "55550100"},
        {"customer_name": "김하"},
        {"customer_name": "김하늘"},
    ]
    kept: list[dict[str, Any]] = [
        {"customer_number": "010-5555-0101"},
        {"customer_tail": "0101"},
        {"customer_name": "박비"},
        {},
    ]
    made, begun, *waiting = [await clerk.ask(wanted=whole(**wanted)) for wanted in asked]
    standing = [(await clerk.ask(wanted=whole(**wanted))).id for wanted in kept]
    assert await clerk.work(made) is State.COMPLETED
    async with tenant(company.id):
        attempt = await claims.claim(company.id, begun.id, clerk.clock())
    assert attempt is not None
    assert (await erased(company, "010-5555-0100"))["exports"] == len(asked)
    async with tenant(company.id):
        assert not await claims.carry_on(company.id, begun.id, attempt, 1, clerk.clock())
    assert [await clerk.work(each) for each in waiting] == [None] * 3
    async with tenant(company.id):
        rows = await query("SELECT id FROM export WHERE company_id = $1", company.id)
        due = await query("SELECT export_id AS id FROM export_deadline WHERE company_id = $1", company.id)
    assert {row["id"] for row in rows} == {row["id"] for row in due} == set(standing)


@pytest.mark.parametrize("number", ["070-0000-0000", "", "15440001"])
async def test_P7_nobody_is_erased_from_a_company_that_is_not_there(db: None, number: str) -> None:
    with pytest.raises(NotFound):
        await disposal.erase(number, "010-1234-5678", "본인 요청, 접수 15", actor=ACTOR)


async def test_P7_the_operators_command_erases_and_tells_what_is_wrong(company: Tenant) -> None:
    services: Any = Wiring()
    given = {"representativeNumber": company.login_id, "contact": "010-1234-5678", "note": "본인 요청, 접수 16"}
    assert (await accounts.handle({"personErase": given}, services, "request-9"))["erased"]["subscribers"] == 0
    last = (await records(company.id))[-1]
    assert (last["action"], last["actor_kind"], last["request_id"]) == (
        "people.erase",
        ActorKind.SYSTEM.value,
        "request-9",
    )
    answer = await accounts.handle({"personErase": {**given, "note": "....."}}, services)
    assert answer == {"problems": [{"code": "REQUIRED", "field": "note"}]}
