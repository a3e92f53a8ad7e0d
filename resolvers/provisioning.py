"""The provider's events: operators list them, and send one by hand (ON-01)."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, cast

import orjson
import strawberry
from strawberry.utils.str_converters import to_camel_case

from bizcall import provisioning
from bizcall.keys import Keys
from bizcall.paging import Slice
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.provisioning import (
    ProvisioningApplyInput,
    ProvisioningApplyPayload,
    ProvisioningEvent,
    ProvisioningEventFilter,
)


@strawberry.type
class ProvisioningQueries:
    """Fields of Query."""

    @strawberry.field(description="Operators: the provider's events, the last received first.")
    async def provisioning_events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002
            ProvisioningEventFilter | None, strawberry.argument(description="Which; all when left out.")
        ] = None,
    ) -> Connection[ProvisioningEvent]:
        """See `provisioning.listing`."""
        wanted = filter or ProvisioningEventFilter()
        found = provisioning.listing(provisioning.EventFilter(search=wanted.search, states=wanted.states))
        return await Connection[ProvisioningEvent].of(info, found, Slice(first, after, last, before))


async def provisioning_apply(
    info: Info,
    input: Annotated[ProvisioningApplyInput, strawberry.argument(description="The event.")],  # noqa: A002
) -> ProvisioningApplyPayload:
    """See `provisioning.apply`: the event goes the same way as the same event in a file."""
    context = info.context
    row = await provisioning.apply(
        _written(input),
        keys=Keys.of(context.services.settings),
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return ProvisioningApplyPayload(event=cast("ProvisioningEvent", row))


def _written(given: ProvisioningApplyInput) -> bytes:
    fields: dict[str, Any] = dataclasses.asdict(given)
    return orjson.dumps({to_camel_case(name): value for name, value in fields.items() if value is not None})


@strawberry.type
class ProvisioningMutations:
    """Fields of Mutation."""

    provisioning_apply = mutation(
        ProvisioningApplyPayload,
        description="Operators: apply an event, or let it wait for what it needs.",
    )(provisioning_apply)
