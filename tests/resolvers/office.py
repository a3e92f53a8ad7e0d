"""A small schema over real rows, with fields that misbehave, and a client for the application that serves it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import strawberry

from bizcall.admins import Viewer
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Forbidden, Invalid, NotFound, Problem, Throttled, Unauthenticated, Unavailable
from bizcall.models import Department as DepartmentRow
from bizcall.models import Line as LineRow
from bizcall.paging import Listing, Order, Slice
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.errors import mutation
from resolvers.limits import Bounds, LimitQueries
from resolvers.nodes import NodeQueries
from resolvers.root import Schema, build
from schema.connections import After, Before, Connection, First, Last
from schema.context import Cookie, Info, Services
from schema.errors import Payload
from schema.node import Node
from schema.scalars import EmailAddress, PhoneNumber
from tests.console import Wiring

BEARER = {"authorization": "Bearer good"}
"""The header of who is signed in."""

SECRET = "postgres://canary-secret"
EXPECTED = {
    "FORBIDDEN": Forbidden(SECRET),
    "NOT_FOUND": NotFound(SECRET),
    "THROTTLED": Throttled(datetime(2027, 3, 1, tzinfo=UTC)),
    "UNAVAILABLE": Unavailable(SECRET),
    "UNAUTHENTICATED": Unauthenticated(SECRET),
    "BAD_USER_INPUT": Invalid(Problem(ErrorCode.TOO_LONG, ("filter", "name"), {"maximum": "5"})),
}
calls: list[str] = []
"""What resolvers were called, for tests which prove that none was."""


async def departments_by_ids(company_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, DepartmentRow]:
    """A loader as features write them."""
    rows = await DepartmentRow.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in rows}


async def sleepy_by_ids(company_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, DepartmentRow]:
    """A loader whose statement takes long."""
    await query("SELECT pg_sleep(30), $1::uuid AS company_id", company_id)
    return {}


@strawberry.type(description="A department.")
class Department(Node):
    """Over rows."""

    row = DepartmentRow
    fetch = staticmethod(departments_by_ids)
    name: str

    @strawberry.field
    async def twin(self, info: Info) -> Department | None:
        """Itself, by a loader."""
        return await info.context.load(departments_by_ids, self.id)  # type: ignore[arg-type]  # self is the row

    @strawberry.field
    async def others(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Department]:
        """A nested list."""
        listing = Listing(DepartmentRow.filter(company_id=info.context.company_id), Order("o", ("name", "id")))
        return await Connection[Department].of(info, listing, Slice(first, after, last, before))


@strawberry.type(description="A line.")
class Line(Node):
    """Over rows."""

    row = LineRow
    number: PhoneNumber


@strawberry.input
class Filter:
    """An input object."""

    name: str | None = None
    names: list[str] | None = None


@strawberry.type
class Query(NodeQueries, LimitQueries):
    """Fields that behave and fields that don't."""

    @strawberry.field
    async def departments(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Department]:
        """A list."""
        calls.append("departments")
        listing = Listing(DepartmentRow.filter(company_id=info.context.company_id), Order("d", ("name", "id")))
        return await Connection[Department].of(info, listing, Slice(first, after, last, before))

    @strawberry.field
    def echo(
        self,
        text: str | None = None,
        number: int | None = None,
        filter: Filter | None = None,  # noqa: A002
        at: datetime | None = None,
        on: date | None = None,
        phone: PhoneNumber | None = None,
        email: EmailAddress | None = None,
    ) -> str:
        """What was given."""
        calls.append("echo")
        return repr([text, number, filter and (filter.name, filter.names), at, on, phone, email])

    @strawberry.field
    def crash(self) -> str | None:
        """A bug."""
        raise RuntimeError(SECRET)

    @strawberry.field
    def absent(self) -> str:
        """Another bug: null where none may be."""
        return None  # type: ignore[return-value]  # the bug

    @strawberry.field
    async def late(self) -> str:
        """A bug that shows a moment after the other fields have begun."""
        await asyncio.sleep(0.05)
        raise RuntimeError(SECRET)

    @strawberry.field
    def misspelt(self) -> int:
        """Another bug: a value of the wrong type."""
        return SECRET  # type: ignore[return-value]  # the bug

    @strawberry.field
    def fail(self, code: str) -> str | None:
        """An expected error."""
        raise EXPECTED[code]

    @strawberry.field
    def big(self, size: int) -> str:
        """A long answer."""
        return "x" * size

    @strawberry.field
    async def sleep(self, info: Info) -> str:
        """A statement that takes long."""
        await query("SELECT pg_sleep(30), $1::uuid AS company_id", info.context.company_id)
        return "awake"

    @strawberry.field
    async def sleep_in_loader(self, info: Info) -> str:
        """A loader's statement that takes long."""
        await info.context.load(sleepy_by_ids, UUID(int=1))
        return "awake"

    @strawberry.field
    async def write(self, info: Info) -> str:
        """A query that tries to write."""
        await query("DELETE FROM department WHERE company_id = $1", info.context.company_id)
        return "written"


