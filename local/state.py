"""Where the laptop keeps what must survive: one folder per user, named by BIZCALL_STATE or found here.

PostgreSQL refuses to run as root, so root's server runs as another user, who may not enter root's home: root's state
lies under /var/lib. Nothing above the state folder is ever changed to make it reachable.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

_SERVER_USER = "nobody"
# Places for temporary things that all users may enter on every system; what is made there is ours alone or refused.
_LASTING, _MEMORY = "/var/tmp", "/dev/shm"  # noqa: S108


class Unusable(Exception):
    """The place can't be used; the text says which folder is in the way and what to do."""


class PortBusy(Exception):
    """The port that was asked for is in use by another program."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use by another program; choose another one with --port")


class Identity(TypedDict, total=False):
    """Keyword arguments of `subprocess` which give up root's rights; empty when there are none to give up."""

    user: int
    group: int
    extra_groups: Sequence[int]


def server_user() -> pwd.struct_passwd | None:
    """The user as whom servers run that refuse to be root; None when that is who we are."""
    return pwd.getpwnam(_SERVER_USER) if os.geteuid() == 0 else None


def identity() -> Identity:
    """How `subprocess` starts a program as the server's user."""
    user = server_user()
    return Identity(user=user.pw_uid, group=user.pw_gid, extra_groups=[]) if user else Identity()


def folder(given: pathlib.Path | None = None) -> pathlib.Path:
    """The state folder, made if need be: `given`, else BIZCALL_STATE, else the first of the usual places that works.

    Raises Unusable.
    """
    if chosen := given or os.environ.get("BIZCALL_STATE"):
        path = pathlib.Path(chosen).expanduser().absolute()
        _make(path)
        require_reachable(path)
        return path
    candidates = _candidates()
    for path in candidates:
        with contextlib.suppress(OSError, Unusable):
            _make(path)
            require_reachable(path)
            return path
    raise Unusable(f"none of {', '.join(map(str, candidates))} can be used; name a folder in BIZCALL_STATE")


def scratch() -> pathlib.Path:
    """A fresh temporary folder on a path that the server's user may enter; the caller removes it."""
    for parent in (tempfile.gettempdir(), _LASTING, _MEMORY):
        with contextlib.suppress(OSError, Unusable):
            require_reachable(pathlib.Path(parent))
            made = pathlib.Path(tempfile.mkdtemp(prefix="bizcall-", dir=parent))
            if server_user():
                made.chmod(0o711)
            return made
    raise Unusable("no temporary folder can be entered by the user as whom PostgreSQL runs; set TMPDIR")


def require_reachable(path: pathlib.Path) -> None:
    """Raise Unusable if the server's user can't enter the folder; names the first folder that is closed to it."""
    user = server_user()
    if user is None:
        return
    steps = [str(step) for step in (*reversed(path.parents), path)]
    script = 'for step; do test -x "$step" || { printf %s "$step"; exit 1; }; done'
    walk = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *steps], cwd="/", capture_output=True, check=False, **identity()
    )
    if walk.returncode:
        raise Unusable(
            f"started by root, PostgreSQL runs as user {user.pw_name!r}, to whom {os.fsdecode(walk.stdout)} is closed; "
            "name a folder that all may enter in BIZCALL_STATE"
        )


def free_port(preferred: int = 0) -> int:
    """A TCP port of 127.0.0.1 on which nobody listens: the preferred one if possible, else one the kernel picks."""
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # Without this a port counts as busy for a minute after its last connection ended.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Unusable("no TCP port is free on 127.0.0.1")


def read_json(path: pathlib.Path) -> dict[str, Any] | None:
    """What the file holds, or None if there is no such file."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def write_json(path: pathlib.Path, content: Mapping[str, Any]) -> None:
    """Replace the file at once, readable by its owner only, as passwords and addresses with passwords are in it."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
    partial.rename(path)


def _candidates() -> list[pathlib.Path]:
    shared = pathlib.Path(_LASTING) / f"bizcall-admin-{os.geteuid()}"
    if server_user():
        return [pathlib.Path("/var/lib/bizcall-admin"), shared]
    home = os.environ.get("XDG_STATE_HOME") or pathlib.Path("~/.local/state").expanduser()
    return [pathlib.Path(home) / "bizcall-admin", shared]


def _make(path: pathlib.Path) -> None:
    """Make the folder and refuse one that another user made first, as anybody could in /var/tmp."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unusable(f"{path} can't be made: {error.strerror}") from error
    if path.stat().st_uid != os.geteuid():
        raise Unusable(f"{path} belongs to another user")
    if server_user():
        path.chmod(0o711)
