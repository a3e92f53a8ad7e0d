"""The one filter of lists, statistics and Excel, for calls and messages alike: what it may be (ST-02, ST-03, MS-01).

Days, weekdays and hours are Korea's; an hour past midnight belongs to its own day and weekday.
"""

from __future__ import annotations

import calendar
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from bizcall import months, texts
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.history.tails import INDEXED
from bizcall.models.calls import NOBODY, CallType
from bizcall.models.messages import MessageDirection
from bizcall.parties import NAME_MOST, NUMBER_MOST, customer_number
from bizcall.ports import Clock, now

if TYPE_CHECKING:
    from bizcall.stats.rollups import Facts

SPAN_MONTHS = 3
KEYS_MOST = 500
NAME_LEAST = 2
"""Letters of a search by the beginning of a name: a family's alone means every tenth call, which no index finds."""

TAIL_LEAST, TAIL_MOST = INDEXED, 8
"""Digits of a search by the end of a number: fewer would let numbers be guessed one digit after the other."""

MONTHS_AHEAD = 12
"""How far ahead of the present month a period may begin."""


class Direction(StrEnum):
    """구분: all, those that the company made or sent, those that it got."""

    ALL = "ALL"
    OUTGOING = "OUTGOING"
    INCOMING = "INCOMING"


OUTGOING: frozenset[str] = frozenset({CallType.OUTGOING, CallType.OUTGOING_FAILED, MessageDirection.SENT})
"""The types of either facts that the company began; all others came in."""


@dataclass(frozen=True)
class HistoryFilter:
    """Which calls or messages; None lets all through, an empty set or tuple nothing.

    `from_on` and `to_on` are both inside the period, which is at most 3 months long. `weekdays` are ISO's, 1 is Monday.
    `hours` are (from, to), whole hours 0–24, `to` outside; from > to runs over midnight. `types` are call types or
    message directions. `NOBODY` among the keys means "no department" and "held by nobody". `customer_number` is exact,
    in any spelling; `customer_tail` is the number's last 4–8 digits; `customer_name` is how a customer's name begins,
    at least 2 letters.
    """

    from_on: date
    to_on: date
    weekdays: frozenset[int] | None = None
    hours: tuple[int, int] | None = None
    direction: Direction = Direction.ALL
    types: frozenset[str] | None = None
    department_ids: tuple[UUID, ...] | None = None
    line_ids: tuple[UUID, ...] | None = None
    subscriber_ids: tuple[UUID, ...] | None = None
    customer_number: str | None = None
    customer_tail: str | None = None
    customer_name: str | None = None

    def checked(
        self, clock: Clock = now, *, kept: int = months.KEPT, path: tuple[str, ...] = ("filter",)
    ) -> HistoryFilter:
        """Itself with number, tail and name as they are stored; raises Invalid with paths that begin with `path`.

        `kept` is how many months are kept behind the present one; what is older is refused, not told as zeros.
        """
        number = None if self.customer_number is None else customer_number(self.customer_number)
        tail = None if self.customer_tail is None else texts.clean(self.customer_tail).text
        name = None if self.customer_name is None else texts.clean(self.customer_name).text
        cleaned = dataclasses.replace(self, customer_number=number, customer_tail=tail, customer_name=name)
        problems = [*_misdated(self, clock, kept), *_misplaced(self), *_misnamed(cleaned)]
        if problems:
            raise Invalid(
                *(Problem(problem.code, (*path, *problem.field), problem.params) for problem in problems),
            )
        return cleaned


def keys_of(wanted: HistoryFilter) -> Mapping[str, tuple[UUID, ...] | None]:
    """The keys that are let through, by column."""
    return {
        "department_id": wanted.department_ids,
        "line_id": wanted.line_ids,
        "subscriber_id": wanted.subscriber_ids,
    }


def names_customer(wanted: HistoryFilter) -> bool:
    """Whether a customer is asked, by number, its end or name."""
    return not (wanted.customer_number is wanted.customer_tail is wanted.customer_name is None)


