"""Migrations while the release before them serves: `python -m benchmarks.migrating [--calls N] [--last N]`.

The code from before the last so many migrations comes out of git into a folder of its own, and runs there in processes
of its own (`benchmarks/migrating_client.py`): it makes the company of `benchmarks/office.py` at the schema of its time,
then one asks its API without a pause (home, a page of calls, statistics of departments, a department renamed) and
another one loads files of ten calls. Meanwhile this code applies what is missing, a file at a time. A request counts to
the file that was applied last when it was answered, or was being applied. Wanted: no error, then and afterwards.

`--last` goes back only as far as the client, which is today's, fits the `tests/` of that release.

Both sides run with the libraries that are installed here, on the same processors as the database, which doesn't wait
for the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks import migrating_client
from benchmarks.measuring import circumstances
from bizcall import migrate
from local import state
from local.postgres import Postgres

ROOT = pathlib.Path(__file__).parents[1]
SECONDS = 10
"""Before the first file and after the last one."""

BETWEEN = 3
"""Seconds between two files."""

KINDS = ("read", "write", "load")


def git(*arguments: str) -> bytes:
    """What git answers in this repository."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout  # noqa: S607


def release_before(migration: pathlib.Path, target: pathlib.Path) -> str:
    """Unpack the code of the commit before the one that brought this file; the commit's short name.

    Its migrations are those of today that come before the file: some were still edited in those days.
    """
    log = git("log", "--first-parent", "--diff-filter=A", "--format=%h^", "--", str(migration))
    commit = log.decode().split()[-1]
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
        archive.extractall(target, filter="data")
    shutil.rmtree(target / "bizcall" / "migrations")
    (target / "bizcall" / "migrations").mkdir()
    for path in sorted(migrate.FOLDER.glob("*.sql")):
        if path.name < migration.name:
            shutil.copy(path, target / "bizcall" / "migrations")
    shutil.copy(migrating_client.__file__, target / "benchmarks")
    return git("rev-parse", "--short", commit).decode().strip()


async def applied(url: str, folder: pathlib.Path, missing: Sequence[pathlib.Path]) -> list[tuple[str, float, float]]:
    """Apply one file after the other; the name of each, when it began, and how many seconds it took."""
    took = []
    for path in missing:
        shutil.copy(path, folder)
        begin = time.time()
        assert await migrate.apply(url, folder) == [path.name]
        took.append((path.name, begin, time.time() - begin))
        await asyncio.sleep(BETWEEN)
    return took


def table(begin: float, took: Sequence[tuple[str, float, float]], answers: Sequence[str]) -> Iterator[str]:
    """How many requests were answered in each phase, from `begin` on, and how long the longest of each kind took."""
    phases = [("before", begin, float(SECONDS)), *took, ("after", took[-1][1] + took[-1][2] + BETWEEN, float(SECONDS))]
    found: list[dict[str, list[float]]] = [{kind: [] for kind in KINDS} for _ in phases]
    errors = [Counter[str]() for _ in phases]
    begins = [at for _, at, _ in phases]
    for line in answers:
        at, kind, milliseconds, code = line.split()
        phase = bisect(begins, float(at)) - 1
        if phase < 0:
            continue
        found[phase][kind].append(float(milliseconds))
        if code != "OK":
            errors[phase][f"{kind} {code}"] += 1
    yield f"{'':30}{'seconds':>8}" + "".join(f"{kind + 's':>9}{'longest':>9}" for kind in KINDS) + "  errors"
    for (name, _, seconds), kinds, wrong in zip(phases, found, errors, strict=True):
        figures = "".join(f"{len(each):9,}{max(each, default=0):9.0f}" for each in kinds.values())
        told = ", ".join(f"{what} ({times})" for what, times in wrong.items()) or "0"
        yield f"{name:30}{seconds:8.2f}{figures}  {told}"


def alive(clients: Sequence[subprocess.Popen[str]]) -> None:
    """Give up where one has ended."""
    if any(each.poll() is not None for each in clients):
        raise SystemExit("the release before did not go on to the end")


def compare(folder: pathlib.Path, calls: int, last: int) -> Iterator[str]:
    """Make the company, let the release ask and load, migrate, and tell."""
    missing = sorted(migrate.FOLDER.glob("*.sql"))[-last:]
    old = folder / "release"
    commit = release_before(missing[0], old)
    server = Postgres(folder / "postgres", durable=False)
    server.start()

    def client(kind: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", migrating_client.__name__, str(folder), str(server.port), str(calls), kind]
        return subprocess.Popen(command, cwd=old, stdout=(folder / kind).open("w"), text=True)

    clients = list[subprocess.Popen[str]]()
    try:
        if client("make").wait():
            raise SystemExit("the company could not be made")
        clients += [client("ask"), client("load")]
        while not all((folder / kind).stat().st_size for kind in ("ask", "load")):
            alive(clients)
            time.sleep(0.1)
        begin = time.time()
        time.sleep(SECONDS)
        known = shutil.copytree(old / "bizcall" / "migrations", folder / "migrations")
        took = asyncio.run(applied(server.url("owner"), known, missing))
        time.sleep(SECONDS)
        alive(clients)
    finally:
        for each in clients:
            each.kill()
            each.wait()
        server.stop()
    yield f"{calls:,} calls; the code of {commit} goes on while {last} migrations are applied; milliseconds"
    answers = [line for kind in ("ask", "load") for line in (folder / kind).read_text().splitlines()]
    yield from table(begin, took, answers)
    yield circumstances()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Migrations while the release before them serves.")
    parser.add_argument("--calls", type=int, default=1_000_000, help="of the company, 1,000,000 if not given")
    parser.add_argument("--last", type=int, default=6, help="so many migrations are applied, 6 if not given")
    given = parser.parse_args()
    scratch = state.scratch()
    try:
        for each in compare(scratch, given.calls, given.last):
            sys.stdout.write(f"{each}\n")
    finally:
        shutil.rmtree(scratch)
