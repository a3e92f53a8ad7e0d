"""The list of lines (IN-01): its cursors tell of nobody, and where one whose row has changed can't lead on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizcall import departments
from bizcall.audit import system
from bizcall.database import query, tenant
from bizcall.departments import Rename
from bizcall.errors import ErrorCode, Invalid
from bizcall.models import LineRow
from bizcall.paging import Listing, Slice, encode
from bizcall.subscribers import editing
from bizcall.subscribers.editing import Draft
from bizcall.subscribers.listing import LineFilter, OrderField, listing
from tests.factories import Tenant
from tests.histories import walk
from tests.opaque import placed
from tests.statements import counted

NAMES = ("라마", "가나", "다라", "가나", "나다")
PEOPLES = (OrderField.NAME, OrderField.DEPARTMENT)
"""Orders in which people's names stand."""

HELD = LineFilter(held=True)


@pytest.fixture
async def held(company: Tenant) -> Tenant:
    """A company with five people on its first lines, by turns in both departments."""
    places = list(company.departments.values())
    await editing.save(
        company.id,
        system(),
        [
            Draft(line, {"name": name, "department_id": places[place % 2]})
            for place, (line, name) in enumerate(zip(company.line_ids, NAMES, strict=False))
        ],
    )
    return company


def people(
    company: Tenant, order: OrderField, wanted: LineFilter = HELD, *, descending: bool = False
) -> Listing[LineRow]:
    """Those who hold lines, or whom the filter means."""
    return listing(company.id, wanted, order=order, descending=descending)


async def renamed(company: Tenant, row: LineRow, name: str) -> None:
    """Let somebody be called otherwise."""
    draft = Draft(row.id, {"name": name}, row.subscriber_id, row.revision)
    saved = await editing.save(company.id, system(), [draft])
    assert saved.problems == []


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("order", PEOPLES)
async def test_IN_01_lines_are_walked_by_peoples_names(
    held: Tenant, order: OrderField, backward: bool, descending: bool
) -> None:
    found = people(held, order, LineFilter(), descending=descending)
    async with tenant(held.id, read_only=True):
        met = [
            (row.department_name if order is OrderField.DEPARTMENT else "", row.name, row.number)
            for row in await walk(found, 2, backward=backward)
        ]
    assert len(met) == len(held.numbers)
    assert met == sorted(met, reverse=descending)


@pytest.mark.parametrize("order", OrderField)
async def test_IN_01_P1_a_cursor_says_nothing_of_people(held: Tenant, order: OrderField) -> None:
    async with tenant(held.id, read_only=True):
        page = await people(held, order).page(Slice(first=100))
    told = [str(placed(cursor)) for cursor in page.cursors]
    assert all(row.id.hex in text for row, text in zip(page.rows, told, strict=True))
    assert not [name for name in NAMES for text in told if name in text]


@pytest.mark.parametrize("order", PEOPLES)
async def test_IN_01_a_page_behind_a_cursor_costs_one_statement_more(held: Tenant, order: OrderField) -> None:
    found, costs = people(held, order), []
    async with tenant(held.id, read_only=True):
        start = await found.page(Slice(first=2))
        for part in (Slice(first=2), Slice(first=2, after=start.end_cursor), Slice(last=1, before=start.end_cursor)):
            with counted() as sent:
                await found.page(part)
            costs.append(len(sent))
    assert costs == [1, 2, 2]


@pytest.mark.parametrize("order", PEOPLES)
async def test_IN_01_who_is_called_otherwise_since_is_no_place_to_go_on_from(held: Tenant, order: OrderField) -> None:
    found = people(held, order)
    async with tenant(held.id, read_only=True):
        page = await found.page(Slice(first=2))
    await renamed(held, page.rows[1], "하하")
    async with tenant(held.id, read_only=True):
        with pytest.raises(Invalid) as error:
            await found.page(Slice(first=2, after=page.cursors[1]))
        rest = await found.page(Slice(first=5, after=page.cursors[0]))
    assert [(problem.code, problem.field) for problem in error.value.problems] == [(ErrorCode.BAD_CURSOR, ("after",))]
    assert len(rest.rows) == 4


async def test_IN_01_nor_is_who_is_in_a_department_of_another_name_where_that_is_the_order(held: Tenant) -> None:
    async with tenant(held.id, read_only=True):
        pages = {order: await people(held, order).page(Slice(first=1)) for order in PEOPLES}
    moved = [Rename(key, f"옛 {name}") for name, key in held.departments.items()]
    await departments.save(held.id, system(), rename=moved)
    async with tenant(held.id, read_only=True):
        by_name = await people(held, OrderField.NAME).page(Slice(first=5, after=pages[OrderField.NAME].end_cursor))
        with pytest.raises(Invalid):
            await people(held, OrderField.DEPARTMENT).page(
                Slice(first=5, after=pages[OrderField.DEPARTMENT].end_cursor)
            )
    assert len(by_name.rows) == 4


@pytest.mark.parametrize("order", PEOPLES)
async def test_IN_01_who_walks_through_those_not_invited_yet_and_invites_them_meets_all(
    held: Tenant, order: OrderField
) -> None:
    found, met, cursor = people(held, order, LineFilter(invited=False)), [], None
    for _ in range(3):
        async with tenant(held.id, read_only=True):
            page = await found.page(Slice(first=2, after=cursor))
        met += [row.name for row in page.rows]
        async with tenant(held.id):
            await query(
                "UPDATE subscriber SET invited_at = now() WHERE company_id = $1 AND id = ANY($2::uuid[])",
                held.id,
                [row.subscriber_id for row in page.rows],
            )
        cursor = page.end_cursor
    assert sorted(met) == sorted(NAMES)


async def test_IN_01_nobodys_place_and_another_companys_are_refused_alike(held: Tenant, stranger: Tenant) -> None:
    async with tenant(stranger.id, read_only=True):
        theirs = (await people(stranger, OrderField.NAME, LineFilter()).page(Slice(first=1))).cursors[0]
    found = people(held, OrderField.NAME)
    async with tenant(held.id, read_only=True):
        [row] = await LineRow.filter(company_id=held.id, number=held.numbers[0])
        earlier = encode(found.order, (row.updated_at - timedelta(microseconds=1), row.id))
        for cursor in (theirs, earlier):
            for part, name in ((Slice(first=1, after=cursor), "after"), (Slice(last=1, before=cursor), "before")):
                with pytest.raises(Invalid) as error:
                    await found.page(part)
                assert [(each.code, each.field) for each in error.value.problems] == [(ErrorCode.BAD_CURSOR, (name,))]
