"""What files of statistics say: how often, and for how long, by subject, bucket and header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bizcall import phones
from bizcall.models.exports import Kind
from bizcall.stats import CALLS, MESSAGES, Granularity, Group
from bizcall.stats.rollups import Facts
from tests.exports import Workbook

Sums = Counter[tuple[str, str, str]]
"""By whose they are, bucket and header."""

BUCKETS = {Granularity.MONTH: "%Y-%m", Granularity.DAY: "%Y-%m-%d", Granularity.HOUR: "%Y-%m-%dT%H"}
SUBJECTS = {
    Group.LINE: ("가입 전화번호", "(알 수 없음)"),
    Group.SUBSCRIBER: ("사용자", "(사용자 없음)"),
    Group.DEPARTMENT: ("부서", "(부서 없음)"),
}
"""What a file of calls or messages calls them, and what a file of statistics calls those without."""

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
