"""The embedded PostgreSQL: one server, its database and roles, and what is left when its parent is killed."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import asyncpg
import pytest

from local import locks, state
from local.postgres import Postgres

ROOT = pathlib.Path(__file__).parents[2]

# A parent which starts the server named on its command line, tells the server's process id, and waits to be killed.
PARENT = """
import pathlib, sys, time
from local.postgres import Postgres
server = Postgres(pathlib.Path(sys.argv[1]), durable=False)
server.start()
print((server.home / "cluster/data/postmaster.pid").read_text().split()[0], server.url("app"), flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Postgres]:
    """A running server for tests that only ask it."""
    folder = state.scratch()
    server = Postgres(folder, durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made() -> Iterator[pathlib.Path]:
    """A home with a cluster that was stopped in order."""
    folder = state.scratch()
    server = Postgres(folder, durable=False)
    server.start()
    server.stop()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(made: pathlib.Path, empty: pathlib.Path) -> pathlib.Path:
    """A copy of that home, of the test's own: copying takes a tenth of making one."""
    subprocess.run(["cp", "-a", f"{made}/.", str(empty)], check=True)
    return empty


@pytest.fixture
def started(home: pathlib.Path) -> Iterator[Postgres]:
    """A running server of the test's own."""
    server = Postgres(home, durable=False)
    server.start()
    yield server
    server.stop()


def is_running(number: int) -> bool:
    """Whether there is a process of that number that isn't merely waiting to be reaped."""
    try:
        return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(number: int, *, seconds: float = 10) -> bool:
    """Whether the process ends in that time."""
    deadline = time.monotonic() + seconds
    while is_running(number):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def parent(home: pathlib.Path) -> tuple[subprocess.Popen[str], int, str]:
    """A process that has started a server on that home: the process, the server's number, the address."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    number, url = process.stdout.readline().split()
    process.stdout.close()
    return process, int(number), url


async def ask(url: str, sql: str) -> object:
    """The one value that the statement answers."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_roles_are_neither_superusers_nor_beyond_row_level_security(shared: Postgres) -> None:
    sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert await ask(shared.url("owner"), sql) is False
    assert await ask(shared.url("app"), sql) is False


async def test_app_owns_nothing_and_makes_nothing(shared: Postgres) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(shared.url("app"), "CREATE TABLE mine (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(shared.url("app"), "CREATE DATABASE mine")


async def test_owner_clones_a_database(shared: Postgres) -> None:
    await ask(shared.url("owner"), "CREATE DATABASE clone TEMPLATE bizcall")
    assert await ask(shared.url("app", "clone"), "SELECT current_database()") == "clone"


async def test_nobody_gets_in_without_the_password(shared: Postgres) -> None:
    address = f"127.0.0.1:{shared.port}/bizcall"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgres://app:wrong@{address}")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"postgres://postgres:any@{address}")
    assert (shared.home / "passwords.json").stat().st_mode & 0o077 == 0


async def test_text_is_ordered_by_code_point_on_every_machine(shared: Postgres) -> None:
    sql = "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['나', 'b', '가', 'A', 'B', 'a']) x"
    assert await ask(shared.url("app"), sql) == "ABab가나"


async def test_data_port_and_passwords_survive_a_restart(home: pathlib.Path) -> None:
    first = Postgres(home)
    first.start()
    await ask(first.url("owner"), "CREATE TABLE kept AS SELECT 7 AS value")
    first.stop()
    second = Postgres(home)
    second.start()
    try:
        assert second.url("owner") == first.url("owner")
        assert await ask(second.url("owner"), "SELECT value FROM kept") == 7
    finally:
        second.stop()


def test_the_server_ends_when_its_parent_is_killed(home: pathlib.Path) -> None:
    process, number, _ = parent(home)
    process.kill()
    process.wait()
    assert eventually(number)


async def test_the_next_start_need_not_wait_for_the_orphans_end(home: pathlib.Path) -> None:
    process, number, _ = parent(home)
    process.kill()
    process.wait()
    server = Postgres(home, durable=False)
    server.start()
    try:
        assert eventually(number)
        assert await ask(server.url("app"), "SELECT 1") == 1
    finally:
        server.stop()


async def test_an_orphan_nobody_watches_is_stopped_by_the_next_start(home: pathlib.Path) -> None:
    process, number, _ = parent(home)
    for watcher in watchers(number):
        os.kill(watcher, signal.SIGKILL)
    process.kill()
    process.wait()
    assert not eventually(number, seconds=0.3)
    server = Postgres(home, durable=False)
    server.start()
    try:
        assert not is_running(number)
        assert await ask(server.url("app"), "SELECT 1") == 1
    finally:
        server.stop()


def watchers(number: int) -> list[int]:
    """The shells of the server's session that wait for its parent's end."""
    session = os.getsid(number)
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session and (folder / "cmdline").read_bytes().startswith(b"/bin/sh"):
                found.append(int(folder.name))
        except (ProcessLookupError, FileNotFoundError):
            continue
    return found


async def test_a_killed_server_starts_again(home: pathlib.Path) -> None:
    process, number, _ = parent(home)
    os.kill(number, signal.SIGKILL)
    process.kill()
    process.wait()
    server = Postgres(home, durable=False)
    server.start()
    try:
        assert await ask(server.url("app"), "SELECT 1") == 1
    finally:
        server.stop()


def sleeping() -> subprocess.Popen[bytes]:
    """A process that has nothing to do with us but runs as the server's user."""
    return subprocess.Popen(["sleep", "60"], **state.identity())


async def test_a_process_number_that_was_given_away_does_not_block_the_start(started: Postgres) -> None:
    started.stop()
    # What a power cut leaves: the mark of a server whose number now belongs to another process, here a living one.
    mark = started.home / "cluster" / "data" / "postmaster.pid"
    stranger = sleeping()
    try:
        mark.write_text(f"{stranger.pid}\n{started.home}\n0\n{started.port}\n\n127.0.0.1\n0 0\nready\n")
        started.start()
        assert await ask(started.url("app"), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_half_a_cluster_is_made_again(empty: pathlib.Path) -> None:
    partial = empty / "cluster" / "data.partial"
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("18\n")
    server = Postgres(empty, durable=False)
    server.start()
    try:
        assert await ask(server.url("app"), "SELECT 1") == 1
    finally:
        server.stop()


async def test_a_busy_port_is_avoided(home: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = Postgres(home, durable=False, port=port)
        server.start()
        try:
            assert server.port != port
            assert await ask(server.url("app"), "SELECT 1") == 1
        finally:
            server.stop()


def test_a_second_server_on_the_same_home_is_refused(shared: Postgres) -> None:
    with pytest.raises(locks.Held) as held:
        Postgres(shared.home, durable=False).start()
    assert held.value.pid == os.getpid()
    assert not shared.ended()


def test_the_end_of_the_server_is_noticed(started: Postgres) -> None:
    number = int((started.home / "cluster" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGQUIT)
    eventually(number)
    assert started.ended()
