"""Any filter over calls and messages finds what plain Python finds, on every way to it (ST-02, ST-03, MS-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import calls, messages
from bizcall.database import query, tenant
from bizcall.history import lines, listing
from bizcall.history.conditions import conditions
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.models.calls import NOBODY, CallType
from bizcall.models.messages import MessageDirection
from bizcall.paging import Cut, Precision, Slice, encode
from bizcall.stats.rollups import CALLS, MESSAGES
from tests.factories import Tenant, make_tenant
from tests.feeding import DAY, Feeder, began, call
from tests.histories import CUSTOMERS, WEEKS, Office, day, matches, office, walk, whole
from tests.statements import counted

TAILS = ("1234", "01234", "0025678", "20001234", "9999", "0134")

_offices: list[Office] = []


@pytest.fixture
async def history(db: None) -> Office:
    """One for all: nothing here changes it."""
    if not _offices:
        _offices.append(await office(await make_tenant()))
    return _offices[0]


def some(values: Any) -> st.SearchStrategy[Any]:
    """None, or some of the values."""
    return st.none() | st.lists(st.sampled_from(list(values)), max_size=3, unique=True)


@st.composite
def filters(draw: st.DrawFn, made: Office, types: Any) -> HistoryFilter:
    """Any filter, most of whose fields are left out."""
    first = draw(st.integers(-1, WEEKS * 7))
    hours = draw(st.none() | st.tuples(st.integers(0, 24), st.integers(0, 24)).filter(lambda h: h[0] != h[1]))
    if hours == (24, 0):
        hours = None

    def keys(values: Any) -> tuple[Any, ...] | None:
        drawn = draw(some(values))
        return None if drawn is None else tuple(drawn)

    weekdays, kinds = keys(range(1, 8)), keys(types)
    customer = draw(st.sampled_from(["", "", "number", "tail", "name"]))
    return HistoryFilter(
        from_on=day(first),
        to_on=day(draw(st.integers(first, WEEKS * 7))),
        weekdays=None if weekdays is None else frozenset(weekdays),
        hours=hours,
        direction=draw(st.sampled_from(Direction)),
        types=None if kinds is None else frozenset(kinds),
        department_ids=keys([*made.departments, NOBODY]),
        line_ids=keys(made.company.line_ids[:6]),
        subscriber_ids=keys([*made.subscribers, NOBODY]),
        customer_number=draw(st.sampled_from(list(CUSTOMERS))) if customer == "number" else None,
        customer_tail=draw(st.sampled_from(TAILS)) if customer == "tail" else None,
        customer_name=draw(st.sampled_from(["홍길", "홍길동", "Smith", "smith", "%%"])) if customer == "name" else None,
    ).checked()


ANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def expected(facts: list[dict[str, Any]], wanted: HistoryFilter, made: Office, moment: str) -> list[tuple[Any, str]]:
    """Moments and ids in order."""
    return sorted((fact[moment], fact["id"]) for fact in facts if matches(wanted, fact, made.names))


@ANY
@given(data=st.data())
async def test_ST_02_calls_of_any_filter_are_those_that_python_finds(history: Office, data: st.DataObject) -> None:
    wanted = data.draw(filters(history, CallType))
    right = expected(history.calls, wanted, history, "started_at")
    size, descending, backward = (
        data.draw(st.sampled_from([3, 17, 100])),
        data.draw(st.booleans()),
        data.draw(st.booleans()),
    )
    found = calls.listing(history.company.id, wanted, descending=descending)
    async with tenant(history.company.id, read_only=True):
        rows = await walk(found, size, backward=backward)
        count = await found.count()
    assert [(row.started_at, row.id) for row in rows] == (right[::-1] if descending else right)
    assert count.value == len(right)


@ANY
@given(data=st.data())
async def test_MS_01_messages_of_any_filter_are_those_that_python_finds(history: Office, data: st.DataObject) -> None:
    wanted = data.draw(filters(history, MessageDirection))
    right = expected(history.messages, wanted, history, "sent_at")
    found = messages.listing(history.company.id, wanted)
    async with tenant(history.company.id, read_only=True):
        rows = await walk(found, 40)
        count = await found.count()
    assert [(row.sent_at, row.id) for row in rows] == right[::-1]
    assert count.value == len(right)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("merged", "at_once"), [(0, 0), (50, 50), (50, 0)], ids=["along the time", "by lines", "by lines, near first"]
)
async def test_ST_02_departments_and_subscribers_are_found_on_each_way(
    history: Office, monkeypatch: pytest.MonkeyPatch, merged: int, at_once: int, descending: bool
) -> None:
    monkeypatch.setattr(listing, "MERGED_MOST", merged)
    monkeypatch.setattr(listing, "AT_ONCE", at_once)
    for wanted in (
        whole(department_ids=(history.departments[0],), hours=(22, 9)),
        whole(subscriber_ids=tuple(history.subscribers[:2]), hours=(22, 9)),
    ):
        found = calls.listing(history.company.id, wanted, descending=descending)
        async with tenant(history.company.id, read_only=True):
            rows = await walk(found, 7)
            back = await walk(found, 7, backward=True)
        right = expected(history.calls, wanted, history, "started_at")
        assert [(row.started_at, row.id) for row in rows] == (right[::-1] if descending else right)
        assert back == rows


async def test_ST_02_what_would_be_looked_for_among_too_many_is_counted_among_some(
    history: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for narrow in (
        whole(line_ids=tuple(history.company.line_ids[:3]), hours=(9, 18)),
        whole(subscriber_ids=(*history.subscribers[:2], NOBODY), weekdays=frozenset({1, 2, 3})),
        whole(line_ids=tuple(history.company.line_ids[:3]), types=frozenset({CallType.MISSED})),
    ):
        found = calls.listing(history.company.id, narrow)
        right = len(expected(history.calls, narrow, history, "started_at"))
        async with tenant(history.company.id, read_only=True):
            exact = await found.count()
            for most in (0, 30):
                for module in (lines, listing):
                    monkeypatch.setattr(module, "READ_MOST", most)
                some = await found.count()
                assert some.precision is Precision.AT_LEAST
                assert some.value <= min(most, right)
            monkeypatch.undo()
        assert (exact.value, exact.precision) == (right, Precision.EXACT)
        assert 0 < some.value < right

    # What is let through whole ends at the count's own bound.
    monkeypatch.setattr(lines, "READ_MOST", 0)
    everything = whole(line_ids=tuple(history.company.line_ids[:3]))
    async with tenant(history.company.id, read_only=True):
        count = await calls.listing(history.company.id, everything).count()
    assert (count.value, count.precision) == (
        len(expected(history.calls, everything, history, "started_at")),
        Precision.EXACT,
    )


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("descending", [False, True])
async def test_ST_02_pages_of_what_would_be_looked_for_among_too_many_look_at_some_each(
    history: Office, monkeypatch: pytest.MonkeyPatch, descending: bool, backward: bool
) -> None:
    """They may end before they are full, and say from where to go on: nothing repeats and nothing is skipped."""
    monkeypatch.setattr(lines, "READ_MOST", 0)
    monkeypatch.setattr(listing, "LOOKED_AT_MOST", 5)
    monkeypatch.setattr(listing, "SIEVED_MOST", 9)
    monkeypatch.setattr(listing, "MERGED_MOST", 2)
    three = tuple(history.company.line_ids[:3])
    for narrow in (
        whole(line_ids=three, hours=(9, 18)),
        whole(subscriber_ids=(*history.subscribers[:2], NOBODY), weekdays=frozenset({1, 2, 3}), line_ids=three),
        whole(line_ids=three, direction=Direction.OUTGOING),
    ):
        for kind, facts, moment in ((calls, history.calls, "started_at"), (messages, history.messages, "sent_at")):
            found = kind.listing(history.company.id, narrow, descending=descending)
            async with tenant(history.company.id, read_only=True):
                rows = await walk(found, 4, backward=backward)
                with counted() as statements:
                    first = await found.page(Slice(first=4))
            right = expected(facts, narrow, history, moment)
            assert [(getattr(row, moment), row.id) for row in rows] == (right[::-1] if descending else right)
            assert rows
            assert len(first.rows) < 4 or first.has_next
            assert "LIMIT 5)" in "".join(statements)


async def test_ST_03_the_conditions_alone_count_the_same(history: Office) -> None:
    wanted = whole(weekdays=frozenset({1, 7}), customer_name="홍길").checked()
    async with tenant(history.company.id, read_only=True):
        for facts, rows in ((CALLS, history.calls), (MESSAGES, history.messages)):
            where = conditions(history.company.id, wanted, facts, after=["before"])
            assert where.parameters[0] == "before"
            sql = f"SELECT count(*) AS n FROM {facts.table} WHERE $1::text IS NOT NULL AND {where.sql}"
            [found] = await query(sql, *where.parameters)
            assert found["n"] == sum(matches(wanted, row, history.names) for row in rows) > 0


async def test_ST_02_midnight_in_korea_is_where_days_and_weekdays_change(company: Tenant) -> None:
    feeder = Feeder(company.id)
    await began(company.id)
    edges = [DAY - timedelta(seconds=1), DAY, DAY + timedelta(days=1, seconds=-1), DAY + timedelta(days=1)]
    await feeder.load([call(company.numbers[0], f"e{place}", at) for place, at in enumerate(edges)], "edges.jsonl.gz")
    async with tenant(company.id, read_only=True):
        for wanted in (
            whole(from_on=day(0), to_on=day(0)),
            whole(from_on=day(-1), to_on=day(1), weekdays=frozenset({DAY.isoweekday()})),
        ):
            page = await calls.listing(company.id, wanted, descending=False).page(Slice(first=10))
            assert [row.id for row in page.rows] == ["e1", "e2"]
        night = whole(from_on=day(-1), to_on=day(1), hours=(23, 1))
        assert (await calls.listing(company.id, night).count()).value == 4


async def test_ST_02_calls_that_arrive_while_one_walks_make_nothing_repeat_or_skip(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    first = [call(company.numbers[0], f"a{i:03}", DAY + timedelta(minutes=i)) for i in range(60)]
    await feeder.load(first)
    for wanted in (whole(), whole(types=frozenset({CallType.INCOMING})), whole(line_ids=(company.line_ids[0],))):
        seen: list[str] = []
        found, cursor = calls.listing(company.id, wanted), None
        for step in range(100):
            async with tenant(company.id, read_only=True):
                page = await found.page(Slice(first=11, after=cursor))
            seen += [row.id for row in page.rows]
            cursor = page.cursors[-1]
            if not page.has_next:
                break
            fresh = [
                call(company.numbers[0], f"z{seen[-1]}{step}{near}", page.rows[-1].started_at + timedelta(seconds=near))
                for near in (-1, 0, 1)
            ]
            await feeder.load(fresh, f"{len(seen)}-{wanted.types}-{wanted.line_ids}-{step}.jsonl.gz")
        assert len(seen) == len(set(seen))
        assert {record["id"] for record in first} <= set(seen)


async def test_ST_02_a_page_is_one_statement_or_two(history: Office) -> None:
    for wanted, most in ((whole(), 1), (whole(hours=(9, 18)), 1), (whole(subscriber_ids=(history.subscribers[0],)), 2)):
        async with tenant(history.company.id, read_only=True):
            with counted() as sent:
                await calls.listing(history.company.id, wanted).page(Slice(first=5))
        assert len(sent) == most
        assert not any("OFFSET" in statement or "LIKE" in statement for statement in sent)


async def test_ST_02_calls_of_a_name_are_looked_for_near_the_cursor_and_then_everywhere(history: Office) -> None:
    wanted = whole(customer_name="홍길")
    named = [each for each in history.calls if matches(wanted, each, history.names)]
    ordered = sorted(named, key=lambda each: (each["started_at"], each["id"]), reverse=True)
    for size, most in ((1, 2), (len(named) + 1, 3)):
        async with tenant(history.company.id, read_only=True):
            with counted() as sent:
                page = await calls.listing(history.company.id, wanted).page(Slice(first=size))
        assert [row.id for row in page.rows] == [each["id"] for each in ordered[:size]]
        assert len(sent) <= most
    for descending in (True, False):
        async with tenant(history.company.id, read_only=True):
            found = calls.listing(history.company.id, wanted, descending=descending)
            for backward in (False, True):
                rows = await walk(found, 3, backward=backward)
                assert [row.id for row in rows] == [each["id"] for each in ordered[:: 1 if descending else -1]]


async def test_ST_02_numbers_that_end_alike_are_told_apart_by_each_further_digit(history: Office) -> None:
    for tail, numbers in (
        ("01234", {"01020001234", "0312001234"}),
        ("20001234", {"01020001234"}),
        ("11234", {"01020011234"}),
        ("91234", set()),
    ):
        wanted = whole(customer_tail=tail).checked()
        right = [each for each in history.calls if each["customer_number"] in numbers]
        async with tenant(history.company.id, read_only=True):
            for descending, backward in ((True, False), (False, True)):
                found = calls.listing(history.company.id, wanted, descending=descending)
                rows = await walk(found, 4, backward=backward)
                ordered = sorted(((each["started_at"], each["id"]) for each in right), reverse=descending)
                assert [(row.started_at, row.id) for row in rows] == ordered
            assert (await found.count()).value == len(right)
        assert {row.customer_number for row in rows} == numbers


async def test_ST_02_another_company_sees_none_of_it(history: Office, stranger: Tenant) -> None:
    async with tenant(stranger.id, read_only=True):
        for wanted in (whole(), whole(line_ids=(history.company.line_ids[0],)), whole(customer_name="홍길")):
            found = calls.listing(stranger.id, wanted)
            assert (await found.page(Slice(first=5))).rows == []
            assert (await found.count()).value == 0


@pytest.mark.parametrize("descending", [False, True])
async def test_ST_02_a_page_is_read_from_its_cursor_on(history: Office, descending: bool) -> None:
    found = calls.listing(history.company.id, whole(), descending=descending)
    assert isinstance(found, listing.FactListing)
    async with tenant(history.company.id, read_only=True):
        page = await found.page(Slice(first=20))
        statement = found._statement(Cut.of(found.order, Slice(first=1, after=page.end_cursor), found.model), None)
    # Beside a further bound PostgreSQL would begin at the period's end, and read all pages before this one.
    last, (_, since, until, *_rest) = page.rows[-1].started_at, statement.parameters
    assert (until - timedelta(seconds=1) if descending else since) == last


@pytest.mark.parametrize("moment", [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
async def test_ST_02_a_made_up_cursor_far_from_the_period_is_a_page_like_any(
    history: Office, monkeypatch: pytest.MonkeyPatch, moment: datetime
) -> None:
    monkeypatch.setattr(listing, "AT_ONCE", 0)
    for wanted in (whole(customer_name="홍길"), whole(subscriber_ids=tuple(history.subscribers[:2]))):
        right = expected(history.calls, wanted, history, "started_at")
        for descending in (False, True):
            found = calls.listing(history.company.id, wanted, descending=descending)
            assert isinstance(found, listing.FactListing)
            cursor = encode(found.order, [moment, "x"])
            async with tenant(history.company.id, read_only=True):
                behind = await found.page(Slice(first=100, after=cursor))
                before = await found.page(Slice(last=100, before=cursor))
            beyond = descending == (moment.year == 1)
            assert len(behind.rows) == (0 if beyond else len(right))
            assert len(before.rows) == (len(right) if beyond else 0)
