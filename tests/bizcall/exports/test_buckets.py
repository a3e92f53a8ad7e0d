"""Each bucket of a file of statistics is what SQL says of the facts themselves, whoever reads it (ST-01)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from bizcall.database import query, tenant
from bizcall.exports.asking import GRANULARITIES, GROUPS, TYPES
from bizcall.models.exports import Kind, State
from bizcall.stats import Granularity, Group
from tests.bizcall.exports.sums import SECONDS, Sums, by_sheets, of, sheets_of, subject
from tests.exports import Clerk, Workbook, by_calamine, by_libreoffice
from tests.histories import Office

SHOWN = {Granularity.MONTH: "yyyy-mm", Granularity.DAY: "yyyy-mm-dd", Granularity.HOUR: 'yyyy-mm-dd hh":00"'}
BEGINNINGS = {
    Granularity.MONTH: "%Y-%m-01T00:00:00",
    Granularity.DAY: "%Y-%m-%dT00:00:00",
    Granularity.HOUR: "%Y-%m-%dT%H:00:00",
}
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"

NAMES = {
    Group.COMPANY: "'전체'",
    Group.LINE: "(SELECT number FROM line WHERE company_id = $1 AND id = line_id)",
    Group.SUBSCRIBER: "(SELECT name FROM subscriber WHERE company_id = $1 AND id = subscriber_id)",
    Group.DEPARTMENT: "(SELECT name FROM department WHERE company_id = $1 AND id = department_id)",
}
FORMATS = {Granularity.MONTH: "YYYY-MM", Granularity.DAY: "YYYY-MM-DD", Granularity.HOUR: 'YYYY-MM-DD"T"HH24'}


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
