"""Invitations to the app: sending them, sending failed ones again, and what became of each (IN-10)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import admins, invitations
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.invitations import listing
from bizcall.paging import Slice
from resolvers.errors import mutation, user_errors
from resolvers.subscribers import line_filter
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.invitations import (
    Invitation,
    InvitationBatch,
    InvitationFilter,
    InvitationsResendInput,
    InvitationsResendPayload,
    InvitationsSendInput,
    InvitationsSendPayload,
)
from schema.node import key_or_nothing


@strawberry.type
class InvitationQueries:
    """Fields of Query."""

    @strawberry.field(description="The company's invitations, newest first.")
    async def invitations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002
            InvitationFilter | None, strawberry.argument(description="Which invitations.")
        ] = None,
    ) -> Connection[Invitation]:
        """See `listing.listing`."""
        found = listing.listing(info.context.company_id, (filter or InvitationFilter()).wanted())
        return await Connection.of(info, found, Slice(first, after, last, before))


async def invitations_send(
    info: Info,
    input: Annotated[InvitationsSendInput, strawberry.argument(description="Whom to invite, and how.")],  # noqa: A002
) -> InvitationsSendPayload:
    """See `invitations.send` and `invitations.send_filtered`; raises Invalid unless one of both is asked for."""
    context = info.context
    if (input.subscriber_ids is None) == (input.filter is None):
        code = ErrorCode.REQUIRED if input.filter is None else ErrorCode.CONFLICT
        raise Invalid(Problem(code, ("subscriberIds",)))
    named = None if input.subscriber_ids is None else len(input.subscriber_ids)
    vouched_until = await admins.demand_for_sending(context.signed_in, named, clock=context.services.clock)
    if input.filter is None:
        asked = await invitations.send(
            context.company_id,
            context.actor,
            [key_or_nothing(each, "Subscriber") for each in input.subscriber_ids or ()],
            channels=input.channels,
            on_error=input.on_error,
            idempotency_key=input.idempotency_key,
            vouched_until=vouched_until,
            queue=context.services.queue,
            clock=context.services.clock,
        )
    else:
        if input.expected_count is None:
            raise Invalid(Problem(ErrorCode.REQUIRED, ("expectedCount",)))
        asked = await invitations.send_filtered(
            context.company_id,
            context.actor,
            line_filter(input.filter),
            expected_count=input.expected_count,
            channels=input.channels,
            on_error=input.on_error,
            idempotency_key=input.idempotency_key,
            queue=context.services.queue,
            clock=context.services.clock,
        )
    return InvitationsSendPayload(
        user_errors=user_errors(Invalid(*asked.problems), context.language),
        job=cast("InvitationBatch | None", asked.batch),
    )


async def invitations_resend(
    info: Info,
    input: Annotated[InvitationsResendInput, strawberry.argument(description="Which invitations.")],  # noqa: A002
) -> InvitationsResendPayload:
    """See `invitations.resend`."""
    context = info.context
    named = len(input.invitation_ids)
    vouched_until = await admins.demand_for_sending(context.signed_in, named, clock=context.services.clock)
    asked = await invitations.resend(
        context.company_id,
        context.actor,
        [key_or_nothing(each, "Invitation") for each in input.invitation_ids],
        channels=input.channels,
        on_error=input.on_error,
        idempotency_key=input.idempotency_key,
        vouched_until=vouched_until,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    found = await context.loader(listing.by_ids).load_many(asked.invitation_ids)
    return InvitationsResendPayload(
        user_errors=user_errors(Invalid(*asked.problems), context.language),
        invitations=cast("list[Invitation]", found) or None,
    )


@strawberry.type
class InvitationMutations:
    """Fields of Mutation."""

    invitations_send = mutation(
        InvitationsSendPayload,
        description="Invite subscribers to the app: a text message and an e-mail with number and temporary password.",
    )(invitations_send)
    invitations_resend = mutation(
        InvitationsResendPayload,
        description="Send messages again that failed or whose fate is unknown, with the same temporary password, "
        "to where the subscriber is reached now.",
    )(invitations_resend)
