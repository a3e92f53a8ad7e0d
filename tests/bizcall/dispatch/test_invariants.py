"""What operators are told to ask the database finds nothing while all is well, and finds what is not (W3)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bizcall.database import query, tenant
from bizcall.ports import GatewayBusy, GatewayRefused, GatewayUncertain
from tests.dispatching import Campaign
from tests.factories import Tenant
from tests.statements import ON_PURPOSE

GUIDE = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.fixture
def campaign(company: Tenant) -> Campaign:
    return Campaign(company)


def statements() -> list[str]:
    """The statements of the guide."""
    found = re.search(r"```sql\n(-- invitations without.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found
    return [part.strip() for part in found[1].split(";") if part.strip()]


async def found(campaign: Campaign) -> list[list[Any]]:
    """What each statement finds of the company."""
    async with tenant(campaign.company.id):
        return [await query(f"{sql} /* {ON_PURPOSE} */") for sql in statements()]


async def test_W3_the_statements_of_the_guide_find_nothing_while_all_is_well(campaign: Campaign) -> None:
    await campaign.register(5)
    await campaign.send()
    assert await found(campaign) == [[], [], []]
    campaign.sms.faults = [GatewayBusy("429"), GatewayRefused("1062"), GatewayUncertain("timeout")]
    await campaign.work()
    campaign.clock.turn(seconds=30)
    await campaign.resolve()
    await campaign.again()
    assert await found(campaign) == [[], [], []]


DAMAGES = [
    """
    INSERT INTO invitation
    SELECT company_id, gen_random_uuid(), subscriber_id, batch_id, channels, created_at, expires_at FROM invitation
    """,
    """
    INSERT INTO delivery_attempt
    SELECT company_id, delivery_id, 2, gateway, 'UNCERTAIN', code, NULL, NULL, NULL, claimed_at, NULL
    FROM delivery_attempt
    """,
    "UPDATE delivery SET state = 'QUEUED', finished_at = NULL",
]


@pytest.mark.parametrize("number", range(3))
async def test_W3_each_statement_of_the_guide_finds_what_it_is_for(campaign: Campaign, number: int) -> None:
    await campaign.register(2, email=None)
    await campaign.send()
    await campaign.work()
    async with tenant(campaign.company.id):
        await query(f"{DAMAGES[number]} WHERE company_id = $1", campaign.company.id)
    assert [bool(rows) for rows in await found(campaign)] == [place == number for place in range(3)]
