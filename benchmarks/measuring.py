"""One measurement in a process of its own, so that neither memory nor warm caches of another reach into it; and the
machine that it was made on."""

from __future__ import annotations

import gc
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """Processor seconds of the work alone (imports excluded), and the process's peak memory (imports included)."""

    cpu_seconds: float
    peak_megabytes: float
    answer: int


def measure_here(work: Callable[[], int]) -> None:
    """Do the work in this process and print the measurement for the parent; `work` answers a count to compare."""
    gc.collect()
    begin = time.process_time()
    answer = work()
    seconds = time.process_time() - begin
    sys.stdout.write(json.dumps({"cpu_seconds": seconds, "peak_megabytes": peak_megabytes(), "answer": answer}))


def circumstances(*packages: str) -> str:
    """A line for the foot of a table: when, on which machine, how busy, and the versions of what was measured."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("ascii"), re.MULTILINE)
    processor = found[1] if found else platform.machine()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    when, load = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", os.getloadavg()[0]
    return (
        f"{when}, {os.cpu_count()} × {processor}, load average {load:.1f};"
        f" Python {platform.python_version()}{', ' if versions else ''}{versions}"
    )


def peak_megabytes() -> float:
    # The kernel's own record of this program: getrusage would still remember the size of the parent it was forked from.
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LookupError("/proc/self/status has no VmHWM; this measurement needs Linux")


def measure_each(module: str, names: Sequence[str], arguments: Sequence[str], repeats: int) -> Mapping[str, Measured]:
    """Run `python -m module name arguments…` for each name, in turns; the least time and the most memory count."""
    best: dict[str, Measured] = {}
    for _ in range(repeats):
        for name in names:
            command = [sys.executable, "-m", module, name, *arguments]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            now = Measured(**json.loads(answer.stdout))
            before = best.get(name, now)
            if before.answer != now.answer:
                raise ValueError(f"{name} answered {now.answer} after {before.answer}")
            best[name] = Measured(
                min(before.cpu_seconds, now.cpu_seconds), max(before.peak_megabytes, now.peak_megabytes), now.answer
            )
    return best


def table(title: str, measured: Mapping[str, Measured], reference: str, *packages: str) -> str:
    """A table with the ratio of each time to that of `reference`; the packages are told with their versions."""
    base = measured[reference].cpu_seconds
    lines = [title, f"{'':28}{'CPU s':>8}{'peak MB':>9}{'times ' + reference:>20}"]
    lines.extend(
        f"{name:28}{row.cpu_seconds:8.2f}{row.peak_megabytes:9.0f}{row.cpu_seconds / base:20.2f}"
        for name, row in measured.items()
    )
    return "\n".join([*lines, circumstances(*packages)])
