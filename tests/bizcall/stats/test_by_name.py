"""Statistics of subscribers: rows in the order of their names, in pages whose cursors name nobody (ST-01, P1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bizcall import stats
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.history.filters import HistoryFilter
from bizcall.models.calls import NOBODY
from bizcall.paging import Slice
from bizcall.stats import CALLS, Granularity, Group, Statistics
from tests.factories import Tenant
from tests.feeding import DAY
from tests.histories import office, walk
from tests.opaque import placed
from tests.statements import counted as sent

WHILE = HistoryFilter(DAY.date(), (DAY + timedelta(days=34)).date())
"""The five weeks of an office."""


def by_name(company: Tenant, wanted: HistoryFilter = WHILE, group: Group = Group.SUBSCRIBER) -> Statistics:
    """Statistics of subscribers."""
    return stats.statistics(company.id, CALLS, wanted, Granularity.MONTH, group)


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
async def test_ST_01_rows_of_subscribers_come_in_the_order_of_their_names_nobody_first(
    company: Tenant, backward: bool
) -> None:
    made = await office(company)
    async with tenant(company.id):
        # Two of one name stand in the order of their keys.
        await query(
            "UPDATE subscriber SET name = '새 사람 0' WHERE company_id = $1 AND id = $2",
            company.id,
            made.subscribers[5],
        )
        named = await query("SELECT name, id FROM subscriber WHERE company_id = $1", company.id)
    expected = [("", NOBODY), *sorted((row["name"], row["id"]) for row in named)]
    for size in (1, 2, len(expected)):
        async with tenant(company.id, read_only=True):
            rows = await walk(by_name(company), size, backward=backward)
        assert [(row.subject.name, row.subject.id) for row in rows] == expected


async def test_ST_01_P1_a_cursor_says_nothing_of_the_subscriber_and_costs_no_statement(company: Tenant) -> None:
    await office(company)
    async with tenant(company.id, read_only=True):
        with sent() as start:
            page = await by_name(company).page(Slice(first=4))
        with sent() as behind:
            await by_name(company).page(Slice(first=2, after=page.cursors[3]))
    told = [str(placed(cursor)) for cursor in page.cursors]
    assert all(row.subject.id.hex in text for row, text in zip(page.rows, told, strict=True) if row.subject)
    assert not [text for text in told if "사람" in text]
    assert len(behind) == len(start)


async def test_ST_01_behind_the_last_row_there_is_an_empty_page(company: Tenant) -> None:
    await office(company)
    async with tenant(company.id, read_only=True):
        page = await by_name(company).page(Slice(last=1))
        beyond = await by_name(company).page(Slice(first=5, after=page.end_cursor))
    assert (list(beyond.rows), beyond.has_next, beyond.has_previous) == ([], False, True)


@pytest.mark.parametrize(
    "change", ["name = '하하', updated_at = now()", "name = '', ended_at = now(), forgotten_at = now()"]
)
async def test_ST_01_who_is_called_otherwise_since_is_no_place_to_go_on_from(company: Tenant, change: str) -> None:
    await office(company)
    async with tenant(company.id):
        page = await by_name(company).page(Slice(first=3))
        gone = page.rows[2].subject
        assert gone is not None
        await query(f"UPDATE subscriber SET {change} WHERE company_id = $1 AND id = $2", company.id, gone.id)
        with pytest.raises(Invalid) as error:
            await by_name(company).page(Slice(first=3, after=page.cursors[2]))
        rest = await by_name(company).page(Slice(first=9, after=page.cursors[1]))
    assert [(problem.code, problem.field) for problem in error.value.problems] == [(ErrorCode.BAD_CURSOR, ("after",))]
    assert page.rows[2].subject not in [row.subject for row in rest.rows]
    assert len(rest.rows) >= 4


async def test_ST_01_another_companys_place_and_one_of_another_filter_are_refused_alike(
    company: Tenant, stranger: Tenant
) -> None:
    mine, theirs = await office(company), await office(stranger)
    async with tenant(stranger.id, read_only=True):
        foreign = (await by_name(stranger).page(Slice(last=1))).end_cursor
    async with tenant(company.id, read_only=True):
        own = (await by_name(company).page(Slice(last=1))).end_cursor
        for cursor, wanted in ((foreign, WHILE), (own, replace(WHILE, subscriber_ids=(mine.subscribers[0],)))):
            with pytest.raises(Invalid) as error:
                await by_name(company, wanted).page(Slice(first=1, after=cursor))
            assert [problem.code for problem in error.value.problems] == [ErrorCode.BAD_CURSOR]
    assert theirs.subscribers
