"""Opening what is hidden leaves its record, or isn't done (CU-01, MS-01)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bizcall import reveals, throttles
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, Throttled
from bizcall.history.keys import FactKey
from bizcall.ids import uuid7
from bizcall.reasons import Purpose, Reason
from bizcall.reveals import OfCall, OfMessage
from bizcall.throttles import BOUNDS, DAY, HOUR, Bucket
from tests.accounts import records
from tests.factories import Tenant
from tests.histories import Office, office
from tests.throttled import exhaust

AT = datetime(2027, 3, 1, tzinfo=UTC)
WHY = Reason(Purpose.CALL_BACK, "  어제 통화를   확인합니다. ")


@pytest.fixture
async def history(company: Tenant) -> Office:
    return await office(company, facts=30)


def actor(company: Tenant) -> Actor:
    return Actor(ActorKind.ADMIN, company.admin_id, "203.0.113.7", "request-1")


async def customer_id(company: Tenant, number: str) -> str:
    async with tenant(company.id, read_only=True):
        [row] = await query("SELECT id FROM customer WHERE company_id = $1 AND number = $2", company.id, number)
    key: str = row["id"]
    return key


def known(history: Office, kind: str) -> FactKey:
    """A call or message with a customer."""
    facts, moment = (history.calls, "started_at") if kind == "call" else (history.messages, "sent_at")
    return next(FactKey(f["id"], f[moment]) for f in facts if f["customer_number"] == "01020001234")


async def test_MS_01_a_text_is_read_with_a_reason_and_a_record(history: Office) -> None:
    company, key = history.company, known(history, "message")
    text = await reveals.message_text(company.id, actor(company), key, WHY)
    assert text == "안녕하세요"
    record = (await records(company.id))[-1]
    assert (record["action"], record["subject_kind"], record["actor_id"]) == (
        "messages.reveal",
        "Customer",
        company.admin_id,
    )
    assert record["subject_ids"] == [await customer_id(company, "01020001234")]
    assert json.loads(record["details"]) == {
        "reason": "CALL_BACK",
        "note": "어제 통화를 확인합니다.",
        "message": str(key),
    }
    assert text not in str(record)


@pytest.mark.parametrize("kind", ["customer", "call", "message"])
async def test_CU_01_a_customer_is_seen_with_a_reason_and_a_record(history: Office, kind: str) -> None:
    company = history.company
    key = await customer_id(company, "01020001234")
    of = {
        "customer": key,
        "call": OfCall(known(history, "call")),
        "message": OfMessage(known(history, "message")),
    }[kind]
    party = await reveals.customer(company.id, actor(company), of, WHY)  # type: ignore[arg-type]  # asyncpg's UUID
    assert party.customer is not None
    assert (party.number, party.customer.name, party.customer.details) == ("01020001234", "홍길동", "홍길동 단골")
    record = (await records(company.id))[-1]
    assert (record["action"], record["subject_ids"]) == ("customers.reveal", [key])
    assert set(json.loads(record["details"])) == {"reason", "note"} | ({kind} - {"customer"})


async def test_CU_01_a_number_that_no_address_book_knows_is_shown_alone(history: Office) -> None:
    company = history.company
    fact = next(f for f in history.calls if f["customer_number"] == "01099999999")
    party = await reveals.customer(company.id, actor(company), OfCall(FactKey(fact["id"], fact["started_at"])), WHY)
    assert (party.number, party.customer) == ("01099999999", None)
    assert (await records(company.id))[-1]["subject_ids"] == []


NOTES = {
    "": ErrorCode.REQUIRED,
    "   ": ErrorCode.REQUIRED,
    "...": ErrorCode.REQUIRED,
    "..........": ErrorCode.REQUIRED,
    "\u3164\u200b": ErrorCode.REQUIRED,
    "확인": ErrorCode.TOO_SHORT,
    "ㅁㅁㅁㅁㅁㅁ": ErrorCode.INVALID_FORMAT,
    "aAaAaA": ErrorCode.INVALID_FORMAT,
    "x.......": ErrorCode.INVALID_FORMAT,
    "가나다" * 67: ErrorCode.TOO_LONG,
}


@pytest.mark.parametrize(("note", "code"), NOTES.items())
async def test_CU_01_a_note_that_says_nothing_opens_nothing(history: Office, note: str, code: ErrorCode) -> None:
    company, before = history.company, await records(history.company.id)
    for attempt in (
        reveals.customer(company.id, actor(company), OfCall(known(history, "call")), Reason(Purpose.OTHER, note)),
        reveals.message_text(company.id, actor(company), known(history, "message"), Reason(Purpose.OTHER, note)),
    ):
        with pytest.raises(Invalid) as refused:
            await attempt
        assert [(problem.code, problem.field) for problem in refused.value.problems] == [(code, ("note",))]
    assert await records(company.id) == before


async def test_CU_01_another_companys_are_not_found_and_leave_no_record(history: Office, stranger: Tenant) -> None:
    ours = await customer_id(history.company, "01020001234")
    before = await records(stranger.id)
    for of in (ours, uuid7(), OfCall(known(history, "call")), OfMessage(known(history, "message")), None):
        with pytest.raises(Invalid) as refused:
            await reveals.customer(stranger.id, actor(stranger), of, WHY)  # type: ignore[arg-type]  # asyncpg's UUID
        assert refused.value.problems == (reveals.NOT_FOUND,)
    for key in (known(history, "message"), None):
        with pytest.raises(Invalid):
            await reveals.message_text(stranger.id, actor(stranger), key, WHY)
    assert await records(stranger.id) == before


async def test_CU_01_nothing_is_shown_whose_record_cant_be_written(
    history: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no room for records")

    monkeypatch.setattr("bizcall.audit.record", fail)
    company = history.company
    with pytest.raises(RuntimeError, match="no room"):
        await reveals.customer(company.id, actor(company), OfCall(known(history, "call")), WHY)
    with pytest.raises(RuntimeError, match="no room"):
        await reveals.message_text(company.id, actor(company), known(history, "message"), WHY)


async def opened(history: Office, of: str, who: Actor, at: datetime = AT) -> None:
    """Somebody opens a customer, or reads a text."""
    company = history.company
    if of == "text":
        await reveals.message_text(company.id, who, known(history, "message"), WHY, clock=lambda: at)
    else:
        await reveals.customer(company.id, who, OfCall(known(history, "call")), WHY, clock=lambda: at)


async def test_L13_CU_01_an_administrator_opens_sixty_an_hour_texts_and_customers_together(
    history: Office, caplog: pytest.LogCaptureFixture
) -> None:
    company, [hourly, daily] = history.company, BOUNDS[Bucket.REVEAL]
    assert (hourly.limit, hourly.window, daily.limit, daily.window) == (60, HOUR, 300, DAY)
    for turn in range(hourly.limit):
        await opened(history, ("text", "customer")[turn % 2], actor(company))
    before = len(await records(company.id))
    for of in ("text", "customer"):
        with pytest.raises(Throttled) as refused:
            await opened(history, of, actor(company))
        assert refused.value.retry_at == AT + HOUR
    assert len(await records(company.id)) == before
    assert [each.__dict__["event"] for each in caplog.records if "event" in each.__dict__] == ["REVEALS_SPENT"] * 2
    await opened(history, "text", replace(actor(company), id=uuid7()))
    await opened(history, "text", actor(company), AT + HOUR)


async def test_L13_CU_01_and_three_hundred_a_day(history: Office) -> None:
    company, [hourly, daily] = history.company, BOUNDS[Bucket.REVEAL]
    for turn in range(daily.limit // hourly.limit):
        await exhaust(Bucket.REVEAL, str(company.admin_id), at=AT + turn * HOUR)
    async with directory():
        await query(
            "UPDATE throttle SET remaining = 1 WHERE bound = $1 AND subject = $2",
            daily.name,
            throttles._hashed(daily, str(company.admin_id)),
        )
    await opened(history, "text", actor(company), AT + 6 * HOUR)
    with pytest.raises(Throttled) as refused:
        await opened(history, "text", actor(company), AT + 6 * HOUR)
    assert refused.value.retry_at == AT + DAY


async def test_L13_CU_01_what_opens_nothing_counts_for_nothing(history: Office) -> None:
    company, at = history.company, lambda: AT
    await exhaust(Bucket.REVEAL, str(company.admin_id), left=1, at=AT)
    for _ in range(3):
        with pytest.raises(Invalid):
            await reveals.customer(company.id, actor(company), uuid7(), WHY, clock=at)
        with pytest.raises(Invalid):
            await reveals.message_text(company.id, actor(company), FactKey("none", AT), WHY, clock=at)
    await opened(history, "text", actor(company))
    with pytest.raises(Throttled):
        await opened(history, "text", actor(company))
