"""Workbooks changed at random (F8): each ends in rows or in a refusal, whatever was changed.

    python -m tests.bizcall.sheets.fuzz [--files 10000] [--processes 2] [--seed 1]

The suite tries a few hundred changes of bytes and of parts; the command tries as many as it is told, half of each, in
processes of their own with a bound on their memory. Prints a line of JSON: how many were read and refused, the
processor time of the slowest, and what was not as it should be: a process that was ended by a signal, a reading of
more than two seconds, an exception that is no refusal. Ends with 1 if there was any; the file that a process was at
then lies where the line says.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bizcall.sheets import SheetRefused, SheetRow, read_sheet
from tests.data import expected

ROOT = Path(__file__).parents[3]
SLOW = 2.0
"""Seconds of processor time from which on a reading counts as a hang; a busy machine makes none."""

ENDLESS = 30.0
"""The same, after which the process is ended."""

MEMORY = 1024 * 1024 * 1024

SMALL = [name for name in (*expected.READABLE, *expected.REFUSED) if 0 < expected.path(name).stat().st_size < 16_000]

BYTES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(SMALL),
    "changes": st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    "cut": st.floats(0, 1),
    "keep": st.booleans(),
}
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from([name for name in SMALL if name in expected.READABLE]),
    "part": st.integers(0, 20),
    "changes": st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True), st.sampled_from([b"<", b">", b"&", b'"', b"/", b"9", b"-", b"\xff", b""])
        ),
        min_size=1,
        max_size=6,
    ),
}

Read = Callable[[bytes], list[SheetRow] | None]


def read_or_refused(data: bytes) -> list[SheetRow] | None:
    """The rows, or None if the file is refused; any other exception is raised."""
    try:
        return list(read_sheet(data).rows)
    except SheetRefused:
        return None


def parts_of(name: str) -> dict[str, bytes]:
    """What is in a workbook of the zoo."""
    with zipfile.ZipFile(expected.path(name)) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def by_the_parser(parts: Mapping[str, bytes]) -> bytes:
    """The workbook with a comment before the first row, which the short way can't pass."""
    return _packed(
        {
            entry: content.replace(b"<sheetData>", b"<sheetData><!-- rows -->") if "/worksheets/" in entry else content
            for entry, content in parts.items()
        }
    )


def changed_bytes(read: Read, name: str, changes: list[tuple[float, int]], cut: float, keep: bool) -> None:
    """Read a workbook some of whose bytes are others, and which may be cut off."""
    data = bytearray(expected.path(name).read_bytes())
    for where, value in changes:
        data[int(where * len(data))] = value
    if not keep:
        data = data[: int(cut * len(data))]
    read(bytes(data))


def changed_parts(read: Read, name: str, part: int, changes: list[tuple[float, bytes]]) -> None:
    """Read a sound archive of which one part is changed, in the short way and by the parser: they agree."""
    parts = parts_of(name)
    chosen = sorted(parts)[part % len(parts)]
    for where, value in changes:
        at = int(where * len(parts[chosen]))
        parts[chosen] = parts[chosen][:at] + value + parts[chosen][at + 1 :]
    quick = read(_packed(parts))
    parsed = read(by_the_parser(parts))
    if quick is None or parsed is not None:
        assert quick == parsed


def _packed(parts: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for entry, content in parts.items():
            archive.writestr(entry, content)
    return file.getvalue()


def attempts(files: int, chance: int, at: Path) -> dict[str, Any]:
    """What one process does: so many files, half of each kind; the one that is being read lies in `at`."""
    told: Counter[str] = Counter()
    slowest = 0.0

    def read(data: bytes) -> list[SheetRow] | None:
        nonlocal slowest
        at.write_bytes(data)
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, ENDLESS)
        try:
            rows = read_or_refused(data)
        finally:
            # Left running, it would end whatever this process does next.
            signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - before
        slowest = max(slowest, seconds)
        told["read" if rows is not None else "refused"] += 1
        if seconds > SLOW:
            raise AssertionError(f"a reading took {seconds:.1f} s")
        return rows

    def attempt(kind: Callable[..., None]) -> Callable[..., None]:
        def one(**drawn: Any) -> None:
            told["files"] += 1
            kind(read, **drawn)

        return one

    bounds = settings(
        max_examples=files // 2,
        deadline=None,
        database=None,
        # What fails stays as it was found: `at` has the file.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for kind, strategies in ((changed_bytes, BYTES), (changed_parts, PARTS)):
        seed(chance)(bounds(given(**strategies)(attempt(kind))))()
    return {**told, "slowest": round(slowest, 3)}


def run(files: int, processes: int, chance: int) -> tuple[dict[str, Any], list[str]]:
    """The sums of all processes, and what went wrong, a line each."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    command = [sys.executable, "-m", "tests.bizcall.sheets.fuzz", "--files", str(files // processes)]
    running = [
        subprocess.Popen(
            [*command, "--seed", str(chance + number), "--at", str(folder / f"{number}.xlsx")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(processes)
    ]
    told: Counter[str] = Counter()
    slowest, wrong = 0.0, []
    for number, process in enumerate(running):
        answer, faults = process.communicate()
        if process.returncode:
            last = faults.strip().splitlines()[-1] if faults.strip() else ""
            wrong.append(f"process {number} ended with {process.returncode} at {folder}/{number}.xlsx: {last}")
            continue
        found = json.loads(answer)
        slowest = max(slowest, found.pop("slowest"))
        told.update(found)
    return {**told, "slowest": slowest}, wrong


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", type=Path, help=argparse.SUPPRESS)
    given_ = parser.parse_args()
    if given_.at is not None:
        # Of this process only, and not by a handler of Python's, which would wait for what never comes back.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        print(json.dumps(attempts(given_.files, given_.seed, given_.at)))
        return 0
    told, wrong = run(given_.files, given_.processes, given_.seed)
    print(json.dumps({**told, "wrong": wrong}))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
