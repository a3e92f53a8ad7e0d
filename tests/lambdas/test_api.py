"""The API through the adapter of Lambda answers what the application answers without it (security G3, G13)."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx

from bizcall.settings import Settings
from local.deploy import HttpApi
from local.gateway import gateway
from local.postgres import Postgres
from resolvers.app import create_app
from resolvers.errors import TopCode
from tests.console import Wiring
from tests.lambdas.adapter import answers
from tests.resolvers.hostile import HOSTILE, body

HONEST: dict[str, tuple[bytes, dict[str, str]]] = {
    "an honest request": (body(), {}),
    "an honest list": (body("{limits{name maximum}}"), {}),
}
API = HttpApi("Api", "api", "api", "ApiFunction")


async def test_G13_the_hostile_and_the_honest_are_answered_alike_directly_and_through_the_adapter(
    db: None, postgres: Postgres
) -> None:
    events: list[dict[str, Any]] = []

    async def invoke(function: str, event: Any) -> Any:
        events.append(event)
        return {"statusCode": 204}

    direct = []
    application = create_app(Wiring(Settings(stage="test")))
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://api") as plain,
        httpx.AsyncClient(transport=httpx.ASGITransport(gateway(API, invoke)), base_url="http://api") as through,
    ):
        for content, headers in (HOSTILE | HONEST).values():
            given = {"accept": "application/graphql-response+json", "content-type": "application/json"}
            given |= {name.replace("_", "-"): value for name, value in headers.items()}
            direct.append(await plain.post("/graphql", content=content, headers=given))
            await through.post("/graphql", content=content, headers=given)
    adapted = await asyncio.to_thread(
        answers, events, DATABASE_URL=postgres.url("app"), SECRET_KEY="k" * 64, EXEMPT_NETWORKS="127.0.0.0/8"
    )
    assert len(direct) >= 52
    for name, expected, answer in zip(HOSTILE | HONEST, direct, adapted, strict=True):
        text = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        assert answer["statusCode"] == expected.status_code < 500, name
        assert answer["headers"]["content-type"] == expected.headers["content-type"], name
        assert without_id(text) == without_id(expected.content), name
        codes = {error["extensions"]["code"] for error in json.loads(text).get("errors", ())}
        assert codes <= set(TopCode) - {TopCode.INTERNAL_SERVER_ERROR}
        assert bool(codes) == (name not in HONEST)


def without_id(content: bytes) -> Any:
    """The JSON of an answer, without what differs from one request to the next."""
    answer = json.loads(content)
    for error in answer.get("errors", ()):
        assert error["extensions"].pop("requestId")
    return answer
