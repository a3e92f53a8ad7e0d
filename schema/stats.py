"""Statistics of calls and messages (ST-01, ST-03, MS-01), and the busy hours of the week."""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from typing import cast
from uuid import UUID

import strawberry

from bizcall import departments, phones, stats
from bizcall.audit.views import SUBSCRIBERS
from bizcall.models.calls import NOBODY
from bizcall.stats import Granularity, Group
from bizcall.subscribers import listing
from schema.connections import Connection
from schema.context import Info
from schema.departments import Department
from schema.enums import described
from schema.history import Weekday, freshness
from schema.personal import personal
from schema.scalars import Seconds
from schema.subscribers import Line, Subscriber

described(
    Granularity,
    "How long a bucket of a series is.",
    {
        Granularity.MONTH: "월별: a month of the calendar; the first and the last are cut to the period.",
        Granularity.DAY: "날짜별: a day.",
        Granularity.HOUR: "시간별: an hour.",
    },
    name="StatisticsGranularity",
)
_ROWS = "Only those that had anything in the months of the period, and those that the filter names by id."

described(
    Group,
    "What each row of statistics is about.",
    {
        Group.COMPANY: "전체: one row for the company.",
        Group.LINE: f"전화번호별: a row for each line, by number. {_ROWS}",
        Group.SUBSCRIBER: f"사용자별: a row for each subscriber, by name, also for those who left. {_ROWS}",
        Group.DEPARTMENT: "부서별: a row for each department, by name. For the subscribers of one, filter by it. "
        + _ROWS,
    },
    name="StatisticsGroup",
)


@strawberry.type(description="Whom a row of statistics is about. At most one of its objects is there.")
class StatisticsSubject:
    """A `bizcall.stats.Subject`, or None for the whole company."""

    group: Group = strawberry.field(description="What sort of subject it is.")
    subject: strawberry.Private[stats.Subject | None]

    @personal(
        SUBSCRIBERS,
        noted=False,
        description="For people: the line's number with hyphens, or the name; empty for the company, for what was in "
        "no department, and for what nobody held.",
    )
    def label(self, info: Info) -> str:
        """Of the time the answer is made. A subscriber's name leaves a record (P1)."""
        if self.subject is None:
            return ""
        if (key := self._key(Group.SUBSCRIBER)) is not None:
            info.context.views[SUBSCRIBERS].add(key)
        return phones.formatted(self.subject.name) if self.group is Group.LINE else self.subject.name

    @strawberry.field(description="The line, while the company has it.")
    async def line(self, info: Info) -> Line | None:
        """One statement for all rows."""
        key = self._key(Group.LINE)
        return None if key is None else cast("Line | None", await info.context.load(listing.lines_by_ids, key))

    @strawberry.field(description="The subscriber; null for what nobody held.")
    async def subscriber(self, info: Info) -> Subscriber | None:
        """One statement for all rows."""
        key = self._key(Group.SUBSCRIBER)
        return None if key is None else cast("Subscriber | None", await info.context.load(listing.by_ids, key))

    @strawberry.field(description="The department; null for what was in none.")
    async def department(self, info: Info) -> Department | None:
        """One statement for all rows."""
        key = self._key(Group.DEPARTMENT)
        return None if key is None else cast("Department | None", await info.context.load(departments.by_ids, key))

    def _key(self, group: Group) -> UUID | None:
        if self.group is not group or self.subject is None or self.subject.id == NOBODY:
            return None
        return self.subject.id


_COUNTS = itemgetter(*(name for name in stats.CALLS.measures if not name.endswith("_seconds")))
_SECONDS = itemgetter(*(name for name in stats.CALLS.measures if name.endswith("_seconds")))


@strawberry.type(description="Calls by type: how many, and their seconds of conversation.")
class CallMeasures:
    """Measures of calls; plain attributes, since an answer may have ten thousand of these."""

    outgoing: int = strawberry.field(description="발신.")
    outgoing_failed: int = strawberry.field(description="발신 연결 실패.")
    incoming: int = strawberry.field(description="수신.")
    missed: int = strawberry.field(description="부재중.")
    missed_busy: int = strawberry.field(description="통화중부재.")
    abandoned: int = strawberry.field(description="수신 전 종료.")
    total: int = strawberry.field(description="All types together.")
    outgoing_seconds: Seconds = strawberry.field(description="Seconds of 발신.")
    outgoing_failed_seconds: Seconds = strawberry.field(description="Seconds of 발신 연결 실패.")
    incoming_seconds: Seconds = strawberry.field(description="Seconds of 수신.")
    missed_seconds: Seconds = strawberry.field(description="Seconds of 부재중.")
    missed_busy_seconds: Seconds = strawberry.field(description="Seconds of 통화중부재.")
    abandoned_seconds: Seconds = strawberry.field(description="Seconds of 수신 전 종료.")
    total_seconds: Seconds = strawberry.field(description="All types together.")

    @classmethod
    def of(cls, measures: stats.Measures) -> CallMeasures:
        """With the totals."""
        return cls(**measures, total=sum(_COUNTS(measures)), total_seconds=Seconds(sum(_SECONDS(measures))))  # type: ignore[arg-type]  # the names are the types'


@strawberry.type(description="Messages by direction.")
class MessageMeasures:
    """Measures of messages."""

    sent: int = strawberry.field(description="발신.")
    received: int = strawberry.field(description="수신.")
    total: int = strawberry.field(description="Both together.")

    @classmethod
    def of(cls, measures: stats.Measures) -> MessageMeasures:
        """With the total."""
        return cls(**measures, total=sum(measures.values()))


