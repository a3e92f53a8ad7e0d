"""Few connections under many companies, through the whole application (T4, T5): nobody is served another's rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bizcall.admins import Viewer
from bizcall.database import directory
from bizcall.ids import uuid7
from resolvers.app import create_app
from tests.console import Wiring
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call

COMPANIES, REQUESTS, AT_ONCE, LEFT = 10, 400, 20, 2
POOL = 5
DOCUMENT = """query ($filter: CallFilter!) {
  subscribers(first: 5) { nodes { number } }
  departments(first: 5) { nodes { name } }
  calls(filter: $filter, first: 5) { nodes { lineNumber } }
}"""
PERIOD = {"filter": {"fromOn": str(DAY.date()), "toOn": str(DAY.date())}}


@pytest.fixture
async def narrow(db: None) -> AsyncIterator[None]:
    """All but two of the pool's connections are held by somebody."""
    ready, done = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        async with directory():
            ready.release()
            await done.wait()

    holding = [asyncio.create_task(hold()) for _ in range(POOL - LEFT)]
    for _ in holding:
        await ready.acquire()
    yield
    done.set()
    await asyncio.gather(*holding)


@pytest.fixture
async def companies(db: None) -> dict[str, Tenant]:
    """Ten, each with a call, by the token of its administrator."""
    made = {f"t{place}": await make_tenant(lines=3, departments=(f"부서{place}",)) for place in range(COMPANIES)}
    for company in made.values():
        await began(company.id)
        await Feeder(company.id).load([call(company.numbers[0], "c1")])
    return made


async def test_T4_interleaved_requests_of_ten_companies_on_two_connections(
    companies: dict[str, Tenant], narrow: None
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)

    async def identify(token: str | None, **_: Any) -> Viewer:
        company = companies[token or ""]
        return Viewer(company.id, company.admin_id, uuid7(), until, until)

    transport = httpx.ASGITransport(create_app(Wiring(), identify=identify))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        turn = iter(range(REQUESTS))

        async def work() -> None:
            for place in turn:
                name = f"t{place % COMPANIES}"
                headers = {"authorization": f"Bearer {name}"}
                body = {"query": DOCUMENT, "variables": PERIOD}
                answer = (await client.post("/graphql", json=body, headers=headers)).json()["data"]
                assert [node["lineNumber"] for node in answer["calls"]["nodes"]] == companies[name].numbers[:1]
                assert [node["number"] for node in answer["subscribers"]["nodes"]] == companies[name].numbers
                assert [node["name"] for node in answer["departments"]["nodes"]] == [f"부서{name[1:]}"]

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
