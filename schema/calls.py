"""The history of calls (ST-02)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

import strawberry

from bizcall import calls, stats
from bizcall.calls import CallRow
from bizcall.history.filters import HistoryFilter
from bizcall.history.keys import FactKey
from bizcall.models.calls import CallType
from schema.connections import Connection, OrderDirection
from schema.context import Info
from schema.enums import described
from schema.history import Fact, HistoryFilterInput, freshness
from schema.node import Node, encode

described(
    CallType,
    "What became of a call.",
    {
        CallType.OUTGOING: "발신: the company called, and it was answered.",
        CallType.OUTGOING_FAILED: "발신 연결 실패: the company called, and it was not answered.",
        CallType.INCOMING: "수신: the company was called, and answered.",
        CallType.MISSED: "부재중: nobody answered.",
        CallType.MISSED_BUSY: "통화중부재: nobody answered, because the line was busy.",
        CallType.ABANDONED: "수신 전 종료: the caller gave up before anybody could answer.",
    },
)


@strawberry.type(description="A call. It counts for whoever held the line, and in which department, when it started.")
class Call(Fact, Node):
    """A `bizcall.calls.CallRow`."""

    row = CallRow
    fetch = staticmethod(calls.by_keys)
    parse = staticmethod(FactKey.parse)

    started_at: datetime = strawberry.field(description="When it started.")
    type: CallType = strawberry.field(description="What became of it.")
    seconds: int = strawberry.field(description="Whole seconds of conversation.")

    @strawberry.field(description="Opaque and stable; unique among all objects.")
    def id(self, parent: strawberry.Parent[CallRow]) -> strawberry.ID:
        """The exchange's id and the moment."""
        return encode("Call", str(parent.key))


@strawberry.type(description="A page of calls.")
class CallConnection(Connection[Call]):
    """A connection that says how fresh its data is."""

    @strawberry.field(description=freshness("calls"))
    async def as_of(self, info: Info) -> datetime | None:
        """In the query's transaction, so of the moment that the entries are of."""
        return await stats.as_of(info.context.company_id, stats.CALLS)


@strawberry.input(
    description="Which calls; fields that are left out let all through, empty lists nothing. "
    "Lists, statistics and Excel take the same one."
)
class CallFilter(HistoryFilterInput):
    """See `HistoryFilterInput`."""

    types: list[CallType] | None = strawberry.field(default=None, description="Of one of these types; at most 6.")

    def to_filter(self) -> HistoryFilter:
        """For `bizcall`, which checks it."""
        types = None if self.types is None else frozenset(str(each) for each in self.types)
        return replace(super().to_filter(), types=types)


class CallOrderField(StrEnum):
    """What calls have an index for: one thing, so that nobody reads it yet."""

    STARTED_AT = "STARTED_AT"


described(
    CallOrderField,
    "What calls can be ordered by.",
    {CallOrderField.STARTED_AT: "By their start."},
)


@strawberry.input(description="The order of calls.")
class CallOrder:
    """Ends in the key."""

    field: CallOrderField = strawberry.field(default=CallOrderField.STARTED_AT, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which way.")
