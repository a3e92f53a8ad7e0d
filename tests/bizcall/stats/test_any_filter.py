"""Statistics of any filter, group and granularity are what Python counts of the facts, and the list's count (ST-03)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import calls, messages, stats
from bizcall.database import query, tenant
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import NOBODY
from bizcall.models.feeds import FeedKind
from bizcall.paging import Slice
from bizcall.stats import CALLS, MESSAGES, Granularity, Group
from bizcall.stats.rollups import Facts
from tests.factories import make_tenant
from tests.feeding import Feeder, call, correction, message
from tests.histories import WEEKS, Office, day, matches, office

_offices: list[Office] = []


@pytest.fixture
async def history(db: None) -> Office:
    """One for all, whose people changed departments, with corrections that move calls and messages to other hours."""
    if not _offices:
        made = await office(await make_tenant(), facts=200)
        await corrected(made)
        _offices.append(made)
    return _offices[0]


async def corrected(made: Office) -> None:
    """Replace every tenth fact by one that began 20 hours later on another line."""
    number, later = made.company.numbers[0], timedelta(hours=20)
    old_calls = [call(number, fact["id"], fact["started_at"]) for fact in made.calls[::10]]
    old_messages = [message(number, fact["id"], fact["sent_at"]) for fact in made.messages[::10]]

    def moved(old: dict[str, Any], moment: str) -> dict[str, Any]:
        return correction(old, old, moment, **{moment: (datetime.fromisoformat(old[moment]) + later).isoformat()})

    await Feeder(made.company.id).load([moved(old, "started_at") for old in old_calls])
    await Feeder(made.company.id, FeedKind.MESSAGES).load([moved(old, "sent_at") for old in old_messages])
    async with tenant(made.company.id, read_only=True):
        made.calls = await query("SELECT * FROM call WHERE company_id = $1", made.company.id)
        made.messages = await query("SELECT * FROM message WHERE company_id = $1", made.company.id)


@st.composite
def filters(draw: st.DrawFn, made: Office, facts: Facts) -> HistoryFilter:
    """Any filter of what rollups know, and sometimes of a customer."""

    def some(values: Any) -> tuple[Any, ...] | None:
        drawn = draw(st.none() | st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True))
        return None if drawn is None else tuple(drawn)

    first = draw(st.integers(0, WEEKS * 7))
    weekdays, types = some(range(1, 8)), some(facts.types)
    return HistoryFilter(
        from_on=day(first),
        to_on=day(draw(st.integers(first, WEEKS * 7 + 1))),
        weekdays=None if weekdays is None else frozenset(weekdays),
        hours=draw(st.sampled_from([None, None, (9, 18), (22, 6), (0, 24)])),
        direction=draw(st.sampled_from(Direction)),
        types=None if types is None else frozenset(types),
        department_ids=some([*made.departments, NOBODY]),
        line_ids=some(made.company.line_ids[:6]),
        subscriber_ids=some([*made.subscribers, NOBODY]),
        customer_tail=draw(st.sampled_from([None, None, None, "1234"])),
    ).checked()


@pytest.mark.parametrize("facts", [CALLS, MESSAGES], ids=["calls", "messages"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_ST_03_each_bucket_of_any_answer_is_what_python_counts(
    history: Office, facts: Facts, data: st.DataObject
) -> None:
    wanted = data.draw(filters(history, facts))
    granularity, group = data.draw(st.sampled_from(Granularity)), data.draw(st.sampled_from(Group))
    known = history.calls if facts is CALLS else history.messages
    met = [fact for fact in known if matches(wanted, fact, history.names)]
    listing = calls.listing if facts is CALLS else messages.listing

    async with tenant(history.company.id, read_only=True):
        page = await stats.statistics(history.company.id, facts, wanted, granularity, group).page(Slice(first=10))
        listed = await listing(history.company.id, wanted).count()

    assert not page.has_next
    assert listed.value == len(met)
    told: Counter[tuple[UUID, datetime, str]] = Counter()
    for row in page.rows:
        for bucket, measures in row.buckets:
            for name, value in measures.items():
                told[row.subject.id if row.subject else NOBODY, bucket.begins_at, name] += value
    buckets = [each.bucket for row in page.rows[:1] for each in row.buckets]
    right: Counter[tuple[UUID, datetime, str]] = Counter()
    for fact in met:
        moment, kind = fact[facts.moment], fact[facts.type].lower()
        [begins_at] = [each.begins_at for each in buckets if each.begins_at <= moment < each.ends_at]
        whose = fact[group.column] if group.column else NOBODY
        right[whose, begins_at, kind] += 1
        if facts.with_seconds:
            right[whose, begins_at, f"{kind}_seconds"] += fact["seconds"]
    assert +told == +right
