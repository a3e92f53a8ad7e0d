"""The subscribers screen over GraphQL (IN-01 … IN-04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bizcall.database import query, tenant
from schema.node import encode
from tests.console import Console, console
from tests.factories import Tenant, make_tenant
from tests.statements import counted

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: LineFilter, $orderBy: LineOrder) {
  subscribers(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes {
      id number numberFormatted rid
      subscriber {
        id name position mobile mobileFormatted email ridEnabled appEnabled revision invitedAt startedAt updatedAt
        department { id name }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount { value precision }
  }
}
"""
SAVE = """
mutation ($input: SubscribersSaveInput!) {
  subscribersSave(input: $input) {
    rows { outcome line { id number } subscriber { id name revision mobile email appEnabled department { name } } }
    userErrors { code field message }
  }
}
"""
REMOVE = """
mutation ($id: ID!, $revision: Int!) {
  subscriberRemove(id: $id, input: {revision: $revision}) {
    subscriber { id name endedAt department { name } }
    line { number subscriber { id } }
    userErrors { code field }
  }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


@pytest.fixture
async def desk(company: Tenant) -> AsyncIterator[Console]:
    async with console(company) as made:
        yield made


async def lines(desk: Console, **arguments: Any) -> list[dict[str, Any]]:
    """The rows of the first page."""
    page = await desk.ask(PAGE, **({"first": 100} | arguments))
    nodes: list[dict[str, Any]] = page["nodes"]
    return nodes


async def numbers(desk: Console, **filters: Any) -> list[str]:
    """The numbers of the rows that a filter lets through."""
    return [line["number"] for line in await lines(desk, filter=filters)]


async def departments(desk: Console) -> dict[str, str]:
    """Ids by name."""
    page = await desk.ask("{ departments(first: 100) { nodes { id name } } }")
    return {node["name"]: node["id"] for node in page["nodes"]}


async def save(desk: Console, *rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The payload of a save."""
    payload: dict[str, Any] = await desk.ask(SAVE, input={"rows": list(rows), **options})
    return payload


