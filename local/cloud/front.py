"""What stands before moto: keeps objects and messages, upload policies, and pages elsewhere out.

moto checks no signatures, so anything that can send a request to this port may do everything. Only this machine can
connect, but its browser can be told to by any page: requests that come from a foreign page (Origin), or under a foreign
name (Host), are refused, and moto's own control addresses are shut.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from local.cloud.objects import Shelf
from local.cloud.policy import refusal
from local.cloud.sent import Sent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_HERE = ("127.0.0.1", "localhost")


class Front:
    """A WSGI application around moto's."""

    def __init__(self, moto: WSGIApplication, shelf: Shelf, sent: Sent) -> None:
        self._moto, self._shelf, self._sent = moto, shelf, sent

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; whatever it changed is on disk before the answer leaves."""
        path = str(environ.get("PATH_INFO", "/"))
        if not _from_here(environ) or path.startswith("/moto-api"):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"refused: not from this machine\n"]
        match environ["REQUEST_METHOD"], str(environ.get("CONTENT_TYPE", "")).partition(";")[0]:
            case "PUT", "application/x-www-form-urlencoded":
                # moto takes such a body (curl's default type) for a form and hangs or spoils it; S3 stores it as it is.
                environ["CONTENT_TYPE"] = "binary/octet-stream"
            case "POST", "multipart/form-data":
                if refused := refusal(environ):
                    status, code, words = refused
                    start_response(status, [("Content-Type", "application/xml")])
                    error = f"<Error><Code>{code}</Code><Message>{escape(words)}</Message></Error>"
                    return [f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'.encode()]
        answer = self._moto(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS") and "HTTP_X_AMZ_TARGET" not in environ:
            # Queues and most other services name a target and touch neither objects nor messages.
            if path.strip("/"):
                self._shelf.catch_up()
            self._sent.collect()
        return answer


def _from_here(environ: dict[str, Any]) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    host = urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname
    return host in _HERE and (origin is None or urlsplit(str(origin)).hostname in _HERE)
