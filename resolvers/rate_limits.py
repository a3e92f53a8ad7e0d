"""How many requests are left (L13)."""

from __future__ import annotations

from typing import cast

import strawberry

from schema.context import Info
from schema.rate_limits import RateLimit


@strawberry.type
class RateLimitQueries:
    """Fields of Query."""

    @strawberry.field(description="What is left of the bounds of requests, told by this one; null for a stranger.")
    def rate_limit(self, info: Info) -> RateLimit | None:
        """No statement: the request was counted before it came here."""
        viewer = info.context.viewer
        return cast("RateLimit | None", viewer and viewer.budgets)
