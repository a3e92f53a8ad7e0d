"""Operations that take too long, or fail while a part of them is at work, leave nothing behind."""

from __future__ import annotations

import time

import pytest

from bizcall.database import directory, query
from resolvers.limits import Bounds
from tests.factories import Tenant
from tests.resolvers.office import BEARER, desk


@pytest.mark.parametrize("field", ["sleep", "sleepInLoader"])
async def test_L11_the_deadline_stops_the_statement_and_gives_the_connection_back(company: Tenant, field: str) -> None:
    async with desk(company.id, bounds=Bounds(deadline=0.4)) as client:
        began = time.monotonic()
        response = await client.post({"query": f"{{{field}}}"}, **BEARER)
        assert time.monotonic() - began < 3
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["limit"]) == (503, "deadline")
        for _ in range(8):
            assert (await client.ask("{departments(first:1){nodes{name}}}", **BEARER))["data"]
    async with directory():
        rows = await query(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
        )
    assert rows == [{"n": 0}]


@pytest.mark.parametrize("document", ["{absent sleep}", "{sleep late}", "{late sleepInLoader}"])
async def test_a_bug_beside_a_slow_field_ends_that_one_too(company: Tenant, document: str) -> None:
    async with desk(company.id) as client:
        began = time.monotonic()
        answer = await client.ask(document, **BEARER)
        assert time.monotonic() - began < 3
        assert answer["data"] is None
        for _ in range(6):
            assert (await client.ask("{departments(first:1){nodes{name}}}", **BEARER))["data"]
