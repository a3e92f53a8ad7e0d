"""What a company decides: switching masking off says why, and is told to everybody who signs in for it (CU-01)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from bizcall import policies
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Throttled
from bizcall.ids import uuid7
from bizcall.models import Admin, Company
from bizcall.months import KOREA
from bizcall.reasons import Purpose, Reason
from bizcall.throttles import BOUNDS, Bucket
from tests.accounts import Person, records
from tests.factories import Tenant, employ

WHY = Reason(Purpose.QUALITY_CHECK, "  상담   품질 점검 ")
[OFTEN] = BOUNDS[Bucket.UNMASKING]


@pytest.fixture
async def person(company: Tenant) -> Person:
    """An administrator who signs in for the company."""
    return await Person(company).register()


async def save(person: Person, *, masks: bool, reason: Reason | None = None) -> Company:
    """He decides."""
    actor = Actor(ActorKind.ADMIN, person.company.admin_id)
    return await policies.save(
        person.company.id, actor, masks_customers=masks, reason=reason, queue=person.queue, clock=person.clock
    )


async def colleague(person: Person, mobile: str, *, without: str = "") -> UUID:
    """A further administrator of the company; `without` takes away what it takes to sign in."""
    key = uuid7()
    async with tenant(person.company.id):
        await Admin.create(id=key, company_id=person.company.id, name="이동료", mobile=mobile)
    await employ(person.company.id, key, person.company.numbers[-1] if without else person.company.numbers[1], mobile)
    if without:
        async with tenant(person.company.id):
            await query(
                f"UPDATE credential SET {without} WHERE company_id = $1 AND admin_id = $2", person.company.id, key
            )
    return key


async def decided(person: Person) -> list[tuple[str, dict[str, object]]]:
    """What the trail tells of it."""
    return [
        (row["action"], json.loads(row["details"]))
        for row in await records(person.company.id)
        if row["action"] == "companies.policy"
    ]


async def test_CU_01_the_policy_is_saved_with_a_record_of_what_it_was_and_why(person: Person) -> None:
    assert not (await save(person, masks=False, reason=WHY)).masks_customers
    assert not (await save(person, masks=False, reason=WHY)).masks_customers
    assert (await save(person, masks=True, reason=WHY)).masks_customers
    why = {"reason": "QUALITY_CHECK", "note": "상담 품질 점검"}
    assert await decided(person) == [
        ("companies.policy", {"masksCustomers": False, "masksCustomersBefore": True, **why}),
        ("companies.policy", {"masksCustomers": False, "masksCustomersBefore": False, **why}),
        ("companies.policy", {"masksCustomers": True, "masksCustomersBefore": False}),
    ]


async def test_CU_01_whoever_signs_in_for_the_company_is_told_by_sms_that_it_masks_no_more(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    await colleague(person, "01099998888")
    at = person.clock().astimezone(KOREA)
    await save(person, masks=False, reason=WHY)
    assert [record.__dict__["event"] for record in caplog.records if "event" in record.__dict__] == [
        "CUSTOMERS_UNMASKED"
    ]
    while person.queue.letters:
        await person.deliver()
        person.queue.letters.pop()
    assert sorted(sent.to for sent in person.phone.sent) == sorted([person.company.mobile, "01099998888"])
    async with tenant(person.company.id, read_only=True):
        name = (await Company.get(id=person.company.id)).name
    told = (
        f"[비즈콜] {name}의 고객 정보 가림이 해제되어, 고객의 이름과 번호가 그대로 표시됩니다.\n"
        f"일시: {at:%Y-%m-%d %H:%M}\n"
        "의도한 변경이 아니면 다시 가림으로 설정하고 1544-0001로 연락해 주세요."
    )
    assert {sent.text for sent in person.phone.sent} == {told}


@pytest.mark.parametrize(
    "without",
    [
        "registered_at = NULL, temporary_until = now()",
        "ended_at = now(), login_id = NULL, password_hash = NULL",
        "suspended_at = now()",
    ],
)
async def test_CU_01_nobody_is_told_who_cant_sign_in(person: Person, stranger: Tenant, without: str) -> None:
    await Person(stranger).register()
    await colleague(person, "01099998888", without=without)
    await save(person, masks=False, reason=WHY)
    assert len(person.queue.letters) == 1


async def test_CU_01_what_was_off_before_or_is_switched_on_is_told_to_nobody(person: Person) -> None:
    await save(person, masks=False, reason=WHY)
    person.queue.letters.clear()
    await save(person, masks=False, reason=WHY)
    await save(person, masks=True)
    assert person.queue.letters == []


@pytest.mark.parametrize(
    ("reason", "code", "field"),
    [
        (None, ErrorCode.REQUIRED, "reason"),
        (Reason(Purpose.OTHER, ""), ErrorCode.REQUIRED, "note"),
        (Reason(Purpose.OTHER, "....."), ErrorCode.REQUIRED, "note"),
        (Reason(Purpose.OTHER, "점검"), ErrorCode.TOO_SHORT, "note"),
    ],
)
async def test_CU_01_without_a_reason_it_stays_on(
    person: Person, reason: Reason | None, code: ErrorCode, field: str
) -> None:
    with pytest.raises(Invalid) as error:
        await save(person, masks=False, reason=reason)
    assert [(each.code, each.field) for each in error.value.problems] == [(code, (field,))]
    assert await decided(person) == []
    async with tenant(person.company.id, read_only=True):
        assert (await Company.get(id=person.company.id)).masks_customers


async def test_L13_CU_01_it_is_switched_off_five_times_a_day_at_the_most(person: Person, stranger: Tenant) -> None:
    for _ in range(OFTEN.limit):
        await save(person, masks=False, reason=WHY)
        # What changes nothing counts for nothing.
        await save(person, masks=False, reason=WHY)
        await save(person, masks=True)
    person.queue.letters.clear()
    with pytest.raises(Throttled):
        await save(person, masks=False, reason=WHY)
    async with tenant(person.company.id, read_only=True):
        assert (await Company.get(id=person.company.id)).masks_customers
    assert person.queue.letters == []
    await save(await Person(stranger, clock=person.clock).register(), masks=False, reason=WHY)
    person.clock.turn(seconds=OFTEN.window.total_seconds())
    assert not (await save(person, masks=False, reason=WHY)).masks_customers
