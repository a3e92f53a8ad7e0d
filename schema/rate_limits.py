"""How many requests are left (L13)."""

from __future__ import annotations

from datetime import datetime

import strawberry

from bizcall.admins.sessions import Budgets
from bizcall.throttles import Budget


@strawberry.type(description="How many requests may still be sent before they are answered `THROTTLED`.")
class RateBudget:
    """A `bizcall.throttles.Budget`."""

    limit: int = strawberry.field(description="Requests in a minute, which begins with the first of them.")
    remaining: int = strawberry.field(description="How many are left of them, this one taken off.")
    reset_at: datetime = strawberry.field(description="When the minute is over and all may be sent again.")

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, Budget)


@strawberry.type(description="What is left after this request; the tighter of both decides.")
class RateLimit:
    """A `bizcall.admins.sessions.Budgets`."""

    person: RateBudget = strawberry.field(description="The account's own, over all its sessions.")
    company: RateBudget = strawberry.field(description="The company's, over all its administrators.")

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, Budgets)
