"""Customers: the list, and revealing one (CU-01)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from bizcall import customers, phones, reveals
from bizcall.history.keys import FactKey
from bizcall.paging import Slice
from bizcall.reveals import OfCall, OfMessage
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last, OrderDirection
from schema.context import Info
from schema.customers import (
    Customer,
    CustomerFilter,
    CustomerOrder,
    CustomerRevealInput,
    CustomerRevealPayload,
    RevealedCustomer,
)
from schema.node import decode, split
from schema.scalars import PhoneNumber


@strawberry.type
class CustomerQueries:
    """Fields of Query."""

    @strawberry.field(description="The customers that the app's address books know.")
    async def customers(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[CustomerFilter | None, strawberry.argument(description="Which customers.")] = None,  # noqa: A002
        order_by: Annotated[CustomerOrder | None, strawberry.argument(description="Their order.")] = None,
    ) -> Connection[Customer]:
        """See `customers.listing`."""
        wanted = filter or CustomerFilter()
        found = customers.listing(
            info.context.company_id,
            customers.CustomerFilter(wanted.name, wanted.number),
            descending=(order_by or CustomerOrder()).direction is OrderDirection.DESC,
        )
        return await Connection.of(info, found, Slice(first, after, last, before))


async def customer_reveal(
    info: Info,
    id: Annotated[  # noqa: A002
        strawberry.ID,
        strawberry.argument(description="The customer, or the call or message whose other side is meant."),
    ],
    input: Annotated[CustomerRevealInput, strawberry.argument(description="Why.")],  # noqa: A002
) -> CustomerRevealPayload:
    """See `reveals.customer`."""
    context = info.context
    party = await reveals.customer(
        context.company_id, context.actor, _meant(id), input.to_reason(), clock=context.services.clock
    )
    known = party.customer
    return CustomerRevealPayload(
        customer=RevealedCustomer(
            row=known,
            number=PhoneNumber(party.number) or None,
            number_formatted=phones.formatted(party.number),
            name=None if known is None else known.name,
            details=None if known is None else known.details,
        )
    )


def _meant(opaque: str) -> UUID | OfCall | OfMessage | None:
    """Whose number is asked for; None for an id of anything else."""
    named = split(opaque)
    if named is None:
        return None
    if named[0] == "Customer":
        known = decode(opaque)
        return None if known is None else known[1]
    key = FactKey.parse(named[1])
    if key is None or named[0] not in ("Call", "Message"):
        return None
    return OfCall(key) if named[0] == "Call" else OfMessage(key)


@strawberry.type
class CustomerMutations:
    """Fields of Mutation."""

    customer_reveal = mutation(
        CustomerRevealPayload,
        description="See one customer unmasked. Reason and reader are recorded in the same transaction.",
    )(customer_reveal)
