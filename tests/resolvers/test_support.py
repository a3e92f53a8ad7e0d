"""Documents for everybody, by the API and by their stable addresses (AU-30, SU-01)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from bizcall.errors import Unavailable
from bizcall.ports import StoredObject
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.console import Wiring
from tests.doubles import MemoryStorage

PDF = "application/pdf"
DOCUMENTS = "{ documents { kind title size updatedAt downloadUrl } }"


@dataclass
class Shop:
    """A client of the application, not signed in, and the bucket."""

    http: httpx.AsyncClient
    storage: MemoryStorage


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """No database: nothing here needs one."""
    storage = MemoryStorage()
    app = create_app(Wiring(Settings(stage="test"), storage=storage))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        yield Shop(client, storage)


async def test_AU_30_documents_are_listed_without_signing_in(shop: Shop) -> None:
    stored = await shop.storage.write("documents/app-manual.pdf", b"%PDF-1.7", content_type=PDF)

    answer = (await shop.http.post("/graphql", json={"query": DOCUMENTS})).json()

    [document] = answer["data"]["documents"]
    assert (document["kind"], document["size"]) == ("APP_MANUAL", 8)
    assert document["updatedAt"] == stored.modified_at.isoformat()
    assert document["downloadUrl"].startswith("memory://bucket/documents/app-manual.pdf?")


async def test_AU_30_a_stable_address_leads_to_a_link_of_minutes(shop: Shop) -> None:
    await shop.storage.write("documents/admin-manual.pdf", b"%PDF-", content_type=PDF)

    for method in ("GET", "HEAD"):
        response = await shop.http.request(method, "/documents/admin-manual")
        assert response.status_code == 302
        assert response.headers["location"].startswith("memory://bucket/documents/admin-manual.pdf?")
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
    assert set(shop.storage.asked) <= {"documents/admin-manual.pdf"}


async def test_AU_30_nothing_of_the_request_goes_into_the_link(shop: Shop) -> None:
    await shop.storage.write("documents/admin-manual.pdf", b"%PDF-", content_type=PDF)
    plain = await shop.http.get("/documents/admin-manual")

    response = await shop.http.get(
        "/documents/admin-manual?url=https://evil.example&next=//evil.example",
        headers={"host": "evil.example", "x-forwarded-host": "evil.example", "referer": "https://evil.example"},
    )

    assert response.headers["location"] == plain.headers["location"]
    assert (await shop.http.post("/documents/admin-manual")).status_code == 405


async def test_AU_30_many_requests_cause_one_look_into_the_bucket(shop: Shop) -> None:
    for _ in range(20):
        assert (await shop.http.get("/documents/admin-manual")).status_code == 404
    await shop.http.post("/graphql", json={"query": "{ a: documents { kind } b: documents { kind } }"})

    assert sorted(shop.storage.asked) == ["documents/admin-manual.pdf", "documents/app-manual.pdf"]


async def test_AU_30_a_bucket_that_is_away_is_told_as_such() -> None:
    class Away(MemoryStorage):
        """Fails."""

        async def head(self, key: str, version: str | None = None) -> StoredObject:
            """Raise."""
            raise Unavailable("the bucket is away")

    app = create_app(Wiring(Settings(stage="test"), storage=Away()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        assert (await client.get("/documents/admin-manual")).status_code == 503
        answer = (await client.post("/graphql", json={"query": DOCUMENTS})).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