def errors(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Codes and paths."""
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


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


async def test_IN_04_many_rows_are_all_or_nothing_with_an_error_per_row_and_field(desk: Console) -> None:
    free = await lines(desk)
    bad = [
        {"lineId": free[0]["id"], "name": "김하나"},
        {"lineId": free[1]["id"], "name": "이둘", "mobile": "02-123-4567", "email": "nobody"},
        {"lineId": free[1]["id"], "name": "x" * 51, "ridEnabled": True},
        {"lineId": "nothing", "name": "삼"},
        {"lineId": free[2]["id"]},
    ]
    payload = await save(desk, *bad)
    assert payload["rows"] is None
    assert errors(payload) == [
        ("INVALID_FORMAT", ["rows", "1", "mobile"]),
        ("INVALID_FORMAT", ["rows", "1", "email"]),
        ("TOO_LONG", ["rows", "2", "name"]),
        ("NO_RID", ["rows", "2", "ridEnabled"]),
        ("NOT_FOUND", ["rows", "3", "lineId"]),
        ("REQUIRED", ["rows", "4", "name"]),
    ]
    assert await numbers(desk, held=True) == []
    payload = await save(desk, *bad, onError="SKIP_BAD_ROWS")
    assert [row["outcome"] for row in payload["rows"]] == ["NEW", "REFUSED", "REFUSED", "REFUSED", "REFUSED"]
    assert len(payload["userErrors"]) == 6
    assert await numbers(desk, held=True) == [free[0]["number"]]


async def test_IN_03_what_an_edit_leaves_out_stays_and_null_clears(desk: Console) -> None:
    line, sales = (await lines(desk))[0], (await departments(desk))["영업팀"]
    payload = await save(
        desk,
        {
            "lineId": line["id"],
            "name": "김하나",
            "mobile": "01012345678",
            "email": "a@example.com",
            "departmentId": sales,
        },
    )
    edit = {"lineId": line["id"], "subscriberId": payload["rows"][0]["subscriber"]["id"]}
    payload = await save(desk, {**edit, "revision": 1, "appEnabled": True})
    [row] = payload["rows"]
    assert row["outcome"] == "CHANGED"
    assert (row["subscriber"]["name"], row["subscriber"]["mobile"]) == ("김하나", "01012345678")
    assert (row["subscriber"]["appEnabled"], row["subscriber"]["revision"]) == (True, 2)
    payload = await save(desk, {**edit, "revision": 2, "mobile": None, "departmentId": None})
    [row] = payload["rows"]
    assert (row["subscriber"]["mobile"], row["subscriber"]["email"]) == (None, "a@example.com")
    assert row["subscriber"]["department"] is None


async def test_IN_04_a_stale_edit_and_a_stale_registration_are_conflicts(desk: Console) -> None:
    line = (await lines(desk))[0]
    payload = await save(desk, {"lineId": line["id"], "name": "김하나", "seenHolder": None})
    person = payload["rows"][0]["subscriber"]
    edit = {"lineId": line["id"], "subscriberId": person["id"], "revision": 1}
    await save(desk, {**edit, "name": "김둘"})
    assert errors(await save(desk, {**edit, "name": "김셋"})) == [("CONFLICT", ["rows", "0", "revision"])]
    missing_revision = {"lineId": line["id"], "subscriberId": person["id"], "name": "김셋"}
    assert errors(await save(desk, missing_revision)) == [("CONFLICT", ["rows", "0", "revision"])]
    late = {"lineId": line["id"], "name": "이둘", "seenHolder": None}
    assert errors(await save(desk, late)) == [("CONFLICT", ["rows", "0", "subscriberId"])]
    seen = {"subscriberId": person["id"], "revision": 2}
    payload = await save(desk, {"lineId": line["id"], "name": "이둘", "seenHolder": seen})
    assert [row["outcome"] for row in payload["rows"]] == ["REPLACED"]
    payload = await save(desk, {"lineId": line["id"], "name": "박셋"})
    assert [row["outcome"] for row in payload["rows"]] == ["REPLACED"]


async def test_IN_04_of_two_parallel_edits_one_wins(desk: Console) -> None:
    line = (await lines(desk))[0]
    person = (await save(desk, {"lineId": line["id"], "name": "김하나"}))["rows"][0]["subscriber"]
    edit = {"lineId": line["id"], "subscriberId": person["id"], "revision": 1}
    found = await asyncio.gather(*(save(desk, {**edit, "name": name}) for name in ("김둘", "김셋")))
    assert sorted(map(errors, found)) == [[], [("CONFLICT", ["rows", "0", "revision"])]]


async def test_an_idempotency_key_saves_once(desk: Console, company: Tenant) -> None:
    line = (await lines(desk))[0]
    row = {"lineId": line["id"], "name": "김하나"}
    first, second = [await save(desk, row, idempotencyKey="k-1") for _ in range(2)]
    assert first == second
    assert errors(await save(desk, {**row, "name": "이둘"}, idempotencyKey="k-1")) == [
        ("KEY_REUSED", ["idempotencyKey"])
    ]
    async with tenant(company.id):
        [found] = await query("SELECT count(*) AS n FROM subscriber WHERE company_id = $1", company.id)
    assert found["n"] == 1


async def test_rows_are_one_to_five_hundred(desk: Console) -> None:
    assert errors(await save(desk)) == [("REQUIRED", ["rows"])]
    answer = await desk.answer(SAVE, input={"rows": [{"lineId": "x"}] * 501})
    assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_IN_03_removing_frees_the_line_and_history_keeps_the_person(desk: Console, company: Tenant) -> None:
    line, sales = (await lines(desk))[0], (await departments(desk))["영업팀"]
    payload = await save(desk, {"lineId": line["id"], "name": "김하나", "departmentId": sales})
    person = payload["rows"][0]["subscriber"]
    assert errors(await desk.ask(REMOVE, id=person["id"], revision=7)) == [("CONFLICT", ["revision"])]
    payload = await desk.ask(REMOVE, id=person["id"], revision=1)
    assert payload["userErrors"] == []
    assert payload["line"] == {"number": line["number"], "subscriber": None}
    assert payload["subscriber"]["endedAt"] is not None
    assert (payload["subscriber"]["name"], payload["subscriber"]["department"]) == ("김하나", {"name": "영업팀"})
    assert errors(await desk.ask(REMOVE, id=person["id"], revision=2)) == [("CONFLICT", ["revision"])]
    assert (await desk.ask(NODE, id=person["id"]))["__typename"] == "Subscriber"
    async with tenant(company.id):
        records = await query("SELECT action FROM audit_record WHERE company_id = $1 ORDER BY id", company.id)
    acts = [record["action"] for record in records if record["action"] != "subscribers.view"]
    assert acts == ["subscribers.save", "subscribers.remove"]


async def test_another_companys_ids_answer_as_missing_everywhere(desk: Console, stranger: Tenant) -> None:
    async with console(stranger) as theirs:
        line = (await lines(theirs))[0]
        person = (await save(theirs, {"lineId": line["id"], "name": "남"}))["rows"][0]["subscriber"]
        department = (await departments(theirs))["영업팀"]
        for key in (line["id"], person["id"], department):
            assert (await theirs.ask(NODE, id=key))["id"] == key
            assert await desk.ask(NODE, id=key) is None
    own = (await lines(desk))[0]["id"]
    assert errors(await save(desk, {"lineId": line["id"], "name": "나"})) == [("NOT_FOUND", ["rows", "0", "lineId"])]
    for foreign in (department, own, "RGVwYXJ0bWVudDo", ""):
        payload = await save(desk, {"lineId": own, "name": "나", "departmentId": foreign})
        assert errors(payload) == [("NOT_FOUND", ["rows", "0", "departmentId"])]
    for foreign in (person["id"], own, "x"):
        payload = await save(desk, {"lineId": own, "name": "나", "subscriberId": foreign, "revision": 1})
        assert errors(payload) == [("NOT_FOUND", ["rows", "0", "subscriberId"])]
        assert errors(await desk.ask(REMOVE, id=foreign, revision=1)) == [("NOT_FOUND", ["id"])]
    assert await numbers(desk, departmentIds=[department]) == []


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
