"""A file is of one moment, whatever is loaded and corrected while it is made; and its progress can be watched (X3)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bizcall.database import query, tenant
from bizcall.exports import running
from bizcall.models.exports import State
from bizcall.models.feeds import FeedKind
from tests.exports import Clerk, Hooked, Workbook, fresh
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, correction, stored

CALLS, BATCH = 120, 20


def rows(book: Workbook) -> list[tuple[str, int, str]]:
    """Key, seconds and customer's name of each row, by key."""
    return sorted((row["기록 번호"], row["통화 시간(초)"], row["고객명"]) for row in book.rows)


async def test_X3_what_loaders_write_and_correct_meanwhile_is_in_the_next_file_only(
    company: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", BATCH)
    monkeypatch.setattr(running, "EVERY", timedelta(0))
    await began(company.id)
    people, calls = Feeder(company.id, FeedKind.CUSTOMERS), Feeder(company.id)
    person = {"number": "010-1234-5678", "name": "김하나", "updated_at": DAY.isoformat()}
    await people.load([person])
    first = [call(company.numbers[0], f"a{n:03d}", DAY + timedelta(minutes=n)) for n in range(CALLS)]
    await calls.load(first)
    clerk = Clerk(company)
    export = await clerk.ask(unmasked=True)
    noted: list[Any] = []

    async def loaders() -> None:
        noted.append(await clerk.row(export.id))
        # Before and behind the place that the file has come to, which has the latest first.
        more = [call(company.numbers[1], f"b{n:03d}", DAY + timedelta(minutes=n, seconds=1)) for n in range(CALLS)]
        await Feeder(company.id).load(more, "more.jsonl.gz")
        mended = [correction({**first[n], "id": f"c{n:03d}"}, first[n], seconds=999) for n in range(0, CALLS, 3)]
        await Feeder(company.id).load(mended, "mended.jsonl.gz")
        renamed = {**person, "name": "박둘", "updated_at": (DAY + timedelta(days=1)).isoformat()}
        await Feeder(company.id, FeedKind.CUSTOMERS).load([renamed], "renamed.jsonl.gz")

    async def meanwhile() -> None:
        await asyncio.create_task(loaders(), context=fresh())

    before = (await clerk.row(export.id)).created_at
    clerk.storage = Hooked(hook=meanwhile)
    assert await clerk.work(export) is State.COMPLETED

    assert rows(await clerk.workbook(export.id)) == [(f"a{n:03d}", 60, "김하나") for n in range(CALLS)]
    done = await clerk.row(export.id)
    assert done.as_of is not None
    assert done.as_of < before
    # Two batches had been written when the third was.
    assert [(row.state, row.rows_done, row.rows_total) for row in noted] == [(State.RUNNING, 2 * BATCH, CALLS)]

    clerk.storage = Hooked()
    later = rows(await clerk.made(unmasked=True))
    assert later == sorted((row["id"], row["seconds"], "박둘") for row in await stored(company.id))
    assert len(later) == 2 * CALLS
    assert sum(seconds for _, seconds, _ in later) == 60 * (2 * CALLS - CALLS // 3) + 999 * CALLS // 3
    async with tenant(company.id, read_only=True):
        [loaded] = await query("SELECT count(*) AS n FROM feed_file WHERE company_id = $1", company.id)
    assert loaded["n"] == 5
