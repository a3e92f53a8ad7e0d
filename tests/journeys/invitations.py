"""People to invite, and what became of their invitations, for journeys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg

from tests.journeys.companies import Company
from tests.journeys.system import Administrator

LINES = "{ subscribers(first: 100) { nodes { id } } }"
SAVE = """
mutation ($input: SubscribersSaveInput!) {
  subscribersSave(input: $input) { rows { line { subscriber { id } } } userErrors { code field } }
}
"""
SEND = """
mutation ($input: InvitationsSendInput!) {
  invitationsSend(input: $input) { job { id status progress { done total } } userErrors { code field } }
}
"""
INVITATIONS = """
{ invitations(first: 100) { nodes { id subscriber { name } deliveries { channel state recipient reason } } } }
"""


def registered(boss: Administrator, company: Company) -> list[str]:
    """The ids of a subscriber with a mobile and an address on every line (at most 100)."""
    lines = [node["id"] for node in boss.ask(LINES)["subscribers"]["nodes"]]
    rows = [
        {
            "lineId": line,
            "name": f"직원{place}",
            "mobile": f"010{number[-8:]}",
            "email": f"u{number}@example.com",
            "appEnabled": True,
        }
        for place, (line, number) in enumerate(zip(lines, company.numbers, strict=True))
    ]
    saved = boss.ask(SAVE, input={"rows": rows, "onError": "REJECT_ALL"})["subscribersSave"]
    assert not saved["userErrors"], saved
    return [row["line"]["subscriber"]["id"] for row in saved["rows"]]


def wanted(people: Sequence[str], key: str) -> dict[str, Any]:
    """The variables of SEND."""
    return {"input": {"subscriberIds": list(people), "idempotencyKey": key}}


def states(boss: Administrator) -> Counter[str]:
    """How many messages are in which state, as the API tells."""
    nodes = boss.ask(INVITATIONS)["invitations"]["nodes"]
    return Counter(delivery["state"] for node in nodes for delivery in node["deliveries"])


async def deliveries(database: str, company: Company) -> list[dict[str, Any]]:
    """Recipient, state and number of attempts of each of a company's deliveries, as the database has them."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
            rows = await connection.fetch(
                "SELECT recipient, state, attempts FROM delivery WHERE company_id = $1", company.id
            )
    finally:
        await connection.close()
    return [dict(row) for row in rows]
