"""The twelve probes of graphql-cop, written anew as requests and what they must not find (security G2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import strawberry
from strawberry.asgi import GraphQL

from bizcall.admins import Viewer
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.console import Wiring

BEARER = {"authorization": "Bearer good"}
Probe = Callable[[httpx.AsyncClient], Awaitable[bool]]


async def answer(http: httpx.AsyncClient, document: str) -> Any:
    """The answer to a document, sent as the probes send theirs; {} for what is no JSON."""
    return json_of(await http.post("/graphql", json={"query": document, "operationName": "cop"}))


def json_of(response: httpx.Response) -> Any:
    """The JSON of a response; {} for what is none."""
    try:
        return response.json()
    except ValueError:
        return {}


def told(given: Any, *path: str | int) -> Any:
    """What stands at a path of an answer, None for nothing."""
    for step in path:
        try:
            given = given[step]
        except (KeyError, IndexError, TypeError):
            return None
    return given


async def alias_overloading(http: httpx.AsyncClient) -> bool:
    """A hundred and one aliases are answered."""
    document = "query cop {" + " ".join(f"alias{i}: __typename" for i in range(101)) + "}"
    return bool(told(await answer(http, document), "data", "alias100"))


async def batching(http: httpx.AsyncClient) -> bool:
    """Ten operations in one array are answered one by one."""
    batch = json_of(await http.post("/graphql", json=[{"query": "query cop { __typename }"}] * 10))
    return isinstance(batch, list) and len(batch) >= 10


async def circular_introspection(http: httpx.AsyncClient) -> bool:
    """Types of fields of types of fields."""
    inner = "name"
    for _ in range(4):
        inner = f"fields {{ type {{ {inner} }} }}"
    found = told(await answer(http, f"query cop {{ __schema {{ types {{ {inner} }} }} }}"), "data", "__schema", "types")
    return bool(found)


async def directive_overloading(http: httpx.AsyncClient) -> bool:
    """Ten unknown directives make ten errors."""
    return len(told(await answer(http, f"query cop {{ __typename {'@aa' * 10} }}"), "errors") or ()) >= 10


async def field_suggestions(http: httpx.AsyncClient) -> bool:
    """A misspelt field is answered with the right one."""
    return "Did you mean" in str(await answer(http, "query cop { __schema { directive } }"))


async def mutation_by_get(http: httpx.AsyncClient) -> bool:
    """A link can change something."""
    response = await http.get("/graphql", params={"query": "mutation cop { __typename }"})
    return bool(told(json_of(response), "data", "__typename"))


async def query_by_get(http: httpx.AsyncClient) -> bool:
    """A link can ask something."""
    response = await http.get("/graphql", params={"query": "query cop { __typename }"})
    return bool(told(json_of(response), "data", "__typename"))


async def ide(http: httpx.AsyncClient) -> bool:
    """A page to try things."""
    pages = [await http.get(path, headers={"accept": "text/html"}) for path in ("/graphql", "/", "/ide", "/graphiql")]
    return any(word in page.text.lower() for page in pages for word in ("graphiql", "graphql playground", "<html"))


async def introspection(http: httpx.AsyncClient) -> bool:
    """The schema is told."""
    found = await answer(http, "query cop { __schema { types { name fields { name } } } }")
    return bool(told(found, "data", "__schema", "types"))


async def form_by_post(http: httpx.AsyncClient) -> bool:
    """A form of any page can ask something."""
    response = await http.post("/graphql", data={"query": "query cop { __typename }"})
    return bool(told(json_of(response), "data", "__typename"))


async def tracing(http: httpx.AsyncClient) -> bool:
    """An answer tells how it was made."""
    return "tracing" in str(await answer(http, "query cop { __typename }")).lower()


async def unhandled_error(http: httpx.AsyncClient) -> bool:
    """An error tells the code that raised it."""
    found = str(await answer(http, "qwerty cop { abc }")).lower()
    return any(word in found for word in ("exception", "traceback", ".py"))


PROBES: tuple[Probe, ...] = (
    alias_overloading,
    batching,
    circular_introspection,
    directive_overloading,
    field_suggestions,
    mutation_by_get,
    query_by_get,
    ide,
    introspection,
    form_by_post,
    tracing,
    unhandled_error,
)


async def found(http: httpx.AsyncClient) -> set[str]:
    """The names of the probes that find something."""
    return {probe.__name__ for probe in PROBES if await probe(http)}


@asynccontextmanager
async def product(stage: str, headers: dict[str, str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the product's own API; none of the probes reaches the database."""
    until = datetime.now(UTC) + timedelta(hours=1)

    async def identify(token: str | None, **_: Any) -> Viewer | None:
        return Viewer(UUID(int=1), UUID(int=2), UUID(int=3), until, until) if token == "good" else None

    app = create_app(Wiring(Settings.model_validate({"stage": stage})), identify=identify)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example", headers=headers) as http:
        yield http


@pytest.mark.parametrize("stage", ["production", "test"])
async def test_G2_a_stranger_finds_nothing(db: None, stage: str) -> None:
    assert len(PROBES) == 12
    async with product(stage) as http:
        assert await found(http) == set()


async def test_G2_in_production_somebody_signed_in_finds_that_he_may_ask_by_get(db: None) -> None:
    async with product("production", BEARER) as http:
        assert await found(http) == {"query_by_get"}


async def test_G2_elsewhere_he_finds_the_schema_too(db: None) -> None:
    async with product("test", BEARER) as http:
        assert await found(http) == {"query_by_get", "introspection"}


@strawberry.type
class Query:
    """As plain as can be."""

    @strawberry.field
    def hello(self) -> str:
        """Something."""
        return "hello"


async def test_G2_the_probes_find_what_a_plain_server_shows() -> None:
    app: Any = GraphQL(strawberry.Schema(Query))

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "app": app}, receive, send)

    transport = httpx.ASGITransport(mounted)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as http:
        assert await found(http) == {
            "alias_overloading",
            "directive_overloading",
            "field_suggestions",
            "query_by_get",
            "ide",
            "introspection",
        }
