"""Calls go from the bucket to rollups through the running system, whatever befalls its workers (FD-01, ST-03)."""

from __future__ import annotations

import asyncio
import json
import pathlib
import re
from datetime import date
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from bizcall import months
from bizcall.feeds.rejects import FILES, LINES, FileFault, LineFault
from bizcall.stats.rollups import CALLS, aggregate
from local import generator
from local.__main__ import app
from tests.journeys.companies import Company, make_company
from tests.journeys.system import System

CALLS_MADE = 24_000


@pytest.fixture
async def company(system: System) -> Company:
    """A company that has had 30 lines for long."""
    return await make_company(str(system.addresses["database"]), lines=30)


async def ask(system: System, company: Company, sql: str) -> list[Any]:
    """The rows of a statement within the company, whose id is its parameter."""
    connection = await asyncpg.connect(system.addresses["database"])
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
            found: list[Any] = await connection.fetch(sql, company.id)
            return found
    finally:
        await connection.close()


async def files(system: System, company: Company) -> list[Any]:
    """The ledger."""
    return await ask(system, company, "SELECT * FROM feed_file WHERE company_id = $1 ORDER BY created_at")


async def came(system: System, company: Company, *, lines: int = 0, loaded: int = 0) -> list[Any]:
    """The ledger, as soon as files have come so far: a file beyond so many lines, or so many files loaded."""
    for _ in range(1200):
        found = await files(system, company)
        done = sum(file["state"] == "LOADED" for file in found)
        if (lines and any(file["lines"] >= lines for file in found)) or (loaded and done >= loaded):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


def month_of_calls(company: Company) -> tuple[date, list[str]]:
    """Last month's calls of the company as lines of CSV, header first."""
    month = months.shifted(months.today(), -1)
    made = generator.calls(company.numbers, month.year, month.month, CALLS_MADE)
    return month, [generator.HEADERS["calls"], *made]


async def settled(system: System, company: Company, calls: int) -> None:
    """Each call is there once, and each rollup says what the calls say."""
    [counted] = await ask(system, company, "SELECT count(*) AS n, sum(seconds) AS s FROM call WHERE company_id = $1")
    assert counted["n"] == calls
    for rollup in CALLS.rollups:
        columns = ", ".join((*rollup.keys, *CALLS.measures))
        told = f"SELECT {columns} FROM ({aggregate(CALLS, rollup, 'call', company='$1')}) AS told"
        kept = f"SELECT {columns} FROM {rollup.table} WHERE company_id = $1"
        assert not await ask(system, company, f"({kept} EXCEPT {told}) UNION ALL ({told} EXCEPT {kept})"), rollup


async def test_FD_01_a_worker_killed_midway_and_ten_deliveries_at_once_count_each_call_once(
    system: System, company: Company
) -> None:
    _, lines = month_of_calls(company)
    key = f"feeds/calls/{company.id}/month.csv"
    system.drop(key, "".join(lines).encode())
    await came(system, company, lines=5_000)
    killed = system.kill("feeds")
    [midway] = await files(system, company)

    told = {"Records": [{"s3": {"object": {"key": key, "versionId": midway["object_version"]}}}]}
    system.deliver("FeedsQueue", json.dumps(told), times=10)
    [file] = await came(system, company, loaded=1)

    assert (killed > 0, midway["state"]) == (True, "LOADING")
    assert midway["object_version"]
    assert (file["loaded"], file["known"], file["rejected"]) == (CALLS_MADE, 0, 0)
    await settled(system, company, CALLS_MADE)


async def test_FD_01_overlapping_files_and_bad_lines_through_the_bucket(system: System, company: Company) -> None:
    _, lines = month_of_calls(company)
    parts = [lines[1:9_000], lines[6_000:15_000], lines[12_000:20_001], ["bad,line\n", *lines[19_000:20_001]]]
    for place, part in enumerate(parts):
        system.drop(f"feeds/calls/{company.id}/{place}.csv", "".join([lines[0], *part]).encode())
    found = await came(system, company, loaded=len(parts))

    assert sum(file["loaded"] for file in found) == 20_000
    assert sum(file["rejected"] for file in found) == 1
    [key] = [file["rejects_key"] for file in found if file["rejected"]]
    assert key.startswith(f"feeds/rejects/calls/{company.id}/3.csv/")
    assert json.loads(system.read(key) or "")["line"] == 2
    await settled(system, company, 20_000)


async def test_FD_01_the_command_drops_files_and_tells_what_went_in_and_what_was_refused(
    system: System, company: Company, tmp_path: pathlib.Path
) -> None:
    _, lines = month_of_calls(company)
    good, mixed, bad = (tmp_path / name for name in ("good.csv", "mixed.csv", "bad.csv"))
    good.write_text("".join(lines[:201]), "utf-8")
    mixed.write_text("".join([*lines[:221], lines[1].replace(company.numbers[0][:6], "070123"), "bad\n"]), "utf-8")
    bad.write_text("number,name\n010-1234-5678,김하늘\n", "utf-8")

    told = await fed(system, "--company", company.login_id, str(good), str(mixed), str(bad))
    elsewhere = await fed(system, "--company", "070-0000-0000", str(good))

    rejects = f"feeds/rejects/calls/{company.id}"
    assert (told.exit_code, told.stderr) == (1, ""), told.stdout
    shown = re.sub(r"[0-9a-f-]{36}(?=\.rejects)", "…", told.stdout)
    assert shown.splitlines() == [
        "good.csv: LOADED; 200 records read: 200 loaded, 0 corrected, 0 known, 0 rejected",
        "mixed.csv: LOADED; 222 records read: 20 loaded, 0 corrected, 200 known, 2 rejected",
        f"  1 × LINE_UNKNOWN line: {LINES[LineFault.LINE_UNKNOWN]}",
        f"  1 × COLUMNS: {LINES[LineFault.COLUMNS]}",
        f"  The refused lines lie in the bucket: {rejects}/mixed.csv/….rejects.jsonl",
        "bad.csv: REFUSED; 0 records read: 0 loaded, 0 corrected, 0 known, 0 rejected",
        f"  1 × HEADER: {FILES[FileFault.HEADER]}",
        f"  The refused lines lie in the bucket: {rejects}/bad.csv/….rejects.jsonl",
    ]
    assert (elsewhere.exit_code, elsewhere.stderr) == (1, "No company has the number 070-0000-0000.\n")
    await settled(system, company, 220)


async def fed(system: System, *arguments: str) -> Result:
    """What `python -m local feed` says."""
    asked = ["feed", "--state", str(system.log.parent), *arguments]
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, asked))
