"""Once a minute: what processes that died left behind, and what nobody carried on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from bizcall import admins, dispatch, disposal, exports, imports, provisioning, throttles
from bizcall.dispatch import account_messages, dead_letters, reports, resolving
from lambdas.runtime import Context, Event, Services, process

logger = logging.getLogger(__name__)

BATCH = 100
SENDING_ENDS = 25.0
"""Seconds before the time limit from when on the outbox waits for the next minute."""

FETCHING_ENDS = 20.0
"""The same for reports, so that no flood of them keeps anybody from looking after messages that nobody answers for."""

STOP_BEFORE = 12.0
"""The same for asking gateways: one question takes them ten seconds at most."""


async def handle(_event: Event, services: Services) -> dict[str, int]:
    """Send what is due in the outbox, end and forget what is over; tell how much of each.

    What fails doesn't keep the others from their turn, and is raised at the end, so that an alarm sees it.
    """
    clock = services.clock
    duties: dict[str, Callable[[], Awaitable[int]]] = {
        "messages sent": partial(_send, services),
        "exports looked after": partial(exports.sweep, queue=services.queue, clock=clock),
        "imports ended": partial(imports.expire, clock=clock),
        "events reminded": partial(provisioning.remind, queue=services.queue, clock=clock),
        "messages forgotten": partial(dispatch.prune, clock=clock),
        "failures forgotten": partial(dead_letters.prune, clock=clock),
        "rows of signing in forgotten": partial(admins.prune, clock=clock),
        "bounds forgotten": partial(throttles.prune, clock=clock),
        "people forgotten": partial(
            disposal.dispose_due, clock=clock, stop=lambda: services.remaining() < SENDING_ENDS
        ),
        "account messages given up": partial(account_messages.expire, clock=clock),
        "reports matched": partial(reports.match, clock=clock),
        "reports forgotten": partial(reports.prune, clock=clock),
        # Last those that wait for gateways, and may be broken off.
        "reports fetched": partial(
            reports.poll, services.sms, clock=clock, stop=lambda: services.remaining() < FETCHING_ENDS
        ),
        "deliveries looked after": partial(
            resolving.resolve,
            sms=services.sms,
            queue=services.queue,
            clock=clock,
            stop=lambda: services.remaining() < STOP_BEFORE,
        ),
    }
    done: dict[str, int] = {}
    failures: list[Exception] = []
    for name, duty in duties.items():
        try:
            done[name] = await duty()
        except Exception as failure:
            failures.append(failure)
    logger.info("swept", extra={"done": {name: count for name, count in done.items() if count}})
    if failures:
        raise ExceptionGroup("duties that failed", failures)
    return done


async def _send(services: Services) -> int:
    """Send what is due in the outbox, as long as there is any and the time allows."""
    sent = 0
    while True:
        taken = await dispatch.sweep(queue=services.queue, clock=services.clock, limit=BATCH)
        sent += taken
        if taken < BATCH or services.remaining() < SENDING_ENDS:
            return sent


def handler(event: Event, context: Context) -> dict[str, int]:
    """What Lambda calls."""
    return process().run(handle, event, context)
