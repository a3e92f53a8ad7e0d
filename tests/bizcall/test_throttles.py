"""Bounds that all processes share: exactly as many as may; what is refused makes nothing worse (security L13)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bizcall import throttles
from bizcall.database import directory, query
from bizcall.errors import Throttled
from bizcall.settings import Settings
from bizcall.throttles import BOUNDS, NOTED_ONLY, Bucket, Budget, counted_address
from local.postgres import Postgres
from tests.statements import counted
from tests.throttled import exhaust

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMITS = {bound.name: (bound.limit, bound.window) for bounds in BOUNDS.values() for bound in bounds}


@pytest.fixture
def somebody(db: None) -> str:
    """A subject of this test's own."""
    return uuid4().hex


async def took(*hits: tuple[Bucket, str | None], at: datetime = AT) -> datetime | None:
    """When to try again, or None when there was room."""
    try:
        async with directory():
            await throttles.take_all(hits, at=at)
    except Throttled as throttled:
        return throttled.retry_at
    return None


def test_L13_the_bounds_are_the_ones_that_were_decided() -> None:
    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    decided = {
        "anonymousRequests": (60, minute),
        "requests": (600, minute),
        "companyRequests": (3_000, minute),
        "codesFromAddress": (30, day),
        "lookupsFromAddressInMinute": (5, minute),
        "lookupsFromAddress": (20, day),
        "lookupsOfNumber": (10, day),
        "signInFailuresInHour": (50, hour),
        "unconfirmedSendings": (3, hour),
        "revealsInHour": (60, hour),
        "reveals": (300, day),
        "unmaskings": (5, day),
        "lookupHits": (1_000_000, hour),
        "lookupMisses": (100, hour),
    }
    assert decided == LIMITS
    assert BOUNDS.keys() == set(Bucket)
    assert len(LIMITS) == sum(len(bounds) for bounds in BOUNDS.values())


@pytest.mark.parametrize("bucket", [bucket for bucket in Bucket if bucket not in NOTED_ONLY])
async def test_L13_each_bucket_has_room_for_its_tightest_bound_and_then_says_until_when(
    somebody: str, bucket: Bucket
) -> None:
    tightest = min(BOUNDS[bucket], key=lambda bound: bound.limit)
    await exhaust(bucket, somebody, left=1, at=AT)
    assert await took((bucket, somebody)) is None
    assert await took((bucket, somebody), at=AT + SECOND) == AT + tightest.window
    assert await took((bucket, uuid4().hex)) is None


async def test_L13_a_window_that_is_over_begins_anew_and_hits_while_throttled_do_not_prolong_it(somebody: str) -> None:
    bucket, minute = Bucket.LOOKUP_FROM_ADDRESS, timedelta(minutes=1)
    for _ in range(5):
        assert await took((bucket, somebody)) is None
    for seconds in (0, 30, 59):
        assert await took((bucket, somebody), at=AT + seconds * SECOND) == AT + minute
    for _ in range(5):
        assert await took((bucket, somebody), at=AT + minute) is None
    assert await took((bucket, somebody), at=AT + minute) == AT + 2 * minute


async def test_L13_a_burst_over_the_edge_of_a_window_is_twice_the_limit_at_most(somebody: str) -> None:
    passed = []
    for tenths in range(1_800):
        at = AT + tenths * SECOND / 10
        # One early hit opens the window, then all comes around its end.
        if tenths == 0 or 550 <= tenths < 700:
            passed += [at] * (await took((Bucket.ANONYMOUS_REQUEST, somebody), at=at) is None)
    assert max(sum(one <= other < one + timedelta(minutes=1) for other in passed) for one in passed) <= 2 * 60


async def test_L13_refused_hits_count_under_none_of_an_acts_bounds(somebody: str) -> None:
    address, asked = uuid4().hex, somebody
    hits = ((Bucket.CODE_FROM_ADDRESS, address), (Bucket.LOOKUP_FROM_ADDRESS, asked))
    for minute in range(4):
        at = AT + timedelta(minutes=minute)
        for _ in range(5):
            assert await took(*hits, at=at) is None
        for _ in range(10):
            assert await took(*hits, at=at) is not None
    # Twenty a day hold as well, and for longer; the address has 10 of its 30 left.
    later = AT + timedelta(minutes=4)
    assert await took(*hits, at=later) == AT + timedelta(days=1)
    left = 0
    while await took((Bucket.CODE_FROM_ADDRESS, address), at=later) is None:
        left += 1
    assert left == 10


async def test_L13_several_bounds_are_one_statement(somebody: str) -> None:
    with counted() as sent:
        await took((Bucket.CODE_FROM_ADDRESS, somebody), (Bucket.LOOKUP_FROM_ADDRESS, somebody))
    assert len(sent) == 1


async def test_L13_what_was_taken_tells_what_is_left_of_each_bound_in_the_order_asked(somebody: str) -> None:
    asked, minute, day = uuid4().hex, timedelta(minutes=1), timedelta(days=1)
    for turn in range(1, 4):
        async with directory():
            # The bounds' names are in another order than the hits.
            left = await throttles.take_all(
                [(Bucket.LOOKUP_OF_NUMBER, asked), (Bucket.LOOKUP_FROM_ADDRESS, somebody)], at=AT + turn * SECOND
            )
        assert left == [
            Budget(10, 10 - turn, AT + SECOND + day),
            Budget(5, 5 - turn, AT + SECOND + minute),
            Budget(20, 20 - turn, AT + SECOND + day),
        ]


