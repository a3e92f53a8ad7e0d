"""Files become facts, once each (FD-01)."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import feeds, months
from bizcall.database import query, tenant
from bizcall.errors import Unavailable
from bizcall.feeds import ledger, lines
from bizcall.feeds.receiving import Stuck
from bizcall.ids import uuid7
from bizcall.models import Customer
from bizcall.models.calls import CallType
from bizcall.models.feeds import FeedKind, FileState
from tests.doubles import MemoryStorage, RecordingQueue
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, as_csv, began, call, correction, counts, jsonl, settled, stored

NOON = DAY.replace(tzinfo=None) + timedelta(hours=12)


async def test_FD_01_each_record_counts_once_however_often_its_file_comes(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    records = [call(company.numbers[n % 3], f"c{n}", DAY + timedelta(minutes=n)) for n in range(50)]

    first = await feeder.load(records)
    again = await feeder.load(records[20:] + records[:20], "again.jsonl")
    as_text = await feeder.arrive(await feeder.put(as_csv(records), "same.csv.gz"))

    assert (first.state, counts(first)) == (FileState.LOADED, (50, 0, 0, 0))
    assert counts(again) == counts(as_text) == (0, 0, 50, 0)
    assert len(await stored(company.id)) == 50
    assert await settled(company.id)


async def test_FD_01_a_correction_replaces_its_record_whichever_comes_first(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    first = call(company.numbers[0], "a", seconds=10)
    moved = correction(call(company.numbers[1], "b", DAY + timedelta(hours=2), seconds=20), first)
    last = correction(call(company.numbers[1], "b", DAY + timedelta(hours=2), seconds=30), moved)

    for record in (last, first, moved, first, last):
        await feeder.load([record], f"{record['seconds']}.jsonl")

    [found] = await stored(company.id)
    assert (found["id"], found["seconds"], found["line_id"]) == ("b", 30, company.line_ids[1])
    assert await settled(company.id)


async def test_FD_01_good_lines_go_in_and_bad_ones_are_told(company: Tenant, stranger: Tenant) -> None:
    await began(company.id)
    await began(stranger.id)
    feeder = Feeder(company.id)
    file = await feeder.load(
        [
            call(company.numbers[0], "good"),
            call(stranger.numbers[0], "another company's"[:7]),
            call(company.numbers[0], "negative", seconds=-1),
            call(company.numbers[0], "before", DAY - timedelta(days=301)),
        ],
        "nested/name.jsonl",
    )

    assert (file.state, counts(file)) == (FileState.LOADED, (1, 0, 0, 3))
    assert file.rejects_key == f"feeds/rejects/calls/{company.id}/nested/name.jsonl/{file.id}.rejects.jsonl"
    told = await feeder.rejects(file)
    assert [(row["line"], row["code"], row["column"]) for row in told] == [
        (2, "LINE_UNKNOWN", "line"),
        (3, "RANGE", "seconds"),
        (4, "LINE_UNKNOWN", "line"),
    ]
    assert all("가" <= row["reason"][0] <= "힣" for row in told)
    assert await settled(company.id)
    async with tenant(company.id):
        assert not await query("SELECT 1 FROM feed_reject WHERE company_id = $1", company.id)


KEYS = st.text("abcde!~", min_size=1, max_size=64)
TEXTS = st.text(max_size=45)
"""Any characters, unpaired surrogates excepted, which no JSON can be written with."""
OFFSETS = st.sampled_from(["", "Z", "+09:00", "+16:00", "-23:59:59.999999", "+09:00:00.000001", "+0530"])
MOMENTS = st.builds("{:%Y-%m-%dT%H:%M:%S}{}{}".format, st.datetimes(NOON, NOON + timedelta(days=9)),
                    st.sampled_from(["", ".5", ",999999"]), OFFSETS)  # fmt: skip
ANY = {
    FeedKind.CALLS: {
        "id": KEYS, "type": st.sampled_from(CallType), "seconds": st.integers(0, 700_000), "customer": TEXTS,
        "started_at": MOMENTS, "replaces_id": KEYS, "replaces_started_at": MOMENTS, "revision": st.integers(0, 33_000),
    },
    FeedKind.MESSAGES: {
        "id": KEYS, "direction": st.just("SENT"), "kind": st.just("SMS"), "customer": TEXTS, "text": TEXTS,
        "sent_at": MOMENTS,
    },
    FeedKind.CUSTOMERS: {"number": TEXTS, "name": TEXTS, "details": TEXTS, "updated_at": MOMENTS},
}  # fmt: skip


@pytest.mark.parametrize("kind", FeedKind)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_FD_01_what_is_not_refused_goes_in_whatever_it_holds(
    company: Tenant, kind: FeedKind, data: st.DataObject
) -> None:
    """A value that only the database refuses would stop its file for good, and each one after it."""
    await began(company.id)
    drawn = data.draw(st.lists(st.fixed_dictionaries(ANY[kind]), min_size=1, max_size=40))
    file = await Feeder(company.id, kind).load([{"line": company.numbers[0], **record} for record in drawn], "a.jsonl")

    assert (file.state, file.read) == (FileState.LOADED, len(drawn))
    assert await settled(company.id)


async def test_FD_01_a_correction_of_a_bad_line_takes_nothing_out(company: Tenant, stranger: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    first = call(company.numbers[0], "a")
    await feeder.load([first], "1.jsonl")
    bad = correction(call(stranger.numbers[0], "b"), first)

    assert counts(await feeder.load([bad], "2.jsonl")) == (0, 0, 0, 1)
    assert [row["id"] for row in await stored(company.id)] == ["a"]


@pytest.mark.parametrize(
    ("name", "body", "refusal"),
    [
        ("a.txt", b"{}", "EXTENSION"),
        ("a.csv", "이름,번호\n".encode("cp949"), "ENCODING"),
        ("a.csv", b"id\n", "HEADER"),
        ("a.jsonl", b"\xff\xfe{\0", "ENCODING"),
    ],
)
async def test_FD_01_a_file_that_can_not_be_read_is_refused(
    company: Tenant, name: str, body: bytes, refusal: str
) -> None:
    feeder = Feeder(company.id)
    file = await feeder.arrive(await feeder.put(body + b"x\n", name))

    assert (file.state, file.refusal) == (FileState.REFUSED, refusal)
    [told] = await feeder.rejects(file)
    assert told["code"] == refusal


@pytest.mark.parametrize(
    ("name", "body", "refusal"),
    [
        ("a.jsonl.gz", b"", "NOT_GZIP"),
        ("a.csv.gz", b"", "NOT_GZIP"),
        ("a.csv", b"", "HEADER"),
        ("a.csv", b"\n\n", "HEADER"),
        ("a.csv", b"number,name\n", "HEADER"),
        ("a.csv", "이름,번호".encode("cp949"), "ENCODING"),
        ("a.csv", b"id,line,type,started_at,seconds\n", None),
        ("a.csv", b"id,line,type,started_at,seconds", None),
        ("a.jsonl", b"", None),
        ("a.jsonl", b"\n \n", None),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0), None),
    ],
)
async def test_FD_01_a_file_without_records_is_loaded_if_it_is_one_and_refused_if_not(
    company: Tenant, name: str, body: bytes, refusal: str | None
) -> None:
    feeder = Feeder(company.id)
    key = await feeder.put(b"", name)
    await feeder.storage.write(key, body, content_type="")

    file = await feeder.arrive(key)

    assert (file.state, file.refusal) == (FileState.REFUSED if refusal else FileState.LOADED, refusal)
    assert (counts(file), file.read) == ((0, 0, 0, 0), 0)
    assert [row["code"] for row in (await feeder.rejects(file) if refusal else [])] == ([refusal] if refusal else [])


async def test_FD_01_a_file_cut_in_the_middle_gives_what_it_has_and_the_rest_comes_later(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    records = [call(company.numbers[0], f"c{n}", seconds=n) for n in range(2000)]
    packed = gzip.compress(jsonl(records))
    key = await feeder.put(b"", "cut.jsonl.gz")
    await feeder.storage.write(key, packed[: len(packed) // 2], content_type="")
    cut = await feeder.arrive(key)
    await feeder.storage.write(key, packed, content_type="")
    whole = await feeder.arrive(key)

    assert (cut.state, cut.refusal) == (FileState.REFUSED, "DAMAGED")
    assert 0 < cut.loaded < 2000
    assert counts(whole) == (2000 - cut.loaded, 0, cut.loaded, 0)
    assert await settled(company.id)


async def test_FD_01_each_version_of_an_object_counts(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl([call(company.numbers[0], "a")]), "f.jsonl")
    first = await feeder.storage.head(key)
    await feeder.put(jsonl([call(company.numbers[0], "b")]), "f.jsonl")

    await feeder.arrive(key)
    await feeder.arrive(key, version=first.version)

    assert [row["id"] for row in await stored(company.id)] == ["a", "b"]


async def test_FD_01_what_is_wrong_with_each_version_of_an_object_is_told(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    first, second = [
        await feeder.load([call(company.numbers[0], "a") | {column: None}], "f.jsonl") for column in ("type", "seconds")
    ]

    assert [(await feeder.rejects(file))[0]["column"] for file in (first, second)] == ["type", "seconds"]


async def test_FD_01_a_file_is_read_when_its_bad_lines_are_told_and_not_before(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes them without a word to the ledger, as one who is killed then, is followed by another."""
    await began(company.id)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl([call(company.numbers[0], "good"), call(company.numbers[0], "bad", seconds=-1)]))
    write = feeder.storage.write

    async def broken(*arguments: Any, **named: Any) -> None:
        await write(*arguments, **named)
        raise ConnectionResetError

    monkeypatch.setattr(feeder.storage, "write", broken)
    with pytest.raises(ConnectionResetError):
        await feeder.arrive(key)
    async with tenant(company.id):
        [file] = await query("SELECT state, loaded, rejected FROM feed_file WHERE company_id = $1", company.id)
    assert tuple(file.values()) == ("LOADING", 1, 1)
    monkeypatch.setattr(feeder.storage, "write", write)

    done, *others = await asyncio.gather(*(feeder.arrive(key) for _ in range(3)))

    assert {file.rejects_key for file in others} == {done.rejects_key}
    assert (done.state, counts(done)) == (FileState.LOADED, (1, 0, 0, 1))
    assert [row["line"] for row in await feeder.rejects(done)] == [2]


