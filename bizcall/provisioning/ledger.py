"""What events add up to: for each subject of a subscription the latest fact, whatever the order of arrival.

A subject is a number, or the name, the plan or the representative number. A number that was retired stays as a fact
that is not active, so that an older event which comes later doesn't bring it back. Merging is commutative, associative
and idempotent, because it is a maximum over an order without ties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile

from bizcall import companies
from bizcall.models.provisioning import EventKind
from bizcall.provisioning.events import Event


class Subject(StrEnum):
    """What a fact speaks of beside numbers."""

    NAME = "NAME"
    PLAN = "PLAN"
    REPRESENTATIVE = "REPRESENTATIVE"


@dataclass(frozen=True)
class Fact:
    """What an event says of one subject. `value` is the RID of a number, or the text of another subject."""

    as_of: datetime
    event_id: str
    active: bool
    value: str | None

    @property
    def order(self) -> tuple[datetime, str]:
        """The greater wins; two facts of one event never speak of the same subject."""
        return self.as_of, self.event_id


Facts = Mapping[str, Fact]
"""By subject: numbers in normal form, and the members of Subject."""


def facts(event: Event) -> Facts:
    """What an event says."""
    values: dict[str, tuple[bool, str | None]] = {line.number: (True, line.rid) for line in event.lines}
    values |= dict.fromkeys(event.retire, (False, None))
    if event.company is not None:
        values[Subject.NAME] = (True, event.company.name)
    if event.plan is not None:
        values[Subject.PLAN] = (True, event.plan)
    if event.kind is EventKind.SUBSCRIPTION_COMPLETED:
        values[Subject.REPRESENTATIVE] = (True, companies.lowest(line.number for line in event.lines))
    elif event.representativeNumber is not None:
        values[Subject.REPRESENTATIVE] = (True, event.representativeNumber)
    return {subject: Fact(event.occurredAt, event.id, *value) for subject, value in values.items()}


def merged(known: Facts, events: Iterable[Event]) -> dict[str, Fact]:
    """What is known once these events are applied too."""
    found = dict(known)
    for event in events:
        for subject, fact in facts(event).items():
            if subject not in found or found[subject].order < fact.order:
                found[subject] = fact
    return found


def begins(known: Facts, events: Iterable[Event]) -> dict[str, datetime]:
    """Since when each subject that these events speak of has been active, or has been gone, after them.

    That is since the first event which says so after the last one that said otherwise: one that only gives a line
    another RID begins nothing. Of what was applied before only the latest is known.
    """
    told: dict[str, list[Fact]] = {}
    for event in events:
        for subject, fact in facts(event).items():
            told.setdefault(subject, [known[subject]] if subject in known else []).append(fact)
    return {subject: _begin(each) for subject, each in told.items()}


def _begin(told: Sequence[Fact]) -> datetime:
    latest_first = sorted(told, key=lambda fact: fact.order, reverse=True)
    same = takewhile(lambda fact: fact.active is latest_first[0].active, latest_first)
    return min(fact.as_of for fact in same)
