"""The departments dialog over GraphQL (DE-01)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.console import Console, console
from tests.factories import Tenant, make_tenant
from tests.statements import counted

PAGE = """
query ($first: Int, $filter: DepartmentFilter, $orderBy: DepartmentOrder) {
  departments(first: $first, filter: $filter, orderBy: $orderBy) {
    nodes { id name memberCount createdAt retiredAt }
    totalCount { value }
  }
}
"""
SAVE = """
mutation ($input: DepartmentsSaveInput!) {
  departmentsSave(input: $input) {
    created { id name memberCount }
    renamed { id name }
    removed { id name retiredAt }
    userErrors { code field message params { name value } }
  }
}
"""
HIRE = """
mutation ($input: SubscribersSaveInput!) { subscribersSave(input: $input) { userErrors { code } } }
"""


@pytest.fixture
async def desk(company: Tenant) -> AsyncIterator[Console]:
    async with console(company) as made:
        yield made


async def listed(desk: Console, **arguments: Any) -> list[dict[str, Any]]:
    page = await desk.ask(PAGE, **({"first": 100} | arguments))
    nodes: list[dict[str, Any]] = page["nodes"]
    return nodes


async def hire(desk: Console, department_id: str, count: int) -> None:
    page = await desk.ask("query ($n: Int) { subscribers(first: $n) { nodes { id } } }", n=count)
    rows = [{"lineId": line["id"], "name": "사람", "departmentId": department_id} for line in page["nodes"]]
    assert await desk.ask(HIRE, input={"rows": rows}) == {"userErrors": []}


async def test_DE_01_the_list_is_searched_and_ordered(desk: Console) -> None:
    assert [node["name"] for node in await listed(desk)] == ["개발팀", "영업팀"]
    oldest = await listed(desk, orderBy={"field": "CREATED_AT", "direction": "ASC"})
    assert [node["name"] for node in oldest] == ["영업팀", "개발팀"]
    down = await listed(desk, orderBy={"field": "NAME", "direction": "DESC"})
    assert [node["name"] for node in down] == ["영업팀", "개발팀"]
    assert [node["name"] for node in await listed(desk, filter={"search": " 영업 "})] == ["영업팀"]
    assert await listed(desk, filter={"search": "%"}) == []


async def test_DE_01_a_save_tells_what_it_has_done(desk: Console) -> None:
    makers, sales = await listed(desk)
    await hire(desk, sales["id"], 3)
    assert [node["memberCount"] for node in await listed(desk)] == [0, 3]
    payload = await desk.ask(
        SAVE,
        input={
            "create": [{"name": "총무팀"}],
            "rename": [{"id": makers["id"], "name": "연구소"}],
            "remove": [{"id": sales["id"], "moveToCreated": 0}],
        },
    )
    assert payload["userErrors"] == []
    assert [(node["name"], node["memberCount"]) for node in payload["created"]] == [("총무팀", 3)]
    assert payload["renamed"] == [{"id": makers["id"], "name": "연구소"}]
    assert payload["removed"][0]["id"] == sales["id"]
    assert payload["removed"][0]["retiredAt"] is not None
    assert {node["name"] for node in await listed(desk)} == {"총무팀", "연구소"}


async def test_DE_01_a_refused_step_is_named_and_nothing_is_saved(desk: Console) -> None:
    makers, sales = await listed(desk)
    await hire(desk, sales["id"], 2)
    payload = await desk.ask(
        SAVE, input={"create": [{"name": "개발팀"}, {"name": "새 팀"}], "remove": [{"id": sales["id"]}, {"id": "x"}]}
    )
    assert (payload["created"], payload["removed"]) == (None, None)
    assert [(error["code"], error["field"], error["params"]) for error in payload["userErrors"]] == [
        ("DUPLICATE", ["create", "0", "name"], []),
        ("REQUIRED", ["remove", "0", "moveTo"], [{"name": "members", "value": "2"}]),
        ("NOT_FOUND", ["remove", "1", "id"], []),
    ]
    assert [node["id"] for node in await listed(desk)] == [makers["id"], sales["id"]]


async def test_member_counts_of_a_hundred_departments_take_one_statement(db: None) -> None:
    company = await make_tenant(departments=tuple(f"부서 {i}" for i in range(100)))
    async with console(company) as desk:
        sent: dict[int, list[str]] = {}
        for size in (1, 100):
            with counted() as sent[size]:
                assert len(await listed(desk, first=size)) == size
    assert len(sent[1]) == len(sent[100]) <= 4
