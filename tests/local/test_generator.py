"""Invented files look like an office's, are the same each time, and are what the product takes."""

from __future__ import annotations

import csv
import gzip
import io
import pathlib
from collections import Counter
from datetime import datetime

import pytest
from typer.testing import CliRunner

from local import generator
from local.__main__ import app

NUMBERS = [f"0{7080001000 + n}" for n in range(10)]


def rows(kind: str, count: int = 3000) -> list[dict[str, str]]:
    """The records of a file of October 2026."""
    lines = [generator.HEADERS[kind], *generator.lines(kind, NUMBERS, 2026, 10, count)]
    return list(csv.DictReader(lines))


def test_FD_01_calls_follow_an_offices_day() -> None:
    calls = rows("calls")
    moments = [datetime.fromisoformat(row["started_at"]) for row in calls]
    hours, days = Counter(at.hour for at in moments), Counter(at.weekday() for at in moments)

    assert len(calls) == len({row["id"] for row in calls}) == 3000
    assert moments == sorted(moments)
    assert {(at.year, at.month) for at in moments} == {(2026, 10)}
    assert hours[10] > 1.5 * hours[12] > 10 * hours[3]
    assert days[0] > 3 * days[5] > 3 * days[6] > 0
    assert {row["line"] for row in calls} == set(NUMBERS)
    assert all((row["type"] in ("INCOMING", "OUTGOING")) == (row["seconds"] != "0") for row in calls)


def test_FD_01_missed_calls_are_called_back() -> None:
    calls = rows("calls")
    missed = {(row["line"], row["customer"]) for row in calls if row["type"].startswith("MISSED")}
    back = [row for row in calls if row["type"] == "OUTGOING" and (row["line"], row["customer"]) in missed]

    assert len(back) > len(missed) / 3


def test_FD_01_some_customers_are_busy() -> None:
    often = Counter(row["customer"] for row in rows("calls")).most_common()

    assert often[0][1] > 20 * often[len(often) // 2][1]


@pytest.mark.parametrize("kind", list(generator.HEADERS))
def test_FD_01_the_command_writes_the_same_file_each_time(kind: str, tmp_path: pathlib.Path) -> None:
    bodies = []
    for name in ("a.csv.gz", "b.csv.gz", "c.csv"):
        asked = ["generate-calls", "--month", "2026-10", "--kind", kind, "--calls", "500", "--company", "070-8000-1000"]
        done = CliRunner().invoke(app, [*asked, "--lines", "10", "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        bodies.append((tmp_path / name).read_bytes())

    assert bodies[0] == bodies[1]
    assert gzip.GzipFile(fileobj=io.BytesIO(bodies[0])).read() == bodies[2]
    assert bodies[2].decode() == "".join([generator.HEADERS[kind], *generator.lines(kind, NUMBERS, 2026, 10, 500)])


@pytest.mark.parametrize("wrong", [["--month", "2026-13"], ["--month", "October"], ["--kind", "faxes"]])
def test_FD_01_what_can_not_be_generated_is_refused(wrong: list[str], tmp_path: pathlib.Path) -> None:
    asked = ["generate-calls", "--month", "2026-10", "--out", str(tmp_path / "x.csv"), *wrong]
    assert CliRunner().invoke(app, asked).exit_code == 1
