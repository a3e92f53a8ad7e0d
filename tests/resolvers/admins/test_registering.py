"""The first sign-in, a forgotten password and the representative number, as clients go through them."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers.permissions import ONE_A_REQUEST
from tests.accounts import OTHER_PASSWORD, PASSWORD, Person, wrong
from tests.factories import Tenant
from tests.resolvers.admins.desk import SEND, SIGN_IN, Console, opened

pytestmark = pytest.mark.usefixtures("swift")

ERRORS = "userErrors { code field message params { name value } }"
VERIFY = f"""
mutation ($input: SignInVerifyInput!) {{
  signInVerify(input: $input) {{ session {{ token }} registration {{ token expiresAt }} {ERRORS} }}
}}"""
REGISTRATION_CODE = f"""
mutation ($input: RegistrationCodeSendInput!) {{
  registrationCodeSend(input: $input) {{ code {{ mobileMasked expiresAt nextAt }} {ERRORS} }}
}}"""
REGISTER = f"mutation ($input: AdminRegisterInput!) {{ adminRegister(input: $input) {{ isRegistered {ERRORS} }} }}"
RESET_CODE = f"""
mutation ($input: PasswordResetCodeSendInput!) {{
  passwordResetCodeSend(input: $input) {{
    challenge {{ token expiresAt }} code {{ mobileMasked expiresAt nextAt }} {ERRORS}
  }}
}}"""
RESET_VERIFY = f"""
mutation ($input: PasswordResetVerifyInput!) {{
  passwordResetVerify(input: $input) {{ accounts {{ id companyName loginId loginIdFormatted }} {ERRORS} }}
}}"""
RESET = f"""
mutation ($input: PasswordResetInput!) {{ passwordReset(input: $input) {{ account {{ loginId }} {ERRORS} }} }}"""
FIND = f"""
mutation ($input: RepresentativeNumberFindInput!) {{
  representativeNumberFind(input: $input) {{ representativeNumber representativeNumberFormatted {ERRORS} }}
}}"""


async def payload(console: Console, document: str, **given: Any) -> dict[str, Any]:
    """The payload of a mutation, which must be without top-level errors."""
    answer = await console.ask(document, given)
    assert "errors" not in answer, answer
    [found] = answer["data"].values()
    told: dict[str, Any] = found
    return told


async def codes(console: Console, document: str, **given: Any) -> list[tuple[str, list[str]]]:
    """The errors of a mutation by code and path."""
    return [(error["code"], error["field"]) for error in (await payload(console, document, **given))["userErrors"]]


async def registration(console: Console) -> str:
    """The first sign-in up to its form: the challenge's token."""
    person = console.person
    temporary = await person.invite()
    signing = await payload(console, SIGN_IN, loginId=person.company.login_id, password=temporary)
    challenge = signing["challenge"]["token"]
    await payload(console, SEND, challenge=challenge)
    await person.deliver()
    verified = await payload(console, VERIFY, challenge=challenge, code=person.phone.code)
    assert (verified["session"], verified["userErrors"]) == (None, [])
    token: str = verified["registration"]["token"]
    return token


def form(person: Person, challenge: str, code: str, /, **fields: Any) -> dict[str, Any]:
    """The form, filled in well but for what is given."""
    return {
        "challenge": challenge,
        "code": code,
        "password": PASSWORD,
        "passwordConfirmation": PASSWORD,
        "name": "홍길동",
        "email": "hong@example.com",
        "department": "총무팀",
        "mobile": person.company.mobile,
        **fields,
    }


async def test_AU_02_the_first_sign_in_ends_at_the_sign_in_screen(company: Tenant) -> None:
    async with opened(Person(company)) as console:
        person = console.person
        challenge = await registration(console)
        sent = await payload(console, REGISTRATION_CODE, challenge=challenge, mobile=person.company.mobile)
        assert sent["code"]["mobileMasked"] == f"010-****-{person.company.mobile[-4:]}"
        await person.deliver()

        registered = await payload(console, REGISTER, **form(person, challenge, person.phone.code))

        assert registered == {"isRegistered": True, "userErrors": []}
        assert not console.http.cookies
        person.clock.turn(seconds=30)
        assert (await console.finish(await console.begin()))["viewer"]["admin"]["name"] == "홍길동"


async def test_AU_02_errors_name_the_fields_of_the_input(company: Tenant) -> None:
    async with opened(Person(company)) as console:
        person = console.person
        challenge = await registration(console)
        assert await codes(console, REGISTRATION_CODE, challenge=challenge, mobile="010-9999-9999") == [
            ("OTHER_MOBILE", ["mobile"])
        ]
        await payload(console, REGISTRATION_CODE, challenge=challenge, mobile=person.company.mobile)
        await person.deliver()
        code = person.phone.code

        for fields, told in (
            ({"name": " ", "email": "x"}, [("REQUIRED", ["name"]), ("INVALID_FORMAT", ["email"])]),
            ({"position": "가" * 51}, [("TOO_LONG", ["position"])]),
            ({"mobile": "01099999999"}, [("OTHER_MOBILE", ["mobile"])]),
            ({"password": "short1"}, [("TOO_SHORT", ["password"])]),
            ({"passwordConfirmation": "x"}, [("CONFLICT", ["passwordConfirmation"])]),
            ({"code": wrong(code)}, [("CODE_WRONG", ["code"])]),
            ({"challenge": "x"}, [("STATE", ["challenge"])]),
        ):
            assert await codes(console, REGISTER, **form(person, challenge, code, **fields)) == told
        assert await codes(console, REGISTER, **form(person, challenge, code)) == []


