"""Files of statistics: refused when asked for rather than by their worker, and made under the worker's own rules."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bizcall import exports, paging
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.exports import running, statistics
from bizcall.exports.failures import Failure
from bizcall.history import lines
from bizcall.models import Export
from bizcall.models.calls import NOBODY
from bizcall.models.exports import Kind, State
from bizcall.months import KOREA
from bizcall.paging import Page, Slice
from bizcall.stats import Granularity, Group, Row, Statistics, sources
from tests.doubles import Turned
from tests.exports import Clerk, fresh
from tests.factories import Tenant
from tests.feeding import DAY
from tests.histories import WEEKS, Office, office, whole
from tests.patience import ends
from tests.statements import counted

DAILY: dict[str, Any] = {"kind": Kind.CALL_STATISTICS, "granularity": Granularity.DAY, "group": Group.LINE}
# Of an hour, or of hours, no rollup knows lines and subscribers; of a customer none knows anything.
COUNTED: list[dict[str, Any]] = [
    {"granularity": Granularity.HOUR, "group": Group.LINE, "wanted": {"weekdays": frozenset({1})}},
    {"granularity": Granularity.HOUR, "group": Group.SUBSCRIBER, "wanted": {"weekdays": frozenset({1})}},
    {"granularity": Granularity.DAY, "group": Group.LINE, "wanted": {"hours": (0, 23)}},
    {"granularity": Granularity.MONTH, "group": Group.SUBSCRIBER, "wanted": {"hours": (0, 23)}},
    {"granularity": Granularity.MONTH, "group": Group.COMPANY, "wanted": {"customer_tail": "1234"}},
    {"granularity": Granularity.DAY, "group": Group.DEPARTMENT, "wanted": {"customer_tail": "1234"}},
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Word of the claim at every turn."""
    monkeypatch.setattr(running, "EVERY", timedelta(0))


def met(known: list[dict[str, Any]], of: dict[str, Any]) -> int:
    """How many of these calls the statistics count."""
    tail = of["wanted"].get("customer_tail", "")
    hours, weekdays = range(*of["wanted"].get("hours", (0, 24))), of["wanted"].get("weekdays", range(1, 8))
    moments = [call["started_at"].astimezone(KOREA) for call in known if call["customer_number"].endswith(tail)]
    return sum(at.hour in hours and at.isoweekday() in weekdays for at in moments)


