"""The endpoint: GraphQL over HTTP.

A body is read and refused before anything else is done for it; the document is measured and validated before the
session is looked up (`resolvers/pipeline.py`). With `application/graphql-response+json` a request that was not
executed is answered 4xx or 5xx; with `application/json` well-formed requests are answered 200, as older clients expect.

An operation that only reads and loses the database on its way is run a second time, whole: a connection that ends is
the usual trace of a fail-over, and the next one works. What took long to fail isn't tried again, nor is a mutation.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from bizcall.admins import Viewer
from bizcall.audit import Actor
from bizcall.service_clients import ServiceClient
from bizcall.support import Documents
from resolvers import requests
from resolvers.errors import TopCode, refusal, report, unavailable, unexpected
from resolvers.limits import Bounds
from resolvers.persisted import PersistedDocuments
from resolvers.requests import JSON, RESPONSE_JSON, Asked, Refused
from resolvers.root import Schema
from schema.context import DEVICE_COOKIE, SESSION_COOKIE, Context, Services
from schema.messages import preferred

log = logging.getLogger(__name__)

CLIENT_HEADER = "x-bizcall-client"
"""Pages of other origins can't send it without being asked by CORS, so its presence says that a cookie may be used."""

FIELDS_LOGGED = 5

AGAIN_WITHIN = 1.0
"""Seconds after which a failure counts as a hang, which a second attempt would only double."""


class Identify(Protocol):
    """See `resolvers.app.identified`."""

    async def __call__(
        self, token: str | None, *, actor: Actor, counted: bool, activity: bool
    ) -> Viewer | ServiceClient | None:
        """Who presents this token."""


STATUS = {
    TopCode.UNAUTHENTICATED: 401,
    TopCode.FORBIDDEN: 403,
    TopCode.THROTTLED: 429,
    TopCode.UNAVAILABLE: 503,
    TopCode.INTERNAL_SERVER_ERROR: 500,
}


