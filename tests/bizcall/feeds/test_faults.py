"""Loaders that are killed, and sessions that the server ends, at any point: each record counts once (FD-01)."""

from __future__ import annotations

import asyncio
import gzip
import pathlib
import random
import sys
from datetime import timedelta
from typing import Any

import pytest

from bizcall.database import COLLIDED, query, tenant
from bizcall.errors import Collided, Unavailable
from bizcall.feeds import ledger, lines, loading
from bizcall.feeds.facts import KINDS
from bizcall.models.feeds import FeedKind, FileState
from local.postgres import Postgres
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, correction, counts, jsonl, message, settled
from tests.patience import PATIENCE, ends
from tests.proxy import between

HANG = 2.0
"""The patience for one statement here, in seconds; the function has more."""

OLD = "old.jsonl"
"""The file of records that are corrected."""

ROOT = pathlib.Path(__file__).parents[3]
LOADER = """
import asyncio, pathlib, sys
from bizcall import database, feeds
from bizcall.feeds import keys, ledger, lines
from bizcall.models.feeds import FeedKind
from tests.doubles import MemoryStorage, RecordingQueue

lines.CHUNK_LINES = 20
advance = ledger.advance

async def told(*arguments):
    await advance(*arguments)
    print(flush=True)

async def load(url, key, path):
    ledger.advance = told
    await database.connect(url, size=1)
    storage = MemoryStorage()
    await storage.write(key, pathlib.Path(path).read_bytes(), content_type="")
    await feeds.receive(key, storage=storage, queue=RecordingQueue())

asyncio.run(load(*sys.argv[1:]))
"""
"""Loads a file in many small chunks and says so of each; the place it goes on from is the ledger's."""


async def told(company: Tenant, count: int, kind: FeedKind = FeedKind.CALLS) -> list[dict[str, Any]]:
    """Records for a file, each second of which corrects one that is loaded here: to another id, hour and line."""
    await began(company.id)
    made, moment = (call, "started_at") if kind is FeedKind.CALLS else (message, "sent_at")
    times = [DAY + timedelta(minutes=n) for n in range(count)]
    records = [made(company.numbers[n % 10], f"c{n}", at) for n, at in enumerate(times)]
    old = {
        n: made(company.numbers[(n + 1) % 10], f"old{n}", at - timedelta(hours=1))
        for n, at in enumerate(times)
        if n % 2
    }
    await Feeder(company.id, kind).load(list(old.values()), OLD)
    return [correction(record, old[n], moment) if n in old else record for n, record in enumerate(records)]


async def whole(company: Tenant, kind: FeedKind = FeedKind.CALLS) -> bool:
    """Whether the ledger counts the records that are there, at one moment, and all rollups say the same."""
    table = KINDS[kind].facts.table
    async with tenant(company.id, read_only=True):
        [row] = await query(
            f"SELECT (SELECT count(*) FROM {table} WHERE company_id = $1) AS there,"
            f" (SELECT count(*) FROM {table} WHERE company_id = $1 AND id NOT LIKE 'old%') AS fresh,"
            " sum(loaded) AS loaded, coalesce(sum(loaded + corrected) FILTER (WHERE NOT object_key LIKE $2), 0) AS told"
            " FROM feed_file WHERE company_id = $1",
            company.id,
            f"%/{OLD}",
        )
    return (row["there"], row["fresh"]) == (row["loaded"], row["told"]) and await settled(company.id)


async def test_FD_01_loaders_killed_at_random_moments_leave_whole_chunks_and_lose_nothing(
    company: Tenant, postgres: Postgres, tmp_path: pathlib.Path
) -> None:
    records = await told(company, 2000)
    path = tmp_path / "calls.jsonl.gz"
    path.write_bytes(gzip.compress(jsonl(records), 1))
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl(records), "calls.jsonl.gz")
    for _ in range(3):
        loader = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LOADER, postgres.url("app"), key, str(path)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert loader.stdout is not None
            assert await loader.stdout.readline() == b"\n"
            await asyncio.sleep(random.uniform(0, 0.1))
        finally:
            loader.kill()
            await loader.wait()
        assert await whole(company)

    async with tenant(company.id, read_only=True):
        [file] = await query(
            "SELECT state, read FROM feed_file WHERE company_id = $1 AND object_key = $2", company.id, key
        )
    assert (file["state"], 0 < file["read"] < 2000) == (FileState.LOADING, True)
    assert counts(await feeder.arrive(key)) == (1000, 1000, 0, 0)
    assert await whole(company)


