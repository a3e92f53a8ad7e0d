"""Keyset paging against real rows."""

from __future__ import annotations

import base64
from uuid import UUID

import orjson
import pytest

from bizcall.database import tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.models import Department, ImportRow, Line
from bizcall.models.subscribers import LineRow
from bizcall.paging import Listing, Order, Page, Precision, Slice, encode
from tests.factories import Tenant, make_tenant
from tests.statements import counted

BY_NUMBER = Order("lines.number", ("number", "id"))
BY_NUMBER_DOWN = Order("lines.number", ("number", "id"), descending=True)
BY_AGE = Order("lines.created_at", ("created_at", "id"))
BY_NAME = Order("line_row.name", ("name", "number", "id"))


def lines(company_id: UUID, order: Order = BY_NUMBER) -> Listing[Line]:
    """The lines of a company."""
    return Listing(Line.filter(company_id=company_id), order)


async def walk(listing: Listing[Line], *, size: int, backward: bool = False) -> list[Page[Line]]:
    """All pages one after the other, as a client asks for them."""
    pages: list[Page[Line]] = []
    part = Slice(last=size) if backward else Slice(first=size)
    while True:
        page = await listing.page(part)
        pages.append(page)
        if not (page.has_previous if backward else page.has_next):
            return pages
        part = Slice(last=size, before=page.cursors[0]) if backward else Slice(first=size, after=page.cursors[-1])


@pytest.mark.parametrize("order", [BY_NUMBER, BY_NUMBER_DOWN, BY_AGE], ids=["number", "descending", "ties"])
async def test_walking_2000_rows_meets_each_once_in_order_both_ways(db: None, order: Order) -> None:
    big = await make_tenant(lines=2000)
    listing = lines(big.id, order)
    async with tenant(big.id, read_only=True):
        forward = [row.id for page in await walk(listing, size=97) for row in page.rows]
        backward = [row.id for page in reversed(await walk(listing, size=97, backward=True)) for row in page.rows]
    assert len(set(forward)) == 2000
    assert backward == forward
    if order is not BY_AGE:
        expected = big.line_ids if order is BY_NUMBER else big.line_ids[::-1]
        assert forward == expected


async def test_rows_that_arrive_and_go_while_walking_make_nothing_repeat_or_skip(company: Tenant) -> None:
    listing, seen = Listing(Department.filter(company_id=company.id), Order("d", ("name", "id"))), []
    async with tenant(company.id):
        await Department.bulk_create([Department(company_id=company.id, name=f"부서 {i:02}") for i in range(30)])
    cursor = None
    for step in range(100):
        async with tenant(company.id):
            page = await listing.page(Slice(first=4, after=cursor))
            seen += [row.name for row in page.rows]
            await Department.create(company_id=company.id, name=f"가 앞 {step}")
            await Department.filter(company_id=company.id, name=page.rows[-1].name).update(name=f"가 뒤 {step}")
        if not page.has_next:
            break
        cursor = page.cursors[-1]
    assert len(seen) == len(set(seen))
    assert {f"부서 {i:02}" for i in range(30)} <= set(seen)


async def test_a_list_made_before_the_transaction_is_read_in_it(company: Tenant) -> None:
    """On another connection there is no company to see rows of, and a function has no other connection."""
    listing = Listing(Line.filter(company_id=company.id), BY_NUMBER)
    async with tenant(company.id, read_only=True):
        page = await listing.page(Slice(first=100))
    assert [row.id for row in page.rows] == company.line_ids


async def test_a_page_is_one_statement_and_tells_where_it_lies(company: Tenant) -> None:
    listing = lines(company.id)
    async with tenant(company.id, read_only=True):
        with counted() as sent:
            start = await listing.page(Slice(first=4))
        assert len(sent) == 1
        assert "company_id" in sent[0]
        assert "OFFSET" not in sent[0]
        middle = await listing.page(Slice(first=4, after=start.cursors[-1]))
        end = await listing.page(Slice(first=4, after=middle.cursors[-1]))
        back = await listing.page(Slice(last=4, before=middle.cursors[0]))
        tail = await listing.page(Slice(last=2))
    assert [(p.has_previous, p.has_next) for p in (start, middle, end)] == [(False, True), (True, True), (True, False)]
    assert [row.id for row in back.rows] == [row.id for row in start.rows]
    assert (back.has_previous, back.has_next) == (False, True)
    assert [row.id for row in tail.rows] == company.line_ids[-2:]
    assert (tail.has_previous, tail.has_next) == (True, False)


async def test_the_row_comparison_is_one_index_range(company: Tenant) -> None:
    async with tenant(company.id, read_only=True):
        page = await lines(company.id).page(Slice(first=2))
        with counted() as sent:
            await lines(company.id).page(Slice(first=2, after=page.cursors[-1]))
    assert '("number","id")>($' in sent[0].replace(" ", "").replace('"line".', "")


async def test_a_view_with_a_computed_column_pages_too(company: Tenant) -> None:
    listing = Listing(LineRow.filter(company_id=company.id), BY_NAME)
    async with tenant(company.id, read_only=True):
        first = await listing.page(Slice(first=6))
        rest = await listing.page(Slice(first=6, after=first.cursors[-1]))
    assert [row.number for row in [*first.rows, *rest.rows]] == company.numbers


async def test_an_empty_list_has_an_empty_page(company: Tenant) -> None:
    async with tenant(company.id, read_only=True):
        page = await Listing(Line.filter(company_id=company.id, number="none"), BY_NUMBER).page(Slice(first=5))
    assert (page.rows, page.cursors, page.has_next, page.has_previous) == ([], [], False, False)


