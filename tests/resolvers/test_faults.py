"""The API while its database is away: a typed answer in bounded time, one more try for reads, and no restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from bizcall.connections import ACQUIRE
from local.postgres import Postgres
from resolvers.app import READY_HOLDS
from tests.factories import Tenant
from tests.patience import ends
from tests.proxy import Proxy, between
from tests.resolvers.office import BEARER, Desk, desk

LIST = "{departments(first: 10) {nodes {name}}}"
SAVE = 'mutation {departmentSave(input: {name: "새 부서"}) {department {name} userErrors {code}}}'
HANG = 1.0


@pytest.fixture
async def wire(postgres: Postgres, db: None) -> AsyncIterator[Proxy]:
    """The way to the database, open to faults; a patience of 1 s for a statement instead of the API's 3."""
    async with between(postgres.url("app"), command_timeout=HANG) as proxy:
        yield proxy


@pytest.fixture
async def api(wire: Proxy, company: Tenant, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A client of the API, whose /readyz is patient enough for a busy machine."""
    monkeypatch.setattr("resolvers.app.READY", ACQUIRE)
    async with desk(company.id) as client:
        yield client


async def code(api: Desk, document: str) -> str | None:
    """The answer's code; None for an answer without errors."""
    response = await api.post({"query": document}, **BEARER)
    body = response.json()
    if "errors" not in body:
        return None
    assert {error["extensions"]["requestId"] for error in body["errors"]} == {response.headers["x-request-id"]}
    (kind,) = {error["extensions"]["code"] for error in body["errors"]}
    assert "database" not in response.text
    return str(kind)


async def ready(api: Desk) -> int:
    """The status of /readyz, which waits for the database so long and no longer; /healthz answers all the same.

    Asked when the answer before, by which it would be given again, doesn't hold any longer.
    """
    await asyncio.sleep(READY_HOLDS)
    async with ends():
        response: httpx.Response = await api.http.get("/readyz")
    assert (await api.http.get("/healthz")).status_code == 200
    return response.status_code


async def test_D1_a_read_whose_connection_ends_at_any_of_its_statements_is_answered_all_the_same(
    wire: Proxy, api: Desk
) -> None:
    assert await code(api, LIST) is None
    for after in range(0, 400, 20):
        wire.cut(after=after)
        assert await code(api, LIST) is None, after


async def test_a_read_is_run_again_once_and_not_more_often(wire: Proxy, api: Desk) -> None:
    assert await code(api, LIST) is None
    before = wire.accepted
    wire.cut(after=60, always=True)
    assert await code(api, LIST) == "UNAVAILABLE"
    assert 1 <= wire.accepted - before <= 4
    await wire.heal()
    assert await code(api, LIST) is None


async def test_D2_a_mutation_whose_connection_ends_is_not_run_again(wire: Proxy, api: Desk) -> None:
    assert await code(api, SAVE) is None
    wire.cut(after=60)
    assert await code(api, SAVE) == "UNAVAILABLE"
    answer = await api.ask(LIST, **BEARER)
    assert [node["name"] for node in answer["data"]["departments"]["nodes"]].count("새 부서") == 1


async def test_D3_D8_a_silent_database_is_unavailable_in_time_and_the_service_comes_back_by_itself(
    wire: Proxy, api: Desk
) -> None:
    assert await code(api, LIST) is None
    assert await ready(api) == 200
    wire.hang()
    for document in (LIST, SAVE):
        async with ends():
            assert await code(api, document) == "UNAVAILABLE"
    assert await ready(api) == 503
    await wire.heal()
    assert await code(api, LIST) is None
    assert await code(api, SAVE) is None
    assert await ready(api) == 200


async def test_D4_D8_a_database_that_refuses_is_unavailable_at_once(wire: Proxy, api: Desk) -> None:
    assert await code(api, LIST) is None
    await wire.refuse()
    for document in (LIST, SAVE) * 5:
        async with ends(before=ACQUIRE):
            assert await code(api, document) == "UNAVAILABLE"
    assert await ready(api) == 503
    await wire.heal()
    assert await ready(api) == 200
    assert await code(api, SAVE) is None


async def test_D6_of_100_at_a_time_on_5_connections_all_are_answered(wire: Proxy, api: Desk) -> None:
    wire.latency = 0.02
    async with ends():
        codes = await asyncio.gather(*(code(api, LIST) for _ in range(100)))
    assert set(codes) <= {None, "UNAVAILABLE"}
    # Each connection serves one request at least before others are told that theirs didn't come in time.
    assert codes.count(None) >= 5
    wire.latency = 0.0
    assert await code(api, SAVE) is None
