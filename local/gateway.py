"""The HTTP API of the template on loopback: requests become payload format 2.0 events, answers become responses.

API Gateway's own rules are kept where a client or a function can tell: CORS answered for the function, cookies
apart from headers, binary bodies in base64, the limits in size, time and rate, and its words for what went wrong.
There is one route, `ANY /{proxy+}`, which is the template's and takes every path but the empty one.
Own code, because servers that do this come with containers or with Node.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import datetime as dt
import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.deploy.model import Cors, HttpApi
from local.runtime.errors import FunctionError, Throttled, TooLarge

log = logging.getLogger(__name__)

Invoke = Callable[[str, Any], Awaitable[Any]]

_ROUTE = "ANY /{proxy+}"
MAX_BODY = 10 * 1024 * 1024
_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
_TEXT = re.compile(r"^(text/.*|application/(.*\+)?(json|xml)|application/javascript)\s*(;|$)", re.IGNORECASE)
# The server writes these itself.
_NOT_PASSED_ON = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


def gateway(api: HttpApi, invoke: Invoke, *, account: str = "123456789012") -> Starlette:
    """The ASGI app of an API as deployed. `invoke` calls a function by logical id: `Functions.invoke`."""
    throttle = _Throttle(api.rate, api.burst) if api.rate is not None else None

    async def answer(request: Request) -> Response:
        if throttle is not None and not throttle.admits():
            return _error(429, "Too Many Requests")
        if api.cors is not None and _is_preflight(request):
            return Response(status_code=204, headers=_preflight_headers(api.cors, request))
        response = await _through(request)
        if api.cors is not None:
            _put_cors(api.cors, request, response)
        return response

    async def _through(request: Request) -> Response:
        if _raw_path(request) == "/":
            return _error(404, "Not Found")
        body = await _body(request)
        if body is None:
            return _error(413, "Request Entity Too Large")
        event = _event(request, body, api, account)
        # A client that goes away or a time-out here doesn't end the function, no more than on AWS.
        running = asyncio.ensure_future(invoke(api.function, event))
        running.add_done_callback(_forget)
        try:
            return _response(await asyncio.wait_for(asyncio.shield(running), api.timeout))
        except (TimeoutError, Throttled):
            return _error(503, "Service Unavailable")
        except TooLarge:
            return _error(413, "Request Entity Too Large")
        except (FunctionError, _BadAnswer) as error:
            log.warning("%s: %s", api.function, error)
            return _error(500, "Internal Server Error")

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request)
        except ClientDisconnect:
            return Response(status_code=499)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


class _BadAnswer(Exception):
    """The function's answer isn't what an HTTP API takes; the message says why."""


class _Throttle:
    """A stage's token bucket: `rate` tokens a second come in, `burst` at most are kept."""

    def __init__(self, rate: float, burst: int | None) -> None:
        self._rate = rate
        self._most = float(burst or rate)
        self._tokens = self._most
        self._filled = time.monotonic()

    def admits(self) -> bool:
        """Take a token if there is one."""
        now = time.monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _raw_path(request: Request) -> str:
    raw: bytes = request.scope["raw_path"]
    return raw.split(b"?", 1)[0].decode("ascii", "replace")


async def _body(request: Request) -> bytes | None:
    """The request's body, None when it is larger than API Gateway takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _event(request: Request, body: bytes, api: HttpApi, account: str) -> dict[str, Any]:
    """The payload format 2.0 event of a request."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in request.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";") if cookie.strip()]
        elif name != "connection":
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    client = request.client.host if request.client else "127.0.0.1"
    forwarded = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{forwarded}, {client}" if forwarded else client
    headers |= {"x-forwarded-port": str(request.url.port or 80), "x-forwarded-proto": request.url.scheme}
    now, path = dt.datetime.now(dt.UTC), _raw_path(request)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": _ROUTE,
        "rawPath": path,
        "rawQueryString": request.scope["query_string"].decode("ascii", "replace"),
        "headers": headers,
        "requestContext": {
            "accountId": account,
            "apiId": api.api_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": headers.get("host", "").split(".", 1)[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": f"HTTP/{request.scope['http_version']}",
                "sourceIp": client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": base64.urlsafe_b64encode(uuid.uuid4().bytes[:11]).decode(),
            "routeKey": _ROUTE,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "pathParameters": {"proxy": path.removeprefix("/")},
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query := request.query_params.multi_items():
        event["queryStringParameters"] = {
            name: ",".join(value for key, value in query if key == name) for name, _ in query
        }
    if body:
        event["body"], event["isBase64Encoded"] = _encode(body, headers.get("content-type", ""))
    return event


def _encode(body: bytes, content_type: str) -> tuple[str, bool]:
    """Text stays text; all other types (forms among them) and what isn't UTF-8 travel in base64."""
    if _TEXT.match(content_type):
        with contextlib.suppress(UnicodeDecodeError):
            return body.decode("utf-8"), False
    return base64.b64encode(body).decode(), True


def _response(answer: Any) -> Response:
    """The response to a function's answer. Without a statusCode the whole answer is the body, as JSON."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        return Response(text, headers={"content-type": "application/json"})
    body = answer.get("body") or ""
    if not isinstance(body, str):
        raise _BadAnswer(f"the body is {type(body).__name__}, not text")
    try:
        content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
        status = int(answer["statusCode"])
    except (binascii.Error, TypeError, ValueError) as error:
        raise _BadAnswer(f"the answer can't be read: {error}") from error
    if not 100 <= status <= 599:
        raise _BadAnswer(f"{status} is no status")
    response = Response(content, status)
    response.headers.setdefault("content-type", "text/plain; charset=utf-8")
    for name, value in (answer.get("headers") or {}).items():
        if name.lower() not in _NOT_PASSED_ON:
            response.headers[name] = str(value)
    for cookie in answer.get("cookies") or []:
        response.headers.append("set-cookie", cookie)
    return response


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status)


def _is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and "origin" in request.headers
        and "access-control-request-method" in request.headers
    )


def _preflight_headers(cors: Cors, request: Request) -> dict[str, str]:
    """What API Gateway answers for the function; nothing that allows anything to an origin which isn't allowed."""
    headers = _origin_headers(cors, request.headers["origin"])
    if headers:
        headers["access-control-allow-methods"] = ",".join(cors.methods)
        if cors.headers:
            headers["access-control-allow-headers"] = ",".join(cors.headers)
        if cors.max_age is not None:
            headers["access-control-max-age"] = str(cors.max_age)
    return headers


def _put_cors(cors: Cors, request: Request, response: Response) -> None:
    """With CORS configured on the API, the function's own CORS headers are dropped and the API's put in their place."""
    for name in [name for name in response.headers if name.startswith("access-control-")]:
        del response.headers[name]
    if (origin := request.headers.get("origin")) and (headers := _origin_headers(cors, origin)):
        if cors.exposed:
            headers["access-control-expose-headers"] = ",".join(cors.exposed)
        response.headers.update(headers)


def _origin_headers(cors: Cors, origin: str) -> dict[str, str]:
    if "*" in cors.origins:
        headers = {"access-control-allow-origin": "*"}
    elif origin in cors.origins:
        headers = {"access-control-allow-origin": origin, "vary": "Origin"}
    else:
        return {}
    return headers | ({"access-control-allow-credentials": "true"} if cors.credentials else {})


def _forget(running: asyncio.Future[Any]) -> None:
    """Whatever becomes of an invocation that nobody waits for any more was told by the function's log."""
    if not running.cancelled():
        running.exception()