@strawberry.input
class DepartmentSaveInput:
    """Input of a mutation."""

    name: str


@strawberry.type
class DepartmentSavePayload(Payload):
    """Payload of a mutation."""

    department: Department | None = None


@strawberry.type
class Mutation:
    """Fields that write."""

    @mutation(DepartmentSavePayload, description="Saves.")
    async def department_save(self, info: Info, input: DepartmentSaveInput) -> DepartmentSavePayload:  # noqa: A002
        """Save one."""
        if len(input.name) > 50:
            raise Invalid(Problem(ErrorCode.TOO_LONG, ("name",), {"maximum": "50"}))
        company_id = info.context.company_id
        async with tenant(company_id):
            row = await DepartmentRow.create(company_id=company_id, name=input.name)
        return DepartmentSavePayload(department=row)  # type: ignore[arg-type]  # rows are the objects

    @strawberry.mutation
    async def sign_in(self, info: Info) -> str:
        """Sets a cookie."""
        calls.append("signIn")
        info.context.cookies.append(Cookie("session", "fresh", 60))
        return "challenge"


@cache
def schema() -> Schema:
    """One for all tests."""
    return build(Query, Mutation, (Department, Line))


@dataclass
class Desk:
    """A client, and how often it was asked who is there."""

    http: httpx.AsyncClient
    asked: list[str | None]

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        """POST as JSON with the media type of today's specification."""
        given = {"accept": "application/graphql-response+json", "content-type": "application/json"}
        content = body if isinstance(body, bytes) else httpx.Request("POST", "http://x", json=body).content
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post("/graphql", content=content, headers={**given, **named})

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None, /, **headers: str) -> dict[str, Any]:
        """The answer to a document."""
        response = await self.post({"query": document, "variables": variables}, **headers)
        answer: dict[str, Any] = response.json()
        return answer


def viewer(company_id: UUID) -> Viewer:
    """An administrator of the company."""
    until = datetime.now(UTC) + timedelta(hours=1)
    return Viewer(company_id, UUID(int=1), UUID(int=2), until, until)


@asynccontextmanager
async def desk(
    company_id: UUID | None, *, bounds: Bounds | None = None, stage: str = "test", services: Services | None = None
) -> AsyncIterator[Desk]:
    """A client of the application; its token "good" is an administrator of that company."""
    asked: list[str | None] = []

    async def identify(token: str | None, **_: Any) -> Viewer | None:
        asked.append(token)
        await asyncio.sleep(0)
        return viewer(company_id) if token == "good" and company_id else None

    wiring = services or Wiring(Settings(stage=stage, web_origins=("https://console.example",)))  # type: ignore[arg-type]  # a literal
    app = create_app(wiring, schema=schema(), identify=identify, bounds=bounds)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        yield Desk(client, asked)
