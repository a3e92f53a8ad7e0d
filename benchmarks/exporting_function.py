"""Memory and pace of the exports function: `python -m benchmarks.exporting_function [ROWS]`.

The function's own handler in a process of its own for each file: the database by two connections, aioboto3 to a bucket
of the local AWS-compatible server, progress, multipart upload. Each kind of file with 20,000, 100,000 and 1,000,000
rows (or ROWS), messages with texts at most as many as the limit lets through, and also at the longest that a feed takes
(`bizcall.feeds.records`), then at most 100,000.

    calls, masked           customers hidden by the usual policy
    calls                   numbers and names shown
    messages, texts         shown, with texts of some 20 characters
    messages, long texts    likewise, each of 4,000 characters

Wanted: memory that doesn't grow with the file but for what is remembered up to a bound, at most 48 MB above the idle
worker, which has read the database's secret, as deployed, and connected (`idle MB`). The first file opens the client of
its bucket (`client MB`), which stays; `MB more` is the file's own. Pace is by the clock; `exportRows` rests on it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from benchmarks.exporting import make_request, prepare
from benchmarks.measuring import circumstances, peak_megabytes
from bizcall import database, migrate
from bizcall.database import tenant
from bizcall.exports import Kind
from bizcall.exports.requesting import TEXT_ROWS_MOST
from bizcall.models import Export
from bizcall.models.exports import State
from local import state
from local.cloud import Cloud
from local.cloud.process import CREDENTIALS
from local.deploy import clients, database_secret, put_secret
from local.postgres import Postgres

_ROWS = (20_000, 100_000, 1_000_000)
_LONG_MOST = 100_000
_LINES = 500
_BUCKET = "measured"
REGION = "ap-northeast-2"
_TEXT = "가나다라마바사 아자차카타파하 0123456789 & 견적서를 보내 드렸습니다. <확인> 후 연락 주세요.\n"
_FILES = {
    "calls, masked": (Kind.CALLS, False),
    "calls": (Kind.CALLS, True),
    "messages, texts": (Kind.MESSAGES, True),
}


class Context:
    """Lambda's, at the function's time limit."""

    aws_request_id = "measured"

    def __init__(self) -> None:
        self._until = time.monotonic() + 300

    def get_remaining_time_in_millis(self) -> int:
        """What is left of five minutes."""
        return int((self._until - time.monotonic()) * 1000)


def event(company_id: str, export_id: str) -> dict[str, Any]:
    """A message of the queue."""
    body = json.dumps({"companyId": company_id, "exportId": export_id})
    return {"Records": [{"messageId": "measured", "body": body, "eventSourceARN": "arn:aws:sqs:::exports"}]}


def work_here(company_id: str, export_id: str) -> None:
    """What a child measures: the function with nothing to do, with its bucket's client open, and with the file."""
    from lambdas.exports import CONNECTIONS, handler
    from lambdas.runtime import Services, process

    async def client(_: object, services: Services) -> None:
        await services.storage.download_url("nothing", file_name="nothing", seconds=1)

    failed = handler(event(company_id, str(uuid4())), Context())["batchItemFailures"]
    idle = peak_megabytes()
    process(CONNECTIONS).run(client, {}, Context())
    ready, cpu, wall = peak_megabytes(), time.process_time(), time.perf_counter()
    failed += handler(event(company_id, export_id), Context())["batchItemFailures"]
    told = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "idle": idle, "ready": ready}
    sys.stdout.write(json.dumps({**told, "peak": peak_megabytes(), "failed": len(failed)}))
    process(CONNECTIONS).close()


class Measuring:
    """A database with one company for each size, a bucket, and an environment for the function."""

    def __init__(self, server: Postgres, cloud: Cloud) -> None:
        self.server, self.cloud = server, cloud
        self.environment = {
            **os.environ,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "DATABASE_SECRET_ID": "database",
            "BUCKET": _BUCKET,
            "STAGE": "local",
            "LOG_LEVEL": "ERROR",
        }
        client = clients(cloud.endpoint, REGION)
        put_secret(client("secretsmanager"), "database", database_secret(server.url("app")))
        s3 = client("s3")
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    async def made(self, company_id: UUID, kind: Kind, rows: int, *, unmasked: bool) -> dict[str, float]:
        """Have one file made and answer what that took."""
        await database.connect(self.server.url("app"), size=1, command_timeout=300)
        try:
            export = await make_request(company_id, kind, unmasked=unmasked)
            child = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-m", "benchmarks.exporting_function", "--one", str(company_id), str(export.id)],
                check=True,
                stdout=subprocess.PIPE,
                env=self.environment,
            )
            async with tenant(company_id):
                done = await Export.get(company_id=company_id, id=export.id)
        finally:
            await database.disconnect()
        if done.state is not State.COMPLETED or done.rows_done != rows:
            raise ValueError(f"the export ended as {done.state} with {done.rows_done} of {rows} rows: {done.failure}")
        # Before it stand the function's metrics.
        found: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
        return {**found, "size": float(done.file_size or 0)}

    async def lengthened(self, company_id: UUID) -> None:
        """Give the company's messages texts of 4,000 characters."""
        owner = await asyncpg.connect(self.server.url("owner"))
        try:
            await owner.execute("ALTER TABLE message NO FORCE ROW LEVEL SECURITY")
            # Each begins somewhere else, so that packing finds no more alike than in a page of text.
            await owner.execute(
                "UPDATE message SET text = left(md5(id) || repeat(substr($2, 1 + abs(hashtext(id)) % 40), 200), 4000)"
                " WHERE company_id = $1",
                company_id,
                _TEXT,
            )
        finally:
            await owner.close()


def main(*sizes: int) -> None:
    """Measure and write the table, a line as soon as it is known."""
    home = state.scratch()
    path = home.parent / f"{home.name}.csv.gz"
    server, cloud = Postgres(home / "postgres", durable=False), Cloud(home / "cloud")
    heads = ("rows", "CPU s", "wall s", "rows/s", "file MB", "MB more", "client MB", "idle MB")
    say(f"{'':22}{''.join(f'{head:>10}' for head in heads)}")
    try:
        server.start()
        cloud.start()
        asyncio.run(migrate.apply(server.url("owner")))
        measuring = Measuring(server, cloud)
        for turn, rows in enumerate(sizes or _ROWS):
            messages = min(rows, TEXT_ROWS_MOST)
            company_id = asyncio.run(prepare(path, server.url("app"), rows, _LINES, turn=turn, messages=messages))
            for name, (kind, unmasked) in _FILES.items():
                count = messages if kind is Kind.MESSAGES else rows
                told = asyncio.run(measuring.made(company_id, kind, count, unmasked=unmasked))
                say(row(name, count, told))
            if rows <= _LONG_MOST:
                asyncio.run(measuring.lengthened(company_id))
                told = asyncio.run(measuring.made(company_id, Kind.MESSAGES, rows, unmasked=True))
                say(row("messages, long texts", rows, told))
        say(circumstances("aioboto3", "isal"))
    finally:
        cloud.stop()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
        path.unlink(missing_ok=True)


def say(line: str) -> None:
    """At once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def row(name: str, rows: int, told: dict[str, float]) -> str:
    """A line of the table."""
    pace, more, client = rows / told["wall"], told["peak"] - told["ready"], told["ready"] - told["idle"]
    megabytes = f"{told['size'] / 1024**2:10.1f}{more:10.0f}{client:10.0f}{told['idle']:10.0f}"
    return f"{name:22}{rows:10,}{told['cpu']:10.2f}{told['wall']:10.2f}{pace:10,.0f}{megabytes}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        work_here(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
