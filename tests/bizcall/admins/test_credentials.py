"""Giving an administrator ID and password (PW-01)."""

from __future__ import annotations

import pytest

from bizcall import admins
from bizcall.database import directory, query
from bizcall.errors import ErrorCode
from tests.accounts import ACTOR, KEYS, PASSWORD, Person, refused
from tests.factories import Tenant


@pytest.mark.parametrize("password", ["purplefox7", "8143059267k", "kq7w2hz9" * 8, "PURPLEFOX7"])
@pytest.mark.usefixtures("swift")
async def test_PW_01_letters_and_digits_from_10_to_64_make_a_password(newcomer: Person, password: str) -> None:
    await choose(newcomer, password)

    assert await newcomer.sign_in(password)


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
@pytest.mark.usefixtures("swift")
async def test_PW_01_other_passwords_are_refused(newcomer: Person, password: str, code: ErrorCode) -> None:
    problem = await refused(choose(newcomer, password))

    assert (problem.code, problem.field) == (code, ("password",))


async def test_a_login_id_belongs_to_one_administrator(person: Person, stranger: Tenant) -> None:
    stranger.numbers.insert(0, person.company.login_id)

    problem = await refused(Person(stranger).invite())

    assert (problem.code, problem.field) == (ErrorCode.DUPLICATE, ("loginId",))


async def test_passwords_are_stored_as_argon2id(newcomer: Person) -> None:
    await choose(newcomer, PASSWORD)

    async with directory():
        (row,) = await query("SELECT password_hash FROM credential WHERE admin_id = $1", newcomer.company.admin_id)
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def choose(newcomer: Person, password: str) -> None:
    """Register with a password of his own."""
    registration = await newcomer.registration(newcomer.phone.password)
    code = await newcomer.registration_code(registration)
    await admins.register(
        registration.token, code, newcomer.form(password), keys=KEYS, actor=ACTOR, clock=newcomer.clock
    )
