"""Raw rows = rollups, and each record once, whatever arrives in whatever order (ST-03, FD-01)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall.database import COLLIDED, query, tenant
from bizcall.models.feeds import FeedKind
from bizcall.stats import CALLS, MESSAGES
from tests.chains import CHAINS, Step, versions
from tests.factories import Tenant, make_tenant
from tests.feeding import (
    DAY,
    DECEMBER,
    NEW_YEAR,
    Feeder,
    began,
    call,
    correction,
    counts,
    jsonl,
    message,
    settled,
    stored,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chains=CHAINS, data=st.data())
async def test_ST_03_raw_rows_equal_rollups_and_chains_end_at_their_last(
    db: None, chains: list[list[Step]], data: st.DataObject
) -> None:
    company = await make_tenant(lines=3)
    await began(company.id, DECEMBER)
    told = [versions(number, chain, company.numbers, NEW_YEAR) for number, chain in enumerate(chains)]
    records = data.draw(st.permutations([record for chain in told for record in chain]))
    again = data.draw(st.lists(st.sampled_from(records), max_size=5))
    cuts = data.draw(st.integers(1, 4))
    stream = [*records, *again]
    files = [stream[place::cuts] for place in range(cuts)]
    feeder = Feeder(company.id)

    await asyncio.gather(*(feeder.load(file, f"{place}.jsonl") for place, file in enumerate(files)))

    rows = await stored(company.id)
    assert {(row["id"], row["started_at"].isoformat(), row["seconds"], row["type"]) for row in rows} == {
        (last["id"], utc(last["started_at"]), last["seconds"], last["type"]) for last in (chain[-1] for chain in told)
    }
    assert await settled(company.id)


def utc(text: str) -> str:
    """The moment as the database tells it."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


async def test_FD_01_a_correction_that_moves_a_record_back_has_a_revision(company: Tenant) -> None:
    await began(company.id)
    later = DAY + timedelta(hours=5)
    first = call(company.numbers[0], "x", DAY, seconds=1)
    moved = correction(call(company.numbers[0], "x", later, seconds=2, revision=1), first)
    back = correction(call(company.numbers[0], "x", DAY, seconds=3, revision=2), moved)
    for order in ([first, moved, back], [back, first, moved], [moved, back, first]):
        feeder = Feeder(company.id)
        for place, record in enumerate(order):
            await feeder.load([record], f"{place}.jsonl")
        assert [row["seconds"] for row in await stored(company.id)] == [3]
        assert await settled(company.id)


@pytest.mark.parametrize("kind", [FeedKind.CALLS, FeedKind.MESSAGES])
@pytest.mark.parametrize("later", [True, False])
@pytest.mark.parametrize("first_comes", ["before", "after", "with"])
async def test_FD_01_ST_03_a_correction_over_the_end_of_a_year_leaves_one_month_and_enters_the_other(
    company: Tenant, kind: FeedKind, later: bool, first_comes: str
) -> None:
    """Each month of facts is a table of its own."""
    await began(company.id, DECEMBER)
    facts, made = (CALLS, call) if kind is FeedKind.CALLS else (MESSAGES, message)
    eve, new = NEW_YEAR - timedelta(seconds=1), NEW_YEAR
    old, right = (eve, new) if later else (new, eve)
    first = made(company.numbers[0], "x", old)
    last = correction(made(company.numbers[1], "x", right), first, facts.moment)
    kept = [made(company.numbers[0], key, at) for key, at in (("old-year", eve), ("new-year", new))]
    files = {"before": [[first], [last]], "after": [[last], [first]], "with": [[last, first]]}
    feeder = Feeder(company.id, kind)

    for place, records in enumerate([kept, *files[first_comes]]):
        await feeder.load(records, f"{place}.jsonl")

    async with tenant(company.id, read_only=True):
        rows = await query(f"SELECT id, {facts.moment} AS at FROM {facts.table} WHERE company_id = $1", company.id)
        sums = await query(
            f"SELECT month, sum({'incoming' if facts is CALLS else 'sent'}) AS n FROM {facts.table}_line_month"
            " WHERE company_id = $1 GROUP BY month",
            company.id,
        )
    assert {(row["id"], row["at"]) for row in rows} == {("old-year", eve), ("new-year", new), ("x", right)}
    assert {row["month"]: row["n"] for row in sums} == {
        DECEMBER.date(): 1 if later else 2,
        NEW_YEAR.date(): 2 if later else 1,
    }
    assert await settled(company.id)


async def test_FD_01_what_was_replaced_by_nobody_knows_whom_stays_out(company: Tenant) -> None:
    """Rows of before migration 0030 don't say which record it was, but how far it went."""
    await began(company.id)
    feeder = Feeder(company.id)
    first = call(company.numbers[0], "x", DAY)
    await feeder.load([first, correction(call(company.numbers[0], "y", DAY), first)], "1.jsonl")
    async with tenant(company.id):
        await query("UPDATE correction SET by_id = NULL, by_started_at = NULL WHERE company_id = $1", company.id)

    late = await feeder.load([call(company.numbers[0], "x", DAY, revision=1)], "2.jsonl")

    assert counts(late) == (0, 0, 1, 0)
    assert [row["id"] for row in await stored(company.id)] == ["y"]
    assert await settled(company.id)


async def test_FD_01_six_overlapping_loaders_neither_deadlock_nor_count_twice(
    company: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """Loaders that deadlocked would be run again and end alike, so what counts is that none was."""
    await began(company.id)
    records = [
        call(company.numbers[n % 10], f"c{n}", DAY + timedelta(minutes=7 * n), seconds=n % 100) for n in range(900)
    ]
    feeder = Feeder(company.id)
    loads = [
        feeder.load(records[begin : begin + 400][:: 1 if begin % 200 else -1], f"{begin}.jsonl")
        for begin in range(0, 600, 100)
    ]
    files = await asyncio.gather(*loads)

    assert COLLIDED not in caplog.messages
    assert sum(file.loaded for file in files) == len(await stored(company.id)) == 900
    assert sum(file.known for file in files) == 6 * 400 - 900
    assert await settled(company.id)


async def test_FD_01_the_same_file_told_ten_times_at_once_is_loaded_once(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id)
    key = await feeder.put(jsonl([call(company.numbers[0], f"c{n}") for n in range(300)]))
    await asyncio.gather(*(feeder.arrive(key) for _ in range(10)))

    assert counts(await feeder.arrive(key)) == (300, 0, 0, 0)
    assert await settled(company.id)


async def test_MS_01_messages_are_corrected_likewise(company: Tenant) -> None:
    await began(company.id)
    feeder = Feeder(company.id, FeedKind.MESSAGES)
    first = message(company.numbers[0], "m")
    later = DAY + timedelta(hours=2)
    last = correction(message(company.numbers[0], "m", later, direction="RECEIVED"), first, "sent_at")

    assert counts(await feeder.load([last], "2.jsonl")) == (0, 1, 0, 0)
    assert counts(await feeder.load([first], "1.jsonl")) == (0, 0, 1, 0)

    assert await settled(company.id)