def types_of(wanted: HistoryFilter, facts: Facts) -> tuple[str, ...]:
    """The types of the facts that direction and types let through, in the facts' order."""
    return tuple(
        kind
        for kind in facts.types
        if (wanted.types is None or kind in wanted.types)
        and (wanted.direction is Direction.ALL or (kind in OUTGOING) == (wanted.direction is Direction.OUTGOING))
    )


def hours_of(wanted: HistoryFilter) -> list[int]:
    """The hours of the day that are let through, 0–23."""
    if wanted.hours is None:
        return list(range(24))
    start, end = wanted.hours
    return [hour for hour in range(24) if (start <= hour < end if start <= end else hour >= start or hour < end)]


def last_day(from_on: date) -> date:
    """The last day of the longest period that begins on a day: the day before the same day three months later."""
    month = months.shifted(from_on, SPAN_MONTHS)
    length = calendar.monthrange(month.year, month.month)[1]
    if from_on.day > length:
        return month.replace(day=length)
    return month.replace(day=from_on.day) - timedelta(days=1)


def _misdated(wanted: HistoryFilter, clock: Clock, kept: int) -> list[Problem]:
    """What is wrong with the period; a longer one is refused, never narrowed."""
    present = months.today(clock)
    first, last = months.shifted(present, -kept), months.shifted(present, MONTHS_AHEAD)
    if not first <= wanted.from_on <= last:
        return [_out_of_range("fromOn", first, last)]
    longest = last_day(wanted.from_on)
    if not wanted.from_on <= wanted.to_on <= longest:
        return [_out_of_range("toOn", wanted.from_on, longest)]
    return []


def _misplaced(wanted: HistoryFilter) -> list[Problem]:
    """What is wrong with weekdays, hours and keys."""
    problems = []
    if any(not 1 <= day <= 7 for day in wanted.weekdays or ()):
        problems.append(_out_of_range("weekdays", 1, 7))
    if wanted.hours is not None:
        if any(not 0 <= hour <= 24 for hour in wanted.hours):
            problems.append(_out_of_range("hours", 0, 24))
        elif not hours_of(wanted):
            problems.append(Problem(ErrorCode.CONFLICT, ("hours",)))
    keys: Mapping[str, Sequence[UUID] | None] = {
        "departmentIds": wanted.department_ids,
        "lineIds": wanted.line_ids,
        "subscriberIds": wanted.subscriber_ids,
    }
    problems += [
        Problem(ErrorCode.TOO_MANY, (field,), {"maximum": str(KEYS_MOST)})
        for field, given in keys.items()
        # Beside the keys there is room for NOBODY, which clients don't count.
        if given is not None and len(set(given) - {NOBODY}) > KEYS_MOST
    ]
    return problems


def _misnamed(cleaned: HistoryFilter) -> list[Problem]:
    """What is wrong with the customer's number, its end, and the name."""
    problems = []
    for field, text, most in (
        ("customerNumber", cleaned.customer_number, NUMBER_MOST),
        ("customerName", cleaned.customer_name, NAME_MOST),
    ):
        if text is not None and not text:
            problems.append(Problem(ErrorCode.REQUIRED, (field,)))
        elif text is not None and len(text) > most:
            problems.append(Problem(ErrorCode.TOO_LONG, (field,), {"maximum": str(most)}))
    if cleaned.customer_name and len(cleaned.customer_name) < NAME_LEAST:
        problems.append(Problem(ErrorCode.TOO_SHORT, ("customerName",), {"minimum": str(NAME_LEAST)}))
    if (tail := cleaned.customer_tail) is not None:
        if len(tail) < TAIL_LEAST:
            problems.append(Problem(ErrorCode.TOO_SHORT, ("customerTail",), {"minimum": str(TAIL_LEAST)}))
        elif not (tail.isascii() and tail.isdecimal()):
            problems.append(Problem(ErrorCode.INVALID_FORMAT, ("customerTail",)))
        elif len(tail) > TAIL_MOST:
            problems.append(Problem(ErrorCode.TOO_LONG, ("customerTail",), {"maximum": str(TAIL_MOST)}))
    return problems


def _out_of_range(field: str, least: object, most: object) -> Problem:
    return Problem(ErrorCode.OUT_OF_RANGE, (field,), {"minimum": str(least), "maximum": str(most)})
