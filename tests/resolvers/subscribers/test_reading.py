"""The subscribers screen over GraphQL: its rows, filters, orders and pages, and what is found by an id (IN-01)."""

from __future__ import annotations

import pytest

from bizcall.database import query, tenant
from schema.node import encode
from tests.console import Console, console
from tests.factories import Tenant, make_tenant
from tests.resolvers.subscribers.desk import PAGE, departments, lines, numbers, save
from tests.statements import counted


async def test_IN_01_there_is_a_row_per_line_with_all_its_columns(desk: Console, company: Tenant) -> None:
    free = await lines(desk)
    assert [line["number"] for line in free] == company.numbers
    assert [line["subscriber"] for line in free] == [None] * 10
    assert [line["rid"] for line in free[:2]] == [company.numbers[0], None]
    sales = (await departments(desk))["영업팀"]
    payload = await save(
        desk,
        {"lineId": free[0]["id"], "name": " 김하나 ", "departmentId": sales, "position": "팀장",
         "mobile": "010-1234-5678", "email": "hana@EXAMPLE.com", "ridEnabled": True, "appEnabled": True},
    )  # fmt: skip
    assert payload["userErrors"] == []
    assert [row["outcome"] for row in payload["rows"]] == ["NEW"]
    line = (await lines(desk))[0]
    number = company.numbers[0]
    assert line["numberFormatted"] == f"{number[:3]}-{number[3:7]}-{number[7:]}"
    person = line["subscriber"]
    assert person.pop("id") == payload["rows"][0]["subscriber"]["id"]
    assert person.pop("startedAt") == person.pop("updatedAt") != ""
    assert person == {
        "name": "김하나",
        "position": "팀장",
        "mobile": "01012345678",
        "mobileFormatted": "010-1234-5678",
        "email": "hana@example.com",
        "ridEnabled": True,
        "appEnabled": True,
        "revision": 1,
        "invitedAt": None,
        "department": {"id": sales, "name": "영업팀"},
    }


async def test_IN_01_search_and_filters(desk: Console, company: Tenant) -> None:
    free, names = await lines(desk), await departments(desk)
    await save(
        desk,
        {"lineId": free[0]["id"], "name": "Kim 100%", "departmentId": names["영업팀"], "ridEnabled": True},
        {"lineId": free[1]["id"], "name": "이둘", "departmentId": names["개발팀"], "appEnabled": True},
    )
    first, second, *others = company.numbers
    async with tenant(company.id):
        await query("UPDATE subscriber SET invited_at = now() WHERE company_id = $1 AND name = '이둘'", company.id)
    assert await numbers(desk, search="kim") == [first]
    assert await numbers(desk, search="100%") == [first]
    assert await numbers(desk, search="%") == [first]
    assert await numbers(desk, search="_") == []
    assert await numbers(desk, search="개발") == [second]
    assert await numbers(desk, search="\u110b\u1175\u1103\u116e\u11af") == [second]  # decomposed, as a Mac types it
    assert await numbers(desk, search=f"{second[:3]}-{second[3:7]}-{second[7:]}") == [second]
    assert await numbers(desk, search="nobody") == []
    assert await numbers(desk, held=True) == [first, second]
    assert await numbers(desk, held=False) == others
    assert await numbers(desk, departmentIds=[names["영업팀"]]) == [first]
    assert await numbers(desk, departmentIds=[]) == []
    assert await numbers(desk, appEnabled=True) == [second]
    assert await numbers(desk, appEnabled=False) == [first]
    assert await numbers(desk, ridEnabled=True) == [first]
    assert await numbers(desk, invited=True) == [second]
    assert await numbers(desk, invited=False) == [first]
    page = await desk.ask(PAGE, first=1, filter={"held": False})
    assert page["totalCount"] == {"value": 8, "precision": "EXACT"}


