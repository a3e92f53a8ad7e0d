"""Rollups are verified against the facts, rebuilt from them, and forgotten with them (ST-03)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from bizcall import months, stats
from bizcall.database import query, tenant
from bizcall.errors import Invalid
from bizcall.models.feeds import FeedKind
from bizcall.stats import Span, comparing, verifying
from bizcall.stats.rollups import CALLS, MESSAGES
from tests.factories import Tenant
from tests.feeding import DAY, NOW, Feeder, began, call, message, settled

TABLES = [rollup.table for facts in (CALLS, MESSAGES) for rollup in facts.rollups]
DATE = DAY.date()


async def fed(company: Tenant) -> None:
    """Calls and messages on three days."""
    await began(company.id)
    at = [DAY + timedelta(hours=20 * n) for n in range(4)]
    await Feeder(company.id).load([call(company.numbers[n % 2], f"c{n}", moment) for n, moment in enumerate(at)])
    messages = Feeder(company.id, FeedKind.MESSAGES)
    await messages.load([message(company.numbers[n % 2], f"m{n}", moment) for n, moment in enumerate(at)])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", ["changed", "missing", "invented"])
async def test_ST_03_any_difference_is_found_and_mended(company: Tenant, table: str, how: str) -> None:
    await fed(company)
    days = Span(DATE, DATE + timedelta(days=3))
    assert await stats.verify(company.id, [day.first for day in days.days()]) == []
    measure = "incoming" if table.startswith("call") else "sent"
    async with tenant(company.id):
        if how == "missing":
            await query(f"DELETE FROM {table} WHERE company_id = $1", company.id)
        elif how == "changed":
            await query(f"UPDATE {table} SET {measure} = {measure} + 1 WHERE company_id = $1", company.id)
        else:
            bucket = next(r.bucket for f in (CALLS, MESSAGES) for r in f.rollups if r.table == table)
            step = {"hour": "interval '7 hours'", "day": "0", "month": "0"}[bucket]
            zero = ", ".join(
                f"'{company.line_ids[9]}'::uuid" if column == "line_id" else "gen_random_uuid()"
                for r in (*CALLS.rollups, *MESSAGES.rollups)
                if r.table == table
                for column in r.scope
            )
            scope = next(r.scope for f in (CALLS, MESSAGES) for r in f.rollups if r.table == table)
            columns = ", ".join(("company_id", bucket, *scope, measure))
            await query(
                f"INSERT INTO {table} ({columns}) SELECT company_id, {bucket} + {step}{', ' if zero else ''}{zero}, 1"
                f" FROM {table} WHERE company_id = $1 LIMIT 1",
                company.id,
            )

    found = await stats.verify(company.id, [day.first for day in days.days()])
    assert {difference.table for difference in found} == {table}
    await stats.rebuild(company.id, days)

    assert await stats.verify(company.id, [day.first for day in days.days()]) == []
    assert await settled(company.id)


@pytest.mark.parametrize("table", TABLES)
async def test_ST_03_a_months_totals_tell_what_a_sample_of_days_and_lines_misses(
    company: Tenant, table: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await fed(company)
    monkeypatch.setattr(verifying, "LINES", 0)
    elsewhere = DATE.replace(day=1 if DATE.day > 10 else 28)
    assert await stats.verify(company.id, [elsewhere]) == []
    measure = "incoming_seconds" if table.startswith("call") else "received"
    async with tenant(company.id):
        await query(f"UPDATE {table} SET {measure} = {measure} + 1 WHERE company_id = $1", company.id)

    assert {difference.table for difference in await stats.verify(company.id, [elsewhere])} == {table}
    monkeypatch.setattr(comparing, "MONTH_MOST", 0)
    assert await stats.verify(company.id, [elsewhere]) == []
    assert "a month is too large to be counted again" in caplog.messages


async def test_ST_03_the_night_raises_for_what_differs_and_names_no_rows(company: Tenant) -> None:
    await fed(company)
    async with tenant(company.id):
        await query("UPDATE call_hour SET incoming = incoming + 1 WHERE company_id = $1", company.id)

    # For this clock, yesterday is the first of the days that were fed.
    def clock() -> datetime:
        return DAY + timedelta(days=1, hours=4)

    with pytest.raises(stats.Differs, match=r"^\d rows of call_hour$"):
        await stats.nightly(clock=clock, chance=random.Random(1), companies=[company.id])
    await stats.rebuild(company.id, Span(DATE, DATE + timedelta(days=3)))
    assert await stats.nightly(clock=clock, chance=random.Random(1), companies=[company.id]) == verifying.Verified(1, 0)
    assert (await stats.nightly(clock=clock, remaining=lambda: 1.0, companies=[company.id])).companies == 0


async def test_ST_03_rollups_whose_facts_are_gone_are_forgotten(company: Tenant) -> None:
    await fed(company)

    assert await verifying.forget(company.id, months.shifted(DATE, 0)) == 0
    assert await verifying.forget(company.id, months.shifted(DATE, 2)) > 0

    async with tenant(company.id):
        for table in TABLES:
            assert not await query(f"SELECT 1 FROM {table} WHERE company_id = $1", company.id)


@pytest.mark.parametrize("what", [stats.rebuild, stats.verify_span])
async def test_ST_03_a_span_whose_facts_may_be_gone_or_that_is_too_long_is_refused(company: Tenant, what: Any) -> None:
    today = months.today()
    old = months.shifted(today, -14)
    for span, field in ((Span(old, old), "from"), (Span(today, today + timedelta(days=400)), "to")):
        with pytest.raises(Invalid) as refused:
            await what(company.id, span, clock=lambda: NOW)
        assert [problem.field for problem in refused.value.problems] == [(field,)]