@pytest.mark.parametrize("apart", [True, False])
async def test_FD_01_of_two_corrections_of_one_record_the_second_is_refused_and_not_counted_beside_the_first(
    company: Tenant, apart: bool
) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    told = call(company.numbers[0], "a", seconds=10)
    first, second = [
        correction(call(company.numbers[0], "a", DAY + timedelta(minutes=later), seconds=20), told) for later in (5, 7)
    ]
    if apart:
        await feeder.load([first], "1.jsonl")
    # Again, the one that stands is known, whatever comes before it.
    file = await feeder.load([second, first] if apart else [first, second], "2.jsonl")
    await feeder.load([told], "3.jsonl")

    assert counts(file) == ((0, 0, 1, 1) if apart else (0, 1, 0, 1))
    [row] = await feeder.rejects(file)
    assert (row["line"], row["code"], row["column"]) == (1 if apart else 2, "REPLACED", "replaces_id")
    assert [row["started_at"] for row in await stored(company.id)] == [DAY + timedelta(minutes=5)]
    assert await settled(company.id)


async def test_FD_01_a_file_that_takes_longer_goes_on_where_the_ledger_stands(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id)
    key = await feeder.put(as_csv([call(company.numbers[0], f"c{n}") for n in range(45)]), "long.csv.gz")
    left = iter([100.0, 100.0, 100.0, 5.0])

    file = await feeder.arrive(key, remaining=lambda: next(left))
    assert (file.state, file.lines, file.loaded) == (FileState.LOADING, 21, 20)
    [(queue, letter)] = feeder.queue.letters
    assert queue == "feeds"
    body = orjson.loads(letter.body)

    done = await feeds.read_on(
        UUID(body["companyId"]), UUID(body["fileId"]), storage=feeder.storage, queue=feeder.queue
    )
    assert done is not None
    assert (done.state, counts(done), done.lines) == (FileState.LOADED, (45, 0, 0, 0), 46)
    assert await settled(company.id)


