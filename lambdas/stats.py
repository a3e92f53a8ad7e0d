"""Rollups are kept honest: each night by schedule, and by operators' commands (ST-03).

    {}                                                                the night's duty: forget, verify a sample
    {"do": "verify", "company": …, "from": "2026-10-01", "to": …}      count these days again; fails when they differ
    {"do": "rebuild", "company": …, "from": …, "to": …}                make rollups anew from the facts
    {"do": "reattribute", "company": …, "from": …, "to": …}            attribute by the assignments as they are now

Days are of Korea's calendar, both included. On a laptop `python -m local stats DO …` does the same.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from bizcall import feeds, stats
from bizcall.errors import ErrorCode, Invalid, Problem
from lambdas.runtime import Context, Event, Services, process

STOP_BEFORE = 60.0
"""Seconds before the time limit from when on the night's duty leaves the other companies to another night."""


async def handle(event: Event, services: Services) -> dict[str, Any]:
    """Do what the event says; raises Invalid for what can't be done, and stats.Differs for rollups that differ."""
    clock, kept = services.clock, services.settings.months_kept
    what = event.get("do")
    if what is None:
        done = await stats.nightly(clock=clock, kept=kept, remaining=services.remaining, stop_before=STOP_BEFORE)
        return asdict(done)
    company_id, span = UUID(event["company"]), _span(event)
    if what == "verify":
        found = await stats.verify_span(company_id, span, kept=kept, clock=clock)
        if found:
            raise stats.Differs(f"{len(found)} rows differ")
        return {"differences": 0}
    if what == "rebuild":
        return {"rows": await stats.rebuild(company_id, span, kept=kept, clock=clock)}
    if what == "reattribute":
        records, changes = await feeds.reattribute(company_id, span, kept=kept, clock=clock)
        return {"records": records, "changes": [_told(change) for change in changes]}
    raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("do",)))


def handler(event: Event, context: Context) -> dict[str, Any]:
    """What Lambda calls."""
    return process().run(handle, event, context)


def _span(event: Event) -> stats.Span:
    try:
        return stats.Span(date.fromisoformat(event["from"]), date.fromisoformat(event["to"]))
    except ValueError:
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("from",))) from None


def _told(change: feeds.Reattributed) -> dict[str, Any]:
    return {
        "table": change.table,
        "records": change.records,
        "before": {name: str(key) for name, key in asdict(change.before).items()},
        "after": {name: str(key) for name, key in asdict(change.after).items()},
    }
