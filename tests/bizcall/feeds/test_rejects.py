"""What is refused of files, line by line or as a whole, and how that is told (FD-01)."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall.database import query, tenant
from bizcall.feeds import lines
from bizcall.models.calls import CallType
from bizcall.models.feeds import FeedKind, FileState
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, correction, counts, jsonl, settled, stored

NOON = DAY.replace(tzinfo=None) + timedelta(hours=12)


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