async def test_FD_01_a_file_that_got_no_further_in_time_enough_is_no_message_to_itself(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl([call(company.numbers[0], f"c{n}") for n in range(25)]))
    left = iter([90.0, 90.0, 5.0, 90.0, 5.0, 59.0, 5.0])

    first = await feeder.arrive(key, remaining=lambda: next(left))
    with pytest.raises(Stuck):
        await feeder.arrive(key, remaining=lambda: next(left))
    # Who began late, behind another file of the same message, can't tell whether it is the file's fault.
    late = await feeder.arrive(key, remaining=lambda: next(left))

    assert (first.state, first.lines, late.state, late.lines) == (FileState.LOADING, 10, FileState.LOADING, 10)
    assert len(feeder.queue.letters) == 2
    assert counts(await feeder.arrive(key)) == (25, 0, 0, 0)


@pytest.mark.parametrize(
    ("bound", "most", "packed", "loaded"),
    [("LINES_MOST", 30, True, 30), ("BYTES_MOST", 4000, True, 20), ("BYTES_MOST", 4000, False, 0)],
)
async def test_FD_01_a_file_beyond_the_bound_is_refused_and_what_was_read_stays(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, bound: str, most: int, packed: bool, loaded: int
) -> None:
    await began(company.id)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    monkeypatch.setattr(lines, "PIECE_BYTES", 150)
    monkeypatch.setattr(lines, bound, most)
    feeder = Feeder(company.id)
    body = jsonl([call(company.numbers[0], f"c{n}", seconds=n) for n in range(60)])
    file = await feeder.arrive(await feeder.put(body, "a.jsonl.gz" if packed else "a.jsonl"))

    assert (file.state, file.refusal) == (FileState.REFUSED, "TOO_LARGE")
    assert loaded <= file.loaded <= loaded + 10
    assert [row["code"] for row in await feeder.rejects(file)] == ["TOO_LARGE"]
    assert await settled(company.id)


