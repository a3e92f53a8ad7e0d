"""The ASGI application: /graphql, /documents, /healthz, /readyz, and on the laptop a page to try the API with."""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bizcall import admins, request_ids, service_clients
from bizcall.admins import Viewer
from bizcall.audit import Actor
from bizcall.database import directory, query
from bizcall.errors import NotFound, Unavailable
from bizcall.ports import Clock
from bizcall.service_clients import ServiceClient
from bizcall.support import DocumentKind, Documents, slug
from resolvers import root
from resolvers.firewall import Firewall, nothing_here
from resolvers.http import CLIENT_HEADER, Endpoint, Identify
from resolvers.limits import Bounds
from resolvers.requests import JSON
from schema.context import Services

IDE = Path(__file__).with_name("ide.html")
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
READY = 0.4
"""Seconds for the database's answer; what is then broken off takes up to half a second more to be cleared away."""

READY_HOLDS = 1.0
"""Seconds for which an answer about the database stands, however many ask: anybody may, and each would hold the
connection that requests of administrators wait for."""

FOUND = 10.0
"""Seconds for finding a document in the bucket."""

DOCUMENTS = {slug(kind): kind for kind in DocumentKind}
"""Names of documents in addresses."""

HSTS = "max-age=63072000; includeSubDomains"


class Headers:
    """Pure ASGI: a request id for everything inside, and the headers that every answer has."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app, self.secure = app, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with `scope["request_id"]`: API Gateway's, else one of our own; a client's is never taken."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = str(scope.get("aws.event", {}).get("requestContext", {}).get("requestId", ""))
        request_id = given if request_ids.valid(given) else uuid.uuid4().hex
        scope["request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if headers.get("content-type") == JSON:
                    headers["content-type"] = f"{JSON}; charset=utf-8"
                headers["x-request-id"] = request_id
                if self.secure:
                    headers["strict-transport-security"] = HSTS
            await send(message)

        with request_ids.carried(request_id):
            await self.app(scope, receive, named)


def create_app(
    services: Services,
    *,
    schema: root.Schema | None = None,
    identify: Identify | None = None,
    bounds: Bounds | None = None,
) -> Starlette:
    """The application over the given outside world; the database must be open, or be opened before the first request.

    `schema`, `identify` and `bounds` replace the product's own in tests.
    """
    settings = services.settings
    secure = settings.stage == "production"
    documents = Documents(services.storage, services.clock)
    endpoint = Endpoint(
        schema or root.schema(),
        services,
        identify or partial(identified, idle=settings.session_idle, clock=services.clock),
        documents,
        introspection=not secure,
        secure=secure,
        bounds=bounds,
    )
    routes = [
        Route("/graphql", endpoint),
        Route("/documents/{name}", partial(document, documents)),
        Route("/healthz", alive),
        Route("/readyz", Readiness()),
    ]
    if settings.stage == "local":
        routes.append(Route("/ide", ide))
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.web_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", CLIENT_HEADER],
        allow_credentials=True,
        expose_headers=["x-request-id", "retry-after"],
        max_age=3600,
    )
    known = [secret.get_secret_value() for secret in settings.origin_secrets]
    firewall = [Middleware(Firewall, secrets=known)] if settings.origin_secret_id else []
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Headers, secure=secure), *firewall, cors],
        exception_handlers={HTTPException: missing},
    )
    # A redirect would be built from the client's Host header.
    app.router.redirect_slashes = False
    return app


async def identified(
    token: str | None, *, actor: Actor, counted: bool, activity: bool, idle: timedelta, clock: Clock
) -> Viewer | ServiceClient | None:
    """Who presents this token, a person or a server; the token itself says which of both.

    What is no server's token after all is a stranger's, and counted as his; see `admins.authenticate`.
    """
    if token is not None and service_clients.is_token(token):
        client = await service_clients.authenticate(token, clock=clock)
        if client is not None:
            return client
    return await admins.authenticate(token, actor=actor, counted=counted, activity=activity, idle=idle, clock=clock)


async def document(documents: Documents, request: Request) -> Response:
    """The stable address of a document: it leads to a link that works for minutes (AU-30)."""
    kind = DOCUMENTS.get(request.path_params["name"])
    if kind is None:
        raise HTTPException(404)
    try:
        async with asyncio.timeout(FOUND):
            return RedirectResponse(await documents.link(kind), 302)
    except NotFound:
        raise HTTPException(404) from None
    except (Unavailable, TimeoutError):
        return JSONResponse({"status": "unavailable"}, 503)


async def alive(request: Request) -> Response:
    """The process answers; the database is not asked."""
    return JSONResponse({"status": "ok"})


class Readiness:
    """Whether the database answers too, within a second.

    It is asked once at a time and at most once in READY_HOLDS by a process; who comes in between gets the same answer.
    """

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._answers = False
        self._until = -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; others are refused."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        async with self._asking:
            if time.monotonic() >= self._until:
                self._answers = await _database_answers()
                self._until = time.monotonic() + READY_HOLDS
        response = JSONResponse({"status": "ok"}) if self._answers else JSONResponse({"status": "unavailable"}, 503)
        await response(scope, receive, send)


async def _database_answers() -> bool:
    try:
        async with asyncio.timeout(READY), directory():
            await query("SELECT 1")
    except (Unavailable, TimeoutError):
        return False
    return True


async def ide(request: Request) -> Response:
    """A page of our own, without anything from elsewhere."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
    return FileResponse(IDE, headers={"content-security-policy": f"{policy}; base-uri 'none'; frame-ancestors 'none'"})


async def missing(request: Request, error: Exception) -> Response:
    """Errors of routing, as JSON."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    return nothing_here(status, headers)
