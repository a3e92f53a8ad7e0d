"""The workbook of statistics (ST-01): every row of the answer bucket by bucket, and the sums with their chart."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from bizcall import phones
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.exports import counting
from bizcall.exports.asking import GROUPS, NAMES, TYPES, Asked
from bizcall.models.calls import NOBODY
from bizcall.months import KOREA
from bizcall.paging import PAGE_MOST, Precision, Slice
from bizcall.stats import Granularity, Group, Measures, Row, Statistics, sources, statistics
from bizcall.stats.answers import BUCKETS_MOST
from bizcall.stats.buckets import Bucket, series

NOBODY_SHOWN = {Group.LINE: "(알 수 없음)", Group.SUBSCRIBER: "(사용자 없음)", Group.DEPARTMENT: "(부서 없음)"}
FORGOTTEN = "(이름 삭제됨)"
"""Whoever left so long ago that his name was disposed of (P7); what he phoned goes on counting as his."""

SHOWN = {Granularity.MONTH: "yyyy-mm", Granularity.DAY: "yyyy-mm-dd", Granularity.HOUR: 'yyyy-mm-dd hh":00"'}
"""Excel's formats of buckets, whose cells hold their first moment."""


def answer(company_id: UUID, asked: Asked) -> Statistics:
    """What the API would answer; ValueError for what is no export of statistics."""
    if asked.granularity is None or asked.group is None:
        raise ValueError("statistics have a granularity and a group")
    return statistics(company_id, asked.facts, asked.wanted, asked.granularity, asked.group, hurried=False)


async def total(company_id: UUID, asked: Asked) -> int:
    """How many buckets there will be, in an open transaction.

    Raises Invalid (TOO_MANY at `filter`): too many of them, or too many facts to count them from, or to look for these
    among, where no rollup tells them. The worker counts page by page, so what is let through here is within its bounds
    too, as long as no facts beyond the most have come meanwhile: of those it counts not one more.
    """
    found = answer(company_id, asked)
    subjects = await found.count()
    buckets = subjects.value * len(series(found.wanted, found.granularity))
    # Subjects are counted no further than there may be buckets.
    if buckets > BUCKETS_MOST or subjects.precision is Precision.AT_LEAST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": str(BUCKETS_MOST)}))
    if sources.rollup_for(found.facts, found.wanted, found.granularity, found.group) is None:
        facts = await counting.rows(company_id, found.facts, found.wanted, most=sources.RAW_MOST)
        if facts > sources.RAW_MOST:
            raise sources.too_many()
    return buckets


async def pages(company_id: UUID, asked: Asked) -> AsyncGenerator[Sequence[Row]]:
    """All rows of the answer, in the caller's transaction; raises Invalid (TOO_MANY) for what has grown too large."""
    found = answer(company_id, asked)
    size = min(PAGE_MOST, BUCKETS_MOST // max(1, len(series(found.wanted, found.granularity))))
    part = Slice(first=max(1, size))
    while True:
        page = await found.page(part)
        yield page.rows
        if not page.has_next:
            return
        part = Slice(first=part.first, after=page.cursors[-1])


def workbook(asked: Asked, found: Sequence[Row], told: Sequence[tuple[str, str]], *, told_name: str) -> bytes:
    """The file."""
    # Late, for openpyxl: the API asks for exports, and most workers make none of these.
    from bizcall.sheets.charted import Charted, charted_workbook

    group = asked.group or Group.COMPANY
    measures = list(asked.facts.measures)
    headers = [*(_header(name) for name in measures if not name.endswith("_seconds")), "합계"]
    last = len(headers)
    if asked.facts.with_seconds:
        headers += [*(_header(name) for name in measures if name.endswith("_seconds")), "통화 시간 합계(초)"]
    granularity = asked.granularity or Granularity.DAY
    label = {Granularity.MONTH: "월", Granularity.DAY: "날짜", Granularity.HOUR: "시간"}[granularity]
    summed: dict[datetime, dict[str, int]] = {}
    detail: list[list[str | int | datetime]] = []
    for row in found:
        for each in row.buckets:
            moment = _moment(each.bucket, granularity)
            detail.append([_shown(group, row), moment, *_values(each.measures, measures), _key(row)])
            sums = summed.setdefault(moment, dict.fromkeys(measures, 0))
            for name in measures:
                sums[name] += each.measures[name]
    totals: list[list[str | int | datetime]] = [[moment, *_values(sums, measures)] for moment, sums in summed.items()]
    # The types without their sum.
    sheets = [Charted(NAMES[asked.kind], [label, *headers], totals, SHOWN[granularity], (2, last))]
    if group is not Group.COMPANY:
        # The key tells apart whom no name does: namesakes, the forgotten, a number that was had twice.
        headers = ["대상", label, *headers, "대상 번호"]
        sheets.append(Charted(GROUPS[group], headers, detail, SHOWN[granularity]))
    return charted_workbook(sheets, told, told_name=told_name)


def _moment(bucket: Bucket, granularity: Granularity) -> datetime:
    """The beginning by Korea's clocks, as Excel's dates are; of a month its first day, also of a cut one."""
    local = bucket.begins_at.astimezone(KOREA).replace(tzinfo=None)
    return local.replace(day=1) if granularity is Granularity.MONTH else local


def _header(measure: str) -> str:
    kind = TYPES[measure.removesuffix("_seconds").upper()]
    return f"{kind} 시간(초)" if measure.endswith("_seconds") else kind


def _values(measures: Measures, names: Iterable[str]) -> list[int]:
    counts = [measures[name] for name in names if not name.endswith("_seconds")]
    seconds = [measures[name] for name in names if name.endswith("_seconds")]
    return [*counts, sum(counts), *([*seconds, sum(seconds)] if seconds else [])]


def _shown(group: Group, row: Row) -> str:
    if row.subject is None:
        return GROUPS[Group.COMPANY]
    if row.subject.id == NOBODY:
        return NOBODY_SHOWN[group]
    return phones.formatted(row.subject.name) if group is Group.LINE else row.subject.name or FORGOTTEN


def _key(row: Row) -> str:
    return "" if row.subject is None or row.subject.id == NOBODY else str(row.subject.id)
