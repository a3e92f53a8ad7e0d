"""Behind a firewall only what came through it is answered, as from the client's own address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall.audit import Actor
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.firewall import ADDRESS_HEADER, ORIGIN_HEADER
from tests.console import Wiring

CLIENT = "198.51.100.9"
ASKED = {"query": "{ limits { name } }"}


@asynccontextmanager
async def asking(seen: list[str | None], **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, which notes from where requests came that it was to answer."""

    async def identify(token: str | None, *, actor: Actor, counted: bool, activity: bool) -> None:
        seen.append(actor.counted_address)

    app = create_app(Wiring(Settings(stage="test", exempt_networks=(), **settings)), identify=identify)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        yield client


def behind(*secrets: str) -> dict[str, Any]:
    """Settings of an API behind a firewall that adds one of these."""
    return {"origin_secret_id": "origin", "origin_secrets": tuple(map(SecretStr, secrets))}


@pytest.mark.parametrize("given", [None, "", "another", "the presen", "the present one!"])
@pytest.mark.parametrize("path", ["/graphql", "/healthz", "/documents/admin-manual"])
async def test_L13_who_goes_around_the_firewall_is_refused_before_anything_is_done(
    path: str, given: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str | None] = []
    headers = {ADDRESS_HEADER: CLIENT} | ({} if given is None else {ORIGIN_HEADER: given})
    async with asking(seen, **behind("the present one", "the former one")) as client:
        answer = await client.post(path, json=ASKED, headers=headers)
    assert (answer.status_code, seen) == (403, [])
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    [line] = [record for record in caplog.records if getattr(record, "event", None) == "AROUND_THE_FIREWALL"]
    assert getattr(line, "secret_given", None) is bool(given)
    assert line.levelname == "WARNING"
    assert not given or given not in str(vars(line))


async def test_L13_while_a_secret_takes_anothers_place_both_are_good(db: None) -> None:
    seen: list[str | None] = []
    async with asking(seen, **behind("the present one", "the former one")) as client:
        for secret in ("the present one", "the former one"):
            headers = {ORIGIN_HEADER: secret, ADDRESS_HEADER: CLIENT}
            assert (await client.post("/graphql", json=ASKED, headers=headers)).json()["data"]
    assert seen == [CLIENT, CLIENT]


async def test_L13_a_firewall_whose_secret_is_not_known_lets_nobody_in() -> None:
    async with asking([], **behind()) as client:
        assert (await client.get("/healthz", headers={ORIGIN_HEADER: ""})).status_code == 403


async def test_L_without_a_firewall_nobody_chooses_his_own_address(db: None) -> None:
    seen: list[str | None] = []
    async with asking(seen) as client:
        answer = await client.post("/graphql", json=ASKED, headers={ORIGIN_HEADER: "x", ADDRESS_HEADER: CLIENT})
    assert answer.json()["data"]
    assert seen == ["127.0.0.1"]
