"""Documents for everybody, by the API and by their stable addresses (AU-30, SU-01)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bizcall import support
from bizcall.database import query, tenant
from bizcall.errors import Unavailable
from bizcall.models import DocumentVersion
from bizcall.models.companies import PROVIDER_ID
from bizcall.settings import Settings
from bizcall.support import DocumentKind
from resolvers.app import create_app
from tests.console import Wiring
from tests.publishing import PDF, Desk, make_desk
from tests.statements import SENT

DOCUMENTS = "{ documents { kind title version size updatedAt downloadUrl } }"


@dataclass
class Shop:
    """A client of the application, not signed in, and the operator who publishes."""

    http: httpx.AsyncClient
    desk: Desk

    async def publish(self, kind: DocumentKind) -> DocumentVersion:
        """A version that is newer than what other tests have published."""
        return await self.desk.document(kind)


@pytest.fixture
async def shop(db: None) -> AsyncIterator[Shop]:
    """At a time of its own, at which nobody else has published anything that isn't withdrawn."""
    desk = await make_desk()
    async with tenant(PROVIDER_ID):
        await query("UPDATE document_version SET withdrawn_at = now() WHERE withdrawn_at IS NULL")
    app = create_app(Wiring(Settings(stage="test"), desk.storage, clock=desk.clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        yield Shop(client, desk)


async def test_AU_30_documents_are_listed_without_signing_in(shop: Shop) -> None:
    version = await shop.publish(DocumentKind.APP_MANUAL)

    answer = (await shop.http.post("/graphql", json={"query": DOCUMENTS})).json()

    [document] = answer["data"]["documents"]
    assert (document["kind"], document["size"], document["version"]) == ("APP_MANUAL", len(PDF), version.number)
    assert document["updatedAt"] == version.published_at.isoformat()
    assert document["downloadUrl"].startswith(f"memory://bucket/{version.object_key}?")


@pytest.mark.parametrize("kind", list(DocumentKind))
async def test_AU_30_a_stable_address_leads_to_a_link_of_minutes(shop: Shop, kind: DocumentKind) -> None:
    version = await shop.publish(kind)

    for method in ("GET", "HEAD"):
        response = await shop.http.request(method, f"/documents/{kind.lower().replace('_', '-')}")
        assert response.status_code == 302
        assert response.headers["location"].startswith(f"memory://bucket/{version.object_key}?")
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "admin-manual",
        "ADMIN_MANUAL",
        "admin-manual.pdf",
        "admin-manual/",
        "",
        "..%2Fresults%2Fforms%2Fx",
        "%2e%2e/secret",
        "https:%2F%2Fevil.example",
        "//evil.example",
        "admin-manual%00",
        "x" * 5000,
    ],
)
async def test_AU_30_what_is_missing_or_no_document_is_answered_404_as_JSON(shop: Shop, path: str) -> None:
    response = await shop.http.get(f"/documents/{path}")

    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert "location" not in response.headers


async def test_AU_30_nothing_of_the_request_goes_into_the_link(shop: Shop) -> None:
    await shop.publish(DocumentKind.ADMIN_MANUAL)
    plain = await shop.http.get("/documents/admin-manual")

    response = await shop.http.get(
        "/documents/admin-manual?url=https://evil.example&next=//evil.example",
        headers={"host": "evil.example", "x-forwarded-host": "evil.example", "referer": "https://evil.example"},
    )

    assert response.headers["location"] == plain.headers["location"]
    assert (await shop.http.post("/documents/admin-manual")).status_code == 405


async def test_AU_30_many_requests_cause_one_statement(shop: Shop) -> None:
    start = len(SENT)
    for _ in range(20):
        assert (await shop.http.get("/documents/admin-manual")).status_code == 404
    await shop.http.post("/graphql", json={"query": "{ a: documents { kind } b: documents { kind } }"})

    assert len([sql for sql in SENT[start:] if "document_version" in sql]) == 1


async def test_AU_30_a_database_that_is_away_is_told_as_such(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> Any:
        raise Unavailable("the database is away")

    monkeypatch.setattr(support, "query", away)

    assert (await shop.http.get("/documents/admin-manual")).status_code == 503
    answer = (await shop.http.post("/graphql", json={"query": DOCUMENTS})).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    monkeypatch.undo()
    assert (await shop.http.get("/documents/admin-manual")).status_code == 404