async def test_counts_are_exact_up_to_ten_thousand_and_then_stop(db: None) -> None:
    many = await make_tenant(lines=9_990)
    async with tenant(many.id):
        assert (await lines(many.id).count()).value == 9_990
        for wanted, value, precision in ((10, 10_000, Precision.EXACT), (1, 10_000, Precision.AT_LEAST)):
            base = int(many.numbers[-1]) + 1 + (0 if wanted == 10 else 10)
            await Line.bulk_create([Line(company_id=many.id, number=f"0{base + i}") for i in range(wanted)])
            count = await lines(many.id).count()
            assert (count.value, count.precision) == (value, precision)


BAD_SLICES = [
    (Slice(), ErrorCode.REQUIRED, "first"),
    (Slice(first=1, last=1), ErrorCode.CONFLICT, "last"),
    (Slice(last=1, after="x"), ErrorCode.CONFLICT, "after"),
    (Slice(first=1, before="x"), ErrorCode.CONFLICT, "before"),
    (Slice(first=0), ErrorCode.OUT_OF_RANGE, "first"),
    (Slice(first=101), ErrorCode.OUT_OF_RANGE, "first"),
    (Slice(last=-1), ErrorCode.OUT_OF_RANGE, "last"),
    (Slice(first=2**31), ErrorCode.OUT_OF_RANGE, "first"),
]


@pytest.mark.parametrize(("part", "code", "field"), BAD_SLICES)
async def test_a_bad_slice_is_refused_by_name(company: Tenant, part: Slice, code: ErrorCode, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await lines(company.id).page(part)
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [(code, (field,))]


def forged(*values: object, order: Order = BY_NUMBER) -> str:
    """A cursor whose form is right."""
    return encode(order, values)


def altered(**changes: object) -> str:
    """A cursor with another version or mark."""
    good = forged("07012345678", UUID(int=1))
    version, mark, *values = orjson.loads(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    packed = [changes.get("version", version), changes.get("mark", mark), *values]
    return base64.urlsafe_b64encode(orjson.dumps(packed)).decode().rstrip("=")


BAD_CURSORS = {
    "empty": "",
    "words": "not a cursor",
    "korean": "커서",
    "surrogate": "\ud800",
    "nul": "a\0b",
    "long": "A" * 5_000,
    "no JSON": base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    "scalar": base64.urlsafe_b64encode(b"1").decode(),
    "deep": base64.urlsafe_b64encode(b"[" * 700).decode(),
    "version": altered(version=2),
    "mark": altered(mark="000000000000"),
    "other order": forged("07012345678", UUID(int=1), order=BY_AGE),
    "other direction": forged("07012345678", UUID(int=1), order=BY_NUMBER_DOWN),
    "too few": forged("07012345678"),
    "too many": forged("07012345678", UUID(int=1), 1),
    "number for text": forged(1, UUID(int=1)),
    "null": forged(None, UUID(int=1)),
    "list": forged([], UUID(int=1)),
    "text for key": forged("07012345678", "x"),
    "NUL in a value": forged("0\0", UUID(int=1)),
}


@pytest.mark.parametrize("cursor", BAD_CURSORS.values(), ids=BAD_CURSORS.keys())
@pytest.mark.parametrize("backward", [False, True], ids=["after", "before"])
async def test_a_wrong_cursor_is_a_clear_error(company: Tenant, cursor: str, backward: bool) -> None:
    part = Slice(last=1, before=cursor) if backward else Slice(first=1, after=cursor)
    async with tenant(company.id, read_only=True):
        with counted() as sent, pytest.raises(Invalid) as refused:
            await lines(company.id).page(part)
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == (ErrorCode.BAD_CURSOR, ("before" if backward else "after",))
    assert sent == []


OVER = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]


@pytest.mark.parametrize("moment", ["2027-13-01T00:00:00+00:00", "2027-01-01T00:00:00", "soon", 5, *OVER])
async def test_a_cursor_without_a_real_moment_is_refused(company: Tenant, moment: object) -> None:
    with pytest.raises(Invalid):
        await lines(company.id, BY_AGE).page(Slice(first=1, after=forged(moment, UUID(int=1), order=BY_AGE)))


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**62, 2**64 - 1])
async def test_a_cursor_with_a_number_that_the_column_has_no_room_for_is_refused(company: Tenant, number: int) -> None:
    order = Order("rows", ("number", "id"))
    cursor = forged(number, UUID(int=1), order=order)
    with pytest.raises(Invalid):
        await Listing(ImportRow.filter(company_id=company.id), order).page(Slice(first=1, after=cursor))


async def test_a_cursor_of_another_company_shows_only_ones_own_rows(company: Tenant, stranger: Tenant) -> None:
    low, high = sorted([company, stranger], key=lambda each: each.numbers)
    for own, other, behind in ((high, low, high.line_ids), (low, high, [])):
        async with tenant(other.id, read_only=True):
            theirs = await lines(other.id).page(Slice(first=1))
        async with tenant(own.id, read_only=True):
            ours = await lines(own.id).page(Slice(first=100, after=theirs.cursors[0]))
        assert [row.id for row in ours.rows] == behind


async def test_cursors_of_a_list_are_unlike(company: Tenant) -> None:
    async with tenant(company.id, read_only=True):
        page = await lines(company.id).page(Slice(first=10))
    assert len(set(page.cursors)) == len(page.cursors) == 10
