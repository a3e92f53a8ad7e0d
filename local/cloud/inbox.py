"""The local inbox: the messages sent, newest first, as a page for people (`/`) and as JSON (`/messages.json`).

`/messages.json?to=010-0000-0000&newest=1` gives those to one number or address, and so many of them;
`since=2026-10-01T09:00:00Z` none older. `/code`, which takes the same, is the newest verification code of those as
plain text; 404 while there is none.

The page needs nothing but itself, works offline and reloads itself. Requests under any name but this machine's are
refused, or a web page elsewhere could read sign-in codes by pointing its own name at 127.0.0.1.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from werkzeug import Request, Response

from local.cloud.sent import Message, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_SHOWN = 200
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


class Inbox:
    """A WSGI application over the file of messages."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._page = Environment(loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True).get_template(
            "inbox.html"
        )

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.host.rpartition(":")[0] not in ("127.0.0.1", "localhost"):
            return Response("unknown host\n", 421)
        try:
            messages = list(_wanted(read(self.path)[::-1][:_SHOWN], request))
        except (TypeError, ValueError):
            return Response("since is a moment with its offset, as 2026-10-01T09:00:00Z\n", 400)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
        match request.path:
            case "/":
                headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
                page = self._page.render(messages=messages)
                return Response(page, headers=headers, content_type="text/html; charset=utf-8")
            case "/messages.json":
                body = json.dumps([asdict(message) for message in messages], ensure_ascii=False)
                return Response(body, headers=headers, content_type="application/json")
            case "/code":
                code = next((found[0] for message in messages if (found := _CODE.search(message.text))), None)
                return Response(f"{code or 'none yet'}\n", 200 if code else 404, headers)
            case _:
                return Response("not found\n", 404, headers)


def _wanted(messages: Sequence[Message], request: Request) -> Iterator[Message]:
    """Those that the query string asks for; raises TypeError or ValueError for a moment that is none."""
    to, since = request.args.get("to"), request.args.get("since")
    after = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
    found = (
        message
        for message in messages
        if (to is None or _bare(message.to) == _bare(to)) and datetime.fromisoformat(message.at) >= after
    )
    return islice(found, max(request.args.get("newest", _SHOWN, int), 0))


def _bare(to: str) -> str:
    """A number as its digits without country or zero, so that all its spellings are one; an address as it is."""
    return to if "@" in to else re.sub(r"^(\+82|0)|[ -]", "", to.strip().replace("+82 ", "+82"))
