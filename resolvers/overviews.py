"""Companies for operators: list, overview, and entering one with a reason."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import overviews
from bizcall.errors import Invalid, NotFound
from bizcall.paging import Slice
from resolvers.errors import found, mutation
from schema.connections import After, Before, Connection, First, Last, OrderDirection
from schema.context import Info
from schema.node import key_of
from schema.overviews import (
    CompanyEnterInput,
    CompanyEnterPayload,
    CompanyEntry,
    CompanyFilter,
    CompanyOrder,
    CompanyOverview,
    EnteredCompany,
)

CompanyId = Annotated[strawberry.ID, strawberry.argument(description="The company.")]


@strawberry.type
class OverviewQueries:
    """Fields of Query."""

    @strawberry.field(description="Operators: the companies, by name; people masked.")
    async def companies(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[CompanyFilter | None, strawberry.argument(description="Which companies.")] = None,  # noqa: A002
        order_by: Annotated[CompanyOrder | None, strawberry.argument(description="Their order.")] = None,
    ) -> Connection[CompanyEntry]:
        """See `overviews.listing`."""
        order = order_by or CompanyOrder()
        listing = await overviews.listing(
            filter.search if filter else None,
            states=filter.states if filter else None,
            order=order.field,
            descending=order.direction is OrderDirection.DESC,
        )
        return await Connection[CompanyEntry].of(info, listing, Slice(first, after, last, before))

    @strawberry.field(description="Operators: one company, people masked; null where there is none.")
    async def company(self, info: Info, id: CompanyId) -> CompanyOverview | None:  # noqa: A002
        """See `overviews.overview`."""
        try:
            return cast("CompanyOverview", await overviews.overview(key_of(id, "Company", "id")))
        except (NotFound, Invalid):
            return None


async def company_enter(
    info: Info,
    id: CompanyId,  # noqa: A002
    input: Annotated[CompanyEnterInput, strawberry.argument(description="Why, and whom to look for.")],  # noqa: A002
) -> CompanyEnterPayload:
    """See `overviews.enter`; asks for a fresh code (S6)."""
    context = info.context
    context.demand_fresh_factor()
    entering = overviews.enter(
        key_of(id, "Company", "id"),
        input.to_reason(),
        actor=context.actor,
        search=input.search or "",
        clock=context.services.clock,
    )
    return CompanyEnterPayload(company=cast("EnteredCompany", await found(entering, "id")))


@strawberry.type
class OverviewMutations:
    """Fields of Mutation."""

    company_enter = mutation(
        CompanyEnterPayload,
        description="Operators: see a company's administrators, lines and subscribers in whole, within ten minutes of "
        "a right code (CODE_REQUIRED). Reason and operator are recorded in the company's own trail and the provider's.",
    )(company_enter)
