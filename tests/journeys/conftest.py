"""The running system, reached as clients reach it: HTTP, bucket and queues; nothing in process."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from local import state
from local.postgres import Postgres
from local.stack import PREFERRED_PORTS
from tests.journeys.system import Administrator, System

ROOT = pathlib.Path(__file__).parents[2]
START_SECONDS = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are journeys, with more time than others."""
    for item in items:
        if pathlib.Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """`python -m local run` on a state folder of its own, with the demo company."""
    with running() as system:
        yield system


@contextmanager
def running() -> Iterator[System]:
    """A system of one's own with the demo company; nothing of it is left."""
    home = _scratch()
    with _running(home) as system:
        yield system
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def fragile() -> Iterator[tuple[System, Postgres]]:
    """Another system, on a PostgreSQL that a test may stop and start."""
    home = _scratch()
    server = Postgres(home / "database")
    server.start()
    with _running(home, DATABASE_URL=server.url("app"), DATABASE_OWNER_URL=server.url("owner")) as system:
        yield system, server
    server.stop()
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def administrator(system: System) -> Administrator:
    """The demo company's administrator, signed in with the code from the local inbox."""
    return system.sign_in()


def _scratch() -> pathlib.Path:
    """A state folder whose system takes any free ports, so that one that runs on the usual ones is in nobody's way."""
    home = state.scratch()
    state.write_json(home / "ports.json", dict.fromkeys(PREFERRED_PORTS, 0))
    return home


@contextmanager
def _running(home: pathlib.Path, **environment: str) -> Iterator[System]:
    with (home / "log.txt").open("wb") as log:
        process = _start(home, log, environment)
        try:
            running = System(_addresses(home, process), home / "log.txt")
            yield running
            running.close()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()


def _start(home: pathlib.Path, log: IO[bytes], more: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "DATABASE_"))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "local", "run", "--state", str(home)],
        cwd="/",
        env={**environment, "PYTHONPATH": str(ROOT), **more},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def _addresses(home: pathlib.Path, process: subprocess.Popen[bytes]) -> dict[str, object]:
    end = time.monotonic() + START_SECONDS
    file = home / "running.json"
    while time.monotonic() < end:
        if file.exists():
            found: dict[str, object] = json.loads(file.read_text())
            return found
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError((home / "log.txt").read_text()[-4000:])
