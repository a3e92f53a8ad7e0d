"""The list of customers (CU-01): its cursors name customers by keys alone, which is all that anybody reads in them."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from bizcall import customers
from bizcall.customers import CustomerFilter
from bizcall.database import tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.models import Customer
from bizcall.models.feeds import FeedKind
from bizcall.paging import Order, Slice, encode
from tests.factories import Tenant
from tests.feeding import DAY, Feeder
from tests.histories import walk
from tests.statements import counted

NAMES = ["가나", "가나", "나다", "다라", "라마"]
EVERYBODY = CustomerFilter()


async def known(company: Tenant, *, name: str = "", place: int = 0, days: int = 0) -> None:
    """Let an address book tell of all, or of one, whose record is as many days newer."""
    told = [name] if name else NAMES
    records = [
        {
            "number": f"010-8375-619{place + each}",
            "name": text,
            "updated_at": (DAY + timedelta(days=days)).isoformat(),
        }
        for each, text in enumerate(told)
    ]
    await Feeder(company.id, FeedKind.CUSTOMERS).load(records, f"{place}-{days}.jsonl.gz")


def refused(error: pytest.ExceptionInfo[Invalid]) -> list[tuple[ErrorCode, tuple[str, ...]]]:
    """What is told of it."""
    return [(problem.code, problem.field) for problem in error.value.problems]


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
async def test_CU_01_customers_are_walked_by_name_and_number(company: Tenant, descending: bool, backward: bool) -> None:
    await known(company)
    listing = customers.listing(company.id, EVERYBODY, descending=descending)
    async with tenant(company.id, read_only=True):
        found = [(row.name, row.number) for row in await walk(listing, 2, backward=backward)]
    expected = [(name, f"0108375619{place}") for place, name in enumerate(NAMES)]
    assert found == (expected[::-1] if descending else expected)


async def test_CU_01_a_cursor_says_nothing_of_the_customer(company: Tenant) -> None:
    await known(company)
    async with tenant(company.id, read_only=True):
        page = await customers.listing(company.id, EVERYBODY).page(Slice(first=5))
    for row, cursor in zip(page.rows, page.cursors, strict=True):
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        assert row.id.hex in told
        assert not [text for text in (row.name, row.number[3:7], *row.name) if text in told]


async def test_CU_01_a_page_behind_a_cursor_costs_one_statement_more(company: Tenant) -> None:
    await known(company)
    listing, costs = customers.listing(company.id, EVERYBODY), []
    async with tenant(company.id, read_only=True):
        start = await listing.page(Slice(first=2))
        for part in (Slice(first=2), Slice(first=2, after=start.end_cursor), Slice(last=1, before=start.end_cursor)):
            with counted() as sent:
                await listing.page(part)
            costs.append(len(sent))
    assert costs == [1, 2, 2]


async def test_CU_01_who_has_changed_since_is_no_place_to_go_on_from(company: Tenant) -> None:
    await known(company)
    listing = customers.listing(company.id, EVERYBODY)
    async with tenant(company.id, read_only=True):
        page = await listing.page(Slice(first=2))
    await known(company, name="하하", place=1, days=1)
    async with tenant(company.id, read_only=True):
        with pytest.raises(Invalid) as error:
            await listing.page(Slice(first=2, after=page.cursors[1]))
        rest = await listing.page(Slice(first=5, after=page.cursors[0]))
    assert refused(error) == [(ErrorCode.BAD_CURSOR, ("after",))]
    assert [row.name for row in rest.rows] == ["나다", "다라", "라마", "하하"]


async def test_CU_01_nobodys_place_and_another_companys_are_refused_alike(company: Tenant, stranger: Tenant) -> None:
    """A cursor made up of a name and the beginning of a number would tell by what follows how the number goes on."""
    await known(company)
    await known(stranger)
    async with tenant(stranger.id, read_only=True):
        theirs = (await customers.listing(stranger.id, EVERYBODY).page(Slice(first=1))).cursors[0]
    listing = customers.listing(company.id, EVERYBODY)
    nobodys = encode(listing.order, (DAY, company.id))
    made_up = encode(Order("customers", ("name", "number")), ("가나", "010837"))
    async with tenant(company.id, read_only=True):
        assert await Customer.filter(company_id=company.id).count() == len(NAMES)
        for cursor in (theirs, nobodys, made_up):
            for part, name in ((Slice(first=1, after=cursor), "after"), (Slice(last=1, before=cursor), "before")):
                with pytest.raises(Invalid) as error:
                    await listing.page(part)
                assert refused(error) == [(ErrorCode.BAD_CURSOR, (name,))]
