"""See the package. Prints a table of figures; exits with 1 if a rule was broken."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pathlib
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.soak import checks
from benchmarks.soak.carrier import Carrier, carrier
from benchmarks.soak.chaos import Chaos
from benchmarks.soak.exchange import Exchange, exchanges
from benchmarks.soak.office import Office, open_office
from bizcall import migrate
from local import letters, state
from local.cloud.sent import read
from local.deploy import clients
from local.postgres import Postgres
from local.stack import REGION, System, running
from tests.gateways import solapi_server

COMPANIES = 5
LOOK_SECONDS = 0.5
DRAIN_SECONDS = 900.0
SECRET_ID = "soak-solapi"  # noqa: S105 - its name


async def soak(*, minutes: float, messages: int, seed: int, home: pathlib.Path) -> checks.Verdict:
    """Run it on a scratch folder."""
    postgres = Postgres(home / "database")
    await asyncio.to_thread(postgres.start)
    try:
        await migrate.apply(postgres.url("owner"))
        os.environ |= {"DATABASE_URL": postgres.url("app"), "DATABASE_OWNER_URL": postgres.url("owner")}
        log = (home / "log.txt").open("w", encoding="utf-8")
        async with carrier(seed) as gateway:
            environment = {
                "SMS_GATEWAY": "solapi",
                "SOLAPI_URL": gateway.url,
                "SOLAPI_SECRET_ID": SECRET_ID,
                "SENDER_NUMBER": solapi_server.SENDER,
            }
            secret = json.dumps({"apiKey": solapi_server.KEY, "apiSecret": solapi_server.SECRET})
            async with running(
                state.folder(home / "system"),
                port=None,
                say=lambda text: print(" ", text, flush=True),
                log=lambda function, line: print(function, line, file=log, flush=True),
                environment=environment,
                secrets={SECRET_ID: secret},
            ) as system:
                offices = await _opened(system, postgres, gateway, people=-(-messages // 2 // COMPANIES))
                cloud = clients(system.addresses.aws, REGION)
                all_exchanges = exchanges(offices, cloud("s3"), system.addresses.bucket, random.Random(seed))
                chaos = Chaos(
                    system=system,
                    postgres=postgres,
                    carrier=gateway,
                    sqs=cloud("sqs"),
                    companies=[office.company.id for office in offices],
                    dice=random.Random(seed),
                )
                await _shift(all_exchanges, chaos, seconds=minutes * 60)
                redriven, drained = await _drain(system, postgres, all_exchanges)
                told = await checks.verdict(
                    postgres.url("app"),
                    offices,
                    texts=gateway.received(),
                    mails=read(home / "system" / "aws" / "sent.jsonl"),
                    kills=sum(count for name, count in chaos.done.items() if name.endswith("killed")),
                )
                await checks.calls_and_files(told, postgres.url("app"), all_exchanges)
                answers = sum((office.answers.codes for office in offices), Counter[str]())
                told.figures = {
                    **{name: chaos.done[name] for name in sorted(chaos.done)},
                    **{f"API: {code}": count for code, count in answers.most_common()},
                    **{
                        f"API: {code}, longest (s)": round(max(office.answers.longest[code] for office in offices), 1)
                        for code in answers
                    },
                    "dead letters redriven": redriven,
                    "came to rest after (s)": round(drained),
                    **told.figures,
                }
                return told
    finally:
        await asyncio.to_thread(postgres.stop)


async def _opened(system: System, postgres: Postgres, gateway: Carrier, *, people: int) -> list[Office]:
    """The companies, before anything fails."""
    return [
        await open_office(postgres.url("app"), system.addresses.api, gateway, people=people) for _ in range(COMPANIES)
    ]


async def _shift(all_exchanges: Sequence[Exchange], chaos: Chaos, *, seconds: float) -> None:
    """Inviting, dropping files, asking for others and looking on one side, chaos on the other, for so long."""
    looking = [asyncio.create_task(_look(exchange.office)) for exchange in all_exchanges]
    async with asyncio.TaskGroup() as group:
        for exchange in all_exchanges:
            group.create_task(_invite(exchange.office, seconds * 0.9))
            group.create_task(exchange.drop(seconds * 0.9))
            group.create_task(exchange.ask(seconds * 0.9))
        for mischief in (chaos.kill, chaos.stop_database, chaos.cut, chaos.disturb, chaos.repeat):
            group.create_task(mischief(seconds))
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
    print("  the faults are over; what is under way comes to rest", flush=True)


async def _invite(office: Office, seconds: float) -> None:
    """Everybody once, a few at a time, spread over the time."""
    size = max(1, round(len(office.people) * 6 / seconds))
    waves = [office.people[start : start + size] for start in range(0, len(office.people), size)]
    for wave in waves:
        await office.invite(wave)
        await asyncio.sleep(seconds / len(waves))


async def _look(office: Office) -> None:
    while True:
        await office.look()
        await asyncio.sleep(LOOK_SECONDS)


async def _drain(system: System, postgres: Postgres, all_exchanges: Sequence[Exchange]) -> tuple[int, float]:
    """Wait until nothing is under way, and do what an operator would: redrive dead letters. Returns how many, and s."""
    began = time.monotonic()
    redriven = 0
    while time.monotonic() - began < DRAIN_SECONDS:
        for queue in ("deliveries", "feeds", "exports"):
            done = await asyncio.to_thread(letters.letters, system.addresses, ["redrive", queue])
            redriven += len(done) - 1
        if not await checks.under_way(postgres.url("app"), all_exchanges):
            break
        await asyncio.sleep(5)
    return redriven, time.monotonic() - began


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the database and the log")
    asked: Any = parser.parse_args(arguments)
    home = state.scratch()
    print(f"  everything lies in {home}", flush=True)
    try:
        told = asyncio.run(soak(minutes=asked.minutes, messages=asked.messages, seed=asked.seed, home=home))
    finally:
        if not asked.keep:
            shutil.rmtree(home)
    width = max(len(name) for name in told.figures)
    for name, figure in told.figures.items():
        print(f"{name:{width}}  {figure:>8}")
    for line in (*told.listed, *(f"BROKEN RULE  {violation}" for violation in told.violations)):
        print(line)
    print("every rule held" if not told.violations else f"{len(told.violations)} rules were broken")
    return 1 if told.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