async def test_FD_01_bad_lines_that_another_loader_finds_meanwhile_are_told_too(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeder = Feeder(company.id)
    write, written = feeder.storage.write, list[bytes]()

    async def beside(key: str, body: bytes, **named: Any) -> None:
        if not written:
            async with tenant(company.id):
                await query(
                    """
                    WITH moved AS (
                        UPDATE feed_file SET read = read + 1, rejected = rejected + 1 WHERE company_id = $1 RETURNING id
                    )
                    INSERT INTO feed_reject (company_id, file_id, line, code, column_name)
                    SELECT $1, id, 9, 'FORMAT', 'id' FROM moved
                    """,
                    company.id,
                )
        written.append(body)
        await write(key, body, **named)

    key = await feeder.put(jsonl([call(company.numbers[0], "bad", seconds=-1)]))
    monkeypatch.setattr(feeder.storage, "write", beside)
    file = await feeder.arrive(key)

    assert [row["line"] for row in await feeder.rejects(file)] == [1, 9]
    assert (len(written), file.state, file.rejected) == (2, FileState.LOADED, 2)


@pytest.mark.parametrize(("kind", "statements"), [(FeedKind.CALLS, 7), (FeedKind.MESSAGES, 7), (FeedKind.CUSTOMERS, 2)])
async def test_D2_a_session_that_ends_before_any_statement_of_a_chunk_takes_only_that_chunk_with_it(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, kind: FeedKind, statements: int
) -> None:
    """A server that restarts ends all sessions, each wherever it is."""
    if kind is FeedKind.CUSTOMERS:
        known = {"name": "김하늘", "updated_at": DAY.isoformat()}
        records: list[dict[str, Any]] = [{"number": f"010{n:08d}"} | known for n in range(60)]
    else:
        records = await told(company, 60, kind)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id, kind)
    key = await feeder.put(jsonl(records))
    left = 0

    async def ending(sql: str, *parameters: Any) -> list[dict[str, Any]]:
        nonlocal left
        left -= 1
        if left == 0:
            await query("SELECT pg_terminate_backend(pg_backend_pid())")
        return await query(sql, *parameters)

    monkeypatch.setattr(loading, "query", ending)
    for point in range(1, statements + 2):
        left = point
        with pytest.raises(Unavailable):
            await feeder.arrive(key)
        assert kind is FeedKind.CUSTOMERS or await whole(company, kind)
        async with tenant(company.id, read_only=True):
            [file] = await query(
                "SELECT lines FROM feed_file WHERE company_id = $1 AND object_key = $2", company.id, key
            )
        assert file["lines"] == (10 if point > statements else 0)

    assert counts(await feeder.arrive(key)) == ((60, 0, 0, 0) if kind is FeedKind.CUSTOMERS else (30, 30, 0, 0))
    assert await settled(company.id)


@pytest.mark.parametrize("where", ["within a chunk", "at its end"])
async def test_D3_a_database_that_falls_silent_under_a_loader_is_given_up_in_time_and_the_file_goes_on(
    company: Tenant, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    records = await told(company, 35)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl(records))
    module, name = (loading, "copy") if where == "within a chunk" else (ledger, "advance")
    done, seen = getattr(module, name), 0

    async with between(postgres.url("app"), command_timeout=HANG) as wire:

        async def silent(*arguments: Any) -> None:
            nonlocal seen
            await done(*arguments)
            seen += 1
            if seen == 2:
                wire.hang()

        monkeypatch.setattr(module, name, silent)
        async with ends(before=PATIENCE):
            with pytest.raises(Unavailable):
                await feeder.arrive(key)
        await wire.heal()
    assert await whole(company)
    file = await feeder.arrive(key)

    assert (seen > 2, counts(file)) == (True, (18, 17, 0, 0))
    assert await whole(company)


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_D5_a_chunk_that_collides_is_loaded_anew_and_counts_once(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    records = await told(company, 35)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl(records))
    advance, attempts, collisions = ledger.advance, 0, 2

    async def colliding(*arguments: Any) -> None:
        """The transaction is complete but for its end when the server undoes it."""
        nonlocal attempts
        await advance(*arguments)
        attempts += 1
        if 1 < attempts <= 1 + collisions:
            await query(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")

    monkeypatch.setattr(ledger, "advance", colliding)
    collisions = 3
    with pytest.raises(Collided):
        await feeder.arrive(key)
    assert attempts == 4
    async with tenant(company.id, read_only=True):
        [file] = await query(
            "SELECT lines, read, state FROM feed_file WHERE company_id = $1 AND object_key = $2", company.id, key
        )
    assert (file["lines"], file["read"], file["state"]) == (10, 10, FileState.LOADING)
    assert await whole(company)

    attempts, collisions = 0, 2
    assert counts(await feeder.arrive(key)) == (18, 17, 0, 0)
    assert attempts == 3 + 2
    assert await whole(company)


async def test_D5_loaders_that_wait_for_each_other_crosswise_both_end_because_the_victim_is_run_again(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By themselves chunks take what they lock in one order; here two take a further row each, crosswise."""
    await began(company.id)
    load, met, attempts = loading.load, asyncio.Barrier(2), 0

    async def crosswise(company_id: Any, batch: Any) -> Any:
        nonlocal attempts
        attempts += 1
        order = (b"first" in batch.rows and 1) or -1
        for place, name in enumerate(["개발팀", "영업팀"][::order]):
            key = company.departments[name]
            await query("SELECT 1 FROM department WHERE company_id = $1 AND id = $2 FOR UPDATE", company_id, key)
            if place == 0 and attempts <= 2:
                await met.wait()
        return await load(company_id, batch)

    monkeypatch.setattr(loading, "load", crosswise)
    feeder = Feeder(company.id)
    files = await asyncio.gather(
        *(
            feeder.load([call(company.numbers[0], f"{name}{n}") for n in range(20)], name)
            for name in ("first.jsonl", "other.jsonl")
        ),
    )

    assert (attempts, [counts(file) for file in files]) == (3, [(20, 0, 0, 0)] * 2)
    assert caplog.messages.count(COLLIDED) == 1
    assert await whole(company)
