"""Operators' own accounts: made, told their password again, ended."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from bizcall import admins
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.models import Admin
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import ACTOR, Person, operate, refused

pytestmark = pytest.mark.usefixtures("swift")


async def test_an_operator_who_has_not_registered_is_sent_another_password_wherever_he_is(person: Person) -> None:
    login_id = f"op.{person.company.login_id}"
    key = await operate(person, login_id)
    before = person.phone.password

    assert await operate(person, login_id, "이운영", "010-8888-0003") == key

    assert person.phone.received[-1][0] == "01088880003"
    assert (await refused(person.sign_in(before, login_id=login_id))).code is ErrorCode.CREDENTIALS
    half = await person.sign_in(person.phone.password, login_id=login_id)
    await person.ask(half)
    assert person.phone.received[-1][0] == "01088880003"
    async with tenant(PROVIDER_ID):
        assert (await Admin.get(company_id=PROVIDER_ID, id=key)).name == "이운영"


async def test_an_operator_who_has_registered_is_not_made_again(person: Person) -> None:
    login_id = f"op.{person.company.login_id}"
    key = await operate(person, login_id)
    async with directory():
        await query("UPDATE credential SET registered_at = now(), temporary_until = NULL WHERE admin_id = $1", key)

    assert (await refused(operate(person, login_id, "이운영"))).code is ErrorCode.STATE

    async with tenant(PROVIDER_ID):
        assert (await Admin.get(company_id=PROVIDER_ID, id=key)).name == "김운영"


async def test_of_five_operators_of_one_name_at_once_one_is_made(person: Person) -> None:
    login_id = f"op.{person.company.login_id}"

    answers = await asyncio.gather(*(operate(person, login_id) for _ in range(5)), return_exceptions=True)

    assert len({answer for answer in answers if isinstance(answer, UUID)}) == 1
    assert all(isinstance(answer, UUID | Invalid) for answer in answers)


@pytest.mark.parametrize(
    ("login_id", "name", "mobile", "problem"),
    [
        ("ab", "김", "01088880004", Problem(ErrorCode.INVALID_FORMAT, ("loginId",))),
        ("1abc", "김", "01088880004", Problem(ErrorCode.INVALID_FORMAT, ("loginId",))),
        ("a" * 21, "김", "01088880004", Problem(ErrorCode.INVALID_FORMAT, ("loginId",))),
        ("운영자", "김", "01088880004", Problem(ErrorCode.INVALID_FORMAT, ("loginId",))),
        ("operator", " ", "01088880004", Problem(ErrorCode.REQUIRED, ("name",))),
        ("operator", "가" * 51, "01088880004", Problem(ErrorCode.TOO_LONG, ("name",), {"maximum": "50"})),
        ("operator", "김", "07012345678", Problem(ErrorCode.INVALID_FORMAT, ("mobile",))),
    ],
)
async def test_an_operator_has_a_name_to_sign_in_with_and_a_mobile(
    person: Person, login_id: str, name: str, mobile: str, problem: Problem
) -> None:
    assert await refused(operate(person, login_id, name, mobile)) == problem


async def test_an_operator_who_left_can_do_nothing_any_more(person: Person) -> None:
    login_id = f"op.{person.company.login_id}"
    key = await operate(person, login_id)

    assert await admins.operator_end(login_id, actor=ACTOR, clock=person.clock) == key

    attempt = person.sign_in(person.phone.password, login_id=login_id)
    assert (await refused(attempt)).code is ErrorCode.CREDENTIALS
    with pytest.raises(NotFound):
        await admins.operator_end(login_id, actor=ACTOR, clock=person.clock)
