"""Excel of everything that a filter finds: asked for, polled, downloaded (ST-02, MS-01, ST-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import exports
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.exports import Asked, Kind, listing
from bizcall.paging import Slice
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.exports import (
    CallExportRequestInput,
    CallExportRequestPayload,
    Export,
    ExportCancelPayload,
    ExportDownloadInput,
    ExportDownloadPayload,
    ExportFilter,
    ExportRequestInput,
    MessageExportRequestInput,
    MessageExportRequestPayload,
    StatisticsExportRequestInput,
    StatisticsExportRequestPayload,
)
from schema.imports import Download
from schema.node import key_of

NOTHING_SAID = ExportDownloadInput()
ExportId = Annotated[strawberry.ID, strawberry.argument(description="The export.")]


@strawberry.type
class ExportQueries:
    """Fields of Query."""

    @strawberry.field(description="The company's exports, newest first.")
    async def exports(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[ExportFilter | None, strawberry.argument(description="Which exports.")] = None,  # noqa: A002
    ) -> Connection[Export]:
        """See `listing.listing`."""
        found = listing.listing(info.context.company_id, kinds=(filter and filter.kinds) or ())
        return await Connection.of(info, found, Slice(first, after, last, before))


async def call_export_request(
    info: Info,
    input: Annotated[CallExportRequestInput, strawberry.argument(description="Which calls, and why.")],  # noqa: A002
) -> CallExportRequestPayload:
    """See `exports.request`."""
    asked = Asked(Kind.CALLS, input.filter.to_filter())
    return CallExportRequestPayload(export=await _requested(info, asked, input, unmasked=input.unmasked))


async def message_export_request(
    info: Info,
    input: Annotated[MessageExportRequestInput, strawberry.argument(description="Which messages, and why.")],  # noqa: A002
) -> MessageExportRequestPayload:
    """See `exports.request`."""
    asked = Asked(Kind.MESSAGES, input.filter.to_filter())
    return MessageExportRequestPayload(export=await _requested(info, asked, input, unmasked=input.unmasked))


async def statistics_export_request(
    info: Info,
    input: Annotated[  # noqa: A002
        StatisticsExportRequestInput, strawberry.argument(description="Which statistics, and why.")
    ],
) -> StatisticsExportRequestPayload:
    """See `exports.request`."""
    wanted = input.calls or input.messages
    if wanted is None:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("calls",)))
    if input.calls and input.messages:
        raise Invalid(Problem(ErrorCode.CONFLICT, ("calls",)))
    kind = Kind.CALL_STATISTICS if input.calls else Kind.MESSAGE_STATISTICS
    asked = Asked(kind, wanted.to_filter(), input.granularity, input.group_by)
    try:
        return StatisticsExportRequestPayload(export=await _requested(info, asked, input, unmasked=False))
    except Invalid as invalid:
        # Here the filter goes by another name.
        named = "calls" if input.calls else "messages"
        raise Invalid(*(_renamed(problem, named) for problem in invalid.problems)) from None


def _renamed(problem: Problem, named: str) -> Problem:
    if problem.field[:1] != ("filter",):
        return problem
    return Problem(problem.code, (named, *problem.field[1:]), problem.params)


async def _requested(info: Info, asked: Asked, given: ExportRequestInput, *, unmasked: bool) -> Export:
    context = info.context
    context.demand_fresh_factor()
    made = await exports.request(
        context.company_id,
        context.actor,
        asked,
        unmasked=unmasked,
        reason=given.to_reason(),
        idempotency_key=given.idempotency_key,
        queue=context.services.queue,
        clock=context.services.clock,
        kept=context.services.settings.months_kept,
    )
    return cast("Export", made)


async def export_cancel(info: Info, id: ExportId) -> ExportCancelPayload:  # noqa: A002
    """See `exports.cancel`."""
    context = info.context
    ended = await exports.cancel(
        context.company_id, context.actor, key_of(id, "Export", "id"), clock=context.services.clock
    )
    return ExportCancelPayload(export=cast("Export", ended))


async def export_download(
    info: Info,
    id: ExportId,  # noqa: A002
    input: Annotated[  # noqa: A002
        ExportDownloadInput, strawberry.argument(description="Why, where somebody else asked for the file.")
    ] = NOTHING_SAID,
) -> ExportDownloadPayload:
    """See `exports.download`."""
    context = info.context
    context.demand_fresh_factor()
    link = await exports.download(
        context.company_id,
        context.actor,
        key_of(id, "Export", "id"),
        input.to_reason(),
        storage=context.services.storage,
        clock=context.services.clock,
    )
    return ExportDownloadPayload(download=Download(url=link.url, expires_at=link.expires_at))


@strawberry.type
class ExportMutations:
    """Fields of Mutation."""

    call_export_request = mutation(
        CallExportRequestPayload,
        description="Ask for an Excel file of all calls that the filter finds, within ten minutes of a right "
        "code (CODE_REQUIRED). Who, why and what are recorded.",
    )(call_export_request)
    message_export_request = mutation(
        MessageExportRequestPayload,
        description="Ask for an Excel file of all messages that the filter finds, within ten minutes of a right "
        "code (CODE_REQUIRED). Who, why and what are recorded.",
    )(message_export_request)
    statistics_export_request = mutation(
        StatisticsExportRequestPayload,
        description="Ask for an Excel file of statistics with a chart, of at most 10,000 buckets, within ten "
        "minutes of a right code (CODE_REQUIRED).",
    )(statistics_export_request)
    export_cancel = mutation(ExportCancelPayload, description="End an export that waits or runs.")(export_cancel)
    export_download = mutation(
        ExportDownloadPayload,
        description="A link to the file of an export, within ten minutes of a right code (CODE_REQUIRED). "
        "Each download is recorded with the reason of whoever takes the file: the request's, or for somebody else's "
        "export his own.",
    )(export_download)
