"""What others' suites find in the running API: `scripts/security`. Prints a table; exits 1 when anything is amiss.

    direct      the application behind uvicorn
    adapter     the deployed template on this machine: gateway, Lambda's runtime interface, Mangum, the same database

Everything is started here and thrown away afterwards; only this machine is ever asked.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from bizcall import database
from bizcall.admins import sessions
from bizcall.admins.locks import STRANGER
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, enter, query
from bizcall.settings import Settings
from local import seed, stack, state
from local.serving import serving
from resolvers.app import create_app
from tests.console import Wiring
from tests.doubles import MemoryStorage, RecordingQueue
from tests.security import audits, generated

NOBODY = Actor(ActorKind.NOBODY)


@dataclass
class Api:
    """The addresses of the API, and tokens of the demo company's administrator."""

    direct: str
    adapter: str
    loop: asyncio.AbstractEventLoop

    def bearer(self) -> str:
        """A new session's token, with all bounds as on the first day; called from a thread beside the loop."""
        return asyncio.run_coroutine_threadsafe(_session(), self.loop).result()


async def _session() -> str:
    async with directory():
        await query("DELETE FROM throttle")
        await enter(seed.COMPANY_ID)
        opened = await sessions.begin(seed.COMPANY_ID, seed.ADMIN_ID, actor=NOBODY, user_agent="", device=STRANGER)
    return opened.token


@asynccontextmanager
async def running() -> AsyncIterator[Api]:
    """The whole product, and the application a second time without gateway and adapter, over one database."""
    home = state.scratch()
    try:
        async with stack.running(home, port=None, say=lambda line: None, log=lambda function, line: None) as system:
            await database.connect(system.addresses.database, size=4)
            settings = Settings(
                stage="test", secret_key=SecretStr("k" * 64), exempt_networks=("127.0.0.0/8", "::1/128")
            )
            app = create_app(Wiring(settings, storage=MemoryStorage(), queue=RecordingQueue()))
            try:
                async with serving(app) as direct:
                    yield Api(f"{direct}/graphql", system.addresses.graphql, asyncio.get_running_loop())
            finally:
                await database.disconnect()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass
class Line:
    """A row of the table; `found` is told below it."""

    name: str
    score: str
    found: list[str] = dataclasses.field(default_factory=list)


def audited(name: str, url: str, bearer: str | None, expected: frozenset[str] = frozenset()) -> Line:
    """The audits of an endpoint; only the expected ones may be missed, and all of those must be."""
    results = audits.run(url, bearer)
    missed = audits.missed(results)
    found = [f"{audit.id} {audit.name}: {audit.reason}" for audit in missed if audit.id not in expected]
    found += [f"{key} was not missed" for key in expected - {audit.id for audit in missed}]
    if len(results) != audits.KNOWN:
        found.append(f"{len(results)} audits, {audits.KNOWN} are known")
    return Line(f"graphql-http, {name}", f"{len(results) - len(missed)}/{len(results)}", found)


def made(name: str, url: str, bearer: Callable[[], str | None], *, cases: int, seconds: float) -> Line:
    """What schemathesis makes from the schema."""
    began = time.monotonic()
    report = generated.run(url, bearer, cases=cases, seconds=seconds)
    answered = ", ".join(f"{code} {count}" for code, count in report.answered.most_common())
    found = report.findings
    if report.skipped:
        found = [*found, f"the time was over before {report.skipped} cases were sent"]
    told = f"{report.cases} cases of {report.operations} root fields in {time.monotonic() - began:.0f} s: {answered}"
    return Line(f"schemathesis, {name}", told, found)


def suites(api: Api, cases: int, seconds: float) -> list[Line]:
    """All suites, one after the other."""
    audits.install()
    generated.scalars()
    return [
        audited("direct, signed in", api.direct, api.bearer()),
        audited("adapter, signed in", api.adapter, api.bearer()),
        audited("direct, stranger", api.direct, None, audits.STRANGERS_MISSES),
        audited("adapter, stranger", api.adapter, None, audits.STRANGERS_MISSES),
        made("signed in", api.direct, api.bearer, cases=cases, seconds=seconds),
        made("stranger", api.direct, lambda: None, cases=cases, seconds=seconds),
    ]


async def main(cases: int, seconds: float) -> int:
    """Run and tell; returns the exit status."""
    async with running() as api:
        lines = await asyncio.to_thread(suites, api, cases, seconds)
    for line in lines:
        sys.stdout.write(f"{'ok' if not line.found else 'AMISS':6}{line.name:36}{line.score}\n")
        sys.stdout.writelines(f"      - {finding}\n" for finding in line.found)
    return 1 if any(line.found for line in lines) else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="scripts/security", description=__doc__.splitlines()[0])
    arguments.add_argument("--cases", type=int, default=40, help="operations of each root field (%(default)s)")
    arguments.add_argument("--seconds", type=float, default=480, help="time for each run of them (%(default)s)")
    given = arguments.parse_args()
    try:
        sys.exit(asyncio.run(main(given.cases, given.seconds)))
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        # Not run is not passed.
        sys.exit(f"the audits need node and npm: {error}")
