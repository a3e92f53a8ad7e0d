"""A lock that belongs to a living process: the kernel lets go of it when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import pathlib
from typing import IO


class Held(Exception):
    """Another living process holds the lock; `pid` is its process id, or None while it is only just starting."""

    def __init__(self, path: pathlib.Path, pid: int | None) -> None:
        super().__init__(f"{path} is held by process {pid or 'unknown'}")
        self.pid = pid


def hold(path: pathlib.Path) -> IO[str]:
    """Take the lock in that file, or raise Held. It is held until the returned file is closed or the process ends.

    The file stays behind on purpose: removing it would let two processes lock two different files of the same name.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = file.read().strip()
        file.close()
        raise Held(path, int(pid) if pid.isdigit() else None) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
