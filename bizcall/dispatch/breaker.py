"""Circuit breaker: a gateway that keeps failing is left alone for a while, by all workers together.

The state stands in the database, because workers are many short-lived processes that see a few failures each; a
library's breaker, which lives in memory, would open in none of them.

    closed      messages go out; ten failures within any 60 s open it
    open        nobody asks the gateway for 30 s
    half open   the first worker that comes after that tries one message, and its result closes or opens it again;
                if that worker dies, the next one tries after another 30 s

What counts is GatewayDown and GatewayUncertain. A gateway that refuses a message or asks for patience works.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

from bizcall.database import query

FAILURES_MOST = 10
WINDOW = timedelta(seconds=60)
PAUSE = timedelta(seconds=30)

logger = logging.getLogger(__name__)


async def may_try(gateway: str, at: datetime) -> bool:
    """Whether this message is the one that tries a gateway whose pause is over; in the open transaction.

    True for one worker only: the others see the pause prolonged.
    """
    rows = await query(
        "UPDATE gateway SET open_until = $3 WHERE name = $1 AND open_until <= $2 RETURNING name",
        gateway,
        at,
        at + PAUSE,
    )
    return bool(rows)


async def untried(gateway: str, at: datetime) -> None:
    """Leave the trial that `may_try` gave in the open transaction to the next message, because this one can't be sent.

    Else the messages of a company that has used up its day would take the trials of all others.
    """
    await query("UPDATE gateway SET open_until = $2 WHERE name = $1", gateway, at)


async def failed(gateway: str, at: datetime) -> None:
    """Count a failure of the gateway itself, in the open transaction; opens the breaker at the tenth in 60 s.

    A failure while it is open or half open prolongs the pause.
    """
    await query("INSERT INTO gateway (name) VALUES ($1) ON CONFLICT DO NOTHING", gateway)
    (row,) = await query("SELECT failures, open_until FROM gateway WHERE name = $1 FOR UPDATE", gateway)
    earliest = (at - WINDOW).timestamp()
    moments = [moment for moment in json.loads(row["failures"]) if moment > earliest]
    moments = sorted([*moments, at.timestamp()])[-FAILURES_MOST:]
    until: datetime | None = row["open_until"]
    opens = len(moments) == FAILURES_MOST
    if opens and until is None:
        logger.error("gateway %s is left alone for %d s", gateway, PAUSE.total_seconds())
    if until is not None:
        until = max(until, at + PAUSE)
    elif opens:
        until = at + PAUSE
    await query(
        "UPDATE gateway SET failures = $2::jsonb, open_until = $3 WHERE name = $1", gateway, json.dumps(moments), until
    )


async def recovered(gateway: str) -> None:
    """Close the breaker, in the open transaction, after a message that tried it was answered."""
    await query("UPDATE gateway SET failures = '[]', open_until = NULL WHERE name = $1", gateway)
