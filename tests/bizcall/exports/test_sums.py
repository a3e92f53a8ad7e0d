"""Statistics, lists and files say the same, whatever is asked for (ST-03)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import calls, messages, phones
from bizcall.database import query, tenant
from bizcall.exports.asking import TYPES
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import NOBODY
from bizcall.models.exports import Kind
from bizcall.models.feeds import FeedKind
from bizcall.paging import Slice
from bizcall.stats import CALLS, Granularity, Group, statistics
from bizcall.stats.rollups import Facts
from tests.bizcall.exports.sums import BUCKETS, SECONDS, SUBJECTS, Sums, by_sheets, of, sheets_of, subject
from tests.chains import CHAINS, Step, versions
from tests.exports import Clerk, Workbook
from tests.factories import make_tenant
from tests.feeding import DAY, Feeder, began
from tests.histories import CUSTOMERS, Office, day, hold, matches, walk


def by_rows(book: Workbook, group: Group, granularity: Granularity) -> Sums:
    """The rows of a file of calls or messages, counted."""
    sums: Sums = Counter()
    for row in book.rows:
        kind, moment = row.get("통화 유형") or row["구분"], next(iter(row.values()))
        name = row[SUBJECTS[group][0]] if group in SUBJECTS else None
        key = name or subject(group, None), moment.strftime(BUCKETS[granularity])
        sums[*key, kind] += 1
        if "통화 시간(초)" in row:
            sums[*key, kind + SECONDS] += row["통화 시간(초)"]
    return sums


@st.composite
def asked(draw: st.DrawFn, made: Office, facts: Facts, days: int) -> HistoryFilter:
    """Any filter, of at most so many days."""

    def some(values: Sequence[Any]) -> list[Any] | None:
        drawn: list[Any] | None = draw(
            st.sampled_from([False, False, True]).flatmap(
                lambda chosen: st.lists(st.sampled_from(values), max_size=4, unique=True) if chosen else st.none()
            )
        )
        return drawn

    start = draw(st.integers(0, 34))
    weekdays, types = some(range(1, 8)), some(facts.types)
    departments, lines = some([*made.departments, NOBODY]), some(made.company.line_ids[:5])
    subscribers = some([*made.subscribers, NOBODY])
    number, tail, name = draw(
        st.sampled_from(
            [
                (None, None, None),
                (None, None, None),
                (None, "1234", None),
                (None, "01234", None),
                (next(iter(CUSTOMERS)), None, None),
                (None, None, "홍길"),
                (None, "5678", "김수"),
            ]
        )
    )
    return HistoryFilter(
        from_on=day(start),
        to_on=day(start + draw(st.integers(0, days - 1))),
        weekdays=None if weekdays is None else frozenset(weekdays),
        hours=draw(st.sampled_from([None, (9, 18), (22, 6), (0, 24)])),
        direction=draw(st.sampled_from(Direction)),
        types=None if types is None else frozenset(types),
        department_ids=None if departments is None else tuple(departments),
        line_ids=None if lines is None else tuple(lines),
        subscriber_ids=None if subscribers is None else tuple(subscribers),
        customer_number=number,
        customer_tail=tail,
        customer_name=name,
    )


Told = tuple[str, datetime, str, int]
"""A call's id, moment, type and seconds."""

RENAMED = st.tuples(
    st.sampled_from(("010-2000-1234", "010-2002-5678")),
    st.sampled_from(("홍길동", "홍길순", "김수")),
    st.integers(0, 5),
)
"""The number of a customer, his name, and on which day that was so."""


@pytest.mark.parametrize("kind", [Kind.CALLS, Kind.MESSAGES])
@pytest.mark.parametrize("granularity", list(Granularity))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_ST_03_statistics_list_and_both_files_agree_for_any_filter(
    made: Office, kind: Kind, granularity: Granularity, data: st.DataObject
) -> None:
    # Hours of few days: a row each makes a large file.
    wanted = data.draw(asked(made, of(kind), 3 if granularity is Granularity.HOUR else 35))

    await agreed(made, kind, wanted, granularity, data.draw(st.sampled_from(Group)))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chains=CHAINS, renamed=st.lists(RENAMED, min_size=3, max_size=8), data=st.data())
