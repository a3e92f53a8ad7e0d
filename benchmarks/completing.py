"""Completing answers, field by field and by columns (`resolvers/completion.py`): `python -m benchmarks.completing`.

The rows are made beforehand, so neither a database nor a network is in it; parsing, validation and JSON aren't either.
What resolvers do is, such as to make the objects of the buckets, and so is planning what is plain. Both ways take turns
in one process, and both must give the same answer. Told is processor time: the least of all turns and the median, and
how many times less the short way takes (of what is least).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from graphql import DocumentNode, execute, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from benchmarks.measuring import circumstances
from bizcall import stats
from bizcall.calls import CallRow
from bizcall.history.filters import HistoryFilter
from bizcall.ids import uuid7
from bizcall.models import Subscriber
from bizcall.models.calls import NOBODY, CallType
from bizcall.ports import now
from bizcall.stats.buckets import series
from resolvers.completion import Executor
from tests.resolvers.inventions import product

CORE, OURS = StrawberryGraphQLCoreExecutionContext, Executor
FROM, TO = date(2026, 8, 1), date(2026, 10, 31)
PAGE = 100


def statistics() -> list[stats.Row]:
    """Four departments by the hour, over three months: 8,832 buckets."""
    buckets = series(HistoryFilter(FROM, TO), stats.Granularity.HOUR)
    return [
        stats.Row(
            stats.Group.DEPARTMENT,
            stats.Subject(uuid7(), "영업"),
            buckets,
            {name: [random.randrange(60) for _ in buckets] for name in stats.CALLS.measures},
        )
        for _ in range(4)
    ]


def subscribers() -> list[Subscriber]:
    """A page of them."""
    return [
        Subscriber(
            id=uuid7(),
            company_id=NOBODY,
            line_id=uuid7(),
            name="김하나",
            position="과장",
            mobile=f"010{number:08}",
            email=f"hana{number}@company.example",
            started_at=now(),
            updated_at=now(),
        )
        for number in range(PAGE)
    ]


def calls() -> list[CallRow]:
    """A page of them."""
    started = now()
    return [
        CallRow(f"c{n}", started - timedelta(hours=n), NOBODY, NOBODY, NOBODY, CallType.INCOMING, n, "0212345678")
        for n in range(PAGE)
    ]


MEASURES = """outgoing outgoingFailed incoming missed missedBusy abandoned total outgoingSeconds outgoingFailedSeconds
    incomingSeconds missedSeconds missedBusySeconds abandonedSeconds totalSeconds"""
BUCKETS = f"{{ subject {{ label }} buckets {{ key beginsAt endsAt measures {{ {MEASURES} }} }} }}"
PERSON = """{ id name position mobile mobileFormatted email ridEnabled appEnabled revision startedAt endedAt updatedAt
    onboarding { state invitedAt signedInAt } }"""
CALL = "{ id startedAt type seconds }"


@dataclass(frozen=True)
class Work:
    """A document and the value of its only field."""

    name: str
    field: str
    selected: str
    rows: Callable[[], Any]
    repeats: int = 20


WORKS = (
    Work("8,832 buckets of 17 fields", "manyCallStatistics", BUCKETS, statistics, 1),
    Work("100 subscribers of 15 fields", "manySubscriber", PERSON, subscribers),
    Work("100 calls of 4 fields", "manyCall", CALL, calls),
    Work("1 subscriber of 15 fields", "oneSubscriber", PERSON, lambda: subscribers()[0], 500),
)


async def completed(way: type[Any], document: DocumentNode, root: dict[str, Any]) -> Any:
    """The answer."""
    context = SimpleNamespace(views=defaultdict[Any, set[UUID]](set))
    answer: Any = execute(product(), document, root_value=root, context_value=context, executor_class=way)
    if hasattr(answer, "__await__"):
        answer = await answer
    if answer.errors:
        raise answer.errors[0]
    return answer.data


async def measured(work: Work, turns: int) -> str:
    """A line of the table."""
    document, root = parse(f"{{ {work.field} {work.selected} }}"), {work.field: work.rows()}
    if await completed(CORE, document, root) != await completed(OURS, document, root):
        raise ValueError(f"{work.name}: the ways differ")
    times: dict[type[Any], list[float]] = {CORE: [], OURS: []}
    for _ in range(turns):
        for way, taken in times.items():
            gc.collect()
            begin = time.process_time()
            for _ in range(work.repeats):
                await completed(way, document, root)
            taken.append((time.process_time() - begin) * 1000 / work.repeats)
    core, ours = times.values()
    told = "".join(f"{min(each):11.2f}{median(each):9.2f}" for each in (core, ours))
    return f"{work.name:30}{told}{min(core) / min(ours):8.1f}"


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.completing", description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    turns = parser.parse_args(arguments).turns
    lines = [
        f"{'':30}{'graphql-core':>20}{'short way':>20}",
        f"{'':30}" + f"{'least':>11}{'median':>9}" * 2 + f"{'times':>8}",
    ]
    lines += [asyncio.run(measured(work, turns)) for work in WORKS]
    foot = circumstances("graphql-core", "strawberry-graphql")
    sys.stdout.write("\n".join([f"Milliseconds of CPU, {turns} turns", *lines, foot, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
