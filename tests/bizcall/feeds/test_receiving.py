"""Files become facts, once each (FD-01)."""

from __future__ import annotations

from datetime import timedelta

from bizcall.models.feeds import FileState
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, as_csv, began, call, correction, counts, settled, stored


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
