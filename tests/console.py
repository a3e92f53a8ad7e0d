"""The product's own API as a signed-in administrator of a company uses it, in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bizcall.admins import Viewer
from bizcall.ids import uuid7
from bizcall.ports import Clock, now
from bizcall.settings import Settings
from resolvers.app import create_app
from tests.factories import Tenant, employ


@dataclass
class Wiring:
    """The services of a test; a test gives those that it needs."""

    settings: Settings = field(default_factory=lambda: Settings(stage="test"))
    storage: Any = None
    queue: Any = None
    clock: Clock = now


@dataclass
class Console:
    """A client with a session."""

    http: httpx.AsyncClient

    async def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a document, errors included."""
        response = await self.http.post("/graphql", json={"query": document, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of an answer that must be without errors: that of its only root field."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer, answer
        data: Mapping[str, Any] = answer["data"]
        [value] = data.values()
        return value


@asynccontextmanager
async def console(company: Tenant, wiring: Wiring | None = None) -> AsyncIterator[Console]:
    """A client of the application, signed in as the company's administrator."""
    until = datetime.now(UTC) + timedelta(hours=1)
    # Fresh wherever a test turns its clock.
    fresh = until + timedelta(days=7)
    await employ(company.id, company.admin_id, company.login_id, company.mobile)

    async def identify(token: str | None, **_: Any) -> Viewer:
        return Viewer(company.id, company.admin_id, uuid7(), until, until, fresh_until=fresh)

    transport = httpx.ASGITransport(create_app(wiring or Wiring(), identify=identify))
    headers = {"authorization": "Bearer token", "accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example", headers=headers) as client:
        yield Console(client)
