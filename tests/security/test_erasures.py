"""One person is erased on request (P7, article 13), from all that there is of him and for good."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import admins, audit, disposal, erasures
from bizcall.audit import ActorKind
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, NotFound
from bizcall.exports import claims
from bizcall.feeds import loading
from bizcall.feeds.records import Batch
from bizcall.models.dispatch import Channel
from bizcall.models.exports import State
from bizcall.models.feeds import FeedKind
from bizcall.ports import Clock, GatewayUncertain, now
from lambdas import accounts
from tests.accounts import ACTOR, KEYS, Person, records, refused
from tests.console import Wiring
from tests.dispatching import Campaign
from tests.doubles import RecordingQueue, Turned
from tests.exports import Clerk, fresh
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, counts
from tests.histories import whole
from tests.security.ledger import Ledger, left
from tests.security.office import Office, leave


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
