"""The artefact's size, and how long each function takes from nothing to its first answer:
`python -m benchmarks.cold_starts [--platform FOLDER] [--repeats 3] [FUNCTION …]`.

The artefact is built twice by `infra/Makefile`, as `sam build` does: for the functions' own platform, which is weighed,
and for this machine's, which runs. The template is deployed to the local AWS-compatible server, and each function of it
started by the laptop's runtime through Lambda's runtime interface, from the artefact alone, with the environment that
the template gives it, and with the share of a processor that AWS gives for its memory (1,769 MB are one). The database
is a PostgreSQL on this machine, without TLS.

    init    from the process's start until it asks for its first event: Python, awslambdaric, the handler's imports
    first   the first event: secrets, connection, a transaction; of the API the schema and a query
    warm    the same event again
    CPU     processor time in it, which is what remains comparable where others keep the processors busy. AWS lends a
            whole processor for the init, so that is about what it takes there; the rest is that divided by the share
    peak    memory that the process has used at the most

Told is the least of all repeats, in milliseconds. Not in it: fetching the artefact and making the machine, which AWS
does before, and a network between function, database and AWS. The share of a processor needs a cgroup of one's own
(root on Linux); without it the processor is told as `whole`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from typing import Any

from bizcall import migrate
from local import state
from local.cloud import Cloud
from local.cloud.process import CREDENTIALS
from local.deploy import Function, clients, database_secret, deploy, put_secret
from local.postgres import Postgres
from local.runtime.environment import Environment, Settings
from local.template import translate

ROOT = pathlib.Path(__file__).parents[1]
REGION = "ap-northeast-2"
ONE_PROCESSOR = 1769
"""Megabytes of memory for which AWS gives a whole processor."""

PERIOD = 20_000
"""Microseconds in which a share is given: short, so that a start of a second isn't told in steps."""

