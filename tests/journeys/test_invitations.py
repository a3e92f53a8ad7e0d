"""From the Excel form to the sign-in on the telephone: what is sent, to whom, and what is told of it (IN-10)."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import parseaddr

import pytest

from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.invitations import INVITATIONS, SEND, registered, states, wanted
from tests.journeys.system import Administrator, System, until
from tests.journeys.workbooks import REGISTER, filled, finished, form_of, previewed, upload

ONBOARDING = """
{ subscribers(first: 10, filter: {held: true}) { nodes { number subscriber { name onboarding { state } } } } }
"""


@pytest.fixture
async def company(system: System) -> Company:
    """A company with 12 free lines."""
    return await make_company(str(system.addresses["database"]), lines=12)


@pytest.fixture
def boss(system: System, company: Company) -> Administrator:
    """Its administrator, signed in."""
    return system.sign_in(company.login_id, PASSWORD)


def test_IN_10_the_filled_form_becomes_text_messages_and_mails_and_the_administrator_sees_them_sent(
    system: System, company: Company, boss: Administrator
) -> None:
    first, second, third = company.numbers[:3]
    body = filled(
        form_of(boss),
        {
            first: ("홍길동", "영업팀", "팀장", f"010{first[-8:]}", f"hong{first}@example.com", "OFF", "ON"),
            second: ("김앱없음", "영업팀", "", f"010{second[-8:]}", f"kim{second}@example.com", "OFF", "OFF"),
            third: ("이메일만", "", "", "", f"lee{third}@example.com", "OFF", "ON"),
        },
    )
    import_id = upload(boss, body)
    preview = previewed(boss, import_id)

    asked = {"contentHash": preview["contentHash"], "idempotencyKey": "1", "sendInvitations": True}
    assert not boss.ask(REGISTER, id=import_id, input=asked)["importRegister"]["userErrors"]
    assert finished(boss, import_id)["status"] == "COMPLETED"
    until(lambda: states(boss) == {"SENT": 3})

    nodes = boss.ask(INVITATIONS)["invitations"]["nodes"]
    assert {node["subscriber"]["name"]: [d["channel"] for d in node["deliveries"]] for node in nodes} == {
        "홍길동": ["SMS", "EMAIL"],
        "이메일만": ["EMAIL"],
    }
    (text,) = texts_to(system, first)
    (mail,) = mails_to(system, f"hong{first}@example.com")
    passwords = [re.search(r"(?:임시비번|임시 비밀번호:?) (\S+)", words) for words in (text, mail["text"])]
    assert passwords[0] is not None
    assert passwords[1] is not None
    assert passwords[0][1] == passwords[1][1]
    assert len(passwords[0][1]) >= 10
    assert "초대" in mail["subject"]
    assert "홍길동" in mail["text"]
    assert len(mails_to(system, f"lee{third}@example.com")) == 1
    assert not mails_to(system, f"kim{second}@example.com")
    assert not texts_to(system, second)
    held = boss.ask(ONBOARDING)["subscribers"]["nodes"]
    assert {node["subscriber"]["name"]: node["subscriber"]["onboarding"]["state"] for node in held} == {
        "홍길동": "INVITED",
        "김앱없음": "REGISTERED",
        "이메일만": "INVITED",
    }


def test_IN_10_a_request_that_is_repeated_ten_times_at_once_sends_every_message_once(
    system: System, company: Company, boss: Administrator
) -> None:
    people = registered(boss, company)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: boss.ask(SEND, **wanted(people, "once"))["invitationsSend"], range(10)))

    assert len({answer["job"]["id"] for answer in answers}) == 1
    assert not any(answer["userErrors"] for answer in answers)
    until(lambda: states(boss) == {"SENT": 2 * len(people)})
    for number in company.numbers:
        assert len(texts_to(system, number)) == 1
        assert len(mails_to(system, f"u{number}@example.com")) == 1


def texts_to(system: System, number: str) -> list[str]:
    """The text messages to the mobile that journeys make of a line's number."""
    found = [message for message in system.messages() if message["kind"] == "SMS"]
    return [message["text"] for message in found if message["to"][-8:] == number[-8:]]


def mails_to(system: System, address: str) -> list[dict[str, str]]:
    """The mails to an address."""
    found = [message for message in system.messages() if message["kind"] == "MAIL"]
    by = Counter(message["id"] for message in found)
    assert set(by.values()) <= {1}
    return [message for message in found if parseaddr(message["to"])[1] == address]
