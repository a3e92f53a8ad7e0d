"""The API: HTTP API → here → the ASGI application (GraphQL)."""

from __future__ import annotations

from typing import Any

from lambdas.runtime import Context, Event, process
from resolvers.app import create_app


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls; the application speaks for itself, so there is nothing to translate."""
    return process().serve(create_app, event, context)
