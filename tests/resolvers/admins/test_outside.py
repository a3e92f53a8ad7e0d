"""From where operators may come, as a deployment says it (AU-33, S8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import admins
from bizcall.admins import sessions
from bizcall.admins.locks import STRANGER
from bizcall.database import tenant
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.firewall import ADDRESS_HEADER, ORIGIN_HEADER
from tests.accounts import ACTOR, KEYS, SECRET
from tests.console import Wiring
from tests.doubles import RecordingQueue
from tests.resolvers.admins.desk import SIGN_IN

OFFICE = ("198.51.100.0/24", "2001:db8:1::/48")
ASKED = {"query": "{ viewer { role } companies(first: 1) { nodes { id } } }"}


async def token() -> str:
    """That of an operator who has just signed in at his desk."""
    key = await admins.operator_create(
        f"op{uuid7().hex[-12:]}", "오퍼레", "01055559990", keys=KEYS, actor=ACTOR, queue=RecordingQueue()
    )
    async with tenant(PROVIDER_ID):
        opened = await sessions.begin(PROVIDER_ID, key, actor=ACTOR, user_agent="", device=STRANGER)
    return opened.token


async def post(body: Any, address: str, headers: dict[str, str], **settings: Any) -> dict[str, Any]:
    """The answer of an API that was deployed so."""
    app = create_app(Wiring(Settings(stage="test", secret_key=SecretStr(SECRET), **settings)))
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        answer: dict[str, Any] = (await client.post("/graphql", json=body, headers=headers)).json()
    return answer


@pytest.mark.parametrize(
    ("networks", "address", "served"),
    [
        ((), "192.0.2.1", True),
        (OFFICE, "198.51.100.9", True),
        (OFFICE, "::ffff:198.51.100.9", True),
        (OFFICE, "2001:db8:1:2::3", True),
        (OFFICE, "192.0.2.1", False),
        (OFFICE, "2001:db8:2::3", False),
        (OFFICE, "", False),
    ],
)
async def test_AU_33_S8_an_operators_session_is_served_where_he_may_come_from(
    db: None, networks: tuple[str, ...], address: str, served: bool
) -> None:
    headers = {"authorization": f"Bearer {await token()}"}
    # A client that says where it comes from is not believed.
    forged = {ADDRESS_HEADER: "198.51.100.9", "x-forwarded-for": "198.51.100.9"}

    answer = await post(ASKED, address, headers | forged, operator_networks=networks)

    if served:
        assert answer["data"]["viewer"] == {"role": "OPERATOR"}
    else:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_AU_33_S8_behind_the_firewall_the_address_is_the_one_that_it_saw(db: None) -> None:
    behind = {"origin_secret_id": "origin", "origin_secrets": (SecretStr("secret"),), "operator_networks": OFFICE}
    headers = {"authorization": f"Bearer {await token()}", ORIGIN_HEADER: "secret"}

    for seen, code in (("198.51.100.9", None), ("192.0.2.1", "UNAUTHENTICATED")):
        answer = await post(ASKED, "198.51.100.1", headers | {ADDRESS_HEADER: seen}, **behind)
        assert (answer["errors"][0]["extensions"]["code"] if "errors" in answer else None) == code


async def test_AU_33_S8_signing_in_from_outside_tells_nothing(db: None) -> None:
    asked = {
        "query": SIGN_IN,
        "variables": {"input": {"loginId": f"op{uuid7().hex[-12:]}", "password": "Wrong00Horse"}},
    }

    answer = await post(asked, "192.0.2.1", {}, operator_networks=OFFICE)

    assert [error["code"] for error in answer["data"]["signIn"]["userErrors"]] == ["CREDENTIALS"]
