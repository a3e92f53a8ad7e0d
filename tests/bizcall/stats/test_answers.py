"""Statistics of a filter against a recount of the very records, for every grouping and granularity (ST-01, ST-03)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bizcall import stats
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.history import lines
from bizcall.history.conditions import conditions
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import NOBODY, CallType
from bizcall.models.feeds import FeedKind
from bizcall.paging import Slice
from bizcall.stats import CALLS, MESSAGES, Granularity, Group, Row, sources
from bizcall.stats.rollups import Facts
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, message
from tests.statements import counted as sent

FROM, TO = DAY.date(), (DAY + timedelta(days=9)).date()
WANTED = HistoryFilter(FROM, TO)
FILTERS = (
    WANTED,
    HistoryFilter(FROM, TO, direction=Direction.OUTGOING),
    HistoryFilter(FROM, TO, types=frozenset({CallType.MISSED, CallType.MISSED_BUSY})),
    HistoryFilter(FROM, TO, weekdays=frozenset({1, 3, 7})),
    HistoryFilter(FROM, TO, hours=(22, 3)),
    HistoryFilter(FROM, TO, hours=(9, 18), weekdays=frozenset({1, 2, 3, 4, 5})),
    HistoryFilter(FROM, TO, customer_number="01012345678"),
    HistoryFilter(FROM, TO, customer_tail="5678", hours=(0, 12)),
)


@pytest.fixture
async def busy(company: Tenant) -> Tenant:
    """A company with 400 calls and 200 messages over ten days, on six of its lines."""
    chance = random.Random(7)
    await began(company.id)
    customers = ("010-1234-5678", "010-9876-5678", "02-123-4567")

    def moment() -> datetime:
        return DAY + timedelta(seconds=chance.randrange(10 * 24 * 3600))

    calls = [
        call(
            chance.choice(company.numbers[:6]),
            f"c{number}",
            moment(),
            type=chance.choice(list(CallType)).value,
            seconds=chance.randrange(600),
            customer=chance.choice(customers),
        )
        for number in range(400)
    ]
    texts = [
        message(
            chance.choice(company.numbers[:6]), f"m{number}", moment(), direction=chance.choice(["SENT", "RECEIVED"])
        )
        for number in range(200)
    ]
    await Feeder(company.id).load(calls)
    await Feeder(company.id, FeedKind.MESSAGES).load(texts)
    return company


async def answered(
    company: Tenant, wanted: HistoryFilter, granularity: Granularity, group: Group, facts: Facts = CALLS
) -> list[Row]:
    """All rows of an answer, walked page by page."""
    rows: list[Row] = []
    after = None
    async with tenant(company.id, read_only=True):
        while True:
            answer = stats.statistics(company.id, facts, wanted, granularity, group)
            page = await answer.page(Slice(first=4, after=after))
            rows += page.rows
            if not page.has_next:
                return rows
            after = page.cursors[-1]


async def counted(company: Tenant, wanted: HistoryFilter, facts: Facts = CALLS) -> Sequence[Mapping[str, Any]]:
    """The facts themselves that the filter lets through."""
    where = conditions(company.id, wanted, facts)
    async with tenant(company.id, read_only=True):
        return await query(f"SELECT * FROM {facts.table} WHERE {where.sql}", *where.parameters)


def sum_of(rows: Sequence[Row]) -> Counter[str]:
    """All measures of an answer, added up."""
    total: Counter[str] = Counter()
    for row in rows:
        for measured in row.buckets:
            total.update(measured.measures)
    return total


@pytest.mark.parametrize("group", Group)
@pytest.mark.parametrize("granularity", Granularity)
async def test_ST_03_sums_are_the_count_of_the_list(busy: Tenant, granularity: Granularity, group: Group) -> None:
    for wanted in FILTERS:
        facts = await counted(busy, wanted)

        total = sum_of(await answered(busy, wanted, granularity, group))

        assert sum(total[kind.lower()] for kind in CallType) == len(facts), wanted
        for kind in CallType:
            of_kind = [fact for fact in facts if fact["type"] == kind]
            assert total[kind.lower()] == len(of_kind)
            assert total[f"{kind.lower()}_seconds"] == sum(fact["seconds"] for fact in of_kind)


@pytest.mark.parametrize("group", Group)
async def test_MS_01_sums_of_messages_are_the_count_of_their_list(busy: Tenant, group: Group) -> None:
    for wanted in (WANTED, HistoryFilter(FROM, TO, direction=Direction.INCOMING, hours=(9, 18))):
        facts = await counted(busy, wanted, MESSAGES)

        total = sum_of(await answered(busy, wanted, Granularity.DAY, group, MESSAGES))

        assert total["sent"] + total["received"] == len(facts)


async def test_ST_01_the_series_is_dense_and_empty_buckets_are_zero(busy: Tenant) -> None:
    (row,) = await answered(busy, WANTED, Granularity.HOUR, Group.COMPANY)

    assert len(row.buckets) == 240
    assert [each.bucket.begins_at for each in row.buckets] == [DAY + timedelta(hours=n) for n in range(240)]
    assert any(not any(each.measures.values()) for each in row.buckets)
    assert row.total == {name: sum(each.measures[name] for each in row.buckets) for name in CALLS.measures}


async def test_ST_01_hours_and_weekdays_that_are_not_asked_for_are_no_part_of_the_series(busy: Tenant) -> None:
    wanted = HistoryFilter(FROM, FROM, hours=(22, 3))

    (row,) = await answered(busy, wanted, Granularity.HOUR, Group.COMPANY)

    assert [each.bucket.key[-2:] for each in row.buckets] == ["00", "01", "02", "22", "23"]


@pytest.mark.parametrize("granularity", Granularity)
@pytest.mark.parametrize("wanted", [WANTED, FILTERS[3], FILTERS[4], FILTERS[6]])
async def test_ST_01_each_fact_is_in_the_bucket_in_which_it_lies(
    busy: Tenant, wanted: HistoryFilter, granularity: Granularity
) -> None:
    facts = await counted(busy, wanted)

    (row,) = await answered(busy, wanted, granularity, Group.COMPANY)

    met = 0
    for each in row.buckets:
        inside = [fact for fact in facts if each.bucket.begins_at <= fact["started_at"] < each.bucket.ends_at]
        met += len(inside)
        assert sum(each.measures[kind.lower()] for kind in CallType) == len(inside), each.bucket.key
        assert sum(each.measures[f"{kind.lower()}_seconds"] for kind in CallType) == sum(
            fact["seconds"] for fact in inside
        )
    assert met == len(facts) > 0


async def test_ST_01_days_of_departments_are_read_from_days(busy: Tenant) -> None:
    async with tenant(busy.id, read_only=True):
        source = await sources.source_for(busy.id, CALLS, WANTED, Granularity.DAY, Group.DEPARTMENT)
        hours = await sources.source_for(busy.id, CALLS, FILTERS[5], Granularity.DAY, Group.DEPARTMENT)

    assert (source.table, source.summed) == ("call_department_day", True)
    assert (hours.table, hours.summed) == ("call_department_hour", False)


async def test_ST_01_rows_of_lines_come_in_the_order_of_their_numbers_in_pages(busy: Tenant) -> None:
    rows = await answered(busy, WANTED, Granularity.DAY, Group.LINE)

    assert [row.subject.name for row in rows if row.subject] == sorted(busy.numbers[:6])
    async with tenant(busy.id, read_only=True):
        answer = stats.statistics(busy.id, CALLS, WANTED, Granularity.DAY, Group.LINE)
        assert (await answer.count()).value == 6
        last = await answer.page(Slice(last=2))
        assert [row.subject.name for row in last.rows if row.subject] == sorted(busy.numbers[:6])[-2:]
        assert last.has_previous
        before = await answer.page(Slice(last=2, before=last.cursors[0]))
        assert [row.subject.name for row in before.rows if row.subject] == sorted(busy.numbers[:6])[2:4]


async def test_ST_01_chosen_lines_have_a_row_each_and_another_companys_none(busy: Tenant, stranger: Tenant) -> None:
    wanted = HistoryFilter(FROM, TO, line_ids=(busy.line_ids[0], busy.line_ids[9], stranger.line_ids[0]))

    rows = await answered(busy, wanted, Granularity.MONTH, Group.LINE)

    assert [row.subject.id for row in rows if row.subject] == [busy.line_ids[0], busy.line_ids[9]]
    assert not any(rows[1].total.values())


async def test_ST_03_more_than_ten_thousand_buckets_are_refused_with_the_page_that_would_do(company: Tenant) -> None:
    wanted = HistoryFilter(FROM, FROM + timedelta(days=88))
    async with tenant(company.id, read_only=True):
        with pytest.raises(Invalid) as refused:
            await stats.statistics(company.id, CALLS, wanted, Granularity.HOUR, Group.LINE).page(Slice(first=5))

    (problem,) = refused.value.problems
    assert (problem.code, problem.field, problem.params) == (ErrorCode.TOO_MANY, ("first",), {"maximum": "4"})


async def test_ST_03_too_many_facts_are_refused_instead_of_counted(
    busy: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "RAW_MOST", 10)
    wanted = HistoryFilter(FROM, TO, customer_number="01012345678")

    with pytest.raises(Invalid) as refused:
        await answered(busy, wanted, Granularity.DAY, Group.COMPANY)

    assert refused.value.problems[0].code is ErrorCode.TOO_MANY


async def test_ST_03_facts_that_would_be_looked_for_among_too_many_are_refused(
    busy: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few there are: it is the reading that takes its time."""
    chosen = tuple(busy.line_ids[:2])
    narrow = replace(WANTED, line_ids=chosen, hours=(3, 4))
    on_lines = len(await counted(busy, replace(WANTED, line_ids=chosen)))
    one_day = replace(narrow, to_on=FROM)
    assert len(await counted(busy, narrow)) < len(await counted(busy, replace(one_day, hours=None))) < on_lines

    monkeypatch.setattr(lines, "READ_MOST", on_lines)
    total = sum_of(await answered(busy, narrow, Granularity.DAY, Group.COMPANY))
    assert sum(total[kind.lower()] for kind in CallType) == len(await counted(busy, narrow))

    for module in (lines, sources):
        monkeypatch.setattr(module, "READ_MOST", on_lines - 1)
    for sieve in ({"hours": (3, 4)}, {"weekdays": frozenset({1})}, {"types": frozenset({CallType.ABANDONED})}):
        wanted = replace(WANTED, line_ids=chosen, **sieve)
        with pytest.raises(Invalid) as refused:
            await answered(busy, wanted, Granularity.HOUR, Group.COMPANY)
        [problem] = refused.value.problems
        assert (problem.code, problem.field, problem.params) == (
            ErrorCode.TOO_MANY,
            ("filter",),
            {"maximum": str(on_lines - 1)},
        )

    # The lines' month has more, the day that is asked for has not; and what is not sieved is bound by what it counts.
    for wanted in (one_day, replace(WANTED, line_ids=chosen)):
        total = sum_of(await answered(busy, wanted, Granularity.HOUR, Group.COMPANY))
        assert sum(total[kind.lower()] for kind in CallType) == len(await counted(busy, wanted))


