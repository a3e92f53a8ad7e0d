"""The demo company: the same keys, numbers and password on every laptop, so that guides and scripts can name them.

    company                 데모상사, COMPANY_ID
    operator                OPERATOR_LOGIN_ID and PASSWORD; codes go to OPERATOR_MOBILE
    phone app's server      SERVICE_TOKEN
    sign-in                 LOGIN_ID (its representative number) and PASSWORD; codes go to MOBILE, into the local inbox
    lines                   07080001000 … 07080001029, every third with RID as its caller ID
    subscribers             the first ten lines are held, the other twenty are free
    departments             경영지원팀, 영업팀, 개발팀, 고객지원팀
    plans                   PLANS, of which the company has the first
    notices, documents      those of `local/publications.py`

The people are invented, and nothing is ever sent to their numbers: the local server only shows it.
Password and token are published on purpose: only this machine can reach the database.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bizcall.admins import passwords, tokens
from bizcall.database import directory, tenant
from bizcall.models import (
    Admin,
    Company,
    Credential,
    Department,
    Line,
    Membership,
    NumberDirectory,
    Plan,
    ServiceClient,
    Subscriber,
)
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import now
from local import publications
from local.keys import Kind, key

COMPANY_ID = key(Kind.COMPANY, 1)
COMPANY_NAME = "데모상사"
ADMIN_ID = key(Kind.ADMIN, 1)
NUMBERS = tuple(f"0{7080001000 + number}" for number in range(30))
LOGIN_ID = NUMBERS[0]
PASSWORD = "bizcall2026"  # noqa: S105  # published on purpose
MOBILE = "01000000000"
OPERATOR_ID = key(Kind.ADMIN, 2)
OPERATOR_LOGIN_ID = "operator"
OPERATOR_MOBILE = "01000000001"
SERVICE_ID = key(Kind.SERVICE, 1)
SERVICE_NAME = "phone-app"
SERVICE_TOKEN = "svc_demo-phone-app-published-on-purpose"  # noqa: S105  # as it says
RID = "0215441000"
LINE_IDS = tuple(key(Kind.LINE, number) for number in range(len(NUMBERS)))
DEPARTMENTS = {
    name: key(Kind.DEPARTMENT, number) for number, name in enumerate(("경영지원팀", "영업팀", "개발팀", "고객지원팀"))
}
PEOPLE = (
    ("김하늘", "대표", "경영지원팀"),
    ("이도윤", "팀장", "경영지원팀"),
    ("박서연", "팀장", "영업팀"),
    ("최민준", "과장", "영업팀"),
    ("정지우", "대리", "영업팀"),
    ("강예준", "팀장", "개발팀"),
    ("조수아", "책임", "개발팀"),
    ("윤시우", "선임", "개발팀"),
    ("장하은", "팀장", "고객지원팀"),
    ("임주원", "사원", "고객지원팀"),
)
SUBSCRIBER_IDS = tuple(key(Kind.SUBSCRIBER, number) for number in range(len(PEOPLE)))
PLANS = (
    ("BASIC", "베이직", 5_500, "회선마다 앱 1명. 사무실 번호로 걸고 받기, 통화 통계 3개월."),
    ("STANDARD", "스탠다드", 8_800, "베이직에 더해 문자 보내기와 받기, 통화 이력 엑셀 내려받기."),
    ("PREMIUM", "프리미엄", None, "스탠다드에 더해 통화 녹음과 전담 고객센터. 요금은 상담을 통해 정합니다."),
)
STARTED = datetime(2025, 1, 2, tzinfo=UTC)
"""Since when the company has its lines, and these people theirs."""


async def seed() -> bool:
    """Make the demo company, the operator and the service client, unless they are there already.

    False when the company was. What was changed since stays changed.
    """
    password_hash = await passwords.hashed(PASSWORD)
    await _operator(password_hash)
    await _service()
    async with tenant(COMPANY_ID):
        await Plan.bulk_create(_plans(), ignore_conflicts=True)
        await publications.seed(now())
        if await Company.filter(id=COMPANY_ID).exists():
            return False
        await Company.create(id=COMPANY_ID, name=COMPANY_NAME, representative_number=LOGIN_ID, plan_code=PLANS[0][0])
        await NumberDirectory.bulk_create([NumberDirectory(number=number, company_id=COMPANY_ID) for number in NUMBERS])
        await Line.bulk_create(_lines())
        await Department.bulk_create(
            [Department(id=held, company_id=COMPANY_ID, name=name) for name, held in DEPARTMENTS.items()]
        )
        await Subscriber.bulk_create(_subscribers())
        await Membership.bulk_create(_memberships())
        await Admin.create(
            id=ADMIN_ID, company_id=COMPANY_ID, name="김관리", department="경영지원팀", position="팀장", mobile=MOBILE
        )
        await Credential.create(
            admin_id=ADMIN_ID,
            company_id=COMPANY_ID,
            login_id=LOGIN_ID,
            password_hash=password_hash,
            mobile=MOBILE,
            password_changed_at=STARTED,
            registered_at=STARTED,
        )
    return True


async def _operator(password_hash: str) -> None:
    async with tenant(PROVIDER_ID):
        if await Admin.filter(company_id=PROVIDER_ID, id=OPERATOR_ID).exists():
            return
        await Admin.create(id=OPERATOR_ID, company_id=PROVIDER_ID, name="이운영", mobile=OPERATOR_MOBILE)
        await Credential.create(
            admin_id=OPERATOR_ID,
            company_id=PROVIDER_ID,
            login_id=OPERATOR_LOGIN_ID,
            password_hash=password_hash,
            mobile=OPERATOR_MOBILE,
            password_changed_at=STARTED,
            registered_at=STARTED,
        )


async def _service() -> None:
    async with directory():
        if not await ServiceClient.filter(id=SERVICE_ID).exists():
            await ServiceClient.create(
                id=SERVICE_ID, name=SERVICE_NAME, token_hash=tokens.hashed(SERVICE_TOKEN), created_at=STARTED
            )


def _plans() -> list[Plan]:
    return [
        Plan(code=code, name=name, monthly_fee=fee, guide=guide, place=place)
        for place, (code, name, fee, guide) in enumerate(PLANS)
    ]


def _lines() -> list[Line]:
    return [
        Line(
            id=line_id,
            company_id=COMPANY_ID,
            number=number,
            rid=RID if place % 3 == 0 else None,
            created_at=STARTED,
        )
        for place, (line_id, number) in enumerate(zip(LINE_IDS, NUMBERS, strict=True))
    ]


def _subscribers() -> list[Subscriber]:
    return [
        Subscriber(
            id=SUBSCRIBER_IDS[place],
            company_id=COMPANY_ID,
            line_id=LINE_IDS[place],
            department_id=DEPARTMENTS[department],
            name=name,
            position=position,
            mobile=f"010000001{place:02d}",
            email=f"user{place + 1}@demo.example.com",
            rid_enabled=place % 6 == 0,
            app_enabled=place % 2 == 0,
            started_at=STARTED,
            updated_at=STARTED,
        )
        for place, (name, position, department) in enumerate(PEOPLE)
    ]


def _memberships() -> list[Membership]:
    return [
        Membership(company_id=COMPANY_ID, subscriber_id=held, department_id=DEPARTMENTS[name], started_at=STARTED)
        for held, (_, _, name) in zip(SUBSCRIBER_IDS, PEOPLE, strict=True)
    ]
