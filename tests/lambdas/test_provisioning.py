"""The function for the provider's events, from what S3 and the outbox send (ON-01, T7, W4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import orjson
import pytest
from pydantic import SecretStr

from bizcall import database
from bizcall.models.provisioning import EventState
from bizcall.settings import Settings
from lambdas import provisioning, sweep
from lambdas.runtime import Services
from local.postgres import Postgres
from tests.accounts import SECRET
from tests.doubles import Phone, RecordingMail
from tests.provisioning import Provider, make_plans
from tests.statements import Recorded


@pytest.fixture
async def provider(db: None) -> Provider:
    """A subscription of this test's own."""
    await make_plans()
    return Provider()


@pytest.fixture
def services(provider: Provider) -> Services:
    """The function's surroundings."""
    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    return Services(settings, provider.storage, provider.queue, Phone(), RecordingMail(), provider.clock)


def batch(*bodies: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the queue."""
    arn = "arn:aws:sqs:ap-northeast-2:123456789012:provisioning"
    return {
        "Records": [
            {"messageId": f"m{number}", "body": json.dumps(body), "eventSourceARN": arn}
            for number, body in enumerate(bodies)
        ]
    }


def arrival(name: str, version: str | None = None) -> dict[str, Any]:
    """What S3 says of a new object: its key is form-encoded."""
    named = {"key": quote_plus(f"feeds/provisioning/{name}")} | ({"versionId": version} if version else {})
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": named}}]}


def failed(answer: Mapping[str, Any]) -> list[str]:
    """The message ids that are to come again."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


async def put(provider: Provider, name: str, body: bytes) -> str | None:
    """A file, without its arrival being told; returns its version."""
    key = f"feeds/provisioning/{name}"
    return (await provider.storage.write(key, body, content_type="application/json")).version


async def test_ON_01_a_file_is_found_under_its_decoded_name_and_version(provider: Provider, services: Services) -> None:
    name = "청약+1 (최종).json"
    first = await put(provider, name, orjson.dumps(provider.completed(1)))
    await put(provider, name, b"{}")

    assert failed(await provisioning.handle(batch(arrival(name, first)), services)) == []

    assert (await provider.state())["lines"] == {1: None}
    assert provider.storage.written == [f"feeds/provisioning/{name}"] * 2


async def test_W4_a_bad_message_keeps_nobody_from_his_turn(provider: Provider, services: Services) -> None:
    await put(provider, "good.json", orjson.dumps(provider.completed(1)))
    await put(provider, "bad.json", b"{")
    event = batch({"Records": [{"s3": {}}]}, arrival("bad.json"), arrival("good.json"), {"Event": "s3:TestEvent"})

    assert failed(await provisioning.handle(event, services)) == ["m0"]

    assert (await provider.answer("bad.json"))["code"] == "MALFORMED"
    assert (await provider.found("completed")).state is EventState.APPLIED


async def test_ON_01_an_event_that_waits_is_tried_again_by_message_and_by_schedule(
    provider: Provider, services: Services
) -> None:
    await provider.apply(provider.changed("more", 1, lines=[{"number": provider.number(2)}]))
    provider.clock.turn(hours=25)

    done = await sweep.handle({}, replace(services, remaining=lambda: 10.0))
    letters = [orjson.loads(letter.body) for name, letter in provider.queue.letters if name == "provisioning"]

    assert done["events reminded"] >= 1
    assert {"subscription": provider.subscription} in letters
    assert failed(await provisioning.handle(batch({"subscription": provider.subscription}), services)) == []
    assert (await provider.found("more")).state is EventState.REJECTED


async def test_T7_a_key_outside_the_feed_writes_nothing(provider: Provider, services: Services) -> None:
    keys = ["feeds/rejects/provisioning/x.json", "inbox/imports/x.json", "feeds/provisioning/../x/"]
    records = [{"s3": {"object": {"key": quote_plus(key)}}} for key in keys]

    assert failed(await provisioning.handle(batch({"Records": records}), services)) == []

    assert provider.storage.written == []


async def test_ON_01_while_the_database_is_away_the_message_comes_again(
    provider: Provider, services: Services, postgres: Postgres
) -> None:
    await put(provider, "event.json", orjson.dumps(provider.completed(1)))
    await database.disconnect()
    await database.connect("postgresql://app:x@127.0.0.1:9/nowhere", size=1)
    try:
        assert failed(await provisioning.handle(batch(arrival("event.json")), services)) == ["m0"]
    finally:
        await database.disconnect()
        await database.connect(postgres.url("app"), size=5, connection_class=Recorded)

    assert failed(await provisioning.handle(batch(arrival("event.json")), services)) == []
    assert (await provider.found("completed")).state is EventState.APPLIED
