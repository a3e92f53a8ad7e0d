"""Notices: the list for everybody who is signed in, and what operators do with them (NO-01, NO-02)."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

import strawberry

from bizcall import notices
from bizcall.paging import Slice
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.node import NOTHING, decode, key_of
from schema.notices import (
    Notice,
    NoticeFilter,
    NoticeSaveInput,
    NoticeSavePayload,
    NoticeWithdrawInput,
    NoticeWithdrawPayload,
)

FILES = ("NoticeAttachment", "Upload")


@strawberry.type
class NoticeQueries:
    """Fields of Query."""

    @strawberry.field(
        description="Notices, important ones first, then the newest: administrators see those that are published, "
        "operators all of them."
    )
    async def notices(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002
            NoticeFilter | None, strawberry.argument(description="Which; all when left out.")
        ] = None,
    ) -> Connection[Notice]:
        """See `notices.listing`."""
        context, given = info.context, filter or NoticeFilter()
        wanted = notices.NoticeFilter(given.search, given.categories, given.states)
        found = notices.listing(context.company_id, wanted, context.services.clock())
        return await Connection[Notice].of(info, found, Slice(first, after, last, before))


async def notice_save(
    info: Info,
    input: Annotated[NoticeSaveInput, strawberry.argument(description="The notice.")],  # noqa: A002
    id: Annotated[  # noqa: A002
        strawberry.ID | None, strawberry.argument(description="Which one to change; left out, it is a new one.")
    ] = None,
) -> NoticeSavePayload:
    """See `notices.save`; asks for a fresh code (S6), but for a draft, which no company sees."""
    context = info.context
    if input.published_at is not None:
        context.demand_fresh_factor()
    row = await notices.save(
        None if id is None else key_of(id, "Notice", "id"),
        notices.Draft(
            input.category,
            input.title,
            input.body,
            input.published_at,
            input.published_until,
            [_file(each) for each in input.attachments],
        ),
        revision=input.revision,
        idempotency_key=input.idempotency_key,
        actor=context.actor,
        storage=context.services.storage,
        clock=context.services.clock,
    )
    return NoticeSavePayload(notice=cast("Notice", row))


def _file(opaque: str) -> UUID:
    """The key of an attachment or of an upload, which are never the same; one that nothing has for any other text."""
    found = decode(opaque)
    return found[1] if found is not None and found[0] in FILES else NOTHING


async def notice_withdraw(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="Which one.")],  # noqa: A002
    input: Annotated[NoticeWithdrawInput, strawberry.argument(description="What was seen of it.")],  # noqa: A002
) -> NoticeWithdrawPayload:
    """See `notices.withdraw`."""
    context = info.context
    row = await notices.withdraw(
        key_of(id, "Notice", "id"), revision=input.revision, actor=context.actor, clock=context.services.clock
    )
    return NoticeWithdrawPayload(notice=cast("Notice", row))


@strawberry.type
class NoticeMutations:
    """Fields of Mutation."""

    notice_save = mutation(
        NoticeSavePayload,
        description="Operators: write a notice, or change the one with this id. Publish and schedule it by its times, "
        "within ten minutes of a right code (CODE_REQUIRED); a draft asks for none.",
    )(notice_save)
    notice_withdraw = mutation(
        NoticeWithdrawPayload, description="Operators: take a notice from everybody's eyes, for good."
    )(notice_withdraw)
