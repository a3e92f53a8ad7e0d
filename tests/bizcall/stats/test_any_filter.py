"""Statistics of any filter, group and granularity are what Python counts of the facts, and the list's count (ST-03)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import calls, messages, stats
from bizcall.database import tenant
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import NOBODY
from bizcall.stats import CALLS, MESSAGES, Granularity, Group, sources
from bizcall.stats.rollups import Facts
from tests.factories import make_tenant
from tests.feeding import DECEMBER
from tests.histories import Office, matches, office, walk

DAYS = 62
"""December and January."""

WHOLE = ((0, 30), (31, 61), (0, 61))
"""One month, the other and both, as days of the two."""

CUT = ((0, 29), (1, 30), (0, 46), (15, 61))
"""Months that lack a day or more at one end."""

_offices: list[Office] = []


@pytest.fixture
async def history(db: None) -> Office:
    """One for all, over the end of a year; people changed departments, and corrections moved calls and messages."""
    if not _offices:
        _offices.append(await office(await make_tenant(), facts=200, since=DECEMBER, days=DAYS))
    return _offices[0]


def day(offset: int) -> date:
    """A day of the two months, by its distance from the first one."""
    return DECEMBER.date() + timedelta(days=offset)


@st.composite
def filters(draw: st.DrawFn, made: Office, facts: Facts, *, of_months: bool = False) -> HistoryFilter:
    """Any filter of what rollups know, and sometimes of a customer; or one that asks of months by keys and types."""

    def some(values: Any) -> tuple[Any, ...] | None:
        drawn = draw(st.none() | st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True))
        return None if drawn is None else tuple(drawn)

    spans = st.sampled_from((*WHOLE, *CUT))
    if not of_months:
        spans |= st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(lambda ends: (min(ends), max(ends)))
    first, last = draw(spans)
    weekdays, types = None if of_months else some(range(1, 8)), some(facts.types)
    return HistoryFilter(
        from_on=day(first),
        to_on=day(last),
        weekdays=None if weekdays is None else frozenset(weekdays),
        hours=draw(st.sampled_from([None, (0, 24)] if of_months else [None, None, (9, 18), (22, 6), (0, 24)])),
        direction=draw(st.sampled_from(Direction)),
        types=None if types is None else frozenset(types),
        department_ids=some([*made.departments, NOBODY]),
        line_ids=some(made.company.line_ids[:6]),
        subscriber_ids=some([*made.subscribers, NOBODY]),
        customer_tail=None if of_months else draw(st.sampled_from([None, None, None, "1234"])),
    ).checked()


KEPT = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("facts", [CALLS, MESSAGES], ids=["calls", "messages"])
@settings(KEPT, max_examples=25)
@given(data=st.data())
async def test_ST_03_each_bucket_of_any_answer_is_what_python_counts(
    history: Office, facts: Facts, data: st.DataObject
) -> None:
    wanted = data.draw(filters(history, facts))
    granularity, group = data.draw(st.sampled_from(Granularity)), data.draw(st.sampled_from(Group))

    await assert_counted(history, facts, wanted, granularity, group)


@pytest.mark.parametrize("facts", [CALLS, MESSAGES], ids=["calls", "messages"])
@pytest.mark.parametrize("group", [Group.LINE, Group.SUBSCRIBER, Group.DEPARTMENT])
@settings(KEPT, max_examples=8)
@given(data=st.data())
async def test_ST_01_ST_03_whole_months_come_from_their_rollup_and_cut_ones_do_not_and_both_are_what_python_counts(
    history: Office, facts: Facts, group: Group, data: st.DataObject
) -> None:
    wanted = data.draw(filters(history, facts, of_months=True))
    async with tenant(history.company.id, read_only=True):
        source = await sources.source_for(history.company.id, facts, wanted, Granularity.MONTH, group)

    whole = (wanted.from_on, wanted.to_on) in {(day(first), day(last)) for first, last in WHOLE}
    assert (source.table == f"{facts.table}_line_month") is whole
    await assert_counted(history, facts, wanted, Granularity.MONTH, group)


async def assert_counted(
    history: Office, facts: Facts, wanted: HistoryFilter, granularity: Granularity, group: Group
) -> None:
    """Each bucket of the answer has what Python counts, and the list as many in all."""
    known = history.calls if facts is CALLS else history.messages
    met = [fact for fact in known if matches(wanted, fact, history.names)]
    listing = calls.listing if facts is CALLS else messages.listing

    async with tenant(history.company.id, read_only=True):
        rows = await walk(stats.statistics(history.company.id, facts, wanted, granularity, group), 5)
        listed = await listing(history.company.id, wanted).count()

    assert listed.value == len(met)
    told: Counter[tuple[UUID, datetime, str]] = Counter()
    for row in rows:
        for bucket, measures in row.buckets:
            for name, value in measures.items():
                told[row.subject.id if row.subject else NOBODY, bucket.begins_at, name] += value
    buckets = [each.bucket for row in rows[:1] for each in row.buckets]
    right: Counter[tuple[UUID, datetime, str]] = Counter()
    for fact in met:
        moment, kind = fact[facts.moment], fact[facts.type].lower()
        [begins_at] = [each.begins_at for each in buckets if each.begins_at <= moment < each.ends_at]
        whose = fact[group.column] if group.column else NOBODY
        right[whose, begins_at, kind] += 1
        if facts.with_seconds:
            right[whose, begins_at, f"{kind}_seconds"] += fact["seconds"]
    assert +told == +right
