"""The e-mail that asks for the monthly review of access records (RV-01, P2)."""

from __future__ import annotations

import email
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import access_reviews, audit, review_reminders
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.dispatch import Outcome, outbox
from bizcall.dispatch.codes import Malformed
from bizcall.dispatch.messages import Letterhead
from bizcall.ids import uuid7
from bizcall.models import Admin
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import GatewayBusy
from bizcall.settings import Settings
from tests.doubles import RecordingMail, Turned
from tests.factories import Tenant, employ

MARCH = date(2026, 3, 1)
IN_MARCH = datetime(2026, 3, 10, 1, tzinfo=UTC)
LETTERHEAD = Letterhead.of(Settings(stage="test", mail_from="비즈콜 <no-reply@bizcall.example>", app_url="https://app"))
SITE = "https://admin.bizcall.example"
ADDRESS = "hong@example.com"


@pytest.fixture
def clock() -> Turned:
    """Nine in the morning in Korea, on the first of April."""
    return Turned(datetime(2026, 4, 1, tzinfo=UTC))


@pytest.fixture
async def reviewer(company: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A company whose administrator has an address, and looked at people in March; no other is looked at."""
    await employ(company.id, company.admin_id, company.login_id, company.mobile)
    await settle(company.id, company.admin_id)
    assert await audit.seal(company.id, margin=timedelta(0))

    every = review_reminders._waiting

    async def waiting(month: date) -> list[UUID]:
        monkeypatch.setattr(review_reminders, "COMPANIES_MOST", 1_000_000)
        return [key for key in await every(month) if key == company.id]

    monkeypatch.setattr(review_reminders, "_waiting", waiting)
    return company


async def settle(company_id: UUID, admin_id: UUID, address: str = ADDRESS) -> None:
    """He has an address, and has looked at people in March; his company has a chain of seals."""
    async with tenant(company_id):
        await Admin.filter(company_id=company_id, id=admin_id).update(email=address)
        actor = Actor(ActorKind.ADMIN, admin_id)
        for action, details in (
            ("subscribers.view", {}),
            ("exports.download", {"reason": "DISPUTE"}),
            ("imports.download", {}),
            ("admins.sign_in", {}),
        ):
            await audit.record(company_id, actor, action, [uuid7()], details, kind="Subscriber", clock=lambda: IN_MARCH)
        await query("INSERT INTO audit_chain (company_id) VALUES ($1) ON CONFLICT DO NOTHING", company_id)


async def written(company_id: UUID) -> list[dict[str, Any]]:
    """What waits in the outbox for the company, and the messages named."""
    async with directory():
        bodies = await query(
            "SELECT body FROM outbox WHERE company_id = $1 AND queue = 'deliveries' ORDER BY id", company_id
        )
        keys = [UUID(orjson.loads(row["body"])["message"]) for row in bodies]
        return await query(
            "SELECT id, admin_id, kind, state, mobile, email, month FROM account_message"
            " WHERE id = ANY($1::uuid[]) ORDER BY id",
            keys,
        )


async def deliver(row: dict[str, Any], clock: Turned, mail: RecordingMail) -> Outcome:
    return await review_reminders.deliver(
        {"message": str(row["id"])}, mail=mail, letterhead=LETTERHEAD, site_url=SITE, clock=clock
    )


async def test_RV_01_P2_each_administrator_is_asked_once_a_month_in_its_first_days(
    reviewer: Tenant, clock: Turned
) -> None:
    clock.turn(seconds=-1)
    assert await review_reminders.remind(clock=clock) == 0
    clock.turn(seconds=1)
    assert await review_reminders.remind(stop=lambda: True, clock=clock) == 0

    assert await review_reminders.remind(clock=clock) == 1
    clock.turn(days=8)
    assert await review_reminders.remind(clock=clock) == 0

    [row] = await written(reviewer.id)
    assert (row["admin_id"], row["kind"], row["state"]) == (reviewer.admin_id, "ACCESS_REVIEW", "QUEUED")
    assert (row["mobile"], row["email"], row["month"]) == (None, ADDRESS, MARCH)
    async with tenant(reviewer.id):
        await audit.record(reviewer.id, audit.system(), "subscribers.view", clock=lambda: IN_MARCH + timedelta(days=30))
    clock.turn(days=30)
    assert await review_reminders.remind(clock=clock) == 1
    assert [each["month"] for each in await written(reviewer.id)] == [MARCH, date(2026, 4, 1)]


async def test_RV_01_P2_once_reviews_are_overdue_the_alarm_rings_instead(reviewer: Tenant, clock: Turned) -> None:
    clock.turn(days=10, hours=-9)
    assert await review_reminders.remind(clock=clock) == 0
    clock.turn(seconds=-1)
    assert await review_reminders.remind(clock=clock) == 1


async def test_RV_01_P2_who_has_confirmed_is_not_asked(reviewer: Tenant, clock: Turned) -> None:
    await access_reviews.confirm(
        reviewer.id, Actor(ActorKind.ADMIN, reviewer.admin_id), MARCH, "이상 없음을 확인했습니다", clock=clock
    )
    assert await review_reminders.remind(clock=clock) == 0


@pytest.mark.parametrize("lacking", ["looks", "address", "registration", "contract", "account"])
async def test_RV_01_P2_nobody_is_asked_who_has_nothing_to_review_or_cannot(
    reviewer: Tenant, clock: Turned, lacking: str
) -> None:
    async with tenant(reviewer.id):
        if lacking == "address":
            await Admin.filter(company_id=reviewer.id, id=reviewer.admin_id).update(email=None)
        elif lacking != "looks":
            column = {
                "registration": "registered_at = NULL, temporary_until = now()",
                "contract": "suspended_at = now()",
                "account": "login_id = NULL, ended_at = now()",
            }[lacking]
            await query(f"UPDATE credential SET {column} WHERE company_id = $1", reviewer.id)
    if lacking == "looks":
        clock.turn(days=30)
    assert await review_reminders.remind(clock=clock) == 0
    assert await written(reviewer.id) == []


async def test_RV_01_P2_operators_are_asked_for_the_providers_trail(
    reviewer: Tenant, clock: Turned, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uuid7()
    async with tenant(PROVIDER_ID):
        await Admin.create(id=key, company_id=PROVIDER_ID, name="박운영", mobile=reviewer.mobile)
    await employ(PROVIDER_ID, key, f"op{key.hex[-12:]}", reviewer.mobile)
    await settle(PROVIDER_ID, key, "op@example.com")

    assert await review_reminders._ask(PROVIDER_ID, MARCH, clock) >= 1

    async with directory():
        rows = await query("SELECT email, month FROM account_message WHERE admin_id = $1", key)
        await query("UPDATE audit_chain SET reminded_month = NULL WHERE company_id = $1", PROVIDER_ID)
        await query("DELETE FROM account_message WHERE company_id = $1 AND month = $2", PROVIDER_ID, MARCH)
    assert [(row["email"], row["month"]) for row in rows] == [("op@example.com", MARCH)]


async def test_RV_01_P2_a_run_that_dies_in_a_company_writes_nothing_of_it_and_the_next_one_asks(
    reviewer: Tenant, clock: Turned, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:

        async def put(*_: Any, **__: Any) -> UUID:
            raise KeyError

        patched.setattr(outbox, "put", put)
        with pytest.raises(ExceptionGroup) as raised:
            await review_reminders.remind(clock=clock)
    assert [type(failure) for failure in raised.value.exceptions] == [KeyError]
    assert await written(reviewer.id) == []

    assert await review_reminders.remind(clock=clock) == 1
    assert len(await written(reviewer.id)) == 1


async def test_RV_01_P2_the_mail_has_sums_the_month_and_the_way_and_nobodys_data(
    reviewer: Tenant, clock: Turned
) -> None:
    await review_reminders.remind(clock=clock)
    [row] = await written(reviewer.id)
    mail = RecordingMail()

    assert await deliver(row, clock, mail) is Outcome.SENT
    assert await deliver(row, clock, mail) is Outcome.DONE_BEFORE

    [sent] = mail.sent
    assert (sent.to, sent.reference) == (ADDRESS, str(row["id"]))
    message = email.message_from_bytes(sent.message, policy=default)
    [part] = message.iter_parts()
    text = part.get_content()
    assert message["To"] == ADDRESS
    for told in (
        "2026년 3월",
        "전체 기록: 4건",
        "조회·다운로드: 3건",
        "다운로드: 2건 (사유가 없는 다운로드 1건)",
        SITE,
    ):
        assert told in text
    for hidden in ("김관리", reviewer.mobile, str(reviewer.admin_id), reviewer.login_id):
        assert hidden not in text


async def test_RV_01_P2_a_mail_that_was_not_taken_comes_again(reviewer: Tenant, clock: Turned) -> None:
    await review_reminders.remind(clock=clock)
    [row] = await written(reviewer.id)
    with pytest.raises(GatewayBusy):
        await deliver(row, clock, RecordingMail(away=GatewayBusy("THROTTLED")))
    assert await deliver(row, clock, RecordingMail()) is Outcome.SENT


@pytest.mark.parametrize("address", ["hong@example.com\r\nBcc: x@example.com", "no address", "hong@"])
async def test_RV_01_P2_an_address_that_can_not_stand_in_a_header_is_refused(
    reviewer: Tenant, clock: Turned, address: str
) -> None:
    async with tenant(reviewer.id):
        await Admin.filter(company_id=reviewer.id, id=reviewer.admin_id).update(email=address)
    await review_reminders.remind(clock=clock)
    [row] = await written(reviewer.id)
    mail = RecordingMail()
    assert await deliver(row, clock, mail) is Outcome.REFUSED
    assert mail.sent == []


@pytest.mark.parametrize("body", [{}, {"message": "x"}, {"message": None}, {"message": 1}])
async def test_RV_01_P2_a_message_that_names_nothing_is_malformed(body: dict[str, Any], clock: Turned) -> None:
    with pytest.raises(Malformed):
        await review_reminders.deliver(body, mail=RecordingMail(), letterhead=LETTERHEAD, site_url=SITE, clock=clock)


async def test_RV_01_P2_the_database_lets_an_administrator_have_one_message_a_month(
    reviewer: Tenant, clock: Turned
) -> None:
    await review_reminders.remind(clock=clock)
    async with directory():
        await query("UPDATE audit_chain SET reminded_month = NULL WHERE company_id = $1", reviewer.id)
    with pytest.raises(ExceptionGroup):
        await review_reminders.remind(clock=clock)
    assert len(await written(reviewer.id)) == 1