QUERY = {
    "version": "2.0", "routeKey": "ANY /{proxy+}", "rawPath": "/graphql", "rawQueryString": "",
    "headers": {"host": "api", "content-type": "application/json"},
    "body": json.dumps({"query": "{ limits { name } }"}), "isBase64Encoded": False,
    "requestContext": {
        "http": {"method": "POST", "path": "/graphql", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        "requestId": "measured", "stage": "$default",
    },
}  # fmt: skip

EVENTS: dict[str, dict[str, Any]] = {
    "ApiFunction": QUERY,
    "AccountsFunction": {"list": True},
    "LettersFunction": {"do": "list", "queue": "imports"},
}
"""What functions are asked that no queue calls; those of schedules and operators else get an empty event."""


@dataclasses.dataclass
class Start:
    """Milliseconds of one start, by the clock and of processor time, and megabytes."""

    init: float
    init_cpu: float
    first: float
    first_cpu: float
    warm: float
    peak: float


@contextlib.contextmanager
def share(memory: int) -> Iterator[bool]:
    """Let this process and what it starts have the share of a processor that goes with so much memory.

    False where the machine doesn't let us.
    """
    quota = PERIOD * memory // ONE_PROCESSOR
    base = pathlib.Path("/sys/fs/cgroup")
    old = (base / "cpu").is_dir()
    group = (base / "cpu" if old else base) / f"bizcall-{os.getpid()}"
    try:
        group.mkdir()
        if old:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield False
        return
    try:
        yield True
    finally:
        (group.parent / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


def build(folder: pathlib.Path, machine: str | None = None) -> pathlib.Path:
    """The artefact as `infra/Makefile` makes it: for the functions' platform, or for another machine's."""
    target = folder / (machine or "functions")
    target.mkdir()
    command = ["make", "--silent", "-C", str(ROOT / "infra"), "build-ApiFunction", f"ARTIFACTS_DIR={target}"]
    command += [f"BUILD={folder}/libraries-{machine}", f"PYTHON={sys.executable}"]
    if machine:
        wheels = " ".join(f"{name}_{machine}" for name in ("manylinux2014", "manylinux_2_17", "manylinux_2_26"))
        command += [f"PLATFORMS={wheels}"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return target


def weighed(artefact: pathlib.Path, folder: pathlib.Path) -> tuple[float, float]:
    """Megabytes of the artefact, unpacked and as the zip that is uploaded."""
    files = [path for path in artefact.rglob("*") if path.is_file()]
    packed = folder / "artefact.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(artefact))
    return sum(path.stat().st_size for path in files) / 1e6, packed.stat().st_size / 1e6


def event(function: str, queues: set[str]) -> bytes:
    """What the function is asked; of a queue's, a message that can't be read: it is filed, and does nothing else."""
    if function in queues:
        arn = "arn:aws:sqs:ap-northeast-2:123456789012:bizcall-measured"
        record = {"messageId": "measured", "body": "[]", "attributes": {}, "eventSourceARN": arn}
        return json.dumps({"Records": [record]}).encode()
    return json.dumps(EVENTS.get(function, {})).encode()


async def start(function: Function, settings: Settings, payload: bytes) -> Start:
    """One cold start, and a second event."""
    began = time.perf_counter()
    environment = await Environment.start(function, settings, "measured")
    try:
        init, init_cpu = time.perf_counter() - began, used(environment.pid)
        took = []
        for number in range(2):
            began = time.perf_counter()
            await environment.invoke(payload, f"measured-{number}")
            took.append((time.perf_counter() - began, used(environment.pid)))
            await environment.settle()
        (first, cpu), (warm, _) = took
        milliseconds = [1000 * seconds for seconds in (init, init_cpu, first, cpu - init_cpu, warm)]
        return Start(*[*milliseconds, peak(environment.pid)])
    finally:
        await environment.stop()


def used(pid: int) -> float:
    """Processor seconds of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid: int) -> float:
    """Megabytes that a process has used at the most."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    [found] = [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")]
    return found


async def measure(folder: pathlib.Path, artefact: pathlib.Path, names: list[str], repeats: int) -> None:
    """Start each function so often, and print a line a function."""
    server, cloud = Postgres(folder / "postgres", durable=False), Cloud(folder / "aws")
    try:
        server.start()
        await asyncio.to_thread(cloud.start)
        await migrate.apply(server.url("owner"))
        manager = clients(cloud.endpoint, REGION)("secretsmanager")
        parameters = {
            "Stage": "local",
            "DatabaseSecretArn": put_secret(manager, "database", database_secret(server.url("app"))),
            "OwnerSecretArn": put_secret(manager, "owner", database_secret(server.url("owner"))),
        }
        translation = translate(ROOT / "infra" / "template.yaml", parameters, region=REGION)
        deployed = await asyncio.to_thread(deploy, translation, endpoint=cloud.endpoint, region=REGION)
        queues = {source.function for source in deployed.sources}
        variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": cloud.endpoint}
        settings = Settings(REGION, variables, lambda _, __: None, init_limit=60)
        print("\n                 MB  processor    init     CPU   first     CPU    warm  peak MB")
        for name, function in sorted(deployed.functions.items()):
            short = name.removesuffix("Function").lower()
            if names and short not in names:
                continue
            ours = dataclasses.replace(function, code=artefact, timeout=300)
            found = []
            for _ in range(repeats):
                with share(function.memory) as given:
                    found.append(await start(ours, settings, event(name, queues)))
            least = [min(getattr(each, field.name) for each in found) for field in dataclasses.fields(Start)]
            part = f"{function.memory / ONE_PROCESSOR:.2f}" if given else "whole"
            print(f"{short:13} {function.memory:5}  {part:>9} " + "".join(f"{n:8.0f}" for n in least), flush=True)
    finally:
        cloud.stop()
        server.stop()


async def main() -> None:
    """Build, weigh, measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_starts")
    parser.add_argument("--platform", type=pathlib.Path, help="an artefact for this machine that was built before")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("functions", nargs="*", help="such as api or feeds; all without it")
    asked = parser.parse_args()
    folder = state.scratch()
    try:
        unpacked, packed = weighed(build(folder), folder)
        print(f"the artefact: {packed:.0f} MB zipped, {unpacked:.0f} MB unpacked")
        artefact = asked.platform or build(folder, platform.machine())
        print(f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {platform.machine()}")
        await measure(folder, artefact.resolve(), asked.functions, asked.repeats)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
