"""Reading a request of GraphQL over HTTP: what it accepts, and its parameters, or the refusal it deserves.

Own code where Strawberry has a view of its own, because that one answers 500 to five kinds of hostile body, runs the
first of several operations, and can't negotiate the content type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from resolvers import persisted
from resolvers.errors import TopCode
from resolvers.inputs import encodable
from resolvers.limits import Bounds

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
OFFERED = (JSON, RESPONSE_JSON)


class Refused(Exception):
    """A request that is answered before GraphQL sees it."""

    def __init__(
        self,
        status: int,
        message: str,
        code: TopCode = TopCode.BAD_USER_INPUT,
        *,
        limit: tuple[str, int] | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.limit, self.allow = status, message, code, limit, allow


@dataclass(frozen=True)
class Asked:
    """The parameters of a request, of the right types."""

    query: str | None
    """None where only the hash came."""
    variables: Mapping[str, Any]
    operation_name: str | None
    digest: str | None = None
    """The SHA-256 by which a persisted document is meant (`resolvers/persisted.py`)."""


def negotiate(accept: str | None) -> str:
    """The media type of the answer; raises Refused (406) when the client takes none that is offered."""
    if accept is None or not accept.strip():
        return JSON
    best, chosen = 0.0, None
    for part in accept.split(",")[:50]:
        media, quality, charset = _media(part)
        if charset not in (None, "utf-8"):
            continue
        for offer in OFFERED:
            if media in (offer, "*/*", "application/*") and quality > best:
                best, chosen = quality, offer
    if chosen is None:
        raise Refused(406, f"Accept must allow {RESPONSE_JSON} or {JSON}.")
    return chosen


def _media(part: str) -> tuple[str, float, str | None]:
    media, *parameters = part.split(";")
    known = dict(parameter.strip().lower().partition("=")[::2] for parameter in parameters)
    try:
        quality = float(known.get("q", "1"))
    except ValueError:
        quality = 0.0
    return media.strip().lower(), quality, known["charset"].strip('"') if "charset" in known else None


async def body(request: Request, bounds: Bounds) -> bytes:
    """The body of a POST; raises Refused for another type (415) and before reading on past the bound (413)."""
    media, _, charset = _media(request.headers.get("content-type", ""))
    if media != JSON or charset not in (None, "utf-8"):
        raise Refused(415, f"Content-Type must be {JSON} in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "The body must come without Content-Encoding.")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > bounds.body:
        raise _too_large(bounds)
    pieces = bytearray()
    try:
        async for piece in request.stream():
            pieces += piece
            if len(pieces) > bounds.body:
                raise _too_large(bounds)
    except ClientDisconnect:
        raise Refused(400, "The body ended too early.") from None
    return bytes(pieces)


def _too_large(bounds: Bounds) -> Refused:
    return Refused(
        413, f"The body may have at most {bounds.body} bytes.", TopCode.QUERY_TOO_COMPLEX, limit=("body", bounds.body)
    )


def decode(raw: bytes | str, what: str) -> Any:
    """JSON; raises Refused (400) for anything else: other encodings, lone surrogates, NaN, too deep."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refused(400, f"The {what} must be JSON in UTF-8.") from None


def from_body(raw: bytes, bounds: Bounds) -> Asked:
    """The parameters in a body; raises Refused (400)."""
    given = decode(raw, "body")
    if not isinstance(given, dict):
        raise Refused(400, "The body must be one JSON object; batches are not accepted.")
    return _asked(given, bounds)


def from_url(request: Request, bounds: Bounds) -> Asked:
    """The parameters in a URL; raises Refused (400)."""
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = decode(given[name], name) if encodable(given[name]) else 0
        else:
            given.pop(name, None)
    return _asked(given, bounds)


def _asked(given: Mapping[str, Any], bounds: Bounds) -> Asked:
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    digest = _digest(given.get("extensions"))
    if digest is None or query is not None:
        if not isinstance(query, str) or not query.strip():
            raise Refused(400, "query must be a text that holds a document.")
        _bound("query", len(query.encode()) if encodable(query) else bounds.query + 1, bounds.query)
        if digest is not None and not persisted.matches(digest, query):
            raise Refused(400, "extensions.persistedQuery.sha256Hash is not the SHA-256 of query.")
    if not isinstance(variables, dict | None):
        raise Refused(400, "variables must be an object.")
    if not isinstance(name, str | None):
        raise Refused(400, "operationName must be a text.")
    if variables:
        _bound("variables", _size(variables, bounds), bounds.variables)
    return Asked(query, variables or {}, name or None, digest)


def _digest(extensions: Any) -> str | None:
    """The hash of a persisted document, if the request names one; raises Refused (400)."""
    if not isinstance(extensions, dict | None):
        raise Refused(400, "extensions must be an object.")
    asked = (extensions or {}).get("persistedQuery")
    if asked is None:
        return None
    if not isinstance(asked, dict) or asked.get("version") != 1:
        raise Refused(400, "extensions.persistedQuery must be an object with version 1.")
    digest = asked.get("sha256Hash")
    if not isinstance(digest, str) or not persisted.HASH.fullmatch(digest):
        raise Refused(400, "extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits in lower case.")
    return digest


def _size(variables: Mapping[str, Any], bounds: Bounds) -> int:
    """Bytes of the variables as JSON; raises Refused (400) for those that are far too deep to be written again."""
    try:
        return len(orjson.dumps(variables))
    except orjson.JSONEncodeError:
        # What was read as JSON can be written as JSON, but only to a quarter of the depth.
        most = bounds.json_depth
        text = f"variables may have at most {most} levels."
        raise Refused(400, text, TopCode.QUERY_TOO_COMPLEX, limit=("jsonDepth", most)) from None


def _bound(limit: str, actual: int, maximum: int) -> None:
    if actual > maximum:
        raise Refused(
            400, f"{limit} may have at most {maximum} bytes.", TopCode.QUERY_TOO_COMPLEX, limit=(limit, maximum)
        )
