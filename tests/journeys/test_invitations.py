"""From an Excel file to the message on somebody's telephone, through the running system (BK-02, IN-10)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System, until
from tests.journeys.workbooks import finished, plain, previewed, upload

REGISTER = """
mutation ($id: ID!, $input: ImportRegisterInput!) {
  importRegister(id: $id, input: $input) { import { id } userErrors { code field } }
}
"""
INVITATIONS = """
query {
  invitations(first: 100) {
    nodes {
      subscriber { name mobile email onboarding { state invitedAt } }
      batch { status progress { done total } counts { sent failed } }
      deliveries { channel recipient state attempts { number outcome } }
    }
  }
}
"""
FIRST, SECOND = ("01055550001", "first@example.com"), ("01055550002", "second@example.com")
SENT_WITHIN = 150
"""Seconds: had the publishing process died, the sweep would come for the messages within two minutes."""


@pytest.fixture
async def company(system: System) -> Company:
    """A company with 5 free lines."""
    return await make_company(str(system.addresses["database"]), lines=5)


@pytest.fixture
def boss(system: System, company: Company) -> Administrator:
    """Its administrator, signed in."""
    return system.sign_in(company.login_id, PASSWORD)


def received(system: System, *recipients: str) -> list[dict[str, Any]]:
    """What the local inbox shows for them."""
    return [message for message in system.messages() if any(to in message["to"] for to in recipients)]


def password(text: str) -> str:
    """The temporary password in a message."""
    found = re.search(r"\b(?=[a-z]*[2-9])(?=[2-9]*[a-z])[a-z2-9]{12}\b", text)
    assert found, text
    return found[0]


async def test_IN_10_a_registered_employee_gets_the_sign_in_by_text_message_and_mail(
    system: System, company: Company, boss: Administrator
) -> None:
    one, two = company.numbers[:2]
    body = plain(
        [
            (one, "홍길동", "영업팀", "사원", FIRST[0], FIRST[1], "OFF", "ON"),
            (two, "똠방각하", "영업팀", "사원", SECOND[0], SECOND[1], "OFF", "OFF"),
        ]
    )
    import_id = upload(boss, body)
    given = {
        "contentHash": previewed(boss, import_id)["contentHash"],
        "idempotencyKey": "invite",
        "sendInvitations": True,
    }
    assert boss.ask(REGISTER, id=import_id, input=given)["importRegister"]["userErrors"] == []
    assert finished(boss, import_id)["status"] == "COMPLETED"

    def sent() -> Any:
        nodes = boss.ask(INVITATIONS)["invitations"]["nodes"]
        return nodes if nodes and nodes[0]["batch"]["status"] == "COMPLETED" else None

    [invitation] = until(sent, seconds=SENT_WITHIN)
    assert invitation["subscriber"]["name"] == "홍길동"
    assert invitation["subscriber"]["onboarding"]["state"] == "INVITED"
    assert invitation["batch"]["counts"] == {"sent": 2, "failed": 0}
    assert [(row["channel"], row["recipient"], row["state"]) for row in invitation["deliveries"]] == [
        ("SMS", FIRST[0], "SENT"),
        ("EMAIL", FIRST[1], "SENT"),
    ]
    text, mail = received(system, FIRST[0].removeprefix("0"), FIRST[1])
    assert {text["kind"], mail["kind"]} == {"SMS", "MAIL"}
    assert password(text["text"]) == password(mail["text"])
    assert "070-" in text["text"]
    assert received(system, SECOND[0].removeprefix("0"), SECOND[1]) == []
