"""The subscribers screen: rows of lines, saving them, freeing a line (IN-01 … IN-04)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.paging import Slice
from bizcall.subscribers import Seen, editing, listing
from resolvers.errors import mutation, user_errors
from schema.connections import After, Before, Connection, First, Last, OrderDirection
from schema.context import Info
from schema.node import key_or_nothing
from schema.subscribers import (
    Line,
    LineFilter,
    LineOrder,
    SavedRow,
    Subscriber,
    SubscriberRemoveInput,
    SubscriberRemovePayload,
    SubscriberRowInput,
    SubscribersSaveInput,
    SubscribersSavePayload,
)

DAYS_MOST = 3_650
PLAIN_FIELDS = ("name", "position", "mobile", "email", "rid_enabled", "app_enabled")


@strawberry.type
class SubscriberQueries:
    """Fields of Query."""

    @strawberry.field(description="The company's lines, a row each, with whoever holds them now.")
    async def subscribers(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[LineFilter | None, strawberry.argument(description="Which lines.")] = None,  # noqa: A002
        order_by: Annotated[LineOrder | None, strawberry.argument(description="Their order; by number.")] = None,
    ) -> Connection[Line]:
        """See `listing.listing`."""
        order = order_by or LineOrder()
        found = listing.listing(
            info.context.company_id,
            line_filter(filter or LineFilter()),
            order=order.field,
            descending=order.direction is OrderDirection.DESC,
            clock=info.context.services.clock,
        )
        return await Connection.of(info, found, Slice(first, after, last, before))


def line_filter(wanted: LineFilter) -> listing.LineFilter:
    """What `bizcall` filters by; raises Invalid for days out of bounds."""
    days = wanted.invited_never_signed_in_for_days
    if days is not None and not 0 <= days <= DAYS_MOST:
        bounds = {"minimum": "0", "maximum": str(DAYS_MOST)}
        raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, ("filter", "invitedNeverSignedInForDays"), bounds))
    ids = wanted.department_ids
    return listing.LineFilter(
        search=wanted.search or "",
        held=wanted.held,
        department_ids=None if ids is None else [key_or_nothing(each, "Department") for each in ids],
        app_enabled=wanted.app_enabled,
        rid_enabled=wanted.rid_enabled,
        invited=wanted.invited,
        onboarding=wanted.onboarding,
        silent_days=days,
    )


async def subscribers_save(
    info: Info,
    input: Annotated[SubscribersSaveInput, strawberry.argument(description="The rows.")],  # noqa: A002
) -> SubscribersSavePayload:
    """See `editing.save`."""
    context = info.context
    drafts = [_draft(row) for row in input.rows]
    saved = await editing.save(
        context.company_id,
        context.actor,
        drafts,
        on_error=input.on_error,
        idempotency_key=input.idempotency_key,
        clock=context.services.clock,
    )
    return SubscribersSavePayload(
        user_errors=user_errors(Invalid(*saved.problems), context.language),
        rows=[
            SavedRow(line_id=draft.line_id, subscriber_id=outcome.subscriber_id, outcome=outcome.kind)
            for draft, outcome in zip(drafts, saved.outcomes, strict=True)
        ],
    )


def _draft(row: SubscriberRowInput) -> editing.Draft:
    fields = {name: given.value for name in PLAIN_FIELDS if (given := getattr(row, name)) is not None}
    if row.department_id is not None:
        department_id = row.department_id.value
        fields["department_id"] = None if department_id is None else key_or_nothing(department_id, "Department")
    return editing.Draft(
        line_id=key_or_nothing(row.line_id, "Line"),
        fields=cast("editing.Fields", fields),
        subscriber_id=None if row.subscriber_id is None else key_or_nothing(row.subscriber_id, "Subscriber"),
        revision=row.revision,
        seen=_seen(row),
    )


def _seen(row: SubscriberRowInput) -> Seen | None:
    if row.seen_holder is None:
        return None
    holder = row.seen_holder.value
    return Seen() if holder is None else Seen(key_or_nothing(holder.subscriber_id, "Subscriber"), holder.revision)


async def subscriber_remove(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The subscriber.")],  # noqa: A002
    input: Annotated[SubscriberRemoveInput, strawberry.argument(description="What was seen of the subscriber.")],  # noqa: A002
) -> SubscriberRemovePayload:
    """See `editing.remove`."""
    context = info.context
    ended = await editing.remove(
        context.company_id,
        context.actor,
        key_or_nothing(id, "Subscriber"),
        revision=input.revision,
        clock=context.services.clock,
    )
    line = await context.load(listing.lines_by_ids, ended.line_id)
    return SubscriberRemovePayload(subscriber=cast("Subscriber", ended), line=cast("Line | None", line))


@strawberry.type
class SubscriberMutations:
    """Fields of Mutation."""

    subscribers_save = mutation(
        SubscribersSavePayload,
        description="Save rows of the subscribers screen: edit, register, replace. "
        "All or nothing unless `onError` says otherwise.",
    )(subscribers_save)
    subscriber_remove = mutation(
        SubscriberRemovePayload,
        description="End a subscriber's holding and free the line; history keeps person and department.",
    )(subscriber_remove)