async def test_ST_03_they_agree_whatever_was_corrected_and_however_customers_were_renamed(
    db: None, chains: list[list[Step]], renamed: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    made, last = await drawn(chains, renamed, data)
    period = HistoryFilter(from_on=day(12), to_on=day(21))
    narrower = replace(data.draw(asked(made, CALLS, 1)), from_on=period.from_on, to_on=period.to_on)
    granularity, group = data.draw(st.sampled_from(Granularity)), data.draw(st.sampled_from(Group))

    assert [told(call) for call in made.calls] == last
    for wanted in (period, narrower):
        book = await agreed(made, Kind.CALLS, wanted, granularity, group, unmasked=True)
        met = [call for call in made.calls if matches(wanted.checked(), call, made.names)]
        assert {row["기록 번호"]: (row["통화 시간(초)"], row["고객명"]) for row in book.rows} == {
            call["id"]: (call["seconds"], made.names.get(call["customer_number"])) for call in met
        }


def told(call: Mapping[str, Any]) -> Told:
    """What is compared of a call, be it a record or in the database."""
    at = call["started_at"]
    return call["id"], at if isinstance(at, datetime) else datetime.fromisoformat(at), call["type"], call["seconds"]


async def drawn(
    chains: list[list[Step]], renamed: list[tuple[str, str, int]], data: st.DataObject
) -> tuple[Office, list[Told]]:
    """An office whose calls and customers were told in a drawn order, and what was last told of each call."""
    made = Office(await make_tenant(lines=5))
    company = made.company
    await began(company.id)
    async with tenant(company.id):
        for line, department in enumerate((made.departments[0], None)):
            made.subscribers.append(await hold(company, line, f"사람 {line}", DAY, None, department))
    calls = [versions(number, chain, company.numbers, DAY + timedelta(days=17)) for number, chain in enumerate(chains)]
    records = data.draw(st.permutations([record for chain in calls for record in chain]))
    people = [
        {"number": number, "name": name, "updated_at": (DAY + timedelta(days=after)).isoformat()}
        for number, name, after in renamed
    ]
    for place in range(2):
        await Feeder(company.id).load(records[place::2], f"{place}.jsonl")
        await Feeder(company.id, FeedKind.CUSTOMERS).load(people[place::2], f"{place}.jsonl")
    async with tenant(company.id, read_only=True):
        made.calls = await query("SELECT * FROM call WHERE company_id = $1 ORDER BY id", company.id)
    # The newest name stands, of two of one day the greater one.
    for number, name, _ in sorted(renamed, key=lambda one: (one[2], one[1])):
        made.names[phones.normalise(number) or number] = name
    return made, sorted(told(chain[-1]) for chain in calls)


async def agreed(
    made: Office, kind: Kind, wanted: HistoryFilter, granularity: Granularity, group: Group, **options: Any
) -> Workbook:
    """The file of calls or messages, with which list, statistics and their file agree bucket by bucket.

    By type and with seconds: of the company, each line, each subscriber and each department.
    """
    facts, listing = of(kind), calls.listing if kind is Kind.CALLS else messages.listing
    clerk = Clerk(made.company)
    book = await clerk.made(kind, wanted=wanted, **options)
    counted = Kind.CALL_STATISTICS if kind is Kind.CALLS else Kind.MESSAGE_STATISTICS
    sums = await clerk.made(counted, wanted=wanted, granularity=granularity, group=group)
    async with tenant(made.company.id, read_only=True):
        listed = await walk(listing(made.company.id, wanted.checked()), 100)
        pages = {
            each: await statistics(made.company.id, facts, wanted.checked(), granularity, each).page(Slice(first=20))
            for each in Group
        }

    assert [row["기록 번호"] for row in book.rows] == [row.id for row in listed]
    for each, page in pages.items():
        answer: Sums = Counter()
        for row in page.rows:
            name = subject(each, row.subject.name if row.subject else None)
            for bucket, measures in row.buckets:
                for measure, value in measures.items():
                    label = TYPES[measure.removesuffix("_seconds").upper()]
                    answer[name, bucket.key, label + (SECONDS if measure.endswith("_seconds") else "")] += value
        assert +answer == +by_rows(book, each, granularity)
    assert by_sheets(sheets_of(sums), group, granularity) == +by_rows(book, group, granularity)
    return book
