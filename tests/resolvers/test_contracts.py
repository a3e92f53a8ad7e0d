"""A company's contract through the API: suspended, resumed (CO-01) and ended (CO-02) by operators."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bizcall.ids import uuid7
from schema.node import encode
from tests.console import Console
from tests.doubles import RecordingQueue
from tests.factories import Tenant
from tests.resolvers.operators import END, LIST, ONE, RESUME, SUSPEND, WHY, desk


@pytest.fixture
async def operator(db: None) -> AsyncIterator[Console]:
    async with desk() as (api, _):
        yield api


async def test_CO_01_S3_an_operator_suspends_a_company_and_sees_its_state_in_the_list_until_he_resumes_it(
    company: Tenant, operator: Console
) -> None:
    opaque = encode("Company", company.id)

    async def listed(*states: str) -> list[str]:
        page = await operator.ask(LIST, first=5, filter={"search": company.numbers[2], "states": list(states)})
        return [node["id"] for node in page["nodes"]]

    assert await listed("ACTIVE") == [opaque]
    suspended = await operator.ask(SUSPEND, id=opaque, input=WHY)
    assert suspended["userErrors"] == []
    assert (suspended["company"]["id"], suspended["company"]["state"]) == (opaque, "SUSPENDED")
    assert await listed("ACTIVE") == []
    assert await listed("SUSPENDED", "ENDED") == [opaque]
    assert (await operator.ask(RESUME, id=opaque, input=WHY))["company"]["state"] == "ACTIVE"
    for document in (SUSPEND, RESUME):
        missing = await operator.ask(document, id=encode("Company", uuid7()), input=WHY)
        assert missing == {"company": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}


async def test_CO_02_P7_an_operator_ends_the_company_whose_number_he_types_and_no_other(company: Tenant) -> None:
    async with desk(queue=RecordingQueue()) as (operator, _):
        opaque = encode("Company", company.id)
        wrong = await operator.ask(END, id=opaque, input={**WHY, "representativeNumber": company.numbers[1]})
        assert wrong["userErrors"] == [{"code": "CONFLICT", "field": ["representativeNumber"]}]
        ended = await operator.ask(END, id=opaque, input={**WHY, "representativeNumber": company.login_id})
        assert ended == {"company": {"id": opaque, "state": "ENDED"}, "userErrors": []}
        told = await operator.ask(ONE, id=opaque)
        assert (told["lineCount"], told["subscriberCount"], told["admins"]) == (0, 0, [])