async def test_FD_01_a_loader_that_dies_between_chunks_or_within_one_leaves_no_trace(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl([call(company.numbers[n % 3], f"c{n}") for n in range(35)]))
    advance, chunks = ledger.advance, count()

    async def dying(*arguments: Any) -> None:
        await advance(*arguments)
        if next(chunks) == 2:
            # The transaction of the third chunk is complete but for its end.
            raise ConnectionResetError

    monkeypatch.setattr(ledger, "advance", dying)
    with pytest.raises(Unavailable):
        await feeder.arrive(key)
    assert len(await stored(company.id)) == 20
    assert await settled(company.id)

    assert counts(await feeder.arrive(key)) == (35, 0, 0, 0)
    assert await settled(company.id)


async def test_FD_01_places_that_are_no_feeds_are_left_alone(company: Tenant) -> None:
    storage, queue = MemoryStorage(), RecordingQueue()
    for key in (
        f"feeds/rejects/calls/{company.id}/a.jsonl",
        f"feeds/calls/{company.id}/",
        f"feeds/calls/{str(company.id).upper()}/a.jsonl",
        "feeds/calls/nobody/a.jsonl",
        f"feeds/calls/{uuid7()}/a.jsonl",
        f"feeds/calls/{company.id}/gone.jsonl",
    ):
        if "gone" not in key:
            await storage.write(key, b"{}\n", content_type="")
        assert await feeds.receive(key, storage=storage, queue=queue) is None


async def test_CU_01_the_newest_record_of_a_customer_stands_whatever_the_order(company: Tenant) -> None:
    feeder = Feeder(company.id, FeedKind.CUSTOMERS)
    old = {"number": "010-1234-5678", "name": "김옛날", "details": "", "updated_at": "2026-01-01T00:00:00"}
    new = {"number": "01012345678", "name": "김새날", "details": "단골", "updated_at": "2026-02-01T00:00:00"}
    also = {"number": "+1 650 253 0000", "name": "Abroad", "updated_at": "2026-02-01T00:00:00"}

    assert counts(await feeder.load([new, old, also], "1.jsonl")) == (2, 0, 1, 0)
    assert counts(await feeder.load([old], "2.jsonl")) == (0, 0, 1, 0)
    again = {**new, "name": "김새해", "updated_at": "2026-03-01T00:00:00"}
    assert counts(await feeder.load([again], "3.jsonl")) == (0, 1, 0, 0)

    async with tenant(company.id):
        rows = await Customer.filter(company_id=company.id).order_by("number")
    assert [(row.number, row.name, row.details) for row in rows] == [
        ("+1 650 253 0000", "Abroad", ""),
        ("01012345678", "김새해", "단골"),
    ]


async def test_ST_03_a_call_belongs_to_the_korean_month_in_which_it_started(company: Tenant) -> None:
    await began(company.id)
    edge = months.begins(months.shifted(months.today(), -1))
    feeder = Feeder(company.id)
    just_before = call(company.numbers[0], "before", edge - timedelta(seconds=1))
    await feeder.load([just_before, call(company.numbers[0], "at", edge)])

    async with tenant(company.id):
        rows = await query("SELECT month, incoming FROM call_line_month WHERE company_id = $1 ORDER BY 1", company.id)
    assert [(row["month"], row["incoming"]) for row in rows] == [
        (months.shifted(months.today(), -2), 1),
        (months.shifted(months.today(), -1), 1),
    ]