@pytest.mark.parametrize("kind", [Kind.CALL_STATISTICS, Kind.MESSAGE_STATISTICS])
@pytest.mark.parametrize("of", COUNTED, ids=lambda of: f"{of['group']}-{of['granularity']}-{'-'.join(of['wanted'])}")
async def test_ST_01_what_has_to_be_counted_from_too_many_facts_is_refused_when_it_is_asked_for(
    made: Office, clerk: Clerk, monkeypatch: pytest.MonkeyPatch, kind: Kind, of: dict[str, Any]
) -> None:
    """No line has as many as all of them: a single one counted tells nothing of the worker's pages."""
    wanted = whole(**of["wanted"])
    asked = {"granularity": of["granularity"], "group": of["group"], "wanted": wanted}
    known = (
        made.calls if kind is Kind.CALL_STATISTICS else [{**one, "started_at": one["sent_at"]} for one in made.messages]
    )
    count = met(known, of)
    monkeypatch.setattr(sources, "RAW_MOST", count)
    book = await clerk.made(kind, **asked)
    assert sum(row["합계"] for row in book.rows) == count * len(book.book.worksheets[:-1]) > 0

    monkeypatch.setattr(sources, "RAW_MOST", count - 1)
    with pytest.raises(Invalid) as refused:
        await clerk.ask(kind, **asked)
    assert refused.value.problems == (Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": str(count - 1)}),)


async def test_ST_01_facts_that_would_be_looked_for_among_too_many_are_refused_when_they_are_asked_for(
    made: Office, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a rollup counts them nothing has to be read for that, and the worker has longer for a page."""
    for module in (lines, sources):
        monkeypatch.setattr(module, "READ_MOST", 1)
    narrow = whole(hours=(9, 18), line_ids=tuple(made.company.line_ids[:3]))
    for asked in ({**DAILY, "wanted": narrow}, {"kind": Kind.CALLS, "wanted": narrow}):
        with pytest.raises(Invalid) as refused:
            await clerk.ask(**asked)
        assert refused.value.problems == (Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": "1"}),)

    with counted() as statements:
        export = await clerk.ask(**{**DAILY, "wanted": whole(hours=(9, 18))})
    assert not [sql for sql in statements if " FROM call WHERE" in sql]
    assert await clerk.work(export) is State.COMPLETED
    for kind in (Kind.CALLS, Kind.MESSAGES):
        assert await clerk.work(await clerk.ask(kind, wanted=whole(hours=(9, 18)))) is State.COMPLETED


async def test_ST_01_what_a_rollup_tells_is_bound_by_its_buckets_only(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "RAW_MOST", 0)
    assert len((await clerk.made(**DAILY)).rows) > 35


async def test_ST_01_more_subjects_than_are_counted_are_refused_when_it_is_asked_for(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where as many as are counted would have room: each of them has a single bucket."""
    asked = {**DAILY, "granularity": Granularity.MONTH, "wanted": whole(to_on=whole().from_on)}
    assert (await clerk.ask(**asked)).rows_total == 5
    monkeypatch.setattr(paging, "COUNT_MOST", 5)
    assert (await clerk.ask(**asked)).rows_total == 5
    monkeypatch.setattr(paging, "COUNT_MOST", 4)
    with pytest.raises(Invalid) as refused:
        await clerk.ask(**asked)
    assert refused.value.problems == (Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": "10000"}),)


async def test_ST_03_P7_whose_name_was_disposed_of_is_not_nobody_and_namesakes_are_told_apart(company: Tenant) -> None:
    made, clerk = await office(company), Clerk(company, clock=Turned(DAY + timedelta(weeks=WEEKS)))
    await query_of(company, "UPDATE subscriber SET name = '김하늘' WHERE company_id = $1 AND ended_at IS NULL")
    await query_of(
        company,
        "UPDATE subscriber SET name = '', mobile = NULL, email = NULL, forgotten_at = now()"
        " WHERE company_id = $1 AND ended_at IS NOT NULL",
    )
    book = await clerk.made(Kind.CALL_STATISTICS, granularity=Granularity.MONTH, group=Group.SUBSCRIBER, wanted=whole())
    header, *rows = book.book.worksheets[1].iter_rows(values_only=True)
    summed = Counter[tuple[str, str]]()
    for row in (dict(zip(header, row, strict=True)) for row in rows):
        summed[row["대상"], row["대상 번호"] or ""] += row["합계"]
    labels = {key: "김하늘" if place % 2 else "(이름 삭제됨)" for place, key in enumerate(made.subscribers)}
    right = Counter(
        ("(사용자 없음)", "")
        if call["subscriber_id"] == NOBODY
        else (labels[call["subscriber_id"]], str(call["subscriber_id"]))
        for call in made.calls
    )
    assert len(right) == 7
    assert summed == right


async def query_of(company: Tenant, sql: str) -> None:
    """Change something of the company's."""
    async with tenant(company.id):
        await query(sql, company.id)


@pytest.mark.parametrize("grown", ["facts", "buckets"])
async def test_X5_what_grew_too_large_since_has_failed_for_good_and_says_why(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch, grown: str
) -> None:
    export = await clerk.ask(**{**DAILY, "granularity": Granularity.HOUR, "wanted": whole(hours=(9, 10))})
    if grown == "facts":
        monkeypatch.setattr(sources, "RAW_MOST", 1)
    else:
        monkeypatch.setattr(running, "BUCKETS_MOST", export.rows_total // 2 - 1)

    assert await clerk.work(export) is State.FAILED

    row = await clerk.row(export.id)
    assert (row.attempts, row.failure, row.object_key) == (1, Failure.TOO_LARGE, None)
    assert (clerk.storage.written, len(clerk.storage.aborted)) == ([], 1)


async def test_X5_a_file_may_come_to_twice_its_bound_until_it_is_made(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = await clerk.ask(**DAILY)
    monkeypatch.setattr(running, "BUCKETS_MOST", -(-export.rows_total // 2))
    assert await clerk.work(export) is State.COMPLETED


class Held:
    """Work on an export that comes to a stand, until it is seen standing or let go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()

    async def stands(self) -> None:
        """Wait until it does."""
        assert await asyncio.to_thread(self.reached.wait, 60)

    def counting(self, page: Callable[[Statistics, Slice], Any], after: int) -> Callable[..., Any]:
        """Pages of which the one behind that many is a statement that takes long."""
        pages = 0

        async def slow(asked: Statistics, part: Slice) -> Page[Row]:
            nonlocal pages
            if pages == after:
                self.reached.set()
                await query("SELECT pg_sleep(600)")
            pages += 1
            found: Page[Row] = await page(asked, part)
            return found

        return slow

    def writing(self, *_: object, **__: object) -> bytes:
        """A workbook that is not finished before it is let go."""
        self.reached.set()
        assert self.released.wait(60)
        return b"late"


@pytest.fixture(params=["counting", "writing"])
def held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A worker that stands in a statement, or in openpyxl."""
    standing = Held()
    if request.param == "counting":
        monkeypatch.setattr(statistics, "PAGE_MOST", 2)
        monkeypatch.setattr(Statistics, "page", standing.counting(Statistics.page, 1))
    else:
        monkeypatch.setattr(statistics, "workbook", standing.writing)
    yield standing
    standing.released.set()


def working(clerk: Clerk, export: Export, **options: Any) -> asyncio.Task[State | None]:
    """A worker beside the test."""
    return asyncio.create_task(clerk.work(export, **options), context=fresh())


async def test_X5_cancelled_statistics_stop_within_seconds_wherever_they_are(clerk: Clerk, held: Held) -> None:
    export = await clerk.ask(**DAILY)
    worker = working(clerk, export)
    await held.stands()

    await exports.cancel(clerk.company.id, clerk.actor, export.id, clock=clerk.clock)

    # Of what it stood in nothing has ended: neither a statement of ten minutes nor the thread.
    assert await asyncio.wait_for(worker, 20) is None
    assert (clerk.storage.written, len(clerk.storage.aborted)) == ([], 1)
    assert (await clerk.row(export.id)).state is State.CANCELLED


async def test_X5_statistics_tell_how_far_they_are_and_keep_their_claim(clerk: Clerk, held: Held) -> None:
    export = await clerk.ask(**DAILY)
    worker = working(clerk, export)
    await held.stands()
    claimed = (await clerk.row(export.id)).lease_until
    assert claimed is not None

    clerk.clock.turn(seconds=60)
    async with ends():
        row = await clerk.row(export.id)
        while not row.rows_done or row.lease_until != claimed + timedelta(seconds=60):
            await asyncio.sleep(0.02)
            row = await clerk.row(export.id)
    assert row.state is State.RUNNING
    assert row.rows_done in (2 * 35, export.rows_total)

    await exports.cancel(clerk.company.id, clerk.actor, export.id, clock=clerk.clock)
    assert await asyncio.wait_for(worker, 20) is None


async def test_X5_statistics_give_up_in_time(clerk: Clerk, held: Held) -> None:
    export = await clerk.ask(**DAILY)
    left = [300.0]
    worker = working(clerk, export, remaining=lambda: left[0])
    await held.stands()

    left[0] = running.STOP_BEFORE - 1

    assert await asyncio.wait_for(worker, 20) is State.FAILED
    assert (await clerk.row(export.id)).failure == Failure.TIMED_OUT
    assert clerk.storage.written == []


async def test_X5_what_is_no_bound_is_told_as_the_fault_it_is(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And left to the next worker."""
    export = await clerk.ask(**DAILY)

    async def wrong(*_: object) -> Page[Row]:
        raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, ("after",)))

    with monkeypatch.context() as patched:
        patched.setattr(Statistics, "page", wrong)
        with pytest.raises(Invalid):
            await clerk.work(export)
    assert (await clerk.row(export.id)).state is State.RUNNING
    async with tenant(clerk.company.id, read_only=True):
        assert await query("SELECT FROM export WHERE company_id = $1 AND id = $2", clerk.company.id, export.id)
    assert await clerk.work(export) is State.COMPLETED
