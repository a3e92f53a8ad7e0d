"""The application around the endpoint, objects by id, transactions, and who may ask for what."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from uuid import UUID

import httpx
import pytest
from graphql import (
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from bizcall import database
from bizcall.settings import Settings
from local.postgres import Postgres
from resolvers import root
from resolvers.app import IDE, create_app
from resolvers.limits import Bounds, table
from resolvers.permissions import ACCESS, NOBODY, ONE_A_REQUEST
from schema.node import NODES_MOST, decode, encode
from tests.console import Wiring
from tests.factories import Tenant
from tests.patience import PATIENCE
from tests.resolvers.literals import least
from tests.resolvers.office import BEARER, Desk
from tests.statements import Recorded, counted


def real(stage: str = "test") -> httpx.AsyncClient:
    """A client of the product's own schema."""
    app = create_app(Wiring(Settings.model_validate({"stage": stage})))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example")


async def test_D8_healthz_does_not_ask_the_database_and_readyz_does(db: None) -> None:
    async with real() as client:
        with counted() as sent:
            assert (await client.get("/healthz")).status_code == 200
        assert sent == []
        with counted() as sent:
            assert (await client.get("/readyz")).status_code == 200
        assert sent == ["SELECT 1"]


async def test_D8_however_many_ask_for_readyz_the_database_is_asked_once_a_second(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that a busy machine neither gives up nor asks again.
    monkeypatch.setattr("resolvers.app.READY", PATIENCE)
    monkeypatch.setattr("resolvers.app.READY_HOLDS", PATIENCE)
    async with real() as client:
        with counted() as sent:
            answers = await asyncio.gather(*(client.get("/readyz") for _ in range(50)))
            assert {answer.status_code for answer in answers} == {200}
            assert (await client.post("/readyz")).status_code == 405
        assert sent == ["SELECT 1"]
        monkeypatch.setattr("resolvers.app.READY_HOLDS", 0.0)
    async with real() as client:
        with counted() as sent:
            for _ in range(2):
                await client.get("/readyz")
        assert sent == ["SELECT 1", "SELECT 1"]


async def test_D8_readyz_and_queries_say_when_the_database_is_away(
    db: None, postgres: Postgres, company: Tenant, client: Desk
) -> None:
    await database.disconnect()
    await database.connect("postgresql://app:x@127.0.0.1:1/nowhere", size=1)
    try:
        async with real() as checker:
            assert (await checker.get("/readyz")).status_code == 503
            assert (await checker.get("/healthz")).status_code == 200
        response = await client.post({"query": "{departments(first:1){nodes{name}}}"}, **BEARER)
        assert response.status_code == 503
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert "127.0.0.1" not in response.text
    finally:
        await database.disconnect()
        await database.connect(postgres.url("app"), size=5, connection_class=Recorded)
    assert (await client.ask("{departments(first:1){nodes{name}}}", **BEARER))["data"]


async def test_the_page_to_try_things_is_on_the_laptop_only_and_needs_nothing_from_elsewhere(db: None) -> None:
    for stage, status in (("local", 200), ("test", 404), ("production", 404)):
        async with real(stage) as client:
            response = await client.get("/ide", headers={"accept": "text/html"})
            assert response.status_code == status
            if status == 200:
                assert "connect-src 'self'" in response.headers["content-security-policy"]
                assert "default-src 'none'" in response.headers["content-security-policy"]
    assert not re.search(r"(https?:)?//[a-z]|@import|<link|<img|src=", IDE.read_text())


async def test_the_page_can_show_the_schema(client: Desk) -> None:
    page = IDE.read_text()
    (reference,) = re.findall('reference = "(.*?)";', page)
    (document,) = re.findall("schema = `(.*?)`", page, re.DOTALL)
    answer = await client.ask(document.replace("${reference}", reference), **BEARER)
    assert {"Query", "Mutation", "Node"} <= {kind["name"] for kind in answer["data"]["__schema"]["types"]}


async def test_in_production_transport_security_is_strict(db: None) -> None:
    async with real("production") as client:
        response = await client.get("/healthz")
    assert "max-age=63072000" in response.headers["strict-transport-security"]


@pytest.mark.parametrize("path", ["/graphql/", "/healthz/", "//graphql", "/nothing"])
async def test_no_address_is_answered_with_a_redirect_to_the_host_that_the_client_names(db: None, path: str) -> None:
    async with real() as client:
        response = await client.get(path, headers={"host": "elsewhere.example"})
    assert response.status_code == 404
    assert "elsewhere" not in str(response.headers) + response.text


async def test_the_request_id_is_never_the_clients(db: None) -> None:
    async with real() as client:
        given = "0123456789abcdef"
        ids = {(await client.get("/healthz", headers={"x-request-id": given})).headers["x-request-id"] for _ in "ab"}
    assert len(ids) == 2
    assert given not in ids


async def test_limits_are_published_as_they_are_enforced(client: Desk) -> None:
    answer = await client.ask("{limits{name maximum unit description}}")
    told = {line["name"]: line["maximum"] for line in answer["data"]["limits"]}
    assert told == {line.name: line.maximum for line in table(Bounds())}
    assert {"page": 100, "importRows": 20_000, "codeLife": 180, "statisticsSpan": 3}.items() <= told.items()


async def test_node_finds_ones_own_objects_by_type(client: Desk, company: Tenant) -> None:
    department = encode("Department", company.departments["영업팀"])
    line = encode("Line", company.line_ids[0])
    document = "query($a:ID!,$b:ID!){a:node(id:$a){__typename id ...on Department{name}} b:node(id:$b){__typename id}}"
    answer = await client.ask(document, {"a": department, "b": department}, **BEARER)
    assert answer["data"]["a"] == {"__typename": "Department", "id": department, "name": "영업팀"}
    missing = await client.ask(document, {"a": line, "b": encode("Department", company.line_ids[0])}, **BEARER)
    assert missing["data"]["b"] is None


async def test_T1_another_companys_id_answers_exactly_like_a_missing_one(
    client: Desk, company: Tenant, stranger: Tenant
) -> None:
    document = "query($id:ID!){node(id:$id){id}}"
    theirs = encode("Department", stranger.departments["영업팀"])
    nobodys = encode("Department", company.id)
    answers = []
    for opaque in (theirs, nobodys):
        with counted() as sent:
            response = await client.post({"query": document, "variables": {"id": opaque}}, **BEARER)
        answers.append((response.status_code, response.json(), len(sent)))
    assert answers[0] == answers[1]
    assert answers[0][1] == {"data": {"node": None}}


@pytest.mark.parametrize(
    "opaque",
    [
        "",
        "x",
        "커서",
        "Og",
        "RGVwYXJ0bWVudDp4",
        "=" * 50,
        "A" * 500,
        encode("Query", UUID(int=1)),
    ],
)
async def test_what_is_no_id_is_a_missing_object(client: Desk, opaque: str) -> None:
    answer = await client.ask("query($id:ID!){node(id:$id){id}}", {"id": opaque}, **BEARER)
    assert answer == {"data": {"node": None}}


async def test_nodes_keeps_the_order_and_asks_once_per_type(client: Desk, company: Tenant, stranger: Tenant) -> None:
    first, second = (encode("Department", key) for key in company.departments.values())
    foreign = encode("Department", stranger.departments["영업팀"])
    ids = [second, "nonsense", first, foreign, second]
    with counted() as sent:
        answer = await client.ask("query($ids:[ID!]!){nodes(ids:$ids){id}}", {"ids": ids}, **BEARER)
    assert [node and node["id"] for node in answer["data"]["nodes"]] == [second, None, first, None, second]
    assert len(sent) == 1


async def test_nodes_takes_a_hundred_ids_at_most(client: Desk) -> None:
    for count, code in ((NODES_MOST, None), (NODES_MOST + 1, "TOO_MANY")):
        answer = await client.ask("query($ids:[ID!]!){nodes(ids:$ids){id}}", {"ids": ["x"] * count}, **BEARER)
        problems = [p["code"] for e in answer.get("errors", ()) for p in e["extensions"]["problems"]]
        assert problems == ([code] if code else [])


def test_an_object_has_one_id_only(company: Tenant) -> None:
    good = encode("Department", company.id)
    assert decode(good) == ("Department", company.id)
    for other in (good + "=", good + "\n", " " + good, good[:-1], good.swapcase()):
        assert decode(other) is None


@pytest.mark.parametrize("size", [1, 2])
async def test_L12_loaders_ask_once_however_many_rows(client: Desk, size: int) -> None:
    document = "query($n:Int){departments(first:$n){edges{cursor node{id twin{id twin{id}}}}}}"
    with counted() as sent:
        answer = await client.ask(document, {"n": size}, **BEARER)
    assert len(answer["data"]["departments"]["edges"]) == size
    assert len(sent) == 2


async def test_the_count_is_asked_of_the_database_only_when_it_is_selected(client: Desk) -> None:
    with counted() as without:
        await client.ask("{departments(first:1){nodes{id} pageInfo{hasNextPage}}}", **BEARER)
    with counted() as sent:
        answer = await client.ask("{departments(first:1){totalCount{value precision}}}", **BEARER)
    assert (len(without), len(sent)) == (1, 2)
    assert answer["data"]["departments"]["totalCount"] == {"value": 2, "precision": "EXACT"}


async def test_a_wrong_cursor_is_told_clearly(client: Desk) -> None:
    answer = await client.ask('{departments(first:1,after:"x"){nodes{id}}}', **BEARER)
    (problem,) = answer["errors"][0]["extensions"]["problems"]
    assert (problem["code"], problem["field"]) == ("BAD_CURSOR", ["after"])
    assert "params" not in problem


async def test_a_query_can_not_write(client: Desk) -> None:
    answer = await client.ask("{write}", **BEARER)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len((await client.ask("{departments(first:9){nodes{id}}}", **BEARER))["data"]["departments"]["nodes"]) == 2


async def test_each_mutation_of_a_document_is_a_transaction_of_its_own_and_loaders_see_what_it_wrote(
    client: Desk,
) -> None:
    document = """mutation($long:String!){
      a:departmentSave(input:{name:"가"}){department{id name twin{name}} userErrors{code}}
      b:departmentSave(input:{name:$long}){department{id} userErrors{code field message params{name value}}}
      c:departmentSave(input:{name:"나"}){department{name others(first:9){totalCount{value}}} userErrors{code}}
    }"""
    answer = await client.ask(document, {"long": "x" * 51}, **BEARER)
    data: dict[str, Any] = answer["data"]
    assert data["a"]["department"]["twin"] == {"name": "가"}
    assert data["b"] == {
        "department": None,
        "userErrors": [
            {
                "code": "TOO_LONG",
                "field": ["name"],
                "message": "최대 50자까지 입력할 수 있습니다.",
                "params": [{"name": "maximum", "value": "50"}],
            }
        ],
    }
    assert "errors" not in answer
    assert data["c"] == {"department": {"name": "나", "others": {"totalCount": {"value": 4}}}, "userErrors": []}


async def test_strangers_open_no_tenants_transaction(client: Desk) -> None:
    with counted() as sent:
        answer = await client.ask("{departments(first:1){nodes{id}}}")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert sent == []


def asking(schema: GraphQLSchema) -> dict[str, str]:
    """A valid document for each root field, by Type.field."""
    documents = {}
    for kind, root_type in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root_type is not None
        for name, field in root_type.fields.items():
            needed = {n: a for n, a in field.args.items() if is_required_argument(a)}
            needed |= {n: a for n, a in field.args.items() if n == "first"}
            arguments = ",".join(f"{n}:{least(a.type)}" for n, a in needed.items())
            below = "" if is_leaf_type(get_named_type(field.type)) else "{__typename}"
            documents[f"{root_type.name}.{name}"] = f"{kind}{{{name}{f'({arguments})' if arguments else ''}{below}}}"
    return documents


ROOT_FIELDS = asking(root.schema()._schema)


@pytest.mark.parametrize("field", ROOT_FIELDS)
async def test_AU_31_every_root_field_needs_a_session_unless_it_is_listed_as_public(db: None, field: str) -> None:
    async with real() as client:
        with counted() as sent:
            response = await client.post("/graphql", json={"query": ROOT_FIELDS[field]})
    codes = [error["extensions"]["code"] for error in response.json().get("errors", ())]
    assert "GRAPHQL_VALIDATION_FAILED" not in codes
    if NOBODY in ACCESS.get(field, ()):
        assert "UNAUTHENTICATED" not in codes
    else:
        assert codes == ["UNAUTHENTICATED"]
        assert sent == []


def test_every_field_of_the_table_of_roles_exists() -> None:
    assert {field for field in ACCESS if ".__" not in field} <= ROOT_FIELDS.keys()
    assert {f"Mutation.{name}" for name in ONE_A_REQUEST} <= ROOT_FIELDS.keys()
