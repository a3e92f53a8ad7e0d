"""Audit records: each quarter of an hour sealed and, after three years, forgotten; each night verified (P2),
when it is also counted how many companies have not reviewed them (P3). In the first days of a month those are asked to
(RV-01).

    python -m lambdas.audit        verify the chains of all companies and print what is broken

That needs the environment of the functions (DATABASE_URL or DATABASE_SECRET_ID); on a laptop `python -m local
audit-verify` sets it. The event {"verify": true} does the same; everything else seals, forgets and asks.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial

from bizcall import access_reviews, audit, review_reminders
from bizcall.settings import Settings, settings
from lambdas.letters import Operator
from lambdas.runtime import Context, Event, Process, Services, process

logger = logging.getLogger(__name__)

STOP_BEFORE = 20.0
"""Seconds before the time limit from when on nothing further is begun: one seal takes a second at most."""


async def handle(event: Event, services: Services) -> dict[str, int]:
    """Tell how many seals were made, records forgotten and messages written, or how many seals hold and reviews lack.

    What fails in one company doesn't keep the others from their turn. It is raised at the end, as a broken chain is,
    so that an alarm sees it.
    """

    def stop() -> bool:
        return services.remaining() < STOP_BEFORE

    if event.get("verify"):
        unreviewed = len(await access_reviews.overdue(clock=services.clock))
        # The alarm's metric is made of this line.
        logger.info("access reviews overdue", extra={"unreviewed": unreviewed})
        return {"verified": await audit.verify_due(stop=stop), "unreviewed": unreviewed}
    duties: dict[str, Callable[[], Awaitable[int]]] = {
        "sealed": partial(audit.seal_due, stop=stop),
        "forgotten": partial(audit.forget_due, stop=stop),
        "reminded": partial(review_reminders.remind, stop=stop, clock=services.clock),
    }
    failures: list[Exception] = []
    done: dict[str, int] = {}
    for name, duty in duties.items():
        try:
            done[name] = await duty()
        except Exception as failure:
            failures.append(failure)
    logger.info("audit records looked after", extra={"done": done})
    if failures:
        raise ExceptionGroup("duties that failed", failures)
    return done


def handler(event: Event, context: Context) -> dict[str, int]:
    """What Lambda calls."""
    return process().run(handle, event, context)


async def _verify(_event: Event, _services: Services) -> tuple[int, list[str]]:
    """How many seals hold, and the faults of those that don't, a line each."""
    lines: list[str] = []
    seals = 0
    try:
        seals = await audit.verify_due()
    except* audit.Broken as group:
        for broken in group.exceptions:
            lines += _lines(broken) if isinstance(broken, audit.Broken) else []
    return seals, lines


def _lines(broken: audit.Broken) -> list[str]:
    return [
        f"{verdict.company_id}  seal {fault.number}  {fault.kind}"
        for verdict in broken.verdicts
        for fault in verdict.faults
    ]


def main(known: Settings) -> tuple[bool, list[str]]:
    """Whether all chains hold, and the lines that the command prints."""
    running = Process(known)
    try:
        seals, faults = running.run(_verify, {}, Operator())
    finally:
        running.close()
    return not faults, faults or [f"{seals} seals, all as they were made"]


if __name__ == "__main__":
    held, told = main(settings())
    print("\n".join(told))
    sys.exit(not held)
