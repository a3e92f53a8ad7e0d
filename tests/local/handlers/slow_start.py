"""A module whose first import takes longer than its initialisation may, and whose second one doesn't."""

from __future__ import annotations

import os
import pathlib
import time

_seen = pathlib.Path(os.environ["RECORD"]) / "slow_start"
if not _seen.exists():
    _seen.touch()
    time.sleep(30)


def handler(event, context):
    return "started"