class Endpoint:
    """An ASGI application for one path."""

    def __init__(
        self,
        schema: Schema,
        services: Services,
        identify: Identify,
        documents: Documents,
        *,
        introspection: bool = False,
        secure: bool = True,
        bounds: Bounds | None = None,
    ) -> None:
        self.schema, self.services, self.identify, self.documents = schema, services, identify, documents
        self.introspection, self.secure, self.bounds = introspection, secure, bounds or Bounds()
        self.persisted = PersistedDocuments(self.bounds.persisted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing is raised."""
        request = Request(scope, receive)
        context = self.context(request)
        media = JSON
        try:
            media = requests.negotiate(request.headers.get("accept"))
            response = await self.answer(request, context, media)
        except Refused as refused:
            response = self.refuse(refused, context, media)
        except Exception as error:
            message, extensions = unexpected(error, context)
            response = self.respond(500, [{"message": message, "extensions": extensions}], context, media)
        await response(scope, receive, send)

    def context(self, request: Request) -> Context:
        """What resolvers see of the request; nobody is identified yet."""
        given = request.headers.get("authorization")
        token = request.cookies.get(self.cookie(SESSION_COOKIE)) if given is None else _bearer(given)
        context = Context(
            services=self.services,
            documents=self.documents,
            request_id=request.scope.get("request_id", ""),
            language=preferred(request.headers.get("accept-language", "")),
            client_address=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", "")[:500],
            token=token,
            by_cookie=given is None,
            device=request.cookies.get(self.cookie(DEVICE_COOKIE)),
            introspection=self.introspection,
        )
        context.identify = lambda counted, activity: self.identify(
            token, actor=context.actor, counted=counted, activity=activity
        )
        return context

    async def answer(self, request: Request, context: Context, media: str) -> Response:
        """Read, execute, answer; raises Refused."""
        authorized = "authorization" in request.headers
        allow = "GET, POST" if authorized else "POST"
        if request.method not in allow.split(", "):
            raise Refused(405, f"This endpoint answers {allow}.", allow=allow)
        if request.method == "POST":
            self.check_cookie(request)
            try:
                async with asyncio.timeout(self.bounds.deadline):
                    raw = await requests.body(request, self.bounds)
            except TimeoutError:
                raise Refused(408, "The body came too slowly.") from None
            asked = requests.from_body(raw, self.bounds)
        else:
            asked = requests.from_url(request, self.bounds)
        before = time.monotonic()
        try:
            query = asked.query or self.persisted.find(asked.digest or "")
        except GraphQLError as unknown:
            return self.told(None, [unknown], context, media)
        data, errors = await self.execute(query, asked, context, mutations=request.method == "POST")
        if asked.digest is not None and data is not None:
            self.persisted.keep(asked.digest, query, stranger=context.role is None)
        response = self.told(data, errors, context, media)
        log.info(
            "%s answered",
            ", ".join(list(data)[:FIELDS_LOGGED]) if data else "no operation",
            extra={
                "milliseconds": round(1000 * (time.monotonic() - before)),
                "status": response.status_code,
                "errors": len(errors) or None,
                "codes": context.codes or None,
                "role": context.role,
                "request_id": context.request_id,
            },
        )
        return response

    def cookie(self, name: str) -> str:
        """A cookie's name on the wire. Under the prefix browsers take it from this very host only and over TLS only.

        Without it a neighbouring subdomain could set a session of its own, and people would work in its company.
        """
        return f"__Host-{name}" if self.secure else name

    def check_cookie(self, request: Request) -> None:
        """Raises Refused (403) for a session by cookie that a page of another origin could have sent along."""
        if self.cookie(SESSION_COOKIE) not in request.cookies or "authorization" in request.headers:
            return
        if not request.headers.get(CLIENT_HEADER):
            raise Refused(403, f"With a session cookie the header {CLIENT_HEADER} is required.", TopCode.FORBIDDEN)

    async def execute(
        self, query: str, asked: Asked, context: Context, *, mutations: bool
    ) -> tuple[Any, list[GraphQLError]]:
        """Data and errors of an operation; raises Refused (405) for a mutation by GET."""
        kinds = {OperationType.QUERY, OperationType.MUTATION} if mutations else {OperationType.QUERY}
        execute = partial(
            self.schema.execute,
            query,
            variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
            context_value=context,
            allowed_operation_types=kinds,
        )
        before = time.monotonic()
        try:
            async with asyncio.timeout(self.bounds.deadline):
                result = await execute()
                lost = context.reads and any(unavailable(error) for error in result.errors or ())
                if lost and time.monotonic() - before < AGAIN_WITHIN:
                    log.warning("an operation that reads is run again", extra={"request_id": context.request_id})
                    context.forget()
                    result = await execute()
        except TimeoutError:
            log.warning("an operation passed its deadline", extra={"request_id": context.request_id})
            seconds = self.bounds.deadline
            text = f"The operation was stopped after {seconds:g} s."
            return None, [refusal(TopCode.UNAVAILABLE, text, limit="deadline", maximum=seconds)]
        except InvalidOperationTypeError:
            raise Refused(405, "Mutations are sent by POST.", allow="POST") from None
        except CannotGetOperationTypeError:
            raise Refused(400, "The document holds no such operation.") from None
        return result.data, result.errors or []

    def told(self, data: Any, errors: list[GraphQLError], context: Context, media: str) -> Response:
        """The answer of an operation that was executed, or refused by the pipeline."""
        if data is None and errors and all(error.path is None for error in errors):
            told = self.reported(errors, context)
            status = STATUS.get(told[0]["extensions"]["code"], 400) if media == RESPONSE_JSON else 200
            return self.pausing(self.respond(status, told, context, media), told)
        answer: dict[str, Any] = {"data": data}
        if errors:
            answer["errors"] = self.reported(errors, context)
        content = orjson.dumps(answer)
        if len(content) > self.bounds.response:
            limit = self.bounds.response
            text = f"The answer has more than {limit} bytes; ask for smaller pages."
            error = refusal(TopCode.QUERY_TOO_COMPLEX, text, limit="response", maximum=limit)
            return self.told(None, [error], context, media)
        response = Response(content, 200, media_type=f"{media}; charset=utf-8")
        return self.pausing(self.finished(response, context), answer.get("errors", ()))

    def pausing(self, response: Response, errors: Iterable[dict[str, Any]]) -> Response:
        """With the whole seconds, at least one, after which what was throttled may be sent again."""
        moments = [error["extensions"]["retryAt"] for error in errors if "retryAt" in error["extensions"]]
        if moments:
            seconds = (datetime.fromisoformat(max(moments)) - self.services.clock()).total_seconds()
            response.headers["retry-after"] = str(max(1, math.ceil(seconds)))
        return response

    def reported(self, errors: list[GraphQLError], context: Context) -> list[dict[str, Any]]:
        """Errors as they are sent; the log line of the request names their codes, so that refusals can be counted."""
        told = report(errors, context)
        context.codes = [error["extensions"]["code"] for error in told]
        return told

    def refuse(self, refused: Refused, context: Context, media: str) -> Response:
        """The answer to a request that GraphQL never saw."""
        log.info(
            "a request was refused",
            extra={"status": refused.status, "codes": [refused.code], "request_id": context.request_id},
        )
        extensions: dict[str, Any] = {"code": refused.code}
        if refused.limit is not None:
            extensions["limit"], extensions["maximum"] = refused.limit
        errors = [{"message": refused.message, "extensions": extensions}]
        response = self.respond(refused.status, errors, context, media)
        if refused.allow is not None:
            response.headers["allow"] = refused.allow
        return response

    def respond(self, status: int, errors: list[dict[str, Any]], context: Context, media: str) -> Response:
        """An answer without data."""
        for error in errors:
            error["extensions"]["requestId"] = context.request_id
        response = Response(orjson.dumps({"errors": errors}), status, media_type=f"{media}; charset=utf-8")
        if status == 401:
            response.headers["www-authenticate"] = "Bearer"
        return self.finished(response, context)

    def finished(self, response: Response, context: Context) -> Response:
        """With the cookies that mutations set."""
        for cookie in context.cookies:
            response.set_cookie(
                self.cookie(cookie.name),
                cookie.value,
                max_age=cookie.seconds,
                path="/",
                secure=self.secure,
                httponly=True,
                samesite="lax",
            )
        return response


def _bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
