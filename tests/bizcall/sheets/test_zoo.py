"""Every file of `tests/data` is read or refused as `tests/data/expected.py` says, in little memory and time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings

from bizcall.sheets import Limits, SheetRefused, read_sheet
from tests.bizcall.sheets import fuzz
from tests.data import expected

_MEASURED = """
import json, sys, time
from pathlib import Path
from bizcall.sheets import Limits, SheetRefused, read_sheet
limits = Limits(ratio=int(sys.argv[2]))
code = None
begin = time.process_time()
try:
    for _ in read_sheet(Path(sys.argv[1]).read_bytes(), limits).rows:
        pass
except SheetRefused as refused:
    code = refused.code
seconds = time.process_time() - begin
# Of this program only; getrusage would still remember the size of the tests' own process.
status = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024
print(json.dumps({"code": code, "seconds": seconds, "megabytes": peak}))
"""


def _measured(name: str, ratio: int) -> dict[str, object]:
    command = [sys.executable, "-c", _MEASURED, str(expected.path(name)), str(ratio)]
    environment = {**os.environ, "PYTHONPATH": str(expected.FOLDER.parent.parent)}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=environment)
    measured: dict[str, object] = json.loads(answer.stdout)
    return measured


def test_every_file_of_the_zoo_has_an_expectation() -> None:
    files = {file.stem for file in expected.FOLDER.glob("*.xlsx")}
    assert files == expected.READABLE.keys() | expected.REFUSED.keys()
    assert len(files) >= 30


@pytest.mark.parametrize("name", expected.READABLE)
def test_BK_03_readable_files_give_their_rows(name: str) -> None:
    wanted = expected.READABLE[name]
    sheet = read_sheet(expected.path(name).read_bytes())
    rows = list(sheet.rows)
    cells = {cell.reference: (cell.kind, cell.text) for row in rows for cell in row.cells.values()}
    assert (sheet.name, sheet.header_row, sheet.ignored) == (wanted.sheet, wanted.header_row, wanted.ignored)
    assert len(rows) == wanted.rows
    assert {reference: cells.get(reference) for reference in wanted.cells} == dict(wanted.cells)
    assert tuple(row.number for row in rows if row.hidden) == wanted.hidden
    assert not cells.keys() & set(wanted.absent)
    assert all(cell.reference.endswith(str(row.number)) for row in rows for cell in row.cells.values())


@pytest.mark.parametrize("name", expected.REFUSED)
def test_BK_03_bad_files_are_refused_with_their_sentence(name: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        list(read_sheet(expected.path(name).read_bytes()).rows)
    assert refused.value.code is expected.REFUSED[name]
    assert refused.value.sentence.endswith("주세요.")
    assert "{" not in refused.value.sentence


@pytest.mark.parametrize(
    ("name", "ratio"), [*((name, 100) for name in expected.REFUSED), *((name, 10**6) for name in expected.INNER)]
)
def test_F3_no_file_takes_more_than_128_MB_or_10_seconds(name: str, ratio: int) -> None:
    measured = _measured(name, ratio)
    assert measured["code"] == (expected.REFUSED if ratio == 100 else expected.INNER)[name]
    assert float(str(measured["seconds"])) <= 10
    assert int(str(measured["megabytes"])) <= 128


def test_F2_a_reading_stops_when_its_time_is_up() -> None:
    with pytest.raises(SheetRefused) as refused:
        list(read_sheet(expected.path("formatted_tail").read_bytes(), Limits(cpu_seconds=0)).rows)
    assert refused.value.code == "TOO_SLOW"


@settings(max_examples=300, deadline=None)
@given(**fuzz.BYTES)
def test_F8_changed_bytes_end_in_rows_or_in_a_refusal(
    name: str, changes: list[tuple[float, int]], cut: float, keep: bool
) -> None:
    fuzz.changed_bytes(fuzz.read_or_refused, name, changes, cut, keep)


@settings(max_examples=300, deadline=None)
@given(**fuzz.PARTS)
def test_F8_changed_parts_end_in_rows_or_in_a_refusal(name: str, part: int, changes: list[tuple[float, bytes]]) -> None:
    fuzz.changed_parts(fuzz.read_or_refused, name, part, changes)


def test_F8_what_is_no_refusal_and_what_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at = tmp_path / "file.xlsx"
    assert fuzz.attempts(10, 1, at)["files"] == 10
    assert at.exists()
    monkeypatch.setattr(fuzz, "SLOW", -1)
    with pytest.raises(AssertionError, match="a reading took"):
        fuzz.attempts(10, 1, at)
    monkeypatch.setattr(fuzz, "read_sheet", Mock(side_effect=ValueError("a bug")))
    with pytest.raises(ValueError, match="a bug"):
        fuzz.attempts(10, 1, at)
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


@pytest.mark.parametrize("name", expected.READABLE)
def test_BK_03_the_short_way_and_the_parser_read_the_same(name: str) -> None:
    rows = fuzz.read_or_refused(expected.path(name).read_bytes())
    assert rows is not None
    assert rows == fuzz.read_or_refused(fuzz.by_the_parser(fuzz.parts_of(name)))
