"""Automatic persisted queries by Apollo's protocol: the hash first, then the hash with its document."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from graphql import GraphQLError

from resolvers.limits import Bounds
from resolvers.persisted import OVERHEAD, STRANGERS_SHARE, PersistedDocuments
from tests.factories import Tenant
from tests.resolvers.office import BEARER, Desk, desk

DOCUMENT = "query Limits { limits { name maximum } }"


@pytest.fixture
async def client(company: Tenant) -> AsyncIterator[Desk]:
    """A client whose instance has kept nothing yet."""
    async with desk(company.id) as made:
        yield made


def digest(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def persisted(sha: Any, document: str | None = None, version: Any = 1) -> dict[str, Any]:
    extensions = {"persistedQuery": {"version": version, "sha256Hash": sha}}
    return {"extensions": extensions} | ({} if document is None else {"query": document})


async def test_a_hash_is_unknown_until_it_came_with_its_document(client: Desk) -> None:
    first = await client.post(persisted(digest(DOCUMENT)), **BEARER)
    assert first.status_code == 400
    [error] = first.json()["errors"]
    # Apollo's clients look at either of these.
    assert (error["message"], error["extensions"]["code"]) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    both = await client.post(persisted(digest(DOCUMENT), DOCUMENT), **BEARER)
    assert both.json()["data"]["limits"]
    again = await client.post(persisted(digest(DOCUMENT)), **BEARER)
    assert again.json() == both.json()


async def test_with_the_older_media_type_an_unknown_hash_is_answered_200(client: Desk) -> None:
    response = await client.post(persisted(digest(DOCUMENT)), accept="application/json")
    assert (response.status_code, response.json()["errors"][0]["message"]) == (200, "PersistedQueryNotFound")


async def test_a_known_hash_is_enough_by_GET(client: Desk) -> None:
    await client.post(persisted(digest(DOCUMENT), DOCUMENT), **BEARER)
    extensions = orjson.dumps(persisted(digest(DOCUMENT))["extensions"]).decode()
    response = await client.http.get("/graphql", params={"extensions": extensions}, headers=BEARER)
    assert response.json()["data"]["limits"]


@pytest.mark.parametrize(
    ("sha", "document", "version"),
    [
        (digest("{ other }"), DOCUMENT, 1),
        (digest(DOCUMENT), DOCUMENT, 2),
        (digest(DOCUMENT), "", 1),
        (digest(DOCUMENT), 7, 1),
        (digest(DOCUMENT).upper(), DOCUMENT, 1),
        ("../../etc/passwd", None, 1),
        (None, None, 1),
        ({"a": 1}, None, 1),
    ],
    ids=["of another", "version", "empty", "no text", "capitals", "no hash", "null", "object"],
)
async def test_what_does_not_fit_is_refused_and_not_kept(client: Desk, sha: Any, document: Any, version: Any) -> None:
    response = await client.post(persisted(sha, document, version), **BEARER)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    unknown = await client.post(persisted(digest(DOCUMENT)), **BEARER)
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_what_was_not_run_is_not_kept(client: Desk) -> None:
    document = "{ nothingOfThisName }"
    await client.post(persisted(digest(document), document), **BEARER)
    response = await client.post(persisted(digest(document)), **BEARER)
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_a_kept_document_is_measured_and_authorised_like_any_other(company: Tenant) -> None:
    document = "query Mine($first: Int!) { departments(first: $first) { nodes { id } } }"
    async with desk(company.id) as client:
        known = await client.post(persisted(digest(document), document) | {"variables": {"first": 1}}, **BEARER)
        assert "errors" not in known.json()
        body = persisted(digest(document))
        stranger = await client.post(body | {"variables": {"first": 1}})
        assert stranger.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        large = await client.post(body | {"variables": {"first": 101}}, **BEARER)
        assert large.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_strangers_push_out_nothing_that_companies_use(company: Tenant) -> None:
    """Of 200 documents by strangers, a few are kept; the company's one stays."""
    async with desk(company.id, bounds=Bounds(persisted=20 * OVERHEAD)) as client:
        await client.post(persisted(digest(DOCUMENT), DOCUMENT), **BEARER)
        documents = [f"query Stranger{number} {{ limits {{ name }} }}" for number in range(200)]
        for document in documents:
            assert "data" in (await client.post(persisted(digest(document), document))).json()
        answers = [(await client.post(persisted(digest(document)))).json() for document in documents]
        assert 1 <= sum("data" in answer for answer in answers) <= 20 / STRANGERS_SHARE
        assert "data" in (await client.post(persisted(digest(DOCUMENT)), **BEARER)).json()


def test_no_more_is_kept_than_there_is_room_and_the_longest_unused_goes() -> None:
    kept = PersistedDocuments(8 * (OVERHEAD + 10))
    documents = [f"{{ field{number:02} }}"[:10].ljust(10) for number in range(20)]
    for document in documents:
        kept.keep(document, document, stranger=False)
    found = [document for document in documents if _has(kept, document)]
    assert found == documents[-len(found) :]
    assert 0 < len(found) <= 7
    kept.keep("long", "x" * 10_000, stranger=False)
    assert not _has(kept, "long")


def _has(kept: PersistedDocuments, key: str) -> bool:
    try:
        return bool(kept.find(key))
    except GraphQLError:
        return False
