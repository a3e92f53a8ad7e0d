"""Only what comes through the firewall is answered, as from the address that the firewall saw.

CloudFront, before which the firewall stands, adds two headers to each request, whatever the client sent under their
names: a secret of the stack's, and the client's address, for which the gateway would take CloudFront's own. Who asks
the gateway by itself knows no secret. On the laptop, and in a stack that doesn't ask for one (`FirewallOnly`), neither
header means anything.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

ORIGIN_HEADER = "x-bizcall-origin"
"""Has the secret."""

ADDRESS_HEADER = "x-bizcall-address"
"""Has the client's address."""

logger = logging.getLogger(__name__)


def nothing_here(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """What is told where no operation is answered, as an error of GraphQL."""
    told = {"message": "There is nothing here.", "extensions": {"code": "NOT_FOUND"}}
    return JSONResponse({"errors": [told]}, status, headers=headers)


class Firewall:
    """Pure ASGI. `secrets` are good at the same time: the present one, and the former while it is being replaced.

    Operations count the lines of what is refused: `AROUND_THE_FIREWALL`, and whether any secret was given, which tells
    who asks the gateway by itself from a CloudFront that sends a secret of another deployment's.
    """

    def __init__(self, app: ASGIApp, *, secrets: Sequence[str]) -> None:
        self.app, self.secrets = app, [secret.encode() for secret in secrets]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what knows a secret, refuse the rest; without a secret, that is everything."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(ORIGIN_HEADER, "").encode()
        if not any(compare_digest(given, secret) for secret in self.secrets):
            logger.warning(
                "a request went around the firewall",
                extra={"event": "AROUND_THE_FIREWALL", "secret_given": bool(given)},
            )
            await nothing_here(403)(scope, receive, send)
            return
        await self.app({**scope, "client": (headers.get(ADDRESS_HEADER, ""), 0)}, receive, send)