async def test_AU_02_an_expired_temporary_password_says_whom_to_ask(company: Tenant) -> None:
    async with opened(Person(company)) as console:
        temporary = await console.person.invite()
        console.person.clock.turn(hours=72)

        signing = await payload(console, SIGN_IN, loginId=company.login_id, password=temporary)

        assert signing["challenge"] is None
        [error] = signing["userErrors"]
        assert (error["code"], error["field"]) == ("TEMPORARY_EXPIRED", ["password"])
        assert "1544-0001" in error["message"]


async def test_PW_01_mobile_code_account_password(console: Console) -> None:
    person = console.person
    begun = await payload(console, RESET_CODE, mobile=person.company.mobile)
    await person.deliver()
    challenge = begun["challenge"]["token"]
    assert await codes(console, RESET_VERIFY, challenge=challenge, code=wrong(person.phone.code)) == [
        ("CODE_WRONG", ["code"])
    ]
    verified = await payload(console, RESET_VERIFY, challenge=challenge, code=person.phone.code)
    [account] = verified["accounts"]
    number = person.company.login_id
    assert account["loginId"] == number
    assert account["loginIdFormatted"] == f"{number[:3]}-{number[3:7]}-{number[7:]}"
    given = {"challenge": challenge, "password": OTHER_PASSWORD, "passwordConfirmation": OTHER_PASSWORD}
    assert await codes(console, RESET, **given, account="nobody") == [("NOT_FOUND", ["account"])]
    assert await codes(console, RESET, **{**given, "passwordConfirmation": "x"}) == [
        ("CONFLICT", ["passwordConfirmation"])
    ]

    reset = await payload(console, RESET, **given, account=account["id"])

    assert reset == {"account": {"loginId": number}, "userErrors": []}
    assert (await payload(console, SIGN_IN, loginId=number, password=OTHER_PASSWORD))["challenge"]


async def test_PW_01_with_several_companies_the_choice_is_asked_for(console: Console, stranger: Tenant) -> None:
    person = console.person
    stranger.mobile = person.company.mobile
    await Person(stranger, clock=person.clock).register()
    challenge = (await payload(console, RESET_CODE, mobile=person.company.mobile))["challenge"]["token"]
    await person.deliver()
    accounts = (await payload(console, RESET_VERIFY, challenge=challenge, code=person.phone.code))["accounts"]
    given = {"challenge": challenge, "password": OTHER_PASSWORD, "passwordConfirmation": OTHER_PASSWORD}

    assert await codes(console, RESET, **given) == [("REQUIRED", ["account"])]
    [chosen] = [account["id"] for account in accounts if account["loginId"] == stranger.login_id]
    assert await codes(console, RESET, **given, account=chosen) == []

    assert await codes(console, SIGN_IN, loginId=stranger.login_id, password=OTHER_PASSWORD) == []
    assert await codes(console, SIGN_IN, loginId=person.company.login_id, password=OTHER_PASSWORD) == [
        ("CREDENTIALS", [])
    ]


async def test_O8_an_unknown_mobile_gets_the_same_answer(console: Console) -> None:
    mobile = console.person.company.mobile
    known = await payload(console, RESET_CODE, mobile=mobile)
    unknown = await payload(console, RESET_CODE, mobile=f"0119{mobile[-7:]}")

    for answer in (known, unknown):
        assert len(answer["challenge"].pop("token")) == 43
        assert answer["code"].pop("mobileMasked").endswith(f"-****-{mobile[-4:]}")
    assert known == unknown
    too_soon = await payload(console, RESET_CODE, mobile=mobile)
    assert too_soon["userErrors"] == (await payload(console, RESET_CODE, mobile=f"0119{mobile[-7:]}"))["userErrors"]
    assert too_soon["userErrors"][0]["code"] == "TOO_SOON"


async def test_FN_01_a_whole_number_finds_the_representative_one(console: Console) -> None:
    company = console.person.company
    shown = f"{company.login_id[:3]}-{company.login_id[3:7]}-{company.login_id[7:]}"

    assert await payload(console, FIND, number=company.numbers[7]) == {
        "representativeNumber": company.login_id,
        "representativeNumberFormatted": shown,
        "userErrors": [],
    }
    assert await codes(console, FIND, number=company.numbers[7][:-1]) == [("NOT_FOUND", ["number"])]


@pytest.mark.parametrize("name", sorted(ONE_A_REQUEST))
async def test_A6_a_secret_is_compared_or_sent_once_a_request(console: Console, name: str) -> None:
    document = (
        f'mutation {{ a: {name} {{ __typename }} signIn(input: {{loginId: "070", password: "x"}}) {{ __typename }} }}'
    )

    answer = await console.ask(document)

    assert answer["errors"][0]["extensions"]["limit"] == "secretMutations"
    assert "data" not in answer