async def test_IN_01_every_order_goes_both_ways(desk: Console) -> None:
    free, names = await lines(desk), list((await departments(desk)).values())
    await save(
        desk,
        *(
            {"lineId": line["id"], "name": f"사람{i % 3}", "departmentId": names[i % 2]}
            for i, line in enumerate(free[:7])
        ),
    )
    keys = {
        "NUMBER": lambda line: line["number"],
        "NAME": lambda line: ((line["subscriber"] or {"name": ""})["name"], line["number"]),
        "DEPARTMENT": lambda line: (
            (line["subscriber"] or {"department": {"name": ""}})["department"]["name"],
            (line["subscriber"] or {"name": ""})["name"],
            line["number"],
        ),
    }
    for field, key in keys.items():
        found = await lines(desk, orderBy={"field": field, "direction": "ASC"})
        assert [line["number"] for line in found] == [line["number"] for line in sorted(found, key=key)]
        backwards = await lines(desk, orderBy={"field": field, "direction": "DESC"})
        assert backwards == found[::-1]
    recent = await lines(desk, orderBy={"field": "UPDATED_AT", "direction": "DESC"})
    assert {line["number"] for line in recent[:7]} == {line["number"] for line in free[:7]}


@pytest.mark.parametrize("forward", [True, False])
async def test_walking_the_list_while_rows_change_neither_repeats_nor_skips(
    desk: Console, company: Tenant, forward: bool
) -> None:
    met: list[str] = []
    cursor, size, beyond, edge = (
        ("after", "first", "hasNextPage", "endCursor")
        if forward
        else ("before", "last", "hasPreviousPage", "startCursor")
    )
    at = None
    while True:
        page = await desk.ask(PAGE, **{size: 3, cursor: at})
        met += [node["number"] for node in page["nodes"][:: 1 if forward else -1]]
        # Behind the walker's back somebody registers people, on the lines that he has met and on those ahead.
        every = await lines(desk)
        await save(desk, *({"lineId": every[i]["id"], "name": f"사람{len(met)}"} for i in (len(met) - 1, -len(met))))
        if not page["pageInfo"][beyond]:
            break
        at = page["pageInfo"][edge]
    assert met == company.numbers[:: 1 if forward else -1]


async def test_walking_by_name_skips_nobody_when_others_are_renamed(desk: Console, company: Tenant) -> None:
    every = await lines(desk)
    await save(desk, *({"lineId": line["id"], "name": f"사람{i}"} for i, line in enumerate(every)))
    met: list[str] = []
    at = None
    for turn in range(5):
        page = await desk.ask(PAGE, first=2, after=at, orderBy={"field": "NAME"})
        met += [node["subscriber"]["name"] for node in page["nodes"]]
        at = page["pageInfo"]["endCursor"]
        # One whom the walker has met is renamed to the front, and stays behind him.
        await save(desk, {"lineId": every[turn]["id"], "name": f"가{turn}"})
    assert met == [f"사람{i}" for i in range(10)]


async def test_a_page_of_one_and_of_a_hundred_lines_take_the_same_number_of_statements(db: None) -> None:
    company = await make_tenant(lines=100)
    async with console(company) as desk:
        names = list((await departments(desk)).values())
        free = await lines(desk)
        await save(
            desk,
            *({"lineId": line["id"], "name": "사람", "departmentId": names[i % 2]} for i, line in enumerate(free)),
        )
        sent: dict[int, list[str]] = {}
        for size in (1, 100):
            with counted() as sent[size]:
                assert len(await lines(desk, first=size)) == size
        assert len(sent[1]) == len(sent[100]) <= 5


async def test_lines_subscribers_and_departments_are_found_again_by_their_ids(desk: Console) -> None:
    line, names = (await lines(desk))[0], await departments(desk)
    person = (await save(desk, {"lineId": line["id"], "name": "김하나"}))["rows"][0]["subscriber"]
    found = await desk.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Line { subscriber { id line { id } } } } }",
        ids=[line["id"], person["id"], names["개발팀"]],
    )
    assert [node["__typename"] for node in found] == ["Line", "Subscriber", "Department"]
    assert found[0]["subscriber"] == {"id": person["id"], "line": {"id": line["id"]}}


async def test_the_company_is_a_node_for_its_own_people_only(company: Tenant, stranger: Tenant, desk: Console) -> None:
    document = (
        "query ($id: ID!) { node(id: $id) { ... on Company { name representativeNumberFormatted importOnError } } }"
    )
    found = await desk.ask(document, id=encode("Company", company.id))
    number = company.numbers[0]
    assert found["representativeNumberFormatted"] == f"{number[:3]}-{number[3:7]}-{number[7:]}"
    assert found["importOnError"] == "REJECT_ALL"
    assert await desk.ask(document, id=encode("Company", stranger.id)) is None
