"""GraphQL over HTTP: what is accepted, what is refused, and that nothing hostile is answered 500 (security G1–G9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bizcall.support import Documents
from resolvers.errors import ERRORS_MOST, TopCode
from resolvers.limits import Bounds
from tests.console import Wiring
from tests.doubles import MemoryStorage
from tests.factories import Tenant
from tests.resolvers import office
from tests.resolvers.hostile import HOSTILE, body
from tests.resolvers.office import BEARER, Desk, desk
from tests.statements import counted


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
