"""The HTTP API in front of a function: events in, responses out, and API Gateway's own answers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from local.deploy import HttpApi
from local.gateway import gateway
from local.runtime import Throttled, TooLarge
from local.serving import serving
from tests.local.actors import Actors

ORIGIN = "https://one.example"


@contextlib.asynccontextmanager
async def client_of(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that is served over a real connection."""
    async with serving(app) as address, httpx.AsyncClient(base_url=address, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
async def web(actors: Actors) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the stage's HTTP API."""
    async with client_of(gateway(actors.deployment.apis["Api"], actors.running.invoke)) as client:
        yield client


async def test_a_request_becomes_a_format_2_event(web: httpx.AsyncClient) -> None:
    response = await web.post(
        "/event?a=1&a=2&b=%EA%B0%80&c=",
        headers=[("X-Twice", "one"), ("X-Twice", "two"), ("Cookie", "s=1; t=2"), ("User-Agent", "test")],
        json={"query": "{안녕}"},
    )
    event = response.json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "ANY /{proxy+}"
    assert event["rawPath"] == "/event"
    assert event["rawQueryString"] == "a=1&a=2&b=%EA%B0%80&c="
    assert event["queryStringParameters"] == {"a": "1,2", "b": "가", "c": ""}
    assert event["pathParameters"] == {"proxy": "event"}
    assert event["headers"]["x-twice"] == "one,two"
    assert event["cookies"] == ["s=1", "t=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    http = event["requestContext"]["http"]
    assert http == {
        "method": "POST",
        "path": "/event",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "test",
    }
    assert event["requestContext"]["stage"] == "$default"
    assert abs(event["requestContext"]["timeEpoch"] / 1000 - time.time()) < 5
    assert (event["body"], event["isBase64Encoded"]) == ('{"query":"{안녕}"}', False)


@pytest.mark.parametrize(
    ("content_type", "body", "as_text"),
    [
        ("application/graphql-response+json; charset=utf-8", "가".encode(), True),
        ("text/plain", b"a", True),
        ("application/json", b"\xff\xfe", False),
        ("application/x-www-form-urlencoded", b"a=1", False),
        ("application/octet-stream", bytes(range(256)), False),
        ("", b"nothing said", False),
    ],
)
async def test_bodies_travel_as_text_or_in_base64(
    web: httpx.AsyncClient, content_type: str, body: bytes, as_text: bool
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    event = (await web.post("/event", content=body, headers=headers)).json()
    assert event["isBase64Encoded"] is not as_text
    assert (event["body"].encode() if as_text else base64.b64decode(event["body"])) == body


async def test_a_request_without_body_has_none(web: httpx.AsyncClient) -> None:
    event = (await web.get("/event")).json()
    assert "body" not in event
    assert "queryStringParameters" not in event
    assert "cookies" not in event


async def test_a_path_stays_as_it_was_sent(web: httpx.AsyncClient) -> None:
    response = await web.get("/a%2Fb/%EA%B0%80")
    assert response.text == "안녕하세요"


async def test_an_answer_becomes_a_response(web: httpx.AsyncClient) -> None:
    response = await web.get("/binary")
    assert response.status_code == 201
    assert response.content == bytes(range(256))
    assert response.headers["content-type"] == "image/png"
    assert response.headers.get_list("set-cookie") == ["a=1; HttpOnly", "b=2"]


async def test_an_answer_without_status_is_the_body(web: httpx.AsyncClient) -> None:
    response = await web.get("/null")
    assert (response.status_code, response.text, response.headers["content-type"]) == (200, "null", "application/json")


async def test_head_and_options_reach_the_function(web: httpx.AsyncClient) -> None:
    head = await web.head("/text")
    assert (head.status_code, head.content) == (200, b"")
    assert (await web.options("/event")).json()["requestContext"]["http"]["method"] == "OPTIONS"


@pytest.mark.parametrize("path", ["/boom", "/nonsense", "/big"])
async def test_what_goes_wrong_in_the_function_stays_there(web: httpx.AsyncClient, path: str) -> None:
    response = await web.get(path)
    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})


async def test_a_body_may_have_six_megabytes_but_not_ten(web: httpx.AsyncClient) -> None:
    text = {"content-type": "text/plain"}
    answer = await web.post("/text", content=b"x" * 5_000_000, headers=text)
    assert answer.status_code == 200
    # Too large for Lambda, then too large for API Gateway.
    for size in (7_000_000, 10_485_761):
        refused = await web.post("/text", content=b"x" * size, headers=text)
        assert (refused.status_code, refused.json()) == (413, {"message": "Request Entity Too Large"})


async def test_a_preflight_is_answered_for_the_function(web: httpx.AsyncClient) -> None:
    headers = {"origin": ORIGIN, "access-control-request-method": "POST"}
    response = await web.options("/event", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-headers"] == "content-type"
    assert response.headers["access-control-max-age"] == "600"
    foreign = await web.options("/event", headers=headers | {"origin": "https://evil.example"})
    assert foreign.status_code == 204
    assert not [name for name in foreign.headers if name.startswith("access-control")]


async def test_the_apis_cors_headers_replace_the_functions(web: httpx.AsyncClient) -> None:
    allowed = await web.get("/binary", headers={"origin": ORIGIN})
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert allowed.headers["access-control-expose-headers"] == "x-request-id"
    foreign = await web.get("/binary", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers


async def test_a_slow_function_is_given_up_but_not_ended(actors: Actors) -> None:
    api = actors.deployment.apis["Api"]
    hasty = dataclasses.replace(api, timeout=0.2)
    async with client_of(gateway(hasty, actors.running.invoke)) as client:
        response = await client.get("/slow")
        assert (response.status_code, response.json()) == (503, {"message": "Service Unavailable"})
    assert False in actors.running.processes("Web").values()
    await actors.until(lambda: False not in actors.running.processes("Web").values())


async def test_every_path_but_the_empty_one_is_the_functions(web: httpx.AsyncClient) -> None:
    event = (await web.get("/event")).json()
    assert (event["routeKey"], event["pathParameters"]) == ("ANY /{proxy+}", {"proxy": "event"})
    missing = await web.get("/")
    assert (missing.status_code, missing.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize(("error", "status"), [(Throttled("busy"), 503), (TooLarge("big"), 413)])
async def test_what_lambda_refuses_has_a_status_of_its_own(error: Exception, status: int) -> None:
    async def invoke(function: str, event: Any) -> Any:
        raise error

    api = HttpApi("Api", "api", "api", "F")
    async with client_of(gateway(api, invoke)) as client:
        assert (await client.get("/x")).status_code == status


async def test_a_stage_throttles_above_its_rate() -> None:
    async def invoke(function: str, event: Any) -> Any:
        return {"statusCode": 200}

    api = HttpApi("Api", "api", "api", "F", rate=1.0, burst=3)
    async with client_of(gateway(api, invoke)) as client:
        responses = await asyncio.gather(*(client.get("/x") for _ in range(8)))
        assert sorted(response.status_code for response in responses) == [200] * 3 + [429] * 5
        refused = next(response for response in responses if response.status_code == 429)
        assert refused.json() == {"message": "Too Many Requests"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"statusCode": "204"}, 204),
        ({"statusCode": 200, "body": None, "headers": None, "cookies": None}, 200),
        ({"statusCode": 200, "body": {"a": 1}}, 500),
        ({"statusCode": 200, "body": "%%%", "isBase64Encoded": True}, 500),
        ({"statusCode": 99}, 500),
        ({"statusCode": None}, 500),
        ("text", 200),
        ([1], 200),
    ],
)
async def test_answers_of_every_shape_get_a_response(answer: Any, status: int) -> None:
    async def invoke(function: str, event: Any) -> Any:
        return answer

    api = HttpApi("Api", "api", "api", "F")
    async with client_of(gateway(api, invoke)) as client:
        assert (await client.get("/x")).status_code == status


async def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serving(Starlette(), port=taken.getsockname()[1]):
            pass


async def test_small_answers_do_not_wait_for_acknowledgements() -> None:
    async def invoke(function: str, event: Any) -> Any:
        return {"statusCode": 200}

    api = HttpApi("Api", "api", "api", "F")
    async with client_of(gateway(api, invoke)) as client:
        times = []
        for _ in range(20):
            started = time.perf_counter()
            await client.get("/x")
            times.append(time.perf_counter() - started)
    # Each would wait for 40 ms otherwise; of those that don't, a busy machine holds up some, not all.
    assert min(times) < 0.03