async def test_ST_03_what_nobody_held_is_read_on_the_lines_that_had_it(busy: Tenant) -> None:
    async with tenant(busy.id, read_only=True):
        with sent() as statements:
            wanted = replace(WANTED, subscriber_ids=(NOBODY,), hours=(9, 18))
            page = await stats.statistics(busy.id, CALLS, wanted, Granularity.DAY, Group.SUBSCRIBER).page(
                Slice(first=1)
            )

    assert sum(sum_of(page.rows)[kind.lower()] for kind in CallType) == len(await counted(busy, wanted))
    [reading] = [sql for sql in statements if " FROM call WHERE" in sql]
    assert "call.line_id = ANY" in reading


@pytest.mark.parametrize("wanted", [WANTED, FILTERS[5], FILTERS[6]])
async def test_ST_02_the_heat_map_has_each_hour_of_the_week(busy: Tenant, wanted: HistoryFilter) -> None:
    facts = await counted(busy, wanted)
    told = Counter((at.isoweekday(), at.hour) for at in (fact["started_at"].astimezone(DAY.tzinfo) for fact in facts))

    async with tenant(busy.id, read_only=True):
        cells = await stats.heat_map(busy.id, CALLS, wanted)

    assert [(cell.weekday, cell.hour) for cell in cells] == [(day, hour) for day in range(1, 8) for hour in range(24)]
    for cell in cells:
        assert sum(cell.measures[kind.lower()] for kind in CallType) == told[cell.weekday, cell.hour]


async def test_ST_03_an_answer_says_as_of_when_its_data_is(busy: Tenant, stranger: Tenant) -> None:
    async with tenant(busy.id, read_only=True):
        at = await stats.as_of(busy.id, CALLS)
    async with tenant(stranger.id, read_only=True):
        never = await stats.as_of(stranger.id, CALLS)

    assert at is not None
    assert never is None