async def test_L13_what_is_not_bounded_costs_no_statement(somebody: str) -> None:
    with counted() as sent:
        await took((Bucket.ANONYMOUS_REQUEST, None))
        async with directory():
            await throttles.give_back(Bucket.SIGN_IN_FAILURE, None, at=AT)
    assert sent == []


async def test_L13_a_hundred_at_once_at_a_limit_of_sixty_are_exactly_sixty(somebody: str) -> None:
    results = await asyncio.gather(*(took((Bucket.ANONYMOUS_REQUEST, somebody)) for _ in range(100)))
    assert Counter(result is None for result in results) == {True: 60, False: 40}


OTHER_PROCESS = """
import asyncio, sys
from datetime import datetime
from bizcall import database, throttles
from bizcall.errors import Throttled
from tests.patience import wait_for_connections

async def one(subject, at):
    try:
        async with database.directory():
            await throttles.take(throttles.Bucket.ANONYMOUS_REQUEST, subject, at=at)
    except Throttled:
        return 0
    return 1

async def main(url, subject, at):
    wait_for_connections()
    await database.connect(url, size=5)
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum(await asyncio.gather(*(one(subject, datetime.fromisoformat(at)) for _ in range(50)))))
    await database.disconnect()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_L13_two_processes_share_the_limit(somebody: str, postgres: Postgres) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, postgres.url("app"), somebody, AT.isoformat()]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 - they wait
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sum(int(process.communicate()[0]) for process in processes) == 60


async def test_L13_acts_that_share_bounds_in_any_order_do_not_lock_each_other(somebody: str) -> None:
    pair = ((Bucket.LOOKUP_FROM_ADDRESS, somebody), (Bucket.LOOKUP_OF_NUMBER, somebody))
    results = await asyncio.gather(*(took(*(pair if turn % 2 else pair[::-1])) for turn in range(40)))
    assert sum(result is None for result in results) == 5


async def test_a_hit_that_turned_out_not_to_count_is_given_back(somebody: str) -> None:
    bucket = Bucket.SIGN_IN_FAILURE
    for turn in range(60):
        assert await took((bucket, somebody), at=AT + turn * SECOND) is None
        async with directory():
            await throttles.give_back(bucket, somebody, at=AT + turn * SECOND)
    async with directory():
        # What was never taken is not given.
        for _ in range(3):
            await throttles.give_back(bucket, somebody, at=AT + 60 * SECOND)
        for _ in range(50):
            await throttles.take(bucket, somebody, at=AT + 60 * SECOND)
    assert await took((bucket, somebody), at=AT + 60 * SECOND) is not None


async def test_what_is_only_noted_warns_and_refuses_nothing(somebody: str, caplog: pytest.LogCaptureFixture) -> None:
    async with directory():
        told = [await throttles.note(Bucket.LOOKUP_MISS, somebody, at=AT) for _ in range(102)]
    assert told == [True] * 100 + [False] * 2
    assert [record.__dict__["bucket"] for record in caplog.records] == ["LOOKUP_MISS"] * 2


async def test_windows_that_are_over_are_forgotten(somebody: str) -> None:
    hits = ((Bucket.LOOKUP_FROM_ADDRESS, somebody), (Bucket.LOOKUP_OF_NUMBER, somebody))
    old = datetime(2020, 1, 1, tzinfo=UTC)
    assert await took(*hits, at=old) is None
    assert await throttles.prune(clock=lambda: old + timedelta(seconds=59)) == 0
    assert await throttles.prune(clock=lambda: old + timedelta(minutes=1)) == 1
    assert await throttles.prune(clock=lambda: old + timedelta(days=1)) == 2


async def test_nothing_readable_stands_in_the_table(db: None) -> None:
    subject = f"198.51.100.{uuid4().int % 250}"
    assert await took((Bucket.LOOKUP_FROM_ADDRESS, subject)) is None
    async with directory():
        rows = await query("SELECT t::text AS line, subject FROM throttle t")
    assert rows
    assert all(subject not in row["line"] and subject.encode() not in bytes(row["subject"]) for row in rows)


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
        ("127.0.0.1", None),
        ("::ffff:127.3.2.1", None),
        ("::1", None),
        ("::2", "::/64"),
        ("203.0.113.255", None),
        ("203.0.114.0", "203.0.114.0"),
    ],
)
def test_L13_an_address_counts_by_what_one_customer_has_unless_it_is_exempt(address: str, subject: str | None) -> None:
    assert counted_address(address, ("127.0.0.0/8", "::1/128", "203.0.113.0/24")) == subject


def test_exempt_networks_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, networks in (
        ("", ()),
        ("127.0.0.0/8,::1/128", ("127.0.0.0/8", "::1/128")),
        (" 192.0.2.7 ,", ("192.0.2.7/32",)),
    ):
        monkeypatch.setenv("EXEMPT_NETWORKS", text)
        assert Settings().exempt_networks == networks
    monkeypatch.setenv("EXEMPT_NETWORKS", "192.0.2.7/24")
    with pytest.raises(ValueError, match="host bits"):
        Settings()
