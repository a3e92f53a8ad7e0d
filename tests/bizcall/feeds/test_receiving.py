"""Files become facts, once each (FD-01)."""

from __future__ import annotations

import gzip
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import feeds, months
from bizcall.database import query, tenant
from bizcall.errors import Unavailable
from bizcall.feeds import ledger, lines
from bizcall.feeds.receiving import Stuck
from bizcall.ids import uuid7
from bizcall.models import Customer
from bizcall.models.feeds import FeedKind, FileState
from tests.doubles import MemoryStorage, RecordingQueue
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, as_csv, began, call, correction, counts, jsonl, settled, stored


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
