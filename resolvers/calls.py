"""The history of calls and the missed ones that nobody returned (ST-02)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from bizcall import calls
from bizcall.paging import Slice
from schema.calls import CallConnection, CallFilter, CallOrder
from schema.connections import After, Before, First, Last, OrderDirection
from schema.context import Info


@strawberry.type
class CallQueries:
    """Fields of Query."""

    @strawberry.field(description="The calls of a period, the latest first.")
    async def calls(
        self,
        info: Info,
        filter: Annotated[CallFilter, strawberry.argument(description="Which calls.")],  # noqa: A002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[CallOrder | None, strawberry.argument(description="Their order.")] = None,
    ) -> CallConnection:
        """See `calls.listing`."""
        found = calls.listing(
            info.context.company_id,
            filter.to_filter(),
            descending=(order_by or CallOrder()).direction is OrderDirection.DESC,
            clock=info.context.services.clock,
            kept=info.context.services.settings.months_kept,
        )
        return await CallConnection.of(info, found, Slice(first, after, last, before))

    @strawberry.field(
        description="Missed, missed-busy and abandoned calls of at most 31 days after which nobody has talked with "
        "that number, whoever called. Failed attempts and messages don't count. Withheld numbers are left out. "
        "A page and `totalCount` look at 5,000 missed calls at the most: a page may hold fewer than asked for, or "
        "none, and not be the last."
    )
    async def unreturned_calls(
        self,
        info: Info,
        filter: Annotated[CallFilter, strawberry.argument(description="Which calls.")],  # noqa: A002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[CallOrder | None, strawberry.argument(description="Their order.")] = None,
    ) -> CallConnection:
        """See `calls.unreturned`."""
        found = calls.unreturned(
            info.context.company_id,
            filter.to_filter(),
            descending=(order_by or CallOrder()).direction is OrderDirection.DESC,
            clock=info.context.services.clock,
            kept=info.context.services.settings.months_kept,
        )
        return await CallConnection.of(info, found, Slice(first, after, last, before))
