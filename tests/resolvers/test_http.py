"""GraphQL over HTTP: what is accepted, what is refused, and that nothing hostile is answered 500 (security G1–G12)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bizcall.support import Documents
from resolvers.errors import ERRORS_MOST, TopCode
from resolvers.limits import Bounds
from tests.console import Wiring
from tests.doubles import MemoryStorage
from tests.factories import Tenant
from tests.resolvers import office
from tests.resolvers.hostile import HOSTILE, body
from tests.resolvers.office import Desk, desk
from tests.statements import counted

BEARER = {"authorization": "Bearer good"}
RESPONSE_JSON = "application/graphql-response+json; charset=utf-8"
PLAIN_JSON = "application/json; charset=utf-8"


@pytest.fixture
async def client(company: Tenant) -> AsyncIterator[Desk]:
    """A client of a company with two departments."""
    async with desk(company.id) as made:
        yield made


@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "signed in"])
@pytest.mark.parametrize("name", HOSTILE)
async def test_G3_hostile_requests_are_refused_in_time_and_never_with_500(
    client: Desk, name: str, signed_in: bool
) -> None:
    content, headers = HOSTILE[name]
    office.calls.clear()
    times = []
    for _ in range(2):
        began = time.process_time()
        response = await client.post(content, **headers, **(BEARER if signed_in else {}))
        times.append(time.process_time() - began)
    assert min(times) < 0.25
    assert 400 <= response.status_code < 500
    answer = response.json()
    assert "data" not in answer
    assert 1 <= len(answer["errors"]) <= ERRORS_MOST
    for error in answer["errors"]:
        assert error["extensions"]["code"] in set(TopCode) - {TopCode.INTERNAL_SERVER_ERROR}
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]
        assert len(error["message"]) <= 500
        assert "Did you mean" not in error["message"]
    assert office.calls == []


def test_the_list_of_hostile_requests_is_long_enough() -> None:
    assert len(HOSTILE) >= 50


NO_SESSION_LOOKED_UP = ["a body of 300 KiB", "a batch", "JSON 40 deep", "1,500 tokens", "an unknown field", "gzip"]


@pytest.mark.parametrize("name", NO_SESSION_LOOKED_UP)
async def test_L_what_is_too_large_or_malformed_costs_no_connection(client: Desk, name: str) -> None:
    content, headers = HOSTILE[name]
    with counted() as sent:
        await client.post(content, **headers, **BEARER)
    assert client.asked == []
    assert sent == []


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, PLAIN_JSON),
        ("", PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        ("application/json", PLAIN_JSON),
        ("application/graphql-response+json", RESPONSE_JSON),
        ("application/graphql-response+json; charset=utf-8, application/json;q=0.9", RESPONSE_JSON),
        ("application/graphql-response+json;q=0.5, application/json;q=0.9", PLAIN_JSON),
        ("text/html, application/json;q=0.1", PLAIN_JSON),
    ],
)
async def test_G4_the_media_type_is_the_one_that_is_wanted_most(client: Desk, accept: str | None, media: str) -> None:
    request = client.http.build_request(
        "POST", "/graphql", content=body(), headers={"content-type": "application/json; charset=UTF-8"}
    )
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    response = await client.http.send(request)
    assert (response.status_code, response.headers["content-type"]) == (200, media)
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("document", ["{", "{limit}", "query($a:Int!){echo(number:$a)}", "{__schema{types{name}}}"])
async def test_G4_refused_documents_are_4xx_or_200_by_media_type(client: Desk, document: str) -> None:
    strict = await client.post(body(document))
    older = await client.post(body(document), accept="application/json")
    assert 400 <= strict.status_code < 500
    assert older.status_code == 200
    assert "data" not in strict.json()
    assert [e["extensions"]["code"] for e in strict.json()["errors"]] == [
        e["extensions"]["code"] for e in older.json()["errors"]
    ]


async def test_G4_an_executed_operation_with_errors_is_200_with_data(client: Desk) -> None:
    response = await client.post(body("{crash}"), **BEARER)
    assert response.status_code == 200
    assert response.json()["data"] == {"crash": None}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE"])
async def test_G8_strangers_may_only_post(client: Desk, method: str) -> None:
    response = await client.http.request(method, "/graphql?query={__typename}")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_G8_get_answers_queries_with_authorization_only(client: Desk) -> None:
    answer = await client.http.get("/graphql", params={"query": "{departments(first:1){nodes{name}}}"}, headers=BEARER)
    assert answer.json()["data"]["departments"]["nodes"]
    by_cookie = await client.http.get(
        "/graphql", params={"query": "{__typename}"}, headers={"cookie": "session=good", "x-bizcall-client": "x"}
    )
    assert by_cookie.status_code == 405


async def test_G8_get_never_mutates(client: Desk) -> None:
    document = 'mutation{departmentSave(input:{name:"x"}){department{id}}}'
    response = await client.http.get("/graphql", params={"query": document}, headers=BEARER)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("params", [{}, {"query": "{a}", "variables": "["}, {"query": "{a}", "variables": "\ud800"}])
async def test_get_with_bad_parameters_is_400(client: Desk, params: dict[str, str]) -> None:
    encoded = "&".join(f"{k}={v.encode('utf-8', 'surrogatepass').hex('%')}" for k, v in params.items())
    response = await client.http.get(f"/graphql?{encoded}", headers=BEARER)
    assert response.status_code == 400


async def test_G5_a_body_without_length_is_cut_off_at_the_bound(client: Desk) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 65_536
            yield b" " * 65_536

    response = await client.http.post("/graphql", content=endless(), headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["limit"] == "body"
    assert sent <= 512 * 1024


async def test_a_body_that_never_ends_is_given_up(company: Tenant) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with desk(company.id, bounds=Bounds(deadline=0.1)) as client:
        response = await client.http.post("/graphql", content=slow(), headers={"content-type": "application/json"})
    assert response.status_code == 408


async def test_G7_the_operation_of_the_name_runs(client: Desk) -> None:
    document = "query A{__typename} query B{limits{name}}"
    answer = (await client.post(body(document, operationName="B"))).json()
    assert "limits" in answer["data"]


async def test_G8_a_cookie_counts_with_the_header(client: Desk) -> None:
    document = body("{departments(first:1){nodes{name}}}")
    refused = await client.post(document, cookie="session=good")
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    served = await client.post(document, cookie="session=good", x_bizcall_client="console")
    assert served.json()["data"]["departments"]["nodes"]


async def test_a_cookie_beside_an_authorization_header_counts_for_nothing(client: Desk) -> None:
    for given in ("Basic good", "Bearer wrong", "Bearer", ""):
        response = await client.post(
            body("{departments(first:1){nodes{name}}}"),
            authorization=given,
            cookie="session=good",
            x_bizcall_client="x",
        )
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


async def test_AU_31_cookies_of_mutations_are_set_out_of_scripts_reach(company: Tenant) -> None:
    async with desk(company.id, stage="production") as client:
        response = await client.post(body("mutation{signIn}"))
    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith("__host-session=fresh;")
    for attribute in ("httponly", "secure", "samesite=lax", "path=/;", "max-age=60"):
        assert attribute in f"{cookie};"
    assert "domain" not in cookie


async def test_AU_31_a_session_that_another_host_could_have_set_counts_for_nothing(company: Tenant) -> None:
    document = body("{departments(first:1){nodes{name}}}")
    async with desk(company.id, stage="production") as client:
        planted = await client.post(document, cookie="session=good", x_bizcall_client="console")
        assert planted.status_code == 401
        own = await client.post(document, cookie="session=planted; __Host-session=good", x_bizcall_client="console")
        assert own.json()["data"]["departments"]["nodes"]
        assert (await client.post(document, cookie="__Host-session=good")).status_code == 403


@pytest.mark.parametrize("document", ["{__schema{queryType{name}}}", '{__type(name:"Query"){name}}'])
async def test_G9_introspection_needs_a_session_and_is_off_in_production(company: Tenant, document: str) -> None:
    async with desk(company.id) as client:
        stranger = await client.post(body(document))
        assert (stranger.status_code, stranger.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert "data" in await client.ask(document, **BEARER)
    async with desk(company.id, stage="production") as client:
        response = await client.post(body(document), **BEARER)
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


SUGGESTIVE = [
    "{departmnts(first:1){nodes{name}}}",
    "{departments(frst:1){nodes{name}}}",
    "{node(id:1){... on Departmnt{name}}}",
    "query($a:Filtr){echo(filter:$a)}",
    "{echo(filter:{nme:1})}",
    "{__typename @skp(if:true)}",
    "{...Departmnt} fragment Department on Query{__typename}",
]


@pytest.mark.parametrize("document", SUGGESTIVE)
async def test_G9_nothing_is_suggested(client: Desk, document: str) -> None:
    answer = await client.ask(document, **BEARER)
    assert "errors" in answer
    assert "Did you mean" not in str(answer)


@pytest.mark.parametrize("field", ["crash", "absent", "misspelt"])
async def test_G10_bugs_are_told_by_an_id_only(client: Desk, field: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = await client.post(body(f"{{{field}}}"), **BEARER)
    (error,) = response.json()["errors"]
    assert error["message"] == "알 수 없는 오류가 발생했습니다."
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert office.SECRET not in response.text
    (logged,) = [record for record in caplog.records if record.name == "resolvers.errors"]
    assert logged.__dict__["error_id"] == error["extensions"]["errorId"]
    assert logged.exc_info is not None


@pytest.mark.parametrize(
    "document",
    [
        'query($a:ID="x"){node(id:$a){id}}',
        "query($a:[ID!]=[]){nodes(ids:$a){id}}",
        'query($a:String="x"){fail(code:$a)}',
        "query($a:Boolean=true){limits @include(if:$a){name}}",
        "query($a:Boolean=true){limits{name @include(if:$a)}}",
    ],
)
async def test_G10_null_for_a_variable_with_a_default_is_the_clients_fault(
    client: Desk, document: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.ask(document, {"a": None}, **BEARER)
    assert answer["errors"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert caplog.records == []


@pytest.mark.parametrize("code", office.EXPECTED)
async def test_expected_errors_keep_their_code_and_hide_their_text(client: Desk, code: str) -> None:
    answer = await client.ask("query($code:String!){fail(code:$code)}", {"code": code}, **BEARER)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == code
    assert error["path"] == ["fail"]
    assert office.SECRET not in str(answer)


async def test_problems_of_a_query_are_told_with_their_path(client: Desk) -> None:
    answer = await client.ask('{fail(code:"BAD_USER_INPUT")}', **BEARER)
    (problem,) = answer["errors"][0]["extensions"]["problems"]
    assert problem == {
        "code": "TOO_LONG",
        "field": ["filter", "name"],
        "message": "최대 5자까지 입력할 수 있습니다.",
        "params": {"maximum": "5"},
    }


async def test_messages_are_korean_or_english(client: Desk) -> None:
    assert (await client.ask("{crash}", **BEARER))["errors"][0]["message"] == "알 수 없는 오류가 발생했습니다."
    english = await client.ask("{crash}", **BEARER, accept_language="en-GB,en;q=0.9,ko;q=0.8")
    assert english["errors"][0]["message"] == "Unexpected error."


async def test_G11_at_most_five_errors_are_told(client: Desk) -> None:
    aliased = " ".join(f"a{i}: crash" for i in range(9))
    answer = await client.ask(f"{{{aliased}}}", **BEARER)
    assert len(answer["errors"]) == ERRORS_MOST


async def test_G11_an_answer_that_is_too_long_is_refused(company: Tenant) -> None:
    async with desk(company.id, bounds=Bounds(response=10_000)) as client:
        assert len((await client.ask("{big(size:9000)}", **BEARER))["data"]["big"]) == 9_000
        answer = await client.ask("{big(size:11000)}", **BEARER)
    assert answer["errors"][0]["extensions"]["limit"] == "response"


async def test_G12_every_answer_has_the_headers(client: Desk) -> None:
    for response in (
        await client.post(body()),
        await client.post(b"1"),
        await client.http.get("/healthz"),
        await client.http.get("/nowhere"),
        await client.http.post("/healthz"),
    ):
        policy = response.headers["content-security-policy"]
        assert policy == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["content-type"].endswith("json; charset=utf-8")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert len(response.headers["x-request-id"]) >= 8
        assert "server" not in response.headers


async def test_the_client_that_hangs_up_is_no_error(company: Tenant) -> None:
    from resolvers.http import Endpoint

    sent: list[dict[str, Any]] = []

    async def nobody(token: str | None, **_: Any) -> None:
        return None

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    endpoint = Endpoint(office.schema(), Wiring(), nobody, Documents(MemoryStorage()))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await endpoint(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_cors_allows_the_listed_origin_exactly(client: Desk) -> None:
    async def preflight(origin: str) -> httpx.Response:
        return await client.http.options(
            "/graphql",
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,x-bizcall-client",
            },
        )

    allowed = await preflight("https://console.example")
    assert allowed.headers["access-control-allow-origin"] == "https://console.example"
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert allowed.headers["access-control-max-age"] == "3600"
    for origin in ("https://evil.example", "https://console.example.evil.example", "null"):
        assert "access-control-allow-origin" not in (await preflight(origin)).headers
