"""`python -m local run` as a person uses it: in a process of its own, with a state folder and ports of its own."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from bizcall import database, migrate
from local import seed, stack, state
from local.deploy import clients
from local.postgres import Postgres

ROOT = pathlib.Path(__file__).parents[2]
START_SECONDS = END_SECONDS = 90.0


@pytest.fixture
def home() -> Iterator[pathlib.Path]:
    """A state folder that the server's user can reach."""
    folder = state.scratch()
    yield folder
    shutil.rmtree(folder)


def command(home: pathlib.Path, *arguments: str) -> subprocess.Popen[str]:
    """One of the laptop's commands on that state folder."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "local", *arguments, "--state", str(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )


def started(home: pathlib.Path) -> tuple[subprocess.Popen[str], stack.Addresses]:
    """A running system."""
    process = command(home, "run")
    deadline = time.monotonic() + START_SECONDS
    while (addresses := stack.addresses_in(home)) is None or addresses.pid != process.pid:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(process.communicate()[0])
        time.sleep(0.1)
    return process, addresses


def ended(process: subprocess.Popen[str]) -> str:
    """What the process printed, all of it; fails if it doesn't end by itself."""
    try:
        return process.communicate(timeout=END_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"still running after {END_SECONDS} s: {process.communicate()[0]}")


async def test_it_runs_once_survives_a_kill_and_stops_when_told(home: pathlib.Path) -> None:
    first, addresses = started(home)
    try:
        async with httpx.AsyncClient(timeout=30) as browser:
            assert (await browser.get(f"{addresses.api}/healthz")).status_code == 200

        second = command(home, "run")
        refused = ended(second)
        assert second.returncode == 1
        assert f"process {first.pid}" in refused
        assert addresses.api in refused

        s3 = clients(addresses.aws, "ap-northeast-2")("s3")
        s3.put_object(Bucket=addresses.bucket, Key="results/kept", Body=b"kept")
    finally:
        first.kill()
        first.communicate()

    again, found = started(home)
    try:
        assert (found.api, found.aws, found.database) == (addresses.api, addresses.aws, addresses.database)
        s3 = clients(found.aws, "ap-northeast-2")("s3")
        assert s3.get_object(Bucket=found.bucket, Key="results/kept")["Body"].read() == b"kept"
        connection = await asyncpg.connect(found.database)
        assert await connection.fetchval("SELECT count(*) FROM number_directory") == len(seed.NUMBERS)
        await connection.close()
        assert '"token": "svc_' in ended(command(home, "service-create", "a-server"))
        assert '"problems"' in ended(command(home, "service-create", "a-server"))
        listed = ended(command(home, "accounts"))
        assert "a-server" in listed
        assert seed.OPERATOR_LOGIN_ID in listed
        assert ended(command(home, "stop")).strip() == "Stopped."
        output = ended(again)
    finally:
        again.kill()
        again.communicate()
    assert again.returncode == 0
    assert seed.LOGIN_ID in output
    assert re.search(rf"inbox +{re.escape(found.inbox)}", output)
    assert stack.addresses_in(home) is None


def test_a_signal_while_it_starts_ends_it_cleanly(home: pathlib.Path) -> None:
    process = command(home, "run")
    while not (home / "postgres" / "lock").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    ended(process)
    assert process.returncode == 0
    # Nothing is left that holds the cluster.
    server = Postgres(home / "postgres")
    server.start()
    server.stop()


def test_a_port_that_was_asked_for_and_is_busy_is_named(home: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = command(home, "run", "--port", str(port))
        assert f"port {port} is in use" in ended(process)
    assert process.returncode == 1


def test_reset_forgets_and_asks_before(home: pathlib.Path) -> None:
    (home / "postgres" / "cluster").mkdir(parents=True)
    assert "Remove the database" in ended(command(home, "reset"))
    assert (home / "postgres").exists()
    assert ended(command(home, "reset", "--yes")).strip() == "Forgotten."
    assert not (home / "postgres").exists()


async def test_the_demo_company_is_made_once_and_left_alone_then(postgres: Postgres, db: None) -> None:
    await seed.seed()
    async with database.tenant(seed.COMPANY_ID):
        await database.query("UPDATE company SET name = '바뀐 이름' WHERE id = $1", seed.COMPANY_ID)
    assert await seed.seed() is False
    async with database.tenant(seed.COMPANY_ID):
        (counted,) = await database.query(
            "SELECT (SELECT name FROM company WHERE id = $1) AS name, count(*) AS lines, count(subscriber_id) AS held,"
            " count(rid) AS with_rid, count(DISTINCT department_id) AS departments FROM line_row WHERE company_id = $1",
            seed.COMPANY_ID,
        )
    assert counted == {"name": "바뀐 이름", "lines": 30, "held": 10, "with_rid": 10, "departments": 4}
    assert await migrate.apply(postgres.url("owner")) == []
