"""Data is as of the newest file of which something is in, however far it was read (ST-01, FD-01)."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bizcall import stats
from bizcall.database import query, tenant
from bizcall.feeds import lines
from bizcall.models.feeds import FeedKind, FileState
from bizcall.stats import CALLS, MESSAGES, answers
from local.postgres import Postgres
from tests.factories import Tenant
from tests.feeding import NOW, Feeder, began, call, jsonl, message


def minute(number: int) -> datetime:
    """When the file of that number comes."""
    return NOW + timedelta(minutes=number)


async def as_of(company: Tenant) -> tuple[datetime | None, datetime | None]:
    """Of calls and of messages."""
    async with tenant(company.id, read_only=True):
        return await stats.as_of(company.id, CALLS), await stats.as_of(company.id, MESSAGES)


async def test_ST_01_data_is_as_of_the_newest_file_of_its_kind_that_put_something_in(company: Tenant) -> None:
    await began(company.id)
    calls, texts = Feeder(company.id), Feeder(company.id, FeedKind.MESSAGES)
    assert await as_of(company) == (None, None)

    key = await calls.put(jsonl([call(company.numbers[0], "a")]))
    await calls.arrive(key, clock=lambda: minute(1))
    await texts.arrive(await texts.put(jsonl([message(company.numbers[0], "m")])), clock=lambda: minute(2))

    assert await as_of(company) == (minute(1), minute(2))


@pytest.mark.parametrize(
    ("name", "body", "state"),
    [
        ("a.txt", b"{}", FileState.REFUSED),
        ("a.csv", b"id,line\n1,2\n", FileState.REFUSED),
        ("a.jsonl.gz", b"", FileState.REFUSED),
        ("a.jsonl", b"", FileState.LOADED),
        ("a.jsonl", b"no JSON\n", FileState.LOADED),
        ("a.jsonl", jsonl([call("07099999999", "a")]), FileState.LOADED),
    ],
    ids=["ending", "header", "no gzip", "empty", "no JSON", "unknown line"],
)
async def test_ST_01_a_file_that_put_nothing_in_makes_no_data_fresh(
    company: Tenant, name: str, body: bytes, state: FileState
) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    first = await feeder.put(jsonl([call(company.numbers[0], "a")]), "first.jsonl")
    await feeder.arrive(first, clock=lambda: minute(1))
    key = await feeder.put(b"", name)
    await feeder.storage.write(key, body, content_type="")

    file = await feeder.arrive(key, clock=lambda: minute(2))
    again = await feeder.arrive(
        await feeder.put(jsonl([call(company.numbers[0], "a")]), "again.jsonl"), clock=lambda: minute(3)
    )

    assert (file.state, file.loaded, file.finished_at) == (state, 0, minute(2))
    assert (again.known, again.finished_at) == (1, minute(3))
    assert (await as_of(company))[0] == minute(1)


async def test_ST_01_what_is_in_of_a_file_counts_while_it_loads_and_when_it_is_refused(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await began(company.id)
    monkeypatch.setattr(lines, "CHUNK_LINES", 10)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl([call(company.numbers[0], f"c{n}") for n in range(25)]), "long.jsonl")
    left = iter([100.0, 100.0, 100.0, 5.0])
    loading = await feeder.arrive(key, clock=lambda: minute(1), remaining=lambda: next(left))
    assert (loading.state, (await as_of(company))[0]) == (FileState.LOADING, minute(1))

    # By when it came, not by how long it took.
    await feeder.arrive(key, clock=lambda: minute(5))
    assert (await as_of(company))[0] == minute(1)

    cut = await feeder.put(b"", "cut.jsonl.gz")
    packed = gzip.compress(jsonl([call(company.numbers[0], f"d{n}") for n in range(2000)]))
    await feeder.storage.write(cut, packed[: len(packed) // 2], content_type="")
    refused = await feeder.arrive(cut, clock=lambda: minute(6))
    assert (refused.state, refused.loaded > 0) == (FileState.REFUSED, True)
    assert (await as_of(company))[0] == minute(6)


async def test_ST_01_the_answer_is_one_entry_of_an_index(
    company: Tenant, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []

    async def noted(*statement: Any) -> list[dict[str, Any]]:
        sent.append(statement)
        return await query(*statement)

    async with tenant(company.id):
        await query(
            """
            INSERT INTO feed_file (company_id, id, kind, object_key, object_version, object_etag, object_size, state,
                                   read, loaded, created_at)
            SELECT $1, gen_random_uuid(), 'CALLS', n, '', '', 1, 'LOADED', 1, 1, now() - n * interval '1 hour'
            FROM generate_series(1, 500) AS n
            """,
            company.id,
        )
    owner = await asyncpg.connect(postgres.url("owner"))
    await owner.execute("ANALYZE feed_file")
    await owner.close()
    monkeypatch.setattr(answers, "query", noted)
    await as_of(company)
    sql, *parameters = sent[0]
    async with tenant(company.id, read_only=True):
        # A small table is read in many ways; what is asked here is whether the index alone can answer.
        for way in ("seqscan", "bitmapscan", "indexscan", "sort"):
            await query("SELECT set_config($1, 'off', true)", f"enable_{way}")
        rows = await query(f"EXPLAIN {sql}", *parameters)
    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "Limit" in plan, plan
    assert "Index Only Scan Backward using feed_file_put_in" in plan, plan
