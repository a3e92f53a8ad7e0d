"""The e-mail that asks for the monthly review of access records (RV-01, P2)."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from typing import Any
from uuid import UUID

import orjson
import pytest
from tortoise.exceptions import IntegrityError

from bizcall import access_reviews, audit, contracts, review_reminders
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.dispatch import Malformed, Outcome, account_messages, claims, outbox
from bizcall.dispatch.mails import Letterhead
from bizcall.ids import uuid7
from bizcall.models import Admin
from bizcall.models.accounts import MessageKind
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import GatewayBusy
from bizcall.reasons import Purpose, Reason
from bizcall.settings import Settings
from tests.doubles import RecordingMail, Turned
from tests.factories import Tenant, employ

MARCH = date(2026, 3, 1)
IN_MARCH = datetime(2026, 3, 10, 1, tzinfo=UTC)
LETTERHEAD = Letterhead.of(Settings(stage="test", mail_from="비즈콜 <no-reply@bizcall.example>", app_url="https://app"))
SITE = "https://admin.bizcall.example"
ADDRESS = "hong@example.com"
OPERATOR = Actor(ActorKind.OPERATOR, UUID(int=7))
REASON = Reason(Purpose.OTHER, "요금 미납 3개월")


@pytest.fixture
def clock() -> Turned:
    """Nine in the morning in Korea, on the first of April."""
    return Turned(datetime(2026, 4, 1, tzinfo=UTC))


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> set[UUID]:
    """The companies that a run looks at: those of others are left alone."""
    those: set[UUID] = set()
    every = review_reminders._waiting

    async def waiting(month: date, day: date) -> list[UUID]:
        return [key for key in await every(month, day) if key in those]

    monkeypatch.setattr(review_reminders, "COMPANIES_MOST", 1_000_000)
    monkeypatch.setattr(review_reminders, "_waiting", waiting)
    return those


@pytest.fixture
async def reviewer(company: Tenant, looked_at: set[UUID]) -> Tenant:
    """A company whose administrator has an address, and looked at people in March; no other is looked at."""
    await employ(company.id, company.admin_id, company.login_id, company.mobile)
    await settle(company.id, company.admin_id)
    looked_at.add(company.id)
    return company


@pytest.fixture
async def operator(company: Tenant, looked_at: set[UUID]) -> AsyncIterator[UUID]:
    """The same at the provider, whose trail nobody has reviewed, whatever other tests did."""
    key = await appoint(PROVIDER_ID, company.mobile)
    await settle(PROVIDER_ID, key)
    looked_at.add(PROVIDER_ID)
    async with directory():
        columns = "reviewed_month, reminded_on"
        [before] = await query(f"SELECT {columns} FROM audit_chain WHERE company_id = $1", PROVIDER_ID)
    put = f"UPDATE audit_chain SET ({columns}) = ($2::date, $3::date) WHERE company_id = $1"
    async with directory():
        await query(put, PROVIDER_ID, None, None)
    yield key
    async with directory():
        await query(put, PROVIDER_ID, *before.values())


async def appoint(company_id: UUID, mobile: str) -> UUID:
    """A further administrator, who can sign in."""
    key = uuid7()
    async with tenant(company_id):
        await Admin.create(id=key, company_id=company_id, name="박운영", mobile=mobile, email=ADDRESS)
    await employ(company_id, key, f"op{key.hex[-12:]}", mobile)
    return key


async def settle(company_id: UUID, admin_id: UUID) -> None:
    """He has an address, and has looked at people in March; his company has a chain of seals."""
    async with tenant(company_id):
        await Admin.filter(company_id=company_id, id=admin_id).update(email=ADDRESS)
        actor = Actor(ActorKind.ADMIN, admin_id)
        for action, details in (
            ("subscribers.view", {}),
            ("exports.download", {"reason": "DISPUTE"}),
            ("imports.download", {}),
            ("admins.sign_in", {}),
        ):
            await audit.record(company_id, actor, action, [uuid7()], details, kind="Subscriber", clock=lambda: IN_MARCH)
    assert await audit.seal(company_id, margin=timedelta(0))


async def written(company_id: UUID) -> list[dict[str, Any]]:
    """What waits in the outbox for the company, and the messages named."""
    async with directory():
        bodies = await query(
            "SELECT body FROM outbox WHERE company_id = $1 AND queue = 'deliveries' ORDER BY id", company_id
        )
        keys = [UUID(orjson.loads(row["body"])["message"]) for row in bodies]
        return await query(
            "SELECT id, admin_id, kind, state, reason, mobile, email, month FROM account_message"
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


async def take(reviewer: Tenant, lacking: str, clock: Turned) -> None:
    """Let something lack without which nobody is asked."""
    if lacking == "contract":
        await contracts.suspend(reviewer.id, REASON, actor=OPERATOR, clock=clock)
    elif lacking == "looks":
        clock.turn(days=30)
    else:
        statement = {
            "address": "UPDATE admin SET email = NULL WHERE company_id = $1",
            "registration": "UPDATE credential SET registered_at = NULL, temporary_until = now() WHERE company_id = $1",
            "account": (
                "UPDATE credential SET login_id = NULL, password_hash = NULL, ended_at = now() WHERE company_id = $1"
            ),
        }[lacking]
        async with tenant(reviewer.id):
            await query(statement, reviewer.id)


@pytest.mark.parametrize("lacking", ["looks", "address", "registration", "contract", "account"])
async def test_RV_01_P2_nobody_is_asked_who_has_nothing_to_review_or_cannot(
    reviewer: Tenant, clock: Turned, lacking: str
) -> None:
    await take(reviewer, lacking, clock)
    assert await review_reminders.remind(clock=clock) == 0
    assert await written(reviewer.id) == []


@pytest.mark.parametrize(
    ("lacking", "given"),
    [
        ("address", f"UPDATE admin SET email = '{ADDRESS}' WHERE company_id = $1"),
        (
            "registration",
            "UPDATE credential SET registered_at = now(), temporary_until = NULL WHERE company_id = $1",
        ),
    ],
    ids=["address", "registration"],
)
async def test_RV_01_P2_who_can_be_asked_only_later_is_asked_on_the_next_day_from_nine_on(
    reviewer: Tenant, clock: Turned, lacking: str, given: str
) -> None:
    await take(reviewer, lacking, clock)
    assert await review_reminders.remind(clock=clock) == 0
    async with tenant(reviewer.id):
        await query(given, reviewer.id)

    clock.turn(hours=24, seconds=-1)
    assert await review_reminders.remind(clock=clock) == 0
    clock.turn(seconds=1)
    assert await review_reminders.remind(clock=clock) == 1


async def test_RV_01_P2_a_company_is_asked_as_soon_as_its_contract_is_resumed(reviewer: Tenant, clock: Turned) -> None:
    await take(reviewer, "contract", clock)
    assert await review_reminders.remind(clock=clock) == 0
    await contracts.resume(reviewer.id, REASON, actor=OPERATOR, clock=clock)
    assert await review_reminders.remind(clock=clock) == 1


async def test_RV_01_P2_a_further_administrator_is_asked_alone(reviewer: Tenant, clock: Turned) -> None:
    assert await review_reminders.remind(clock=clock) == 1
    key = await appoint(reviewer.id, reviewer.mobile)
    clock.turn(days=1)
    assert await review_reminders.remind(clock=clock) == 1
    assert [row["admin_id"] for row in await written(reviewer.id)] == [reviewer.admin_id, key]


async def test_RV_01_P2_operators_are_asked_for_the_providers_trail(operator: UUID, clock: Turned) -> None:
    assert await review_reminders.remind(clock=clock) >= 1
    found = [row for row in await written(PROVIDER_ID) if row["admin_id"] == operator]
    assert [(row["kind"], row["email"], row["month"]) for row in found] == [("ACCESS_REVIEW", ADDRESS, MARCH)]


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


async def test_RV_01_P2_who_confirms_while_the_mail_waits_gets_none(reviewer: Tenant, clock: Turned) -> None:
    await review_reminders.remind(clock=clock)
    [row] = await written(reviewer.id)
    await access_reviews.confirm(
        reviewer.id, Actor(ActorKind.ADMIN, reviewer.admin_id), MARCH, "이상 없음을 확인했습니다", clock=clock
    )
    mail = RecordingMail()

    assert await deliver(row, clock, mail) is Outcome.EXPIRED

    assert mail.sent == []
    [row] = await written(reviewer.id)
    assert (row["state"], row["reason"]) == ("FAILED", "SUPERSEDED")


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
    [row] = await written(reviewer.id)
    with pytest.raises(IntegrityError):
        async with tenant(reviewer.id):
            await account_messages.put(
                reviewer.id, row["admin_id"], MessageKind.ACCESS_REVIEW, email=ADDRESS, month=MARCH, queue=claims.QUEUE
            )
    assert len(await written(reviewer.id)) == 1
