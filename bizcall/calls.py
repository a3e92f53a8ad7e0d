"""The history of calls (ST-02), and the missed ones that nobody returned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall import months
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.history.filters import HistoryFilter
from bizcall.history.keys import FactKey, rows_by_keys
from bizcall.history.listing import FactListing
from bizcall.models import Call
from bizcall.models.calls import CallType
from bizcall.paging import Pages
from bizcall.ports import Clock, now
from bizcall.stats.rollups import CALLS

UNRETURNED_DAYS = 31
"""Days of a list of unreturned calls: each missed call in it is looked up on its own."""

MISSED = frozenset({CallType.MISSED, CallType.MISSED_BUSY, CallType.ABANDONED})

_COLUMNS = (
    "call.id, call.started_at, call.line_id, call.subscriber_id, call.department_id, call.type, call.seconds,"
    " call.customer_number"
)
# Months before the call's own are left out, and each of the others is one look into the index of numbers. With OFFSET 0
# it stays a look for each call: without, the planner may read all calls of the months instead.
_UNRETURNED = """call.customer_number ~ '[0-9]' AND NOT EXISTS (
    SELECT FROM call AS contact WHERE contact.company_id = call.company_id
    AND contact.customer_tail = call.customer_tail
    AND contact.customer_number = call.customer_number AND contact.started_at > call.started_at
    AND contact.type IN ('OUTGOING', 'INCOMING') OFFSET 0)"""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as lists show it. The nil key stands for nobody and for no department; `seconds` are of conversation."""

    id: str
    started_at: datetime
    line_id: UUID
    subscriber_id: UUID
    department_id: UUID
    type: CallType
    seconds: int
    customer_number: str

    @property
    def key(self) -> FactKey:
        """By which it is found again."""
        return FactKey(self.id, self.started_at)


def listing(
    company_id: UUID, wanted: HistoryFilter, *, descending: bool = True, clock: Clock = now, kept: int = months.KEPT
) -> Pages[CallRow]:
    """The calls that the filter lets through, by their start; raises Invalid for a bad filter."""
    return FactListing(company_id, wanted.checked(clock, kept=kept), CALLS, Call, _COLUMNS, _row, descending)


def unreturned(
    company_id: UUID, wanted: HistoryFilter, *, descending: bool = True, clock: Clock = now, kept: int = months.KEPT
) -> Pages[CallRow]:
    """Calls that were missed, and after which nobody talked with that number, whoever called, up to this moment.

    Attempts that failed and messages don't count as talking. Calls without a number can't be returned and are left
    out. Raises Invalid for a bad filter and for more than 31 days.
    """
    checked = wanted.checked(clock, kept=kept)
    last = checked.from_on + timedelta(days=UNRETURNED_DAYS - 1)
    if checked.to_on > last:
        bounds = {"minimum": str(checked.from_on), "maximum": str(last)}
        raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, ("filter", "toOn"), bounds))
    missed = replace(checked, types=frozenset(MISSED if checked.types is None else MISSED & checked.types))
    return FactListing(company_id, missed, CALLS, Call, _COLUMNS, _row, descending, only=_UNRETURNED)


async def by_keys(company_id: UUID, keys: Collection[FactKey]) -> dict[FactKey, CallRow]:
    """Calls by key; other companies' are left out."""
    rows = await rows_by_keys(company_id, CALLS, _COLUMNS, keys)
    return {row.key: row for row in map(_row, rows)}


def _row(found: Mapping[str, Any]) -> CallRow:
    return CallRow(**{**found, "type": CallType(found["type"])})
