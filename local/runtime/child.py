"""What runs in a function's process: awslambdaric, made to die with the process that started it.

Run by path, as `python -P child.py <handler> <parent's pid>`, so that the function's import path stays its own. On
Linux the kernel ends the process when the parent dies, even in the middle of an invocation. Elsewhere awslambdaric ends
when it next asks the vanished Runtime API for work.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # The parent may have died before the kernel was told.
        if os.getppid() != parent:
            sys.exit("the process that runs functions is gone")


if __name__ == "__main__":
    handler, parent = sys.argv[1:]
    _die_with(int(parent))
    sys.argv = ["awslambdaric", handler]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
