"""The subscribers screen over GraphQL: what is saved and removed, and what is refused (IN-03, IN-04)."""

from __future__ import annotations

import asyncio

from bizcall.database import query, tenant
from tests.console import Console, console
from tests.factories import Tenant
from tests.resolvers.subscribers.desk import SAVE, departments, errors, lines, numbers, save

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
