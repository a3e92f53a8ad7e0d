"""The guard beside what it spares: `python -m benchmarks.guarding [OUT.txt]`.

For every bomb of the tests, in every disguise, and for every operation of the guide for front-end teams: processor
milliseconds of our guard, of graphql-core's validator, and of Strawberry's own limiters of depth and aliases, all on
one parsed document in one process; the least of several runs counts. What runs on is stopped after two seconds.
Wanted: the guard at most 10 ms for any of them, and less than the validator for what is honest.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, validate
from strawberry.extensions import max_aliases, query_depth_limiter

from resolvers import root
from resolvers.guard import check
from resolvers.inputs import check_variables
from resolvers.limits import Bounds
from tests.guide import documents
from tests.resolvers import office
from tests.resolvers.bombs import DISGUISES, HIDDEN, TOO_MUCH

WANTED_MS = 10.0
STOPPED_AFTER = 2.0
REPEATS = 5
BOUNDS = Bounds()


class Stopped(BaseException):
    """Two seconds are over; no Exception, so that nothing swallows it."""


@dataclass(frozen=True)
class Work:
    """A document as the pipeline gets it."""

    name: str
    document: DocumentNode
    variables: Mapping[str, Any]
    chosen: str | None
    schema: GraphQLSchema


def ours(work: Work) -> None:
    """All that the pipeline does before validation."""
    check_variables(work.variables, BOUNDS)
    check(work.document, work.variables, work.chosen, work.schema, BOUNDS)


def validator(work: Work) -> None:
    """graphql-core with all its rules."""
    validate(work.schema, work.document)


def limiters(work: Work) -> None:
    """Strawberry's limiters alone, at our limits."""
    rules = [
        query_depth_limiter.create_validator(BOUNDS.depth, None),
        max_aliases.create_validator(BOUNDS.aliases),
    ]
    validate(work.schema, work.document, rules)


WAYS: dict[str, Callable[[Work], None]] = {"guard": ours, "validator": validator, "limiters": limiters}


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Raise Stopped when the block takes two seconds."""

    def stop(number: int, frame: Any) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, STOPPED_AFTER)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def milliseconds(way: Callable[[Work], None], work: Work) -> float:
    """The least processor time of several runs; infinite for what was stopped."""
    best = float("inf")
    for _ in range(REPEATS):
        began = time.process_time()
        try:
            # Strawberry's limiters fail on some of them, which takes its time too.
            with stopping(), contextlib.suppress(GraphQLError, LookupError, RecursionError, ValueError):
                way(work)
        except Stopped:
            return float("inf")
        best = min(best, 1000 * (time.process_time() - began))
    return best


def bombs() -> Iterator[Work]:
    """All that is refused, in all disguises that the parser's limit of tokens lets through."""
    schema = office.schema()._schema
    texts = {name: (document, variables) for name, (document, variables, _) in TOO_MUCH.items()}
    texts |= {name: (document, {}) for name, document in HIDDEN.items()}
    for name, (document, variables) in texts.items():
        for disguise, (hide, chosen) in DISGUISES.items():
            with contextlib.suppress(GraphQLError):
                parsed = parse(hide(document), max_tokens=BOUNDS.tokens)
                yield Work(f"{name} ({disguise})", parsed, variables, chosen, schema)


def honest() -> Iterator[Work]:
    """The operations of the guide."""
    for name, document in documents().items():
        yield Work(name, parse(document), {}, None, root.schema()._schema)


def told(ms: float) -> str:
    """A time, or that it was too long."""
    return f"{'> ' + format(1000 * STOPPED_AFTER, '.0f') if ms == float('inf') else format(ms, '.2f'):>10}"


def ratio(ms: float, guard: float) -> str:
    """How many times the guard's time."""
    return f"{'' if ms == float('inf') else format(ms / guard, '.1f'):>10}"


def table(title: str, works: Iterator[Work]) -> tuple[list[str], float]:
    """Lines in the order of the guard's time, and the greatest of those."""
    rows = [(work.name, {name: milliseconds(way, work) for name, way in WAYS.items()}) for work in works]
    rows.sort(key=lambda row: -row[1]["guard"])
    lines = [title, f"{'':76}{'guard ms':>10}{'validator':>10}{'times':>10}{'limiters':>10}{'times':>10}"]
    for name, times in rows:
        others = "".join(told(times[way]) + ratio(times[way], times["guard"]) for way in ("validator", "limiters"))
        lines.append(f"{name:76}{told(times['guard'])}{others}")
    return lines, rows[0][1]["guard"]


def main(arguments: list[str]) -> int:
    """Measure and print; 1 when the guard takes longer than it may."""
    refused, worst = table("Bombs", bombs())
    passed, honest_worst = table("Operations of the guide", honest())
    text = "\n".join([*refused, "", *passed, "", f"guard: at most {worst:.2f} ms, honest {honest_worst:.2f} ms"])
    sys.stdout.write(f"{text}\n")
    for path in arguments:
        Path(path).write_text(f"{text}\n", encoding="utf-8")
    return 0 if max(worst, honest_worst) <= WANTED_MS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
