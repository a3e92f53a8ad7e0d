"""The history of messages, and reading the text of one (MS-01)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from bizcall import messages, reveals
from bizcall.history.keys import FactKey
from bizcall.paging import Slice
from resolvers.errors import mutation
from schema.connections import After, Before, First, Last, OrderDirection
from schema.context import Info
from schema.node import split
from schema.text_messages import (
    MessageConnection,
    MessageFilter,
    MessageOrder,
    MessageRevealInput,
    MessageRevealPayload,
)


@strawberry.type
class MessageQueries:
    """Fields of Query."""

    @strawberry.field(description="The messages of a period, the latest first; without their texts.")
    async def messages(
        self,
        info: Info,
        filter: Annotated[MessageFilter, strawberry.argument(description="Which messages.")],  # noqa: A002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[MessageOrder | None, strawberry.argument(description="Their order.")] = None,
    ) -> MessageConnection:
        """See `messages.listing`."""
        found = messages.listing(
            info.context.company_id,
            filter.to_filter(),
            descending=(order_by or MessageOrder()).direction is OrderDirection.DESC,
            clock=info.context.services.clock,
            kept=info.context.services.settings.months_kept,
        )
        return await MessageConnection.of(info, found, Slice(first, after, last, before))


async def message_reveal(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The message.")],  # noqa: A002
    input: Annotated[MessageRevealInput, strawberry.argument(description="Why.")],  # noqa: A002
) -> MessageRevealPayload:
    """See `reveals.message_text`."""
    context, named = info.context, split(id)
    key = FactKey.parse(named[1]) if named and named[0] == "Message" else None
    text = await reveals.message_text(
        context.company_id, context.actor, key, input.to_reason(), clock=context.services.clock
    )
    return MessageRevealPayload(text=text)


@strawberry.type
class MessageMutations:
    """Fields of Mutation."""

    message_reveal = mutation(
        MessageRevealPayload,
        description="Read the text of one message. Reason and reader are recorded in the same transaction.",
    )(message_reveal)
