"""An administrator's account over HTTP, from the welcome message on: every code and password is read from the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.companies import PASSWORD, Company, make_company, make_operator
from tests.journeys.system import CODE_SEND, SIGN_IN, Administrator, System, until

FIRST = "Harbour5Kettle"
SECOND = "Velvet9Tractor"
ERRORS = "userErrors { code field message }"
RESEND = f"""
mutation ($input: AdminWelcomeResendInput!) {{
  adminWelcomeResend(input: $input) {{ admin {{ id state }} {ERRORS} }}
}}"""
ADMINS = """
query ($filter: AdminFilter) {
  admins(first: 10, filter: $filter) { nodes { id companyName state name welcome { state } } }
}"""
VERIFY = f"""
mutation ($input: SignInVerifyInput!) {{
  signInVerify(input: $input) {{ session {{ token }} registration {{ token }} {ERRORS} }}
}}"""
REGISTRATION_CODE = f"""
mutation ($input: RegistrationCodeSendInput!) {{ registrationCodeSend(input: $input) {{ {ERRORS} }} }}"""
REGISTER = f"mutation ($input: AdminRegisterInput!) {{ adminRegister(input: $input) {{ isRegistered {ERRORS} }} }}"
FIND = f"""
mutation ($input: RepresentativeNumberFindInput!) {{
  representativeNumberFind(input: $input) {{ representativeNumber {ERRORS} }}
}}"""
RESET_CODE = f"""
mutation ($input: PasswordResetCodeSendInput!) {{
  passwordResetCodeSend(input: $input) {{ challenge {{ token }} {ERRORS} }}
}}"""
RESET_VERIFY = f"""
mutation ($input: PasswordResetVerifyInput!) {{
  passwordResetVerify(input: $input) {{ accounts {{ id companyName }} {ERRORS} }}
}}"""
RESET = f"mutation ($input: PasswordResetInput!) {{ passwordReset(input: $input) {{ account {{ id }} {ERRORS} }} }}"
VIEWER = "{ viewer { role admin { name department } company { name } sessions { isCurrent } } }"


@pytest.fixture
async def company(system: System) -> Company:
    """A company whose administrator has not been told anything yet."""
    return await make_company(str(system.addresses["database"]), lines=3, registered=False)


@pytest.fixture
async def operator(system: System) -> Administrator:
    """An operator who has signed in."""
    made = await make_operator(str(system.addresses["database"]))
    return system.sign_in(made.login_id, PASSWORD)


def done(system: System, document: str, **given: Any) -> Any:
    """The payload of a mutation that must take effect, of somebody who is not signed in."""
    [payload] = system.graphql(document, {"input": given}).values()
    assert payload["userErrors"] == [], payload
    return payload


def received(system: System, mobile: str, act: Callable[[], Any]) -> str:
    """The text that comes to a mobile because of an act."""

    def texts() -> list[str]:
        return [message["text"] for message in system.messages() if message["to"].endswith(mobile[1:])]

    before = len(texts())
    act()
    return until(lambda: texts()[before:])[-1]


def coded(system: System, mobile: str, document: str, /, **given: Any) -> str:
    """The code that comes to a mobile because of a mutation."""
    found = re.search(r"\d{6}", received(system, mobile, lambda: done(system, document, **given)))
    assert found
    return found[0]


async def test_AU_02_PW_01_from_the_welcome_message_through_a_forgotten_password(
    system: System, company: Company, operator: Administrator
) -> None:
    # ON-02: the operator sends the welcome message.
    given = {"representativeNumber": company.login_id, "companyName": company.name}
    welcome = received(system, company.mobile, lambda: operator.ask(RESEND, input=given))
    assert company.login_id in welcome
    assert "1544-0001" in welcome
    temporary = re.search(r"비밀번호: (\w+)", welcome)
    assert temporary

    # AU-02: the first sign-in leads to the form, and the form back to the sign-in screen.
    signing = done(system, SIGN_IN, loginId=company.login_id, password=temporary[1])
    challenge = signing["challenge"]["token"]
    code = coded(system, company.mobile, CODE_SEND, challenge=challenge)
    verified = done(system, VERIFY, challenge=challenge, code=code)
    assert verified["session"] is None
    registration = verified["registration"]["token"]
    code = coded(system, company.mobile, REGISTRATION_CODE, challenge=registration, mobile=company.mobile)
    form = {"name": "홍길동", "email": "hong@example.com", "department": "총무팀", "mobile": company.mobile}
    new = {"password": FIRST, "passwordConfirmation": FIRST}
    done(system, REGISTER, challenge=registration, code=code, **form, **new)

    # FN-01: the login ID, forgotten and found.
    login_id = done(system, FIND, number=company.numbers[2])["representativeNumber"]
    assert login_id == company.login_id

    # PW-01: the password too.
    begun: dict[str, str] = {}
    text = received(
        system,
        company.mobile,
        lambda: begun.update(done(system, RESET_CODE, mobile=company.mobile)["challenge"]),
    )
    found = re.search(r"\d{6}", text)
    assert found
    accounts = done(system, RESET_VERIFY, challenge=begun["token"], code=found[0])["accounts"]
    assert [account["companyName"] for account in accounts] == [company.name]
    new = {"password": SECOND, "passwordConfirmation": SECOND}
    told = received(system, company.mobile, lambda: done(system, RESET, challenge=begun["token"], **new))
    assert "비밀번호가 변경되었습니다" in told
    [refused] = system.graphql(SIGN_IN, {"input": {"loginId": login_id, "password": FIRST}})["signIn"]["userErrors"]
    assert refused["code"] == "CREDENTIALS"

    # AU-20: thirty seconds after the first code for signing in, another may be asked for.
    challenge = done(system, SIGN_IN, loginId=login_id, password=SECOND)["challenge"]["token"]
    text = received(system, company.mobile, lambda: until(lambda: sent(system, challenge)))
    found = re.search(r"\d{6}", text)
    assert found
    verified = done(system, VERIFY, challenge=challenge, code=found[0])
    signed_in = Administrator(system, verified["session"]["token"])
    viewer = signed_in.ask(VIEWER)["viewer"]
    assert viewer == {
        "role": "ADMIN",
        "admin": {"name": "홍길동", "department": "총무팀"},
        "company": {"name": company.name},
        "sessions": [{"isCurrent": True}],
    }
    [row] = operator.ask(ADMINS, filter={"search": company.login_id})["admins"]["nodes"]
    assert (row["state"], row["name"], row["welcome"]) == ("REGISTERED", None, {"state": "SENT"})


def sent(system: System, challenge: str) -> bool:
    """Whether a code for signing in could be asked for."""
    answer = system.graphql(CODE_SEND, {"input": {"challenge": challenge}})
    refused: list[Any] = answer["signInCodeSend"]["userErrors"]
    return not refused
