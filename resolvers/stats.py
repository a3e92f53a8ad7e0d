"""Statistics of calls and messages (ST-01, ST-03, MS-01), and the busy hours of the week."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import stats
from bizcall.history.filters import HistoryFilter
from bizcall.paging import Slice
from bizcall.stats import Granularity, Group
from schema.calls import CallFilter
from schema.connections import After, Before, First, Last
from schema.context import Info
from schema.stats import CallBusyHours, CallStatisticsConnection, HeatMapCell, MessageStatisticsConnection
from schema.text_messages import MessageFilter

How = Annotated[Granularity, strawberry.argument(description="How long a bucket is.")]
By = Annotated[Group, strawberry.argument(description="What each row is about.")]


def _checked(info: Info, asked: CallFilter | MessageFilter) -> HistoryFilter:
    services = info.context.services
    return asked.to_filter().checked(services.clock, kept=services.settings.months_kept)


async def _cells(info: Info, asked: CallFilter) -> list[HeatMapCell]:
    """Those of the business, which stand for the schema's."""
    cells = await stats.heat_map(info.context.company_id, stats.CALLS, _checked(info, asked))
    return cast("list[HeatMapCell]", cells)


@strawberry.type
class StatisticsQueries:
    """Fields of Query."""

    @strawberry.field(
        description="Statistics of calls: a row for each subject, with a series. For any filter the sum is the "
        "totalCount of `calls`, as long as its `precision` is EXACT."
    )
    async def call_statistics(
        self,
        info: Info,
        filter: Annotated[CallFilter, strawberry.argument(description="Which calls.")],  # noqa: A002
        granularity: How,
        group_by: By,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> CallStatisticsConnection:
        """See `stats.statistics`."""
        wanted = _checked(info, filter)
        answer = stats.statistics(info.context.company_id, stats.CALLS, wanted, granularity, group_by)
        return await CallStatisticsConnection.of(info, answer, Slice(first, after, last, before))

    @strawberry.field(
        description="Statistics of messages: a row for each subject, with a series. For any filter the sum is "
        "the totalCount of `messages`, as long as its `precision` is EXACT."
    )
    async def message_statistics(
        self,
        info: Info,
        filter: Annotated[MessageFilter, strawberry.argument(description="Which messages.")],  # noqa: A002
        granularity: How,
        group_by: By,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> MessageStatisticsConnection:
        """See `stats.statistics`."""
        wanted = _checked(info, filter)
        answer = stats.statistics(info.context.company_id, stats.MESSAGES, wanted, granularity, group_by)
        return await MessageStatisticsConnection.of(info, answer, Slice(first, after, last, before))

    @strawberry.field(description="Which hours of the week are busy.")
    async def call_busy_hours(
        self,
        info: Info,
        filter: Annotated[CallFilter, strawberry.argument(description="Which calls.")],  # noqa: A002
    ) -> CallBusyHours:
        """See `stats.heat_map`."""
        return CallBusyHours(cells=await _cells(info, filter))

    @strawberry.field(
        description="The 168 cells of `callBusyHours`, without `asOf`.",
        deprecation_reason="Use `callBusyHours`; stays until 2027-06-01.",
    )
    async def call_heat_map(
        self,
        info: Info,
        filter: Annotated[CallFilter, strawberry.argument(description="Which calls.")],  # noqa: A002
    ) -> list[HeatMapCell]:
        """See `stats.heat_map`."""
        return await _cells(info, filter)