@strawberry.type(description="A bucket of a series; one in which nothing happened is there too, with zeros.")
class StatisticsBucket:
    """What `CallBucket` and `MessageBucket` inherit."""

    key: str = strawberry.field(description="Its label, by granularity: 2026-10, 2026-10-05 or 2026-10-05T09.")
    begins_at: datetime = strawberry.field(description="Its first moment.")
    ends_at: datetime = strawberry.field(description="The first moment that is no longer inside.")


@strawberry.type(description="A bucket of calls.")
class CallBucket(StatisticsBucket):
    """A call belongs to the bucket in which it started."""

    measures: CallMeasures = strawberry.field(description="What is in it.")


@strawberry.type(description="A bucket of messages.")
class MessageBucket(StatisticsBucket):
    """A message belongs to the bucket in which it was sent."""

    measures: MessageMeasures = strawberry.field(description="What is in it.")


_SERIES = (
    "The series in its order, the same buckets in every row, those with nothing in them too; days and hours that the "
    "filter's weekdays and hours leave out are none. An answer has at most 10,000 in all its rows."
)


@strawberry.type(description="A row of statistics of calls.")
class CallStatistics:
    """A `bizcall.stats.Row`."""

    @strawberry.field(description="Whom it is about.")
    def subject(self, parent: strawberry.Parent[stats.Row]) -> StatisticsSubject:
        """Objects are loaded only when they are asked for."""
        return StatisticsSubject(group=parent.group, subject=parent.subject)

    @strawberry.field(description=_SERIES)
    def buckets(self, parent: strawberry.Parent[stats.Row]) -> list[CallBucket]:
        """Buckets that the filter lets nothing of through, such as other hours, are left out."""
        return [
            CallBucket(
                key=bucket.key,
                begins_at=bucket.begins_at,
                ends_at=bucket.ends_at,
                measures=CallMeasures.of(measures),
            )
            for bucket, measures in parent.buckets
        ]

    @strawberry.field(description="All buckets together.")
    def total(self, parent: strawberry.Parent[stats.Row]) -> CallMeasures:
        """Their sum."""
        return CallMeasures.of(parent.total)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows of the business are the GraphQL objects."""
        return isinstance(row, stats.Row)


@strawberry.type(description="A row of statistics of messages.")
class MessageStatistics:
    """A `bizcall.stats.Row`."""

    @strawberry.field(description="Whom it is about.")
    def subject(self, parent: strawberry.Parent[stats.Row]) -> StatisticsSubject:
        """Objects are loaded only when they are asked for."""
        return StatisticsSubject(group=parent.group, subject=parent.subject)

    @strawberry.field(description=_SERIES)
    def buckets(self, parent: strawberry.Parent[stats.Row]) -> list[MessageBucket]:
        """Buckets that the filter lets nothing of through, such as other hours, are left out."""
        return [
            MessageBucket(
                key=bucket.key,
                begins_at=bucket.begins_at,
                ends_at=bucket.ends_at,
                measures=MessageMeasures.of(measures),
            )
            for bucket, measures in parent.buckets
        ]

    @strawberry.field(description="All buckets together.")
    def total(self, parent: strawberry.Parent[stats.Row]) -> MessageMeasures:
        """Their sum."""
        return MessageMeasures.of(parent.total)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows of the business are the GraphQL objects."""
        return isinstance(row, stats.Row)


@strawberry.type(description="A page of statistics of calls.")
class CallStatisticsConnection(Connection[CallStatistics]):
    """A connection that says of when its data is."""

    @strawberry.field(description=freshness("calls"))
    async def as_of(self, info: Info) -> datetime | None:
        """In the query's transaction, so of the moment that the numbers are of."""
        return await stats.as_of(info.context.company_id, stats.CALLS)


@strawberry.type(description="A page of statistics of messages.")
class MessageStatisticsConnection(Connection[MessageStatistics]):
    """A connection that says of when its data is."""

    @strawberry.field(description=freshness("messages"))
    async def as_of(self, info: Info) -> datetime | None:
        """In the query's transaction, so of the moment that the numbers are of."""
        return await stats.as_of(info.context.company_id, stats.MESSAGES)


@strawberry.type(description="An hour of the week, with what happened in it on all such days of the period.")
class HeatMapCell:
    """A `bizcall.stats.Cell`."""

    hour: int = strawberry.field(description="0–23, of Korea's day.")

    @strawberry.field(description="The day of the week.")
    def weekday(self, parent: strawberry.Parent[stats.Cell]) -> Weekday:
        """ISO's number as the enum."""
        return Weekday(parent.weekday)

    @strawberry.field(description="The calls that started in it.")
    def measures(self, parent: strawberry.Parent[stats.Cell]) -> CallMeasures:
        """Their sum."""
        return CallMeasures.of(parent.measures)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """Cells of the business are the GraphQL objects."""
        return isinstance(value, stats.Cell)


@strawberry.type(description="The hours of the week, and how fresh is what they count.")
class CallBusyHours:
    """What `bizcall.stats.heat_map` found; its cells have the older name, the deprecated field `callHeatMap`'s."""

    cells: list[HeatMapCell] = strawberry.field(description="168 of them, Monday's first hour first.")

    @strawberry.field(description=freshness("calls"))
    async def as_of(self, info: Info) -> datetime | None:
        """In the query's transaction, so of the moment that the numbers are of."""
        return await stats.as_of(info.context.company_id, stats.CALLS)
