"""Hostile requests over a real socket: each is answered, in JSON, with a code of the closed list (security G3, G5)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from local.serving import serving
from resolvers.errors import TopCode
from resolvers.limits import Bounds
from tests.patience import ends
from tests.resolvers.hostile import HOSTILE, ODD, body
from tests.resolvers.office import desk

CODES = set(TopCode) - {TopCode.INTERNAL_SERVER_ERROR}
HEADERS_MOST = 16 * 1024
"""What the server itself refuses, as API Gateway does, before the application sees anything."""

HEAD = b"POST /graphql HTTP/1.1\r\nhost: api\r\nconnection: close\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
async def wire(db: None) -> AsyncIterator[tuple[str, int]]:
    """Host and port of the application behind uvicorn; a body that doesn't come is waited for half a second."""
    async with desk(None, bounds=Bounds(deadline=0.5)) as client:
        app: Any = client.http._transport.app  # type: ignore[attr-defined]  # the transport of an application
        async with serving(app) as url:
            host, port = url.removeprefix("http://").split(":")
            yield host, int(port)


async def said(wire: tuple[str, int], sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to these bytes."""
    reader, writer = await asyncio.open_connection(*wire)
    try:
        writer.write(sent)
        await writer.drain()
        async with ends():
            # An IncompleteReadError here is a connection that was closed without an answer.
            head = await reader.readuntil(b"\r\n\r\n")
            status, *lines = head.decode("latin-1").strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            length = headers.get("content-length")
            content = await reader.read() if length is None else await reader.readexactly(int(length))
    finally:
        writer.close()
    return int(status.split()[1]), headers, content


def refused(status: int, content: bytes) -> str:
    """The code of a refusal, which must be one of the closed list."""
    assert 400 <= status < 500
    answer = json.loads(content)
    assert "data" not in answer
    for error in answer["errors"]:
        assert error["extensions"]["code"] in CODES
    return str(answer["errors"][0]["extensions"]["code"])


async def test_G3_every_hostile_request_is_answered_over_one_connection(wire: tuple[str, int]) -> None:
    host, port = wire
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", limits=limits) as http:
        for name, (content, headers) in HOSTILE.items():
            given = {"accept": "application/graphql-response+json", "content-type": "application/json"}
            given |= {key.replace("_", "-"): value for key, value in headers.items()}
            response = await http.post("/graphql", content=content, headers=given)
            if sum(map(len, given.values())) > HEADERS_MOST:
                assert 400 <= response.status_code < 500, name
            else:
                refused(response.status_code, response.content)


@pytest.mark.parametrize("name", ODD)
async def test_G3_odd_headers_are_answered(wire: tuple[str, int], name: str) -> None:
    given = {"content-length": str(len(body())), **{k.replace("_", "-"): v for k, v in ODD[name].items()}}
    lines = "".join(f"{key}: {value}\r\n" for key, value in given.items()).encode("latin-1")
    status, _, content = await said(wire, HEAD + lines + b"\r\n" + body())
    assert status < 500
    if status == 200:
        assert json.loads(content) == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("name", ODD)
async def test_G3_odd_headers_are_answered_by_the_application_itself(db: None, name: str) -> None:
    given = {"content-type": "application/json"} | {key.replace("_", "-"): value for key, value in ODD[name].items()}
    raw = {key.encode(): value.encode("latin-1") for key, value in given.items()}
    async with desk(None) as client:
        response = await client.http.post("/graphql", content=body(), headers=raw)
    assert response.status_code in (200, 400, 413)
    answer = response.json()
    assert answer == {"data": {"__typename": "Query"}} or answer["errors"][0]["extensions"]["code"] in CODES


def chunks(*pieces: bytes) -> bytes:
    """A body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
BODIES: dict[str, bytes] = {
    "chunks of a byte each, cut off JSON": CHUNKED + chunks(*(b'{"query":"{__type'[i : i + 1] for i in range(17)), b""),
    "no chunk at all": CHUNKED + b"0\r\n\r\n",
    "a chunk with an extension": CHUNKED + b'1;x="y"\r\n{\r\n0\r\n\r\n',
    "a trailer": CHUNKED + b"1\r\n{\r\n0\r\nx-trailer: y\r\n\r\n",
    "chunks past the bound": CHUNKED + chunks(*[b" " * 60_000] * 6, b""),
    "chunks that never end": CHUNKED + chunks(b'{"query":'),
    "a body that is shorter than announced": HEAD + b"content-length: 1000\r\n\r\n" + body(),
    "a body that never begins": HEAD + b"content-length: 10\r\n\r\n",
    "a body past the bound that is only announced": HEAD + b"content-length: 999999999\r\n\r\n",
    "no body and no length": HEAD + b"\r\n",
    "deep JSON": HEAD + b"content-length: 200000\r\n\r\n" + b"[" * 200_000,
}


@pytest.mark.parametrize("name", BODIES)
async def test_G3_truncated_and_chunked_bodies_are_answered(wire: tuple[str, int], name: str) -> None:
    status, headers, content = await said(wire, BODIES[name])
    refused(status, content)
    assert headers["content-type"].startswith("application/json")
    assert len(headers["x-request-id"]) >= 8


async def test_G5_a_body_past_the_bound_is_refused_before_it_is_sent(wire: tuple[str, int]) -> None:
    status, _, content = await said(wire, BODIES["a body past the bound that is only announced"])
    assert (status, refused(status, content)) == (413, "QUERY_TOO_COMPLEX")


NO_HTTP: dict[str, bytes] = {
    "no HTTP": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
    "a line of 100 KB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nhost: api\r\n\r\n",
    "a hundred KB of headers": HEAD + b"".join(b"x-%d: y\r\n" % i for i in range(9_000)) + b"\r\n",
    "two lengths": HEAD + b"content-length: 1\r\ncontent-length: 2\r\n\r\n{}",
    "a chunk whose size is no number": CHUNKED + b"zz\r\n{\r\n0\r\n\r\n",
    "a header with NUL": HEAD + b"x: a\0b\r\n\r\n",
    "a header without a name": HEAD + b": x\r\n\r\n",
    "an unknown coding": HEAD + b"transfer-encoding: gzip\r\n\r\n",
    "no host": b"POST /graphql HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", NO_HTTP)
async def test_G3_what_is_no_HTTP_is_answered_4xx_by_the_server(wire: tuple[str, int], name: str) -> None:
    status, _, _ = await said(wire, NO_HTTP[name])
    assert 400 <= status < 500 or status == 501


async def test_G3_after_all_that_the_server_answers(wire: tuple[str, int]) -> None:
    length = b"content-length: %d\r\n\r\n" % len(body())
    status, _, content = await said(wire, HEAD + length + body())
    assert (status, json.loads(content)) == (200, {"data": {"__typename": "Query"}})
