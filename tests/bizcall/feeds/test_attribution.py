"""A record counts for who held the line, and in which department, when it started (ST-03)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import feeds
from bizcall.database import query, tenant
from bizcall.errors import Invalid
from bizcall.ids import uuid7
from bizcall.models import AuditRecord, Line, Membership, Subscriber
from bizcall.models.calls import NOBODY
from bizcall.stats import Span
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call, settled, stored

HOUR = timedelta(hours=1)


async def hold(
    company: Tenant, line: int, begin: datetime, end: datetime | None, departments: list[tuple[datetime, UUID | None]]
) -> UUID:
    """Somebody holds a line, in one department after the other."""
    key = uuid7()
    async with tenant(company.id):
        await Subscriber.create(
            id=key,
            company_id=company.id,
            line_id=company.line_ids[line],
            department_id=departments[-1][1],
            name="김하늘",
            started_at=begin,
            ended_at=end,
            updated_at=begin,
        )
        ends = [*(moment for moment, _ in departments[1:]), end]
        for (moment, department), until in zip(departments, ends, strict=True):
            await Membership.create(
                company_id=company.id,
                subscriber_id=key,
                department_id=department,
                started_at=moment,
                ended_at=until,
            )
    return key


def holders(rows: list[dict[str, Any]]) -> list[tuple[UUID, UUID]]:
    """Subscriber and department of each call."""
    return [(row["subscriber_id"], row["department_id"]) for row in rows]


async def test_ST_03_a_call_counts_for_whoever_held_the_line_when_it_started(company: Tenant) -> None:
    await began(company.id)
    sales, makers = company.departments.values()
    first = await hold(company, 0, DAY, DAY + 5 * HOUR, [(DAY, sales), (DAY + 3 * HOUR, makers)])
    second = await hold(company, 0, DAY + 6 * HOUR, None, [(DAY + 6 * HOUR, None)])
    moments = [
        (DAY - timedelta(seconds=1), (NOBODY, NOBODY)),
        (DAY, (first, sales)),
        (DAY + 3 * HOUR - timedelta(seconds=1), (first, sales)),
        (DAY + 3 * HOUR, (first, makers)),
        (DAY + 5 * HOUR, (NOBODY, NOBODY)),
        (DAY + 6 * HOUR, (second, NOBODY)),
    ]
    await Feeder(company.id).load([call(company.numbers[0], f"c{n}", at) for n, (at, _) in enumerate(moments)])

    assert holders(await stored(company.id)) == [expected for _, expected in moments]
    assert await settled(company.id)


async def test_ST_03_late_changes_rewrite_nothing_until_an_operator_says_so(company: Tenant) -> None:
    await began(company.id)
    sales = company.departments["영업팀"]
    feeder = Feeder(company.id)
    record = [call(company.numbers[0], "a", DAY + HOUR), call(company.numbers[1], "b", DAY + HOUR)]
    await feeder.load(record)
    late = await hold(company, 0, DAY, None, [(DAY, sales)])
    await feeder.load(record, "again.jsonl")
    assert holders(await stored(company.id)) == [(NOBODY, NOBODY), (NOBODY, NOBODY)]

    day = DAY.date()
    records, changes = await feeds.reattribute(company.id, Span(day - timedelta(days=2), day))
    again, _ = await feeds.reattribute(company.id, Span(day, day))

    assert holders(await stored(company.id)) == [(late, sales), (NOBODY, NOBODY)]
    assert (records, again) == (1, 0)
    [change] = changes
    line = company.line_ids[0]
    assert (change.table, change.records) == ("call", 1)
    assert (change.before, change.after) == (
        feeds.Holding(line, NOBODY, NOBODY),
        feeds.Holding(line, late, sales),
    )
    assert await settled(company.id)
    async with tenant(company.id):
        [told] = await AuditRecord.filter(company_id=company.id, action="feeds.reattribute")
    assert told.details == {"table": "call", "day": day.isoformat(), "records": 1}


async def test_ST_03_a_number_given_on_counts_for_the_company_that_had_it_then(company: Tenant) -> None:
    heir = await make_tenant(lines=1)
    number = company.numbers[0]
    await began(company.id)
    async with tenant(company.id):
        await query(
            "UPDATE line SET retired_at = $3 WHERE company_id = $1 AND id = $2", company.id, company.line_ids[0], DAY
        )
    async with tenant(heir.id):
        key = uuid7()
        await Line.create(id=key, company_id=heir.id, number=number, created_at=DAY + HOUR)
    records = [call(number, "before", DAY - HOUR), call(number, "between", DAY), call(number, "after", DAY + HOUR)]

    for owner, expected in ((company.id, ["before"]), (heir.id, ["after"])):
        file = await Feeder(owner).load(records)
        assert file.rejected == 2
        assert [row["id"] for row in await stored(owner)] == expected


async def test_ST_03_a_span_beyond_the_facts_is_refused(company: Tenant) -> None:
    day = DAY.date()
    for first in (day - timedelta(days=500), day - timedelta(days=401)):
        with pytest.raises(Invalid):
            await feeds.reattribute(company.id, Span(first, day))
    with pytest.raises(ValueError, match="ends before"):
        Span(day, day - timedelta(days=1))
