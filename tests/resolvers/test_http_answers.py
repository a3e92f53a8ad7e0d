"""GraphQL over HTTP, answered: media type and status, what errors tell, headers and CORS (security G4, G9–G12)."""

from __future__ import annotations

import logging

import httpx
import pytest

from resolvers.errors import ERRORS_MOST
from resolvers.limits import Bounds
from tests.factories import Tenant
from tests.resolvers import office
from tests.resolvers.hostile import body
from tests.resolvers.office import BEARER, Desk, desk

RESPONSE_JSON = "application/graphql-response+json; charset=utf-8"
PLAIN_JSON = "application/json; charset=utf-8"


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


SECRET, DIGITS = "Correct7Horse", "1083756194"
TOLD_BY_MISTAKE = {
    "a text for a name": f'{{ viewer "{SECRET}" }}',
    "a text for a document's name": f'query "{SECRET}" {{ viewer {{ __typename }} }}',
    "a forgotten colon": f'mutation {{ signIn(input: {{ password "{SECRET}" }}) {{ __typename }} }}',
    "a block": f'mutation {{ signIn(input: {{ password """{SECRET}""" }}) {{ __typename }} }}',
    "a number for a name": f"{{ viewer {DIGITS} }}",
    "a text behind everything": f'{{ viewer {{ __typename }} }} "{SECRET}"',
    "a number behind everything": f"{{ viewer {{ __typename }} }} {DIGITS}",
    "a long value of an enum": f"{{ departments(first: 1, orderBy: {{direction: {SECRET * 50}}}) {{ __typename }} }}",
}


@pytest.mark.parametrize("what", TOLD_BY_MISTAKE)
async def test_a_value_in_a_wrong_place_is_not_repeated(client: Desk, what: str) -> None:
    answer = await client.ask(TOLD_BY_MISTAKE[what], **BEARER)

    assert answer["errors"]
    assert not [secret for secret in (SECRET, DIGITS) if secret in str(answer)]


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
