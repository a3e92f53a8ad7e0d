"""Statistics: rows of subjects, each with a dense series of counts and seconds by type (ST-01, ST-03, MS-01).

The nine screens of the manual are nine calls of `statistics`. For any filter the sums here are the count of the list
and the rows of the Excel: all three ask the same conditions, or a rollup that is kept equal to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.history.filters import HistoryFilter
from bizcall.models.calls import NOBODY
from bizcall.models.feeds import FeedKind
from bizcall.paging import Count, Page, Precision, Slice
from bizcall.stats import sources
from bizcall.stats.buckets import Bucket, Granularity, places, series
from bizcall.stats.rollups import CALLS, Facts
from bizcall.stats.sources import Columns, Group
from bizcall.stats.subjects import Subject, Subjects

BUCKETS_MOST = 10_000
"""Buckets of one answer, all its rows together."""

Measures = Mapping[str, int]
"""By the name of a measure: a type in small letters, for calls also with `_seconds` behind it."""


class Measured(NamedTuple):
    """A bucket with what is in it."""

    bucket: Bucket
    measures: Measures


@dataclass(frozen=True)
class Row:
    """One row of an answer. `subject` is None where the whole company is meant.

    `series` are the buckets that all rows of the answer share, `values` by measure has a number for each of them.
    """

    group: Group
    subject: Subject | None
    series: Sequence[Bucket]
    values: Mapping[str, Sequence[int]]

    @property
    def buckets(self) -> list[Measured]:
        """Each bucket with its measures."""
        of_buckets = zip(*self.values.values(), strict=True)
        return [
            Measured(bucket, dict(zip(self.values, values, strict=True)))
            for bucket, values in zip(self.series, of_buckets, strict=True)
        ]

    @property
    def total(self) -> Measures:
        """All buckets together."""
        return {name: sum(values) for name, values in self.values.items()}


@dataclass(frozen=True)
class Statistics:
    """An answer in pages of rows. All of it is read in the caller's transaction.

    It is `hurried` where a statement has the API's few seconds.
    """

    company_id: UUID
    facts: Facts
    wanted: HistoryFilter
    granularity: Granularity
    group: Group
    hurried: bool = True

    async def page(self, part: Slice) -> Page[Row]:
        """One page of rows; raises Invalid: a bad `part`, or TOO_MANY buckets or facts."""
        part = part.checked()
        buckets = series(self.wanted, self.granularity)
        rows = 1 if self.group is Group.COMPANY else part.size
        if len(buckets) * rows > BUCKETS_MOST:
            most = BUCKETS_MOST // len(buckets)
            field, maximum = ("first", most) if most else ("granularity", BUCKETS_MOST)
            raise Invalid(Problem(ErrorCode.TOO_MANY, (field,), {"maximum": str(maximum)}))
        if self.group is Group.COMPANY:
            found = await self._measured(self.wanted)
            row = Row(self.group, None, buckets, self._dense(found.get(NOBODY)))
            return Page([row], [""], has_next=False, has_previous=False)
        subjects = await Subjects(self.company_id, self.facts, self.wanted, self.group).page(part)
        found = await self._measured(self._narrowed([subject.id for subject in subjects.rows]))
        return Page(
            rows=[Row(self.group, subject, buckets, self._dense(found.get(subject.id))) for subject in subjects.rows],
            cursors=subjects.cursors,
            has_next=subjects.has_next,
            has_previous=subjects.has_previous,
        )

    async def count(self) -> Count:
        """How many rows there are in all."""
        if self.group is Group.COMPANY:
            return Count(1, Precision.EXACT)
        return await Subjects(self.company_id, self.facts, self.wanted, self.group).count()

    def _narrowed(self, ids: list[UUID]) -> HistoryFilter:
        """The filter for the subjects of one page."""
        if self.group is Group.LINE:
            return replace(self.wanted, line_ids=tuple(ids))
        if self.group is Group.SUBSCRIBER:
            return replace(self.wanted, subscriber_ids=tuple(ids))
        return replace(self.wanted, department_ids=tuple(ids))

    async def _measured(self, wanted: HistoryFilter) -> dict[UUID, Columns]:
        """Measures by subject; the whole company stands under NOBODY."""
        source = await sources.source_for(
            self.company_id, self.facts, wanted, self.granularity, self.group, hurried=self.hurried
        )
        return await source.columns()

    @cached_property
    def _places(self) -> list[int]:
        return places(self.wanted, self.granularity)

    def _dense(self, found: Columns | None) -> dict[str, Sequence[int]]:
        return _dense(found, self.facts, self._places)


def statistics(
    company_id: UUID,
    facts: Facts,
    wanted: HistoryFilter,
    granularity: Granularity,
    group: Group,
    *,
    hurried: bool = True,
) -> Statistics:
    """The answer to a filter that was `checked`; nothing is asked of the database before a page is."""
    return Statistics(company_id, facts, wanted, granularity, group, hurried)


@dataclass(frozen=True)
class Cell:
    """An hour of the week: `weekday` is ISO's, 1 is Monday."""

    weekday: int
    hour: int
    measures: Measures


async def heat_map(company_id: UUID, facts: Facts, wanted: HistoryFilter) -> list[Cell]:
    """Which hours of the week are busy: 7 × 24 cells, Monday's first hour first. In an open transaction.

    Raises Invalid (TOO_MANY) when it would have to be counted from more than a million facts.
    """
    source = await sources.source_for(company_id, facts, wanted, Granularity.HOUR, Group.COMPANY)
    moment = f"{facts.table}.{facts.moment}" if source.table == facts.table else "hour"
    local = f"{moment} AT TIME ZONE 'Asia/Seoul'"
    hour = f"(date_part('isodow', {local}) * 24 + date_part('hour', {local}))::integer"
    found = (await replace(source, place=hour, summed=False).columns()).get(NOBODY)
    # The place of Monday's first hour is 24.
    values = _dense(found, facts, range(24, 8 * 24))
    return [
        Cell(place // 24 + 1, place % 24, {name: numbers[place] for name, numbers in values.items()})
        for place in range(7 * 24)
    ]


def _dense(found: Columns | None, facts: Facts, wanted: Sequence[int]) -> dict[str, Sequence[int]]:
    """Each measure at each of these places, zero where nothing was found."""
    if found is None:
        return {name: [0] * len(wanted) for name in facts.measures}
    known = dict(zip(found.places, range(len(found.places)), strict=True))
    # Behind the last value of each column there is a zero, at -1. It is got once more and dropped again, since of one
    # place alone the getter would make no tuple.
    taken = itemgetter(*map(known.get, wanted, repeat(-1)), -1)
    return {name: taken([*values, 0])[:-1] for name, values in found.measures.items()}


async def as_of(company_id: UUID, facts: Facts) -> datetime | None:
    """When data last arrived for the company; None when none ever has. In an open transaction.

    That is when the newest file came of which something is in: all of it, what stood before the fault of a refused one,
    or the chunks so far of one that is being loaded. A file that held nothing, or nothing but what was known, is none.
    """
    kind = FeedKind.CALLS if facts is CALLS else FeedKind.MESSAGES
    rows = await query(
        "SELECT max(created_at) AS at FROM feed_file WHERE company_id = $1 AND kind = $2 AND loaded + corrected > 0",
        company_id,
        kind.value,
    )
    at: datetime | None = rows[0]["at"]
    return at
