"""Statistics, lists and files say the same, whatever is asked for, and each bucket of a file what SQL says (ST-03)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import calls, messages, phones
from bizcall.database import query, tenant
from bizcall.exports.asking import GRANULARITIES, GROUPS, TYPES
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import NOBODY
from bizcall.models.exports import Kind, State
from bizcall.models.feeds import FeedKind
from bizcall.paging import Slice
from bizcall.stats import CALLS, MESSAGES, Granularity, Group, statistics
from bizcall.stats.rollups import Facts
from tests.chains import CHAINS, Step, versions
from tests.exports import Clerk, Workbook, by_calamine, by_libreoffice
from tests.factories import make_tenant
from tests.feeding import DAY, Feeder, began
from tests.histories import CUSTOMERS, Office, day, hold, matches, walk

Sums = Counter[tuple[str, str, str]]
"""By whose they are, bucket and header."""

BUCKETS = {Granularity.MONTH: "%Y-%m", Granularity.DAY: "%Y-%m-%d", Granularity.HOUR: "%Y-%m-%dT%H"}
SHOWN = {Granularity.MONTH: "yyyy-mm", Granularity.DAY: "yyyy-mm-dd", Granularity.HOUR: 'yyyy-mm-dd hh":00"'}
BEGINNINGS = {
    Granularity.MONTH: "%Y-%m-01T00:00:00",
    Granularity.DAY: "%Y-%m-%dT00:00:00",
    Granularity.HOUR: "%Y-%m-%dT%H:00:00",
}
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
SUBJECTS = {
    Group.LINE: ("가입 전화번호", "(알 수 없음)"),
    Group.SUBSCRIBER: ("사용자", "(사용자 없음)"),
    Group.DEPARTMENT: ("부서", "(부서 없음)"),
}
"""What a file of calls or messages calls them, and what a file of statistics calls those without."""

NAMES = {
    Group.COMPANY: "'전체'",
    Group.LINE: "(SELECT number FROM line WHERE company_id = $1 AND id = line_id)",
    Group.SUBSCRIBER: "(SELECT name FROM subscriber WHERE company_id = $1 AND id = subscriber_id)",
    Group.DEPARTMENT: "(SELECT name FROM department WHERE company_id = $1 AND id = department_id)",
}
FORMATS = {Granularity.MONTH: "YYYY-MM", Granularity.DAY: "YYYY-MM-DD", Granularity.HOUR: 'YYYY-MM-DD"T"HH24'}
SECONDS = " 시간(초)"


def of(kind: Kind) -> Facts:
    """What the file is about."""
    return CALLS if kind in (Kind.CALLS, Kind.CALL_STATISTICS) else MESSAGES


def subject(group: Group, name: str | None) -> str:
    """As a file of statistics calls it."""
    if group is Group.COMPANY:
        return "전체"
    if group is Group.LINE and name:
        return phones.formatted(name)
    return name or SUBJECTS[group][1]


async def by_sql(company: Any, kind: Kind, granularity: Granularity, group: Group) -> Sums:
    """All facts, counted by the database from nothing but themselves."""
    facts = of(kind)
    seconds = "seconds" if facts.with_seconds else "0"
    async with tenant(company.id, read_only=True):
        rows = await query(
            f"SELECT {NAMES[group]} AS name, {facts.type} AS type, count(*) AS n, sum({seconds}) AS seconds,"
            f" to_char({facts.moment} AT TIME ZONE 'Asia/Seoul', '{FORMATS[granularity]}') AS bucket"
            f" FROM {facts.table} WHERE company_id = $1 GROUP BY name, type, bucket",
            company.id,
        )
    sums: Sums = Counter()
    for row in rows:
        key = subject(group, row["name"]), row["bucket"]
        sums[*key, TYPES[row["type"]]] += row["n"]
        if facts.with_seconds:
            sums[*key, TYPES[row["type"]] + SECONDS] += row["seconds"]
    return sums


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


def by_sheets(sheets: Sequence[list[dict[str, Any]]], group: Group, granularity: Granularity) -> Sums:
    """The last sheet of statistics, which says what the first one does, and whose sums are right, row by row."""
    sums = numbers(sheets[-1], group, granularity)
    together: Sums = Counter()
    for (_, bucket, header), value in sums.items():
        together[subject(Group.COMPANY, None), bucket, header] += value
    assert together == numbers(sheets[0], Group.COMPANY, granularity)
    return +sums


def numbers(rows: Sequence[dict[str, Any]], group: Group, granularity: Granularity) -> Sums:
    """Those of a sheet, without its sums, which are looked at."""
    sums: Sums = Counter()
    for row in rows:
        told = dict(row)
        whose = subject(group, None) if group is Group.COMPANY else told.pop("대상")
        told.pop("대상 번호", None)
        bucket = told.pop(next(iter(told))).strftime(BUCKETS[granularity])
        count, seconds = told.pop("합계"), told.pop("통화 시간 합계(초)", 0)
        assert count == sum(value for header, value in told.items() if not header.endswith(SECONDS))
        assert seconds == sum(value for header, value in told.items() if header.endswith(SECONDS))
        for header, value in told.items():
            assert (whose, bucket, header) not in sums
            sums[whose, bucket, header] = int(value)
    return sums


def sheets_of(book: Workbook) -> list[list[dict[str, Any]]]:
    """The rows of each sheet of data."""
    found = []
    for sheet in book.book.worksheets[:-1]:
        header, *rows = sheet.iter_rows(values_only=True)
        # Beside and below the chart there are no rows.
        found.append([dict(zip(header, row, strict=True)) for row in rows])
    return found


STATISTICS = [
    (Kind.CALL_STATISTICS, Granularity.DAY, Group.LINE),
    (Kind.CALL_STATISTICS, Granularity.DAY, Group.COMPANY),
    (Kind.CALL_STATISTICS, Granularity.MONTH, Group.SUBSCRIBER),
    (Kind.CALL_STATISTICS, Granularity.MONTH, Group.DEPARTMENT),
    (Kind.CALL_STATISTICS, Granularity.HOUR, Group.COMPANY),
    (Kind.MESSAGE_STATISTICS, Granularity.DAY, Group.DEPARTMENT),
    (Kind.MESSAGE_STATISTICS, Granularity.MONTH, Group.SUBSCRIBER),
    (Kind.MESSAGE_STATISTICS, Granularity.HOUR, Group.COMPANY),
]


@pytest.mark.parametrize(("kind", "granularity", "group"), STATISTICS)
async def test_ST_01_X3_each_bucket_of_a_file_is_what_sql_says_by_type_and_seconds(
    made: Office, clerk: Clerk, kind: Kind, granularity: Granularity, group: Group
) -> None:
    """As openpyxl and calamine read it."""
    export = await clerk.ask(kind, granularity=granularity, group=group)
    assert await clerk.work(export) is State.COMPLETED
    book = await clerk.workbook(export.id)
    right = await by_sql(made.company, kind, granularity, group)

    assert by_sheets(sheets_of(book), group, granularity) == +right
    assert by_sheets([by_calamine(book, place) for place in range(len(sheets_of(book)))], group, granularity) == +right
    for sheet in book.book.worksheets[:-1]:
        assert_sorted_and_filtered_as_dates(sheet, granularity)
    assert_labelled(book.parts()["xl/charts/chart1.xml"], granularity)
    assert (book.told["집계 단위"], book.told["조회 범위"]) == (GRANULARITIES[granularity], GROUPS[group])
    assert len(sheets_of(book)) == (1 if group is Group.COMPANY else 2)
    assert (await clerk.row(export.id)).rows_done == export.rows_total == len(sheets_of(book)[-1])


def assert_sorted_and_filtered_as_dates(sheet: Any, granularity: Granularity) -> None:
    """The header stays in sight and filters all rows; each bucket is the first moment of it, and fits its column."""
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    [place] = [cell.column for cell in sheet[1] if cell.value in ("월", "날짜", "시간")]
    buckets = [row[place - 1] for row in sheet.iter_rows(min_row=2)]
    assert {(cell.data_type, cell.number_format) for cell in buckets} == {("d", SHOWN[granularity])}
    width = sheet.column_dimensions[buckets[0].column_letter].width
    for cell in buckets:
        assert cell.value.isoformat() == cell.value.strftime(BEGINNINGS[granularity])
    assert width > len(SHOWN[granularity])


def assert_labelled(body: bytes, granularity: Granularity) -> None:
    """The bars stand over categories, one a bucket also of hours, which an axis of dates would put into one day."""
    chart = fromstring(body)  # noqa: S314 - our own
    [axis] = chart.iter(f"{CHART}catAx")
    assert not list(chart.iter(f"{CHART}dateAx"))
    told = {name: axis.find(f"{CHART}{name}") for name in ("delete", "auto", "numFmt")}
    assert {name: dict(found.attrib) for name, found in told.items() if found is not None} == {
        "delete": {"val": "0"},
        "auto": {"val": "0"},
        "numFmt": {"formatCode": SHOWN[granularity], "sourceLinked": "0"},
    }


@pytest.mark.parametrize(("kind", "granularity", "group"), [STATISTICS[0], STATISTICS[7]])
async def test_ST_01_X3_LibreOffice_takes_the_chart_for_its_own_and_shows_what_sql_says(
    made: Office, clerk: Clerk, tmp_path: Path, kind: Kind, granularity: Granularity, group: Group
) -> None:
    book = await clerk.made(kind, granularity=granularity, group=group)

    again = Workbook(by_libreoffice(tmp_path, book.body, "xlsx:Calc MS Excel 2007 XML").read_bytes())

    for before, after in zip(book.book.worksheets, again.book.worksheets, strict=True):
        assert list(after.iter_rows(values_only=True)) == list(before.iter_rows(values_only=True))
    for sheet in again.book.worksheets[:-1]:
        assert sheet.auto_filter.ref == sheet.dimensions
    assert by_sheets(sheets_of(again), group, granularity) == +await by_sql(made.company, kind, granularity, group)
    chart = fromstring(again.parts()["xl/charts/chart1.xml"])  # noqa: S314 - our own
    points = [int(count.get("val", "")) for count in chart.iter(f"{CHART}ptCount")]
    buckets = len(sheets_of(again)[0])
    # Each type is a row of bars with a value a bucket, over the buckets, and has a name.
    assert points.count(buckets) >= 2 * len(of(kind).types)


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
