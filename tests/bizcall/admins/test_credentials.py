"""Giving an administrator ID and password (PW-01)."""

from __future__ import annotations

import pytest

from bizcall import admins
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, NotFound
from bizcall.ids import uuid7
from tests.accounts import ACTOR, Person
from tests.factories import Tenant

GOOD = "purplefox7"


@pytest.mark.parametrize("password", ["purplefox7", "8143059267k", "kq7w2hz9" * 8, "PURPLEFOX7"])
async def test_PW_01_letters_and_digits_from_10_to_64_make_a_password(company: Tenant, password: str) -> None:
    person = Person(company)

    await give(company, password)

    assert await person.sign_in(password)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", ErrorCode.TOO_SHORT),
        ("abcdefgh1", ErrorCode.TOO_SHORT),
        ("a1" * 32 + "a", ErrorCode.TOO_LONG),
        ("abcdefghij", ErrorCode.INVALID_FORMAT),
        ("1234567890", ErrorCode.INVALID_FORMAT),
        ("abcdefghi1!", ErrorCode.INVALID_FORMAT),
        ("abcdefghi 1", ErrorCode.INVALID_FORMAT),
        ("abcdefghi1\n", ErrorCode.INVALID_FORMAT),
        ("비밀번호비밀번호12", ErrorCode.INVALID_FORMAT),
        ("abcdefghi١", ErrorCode.INVALID_FORMAT),
    ],
)
async def test_PW_01_other_passwords_are_refused(company: Tenant, password: str, code: ErrorCode) -> None:
    with pytest.raises(Invalid) as caught:
        await give(company, password)

    assert [(problem.code, problem.field) for problem in caught.value.problems] == [(code, ("password",))]


async def test_a_login_id_belongs_to_one_administrator(company: Tenant, stranger: Tenant) -> None:
    await give(company)

    with pytest.raises(Invalid) as caught:
        await give(stranger, login_id=company.login_id)

    assert caught.value.problems[0].code is ErrorCode.DUPLICATE


async def test_another_companys_administrator_is_not_found(company: Tenant, stranger: Tenant) -> None:
    with pytest.raises(NotFound):
        await admins.register_credential(
            company.id, stranger.admin_id, login_id=company.login_id, password=GOOD, actor=ACTOR
        )
    with pytest.raises(NotFound):
        await admins.register_credential(company.id, uuid7(), login_id=company.login_id, password=GOOD, actor=ACTOR)


@pytest.mark.parametrize("login_id", ["", "01012345678", "15440001", "abc"])
async def test_AU_01_a_login_id_is_a_companys_number(company: Tenant, login_id: str) -> None:
    with pytest.raises(Invalid) as caught:
        await give(company, login_id=login_id)

    assert caught.value.problems[0].field == ("loginId",)


async def test_passwords_are_stored_as_argon2id(company: Tenant) -> None:
    await give(company)

    async with directory():
        (row,) = await query("SELECT password_hash FROM credential WHERE admin_id = $1", company.admin_id)
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def give(company: Tenant, password: str = GOOD, *, login_id: str | None = None) -> None:
    """Register a credential for the company's administrator."""
    await admins.register_credential(
        company.id,
        company.admin_id,
        login_id=company.login_id if login_id is None else login_id,
        password=password,
        actor=ACTOR,
    )
