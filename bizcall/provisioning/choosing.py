"""Which of a subscription's events can be applied now.

What must hold afterwards: the subscription is completed, no active number is another company's, and the representative
number is active. Events are tried together first, since each may need another one: a completion that asks for a number
which another event has given away in the meantime. Those that are in the way are left out, and tried again one by one
on top of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bizcall.models.provisioning import EventKind
from bizcall.provisioning.events import Event
from bizcall.provisioning.ledger import Fact, Facts, Subject, merged
from bizcall.provisioning.reasons import Finding, Reason


@dataclass(frozen=True)
class Standing:
    """What is known of a subscription; `elsewhere` are numbers that are another company's."""

    completed: bool
    facts: Facts
    elsewhere: frozenset[str]


@dataclass
class Choice:
    """Events to apply, and by id why the others wait."""

    applied: list[Event] = field(default_factory=list)
    waiting: dict[str, Finding] = field(default_factory=dict)


def choose(standing: Standing, events: Sequence[Event]) -> Choice:
    """Choose among the events that wait; the outcome doesn't depend on their order."""
    ordered = sorted(events, key=lambda event: event.order)
    choice = Choice(list(ordered))
    while found := _in_the_way(standing, choice.applied):
        choice.waiting |= found
        choice.applied = [event for event in choice.applied if event.id not in found]
    if choice.waiting:
        _grow(choice, standing, ordered)
    return choice


def _grow(choice: Choice, standing: Standing, ordered: Sequence[Event]) -> None:
    """Add events that were left out one by one, until none can be added any more."""
    grows, reached = True, _with(standing, choice.applied)
    while grows:
        grows = False
        for event in ordered:
            if event.id not in choice.waiting:
                continue
            if found := _in_the_way(reached, [event]):
                choice.waiting |= found
                continue
            choice.applied.append(event)
            del choice.waiting[event.id]
            reached, grows = _with(reached, [event]), True


def _with(standing: Standing, events: Sequence[Event]) -> Standing:
    completed = standing.completed or any(event.kind is EventKind.SUBSCRIPTION_COMPLETED for event in events)
    return Standing(completed, merged(standing.facts, events), standing.elsewhere)


def _in_the_way(standing: Standing, chosen: Sequence[Event]) -> Mapping[str, Finding]:
    """Why these events can't all be applied, by the id of those at fault; empty when they can."""
    if not chosen:
        return {}
    after = _with(standing, chosen)
    if not after.completed:
        return {event.id: Finding(Reason.UNKNOWN_SUBSCRIPTION, ("subscription",)) for event in chosen}
    by_id = {event.id: event for event in chosen}
    taken = {
        after.facts[number].event_id: _taken(by_id[after.facts[number].event_id], number)
        for number in sorted(standing.elsewhere & after.facts.keys(), reverse=True)
        if after.facts[number].active and after.facts[number].event_id in by_id
    }
    return taken or _unrepresented(after.facts, by_id)


def _taken(event: Event, number: str) -> Finding:
    index = next(index for index, line in enumerate(event.lines) if line.number == number)
    return Finding(Reason.NUMBER_TAKEN, ("lines", str(index), "number"))


def _unrepresented(after: Facts, by_id: Mapping[str, Event]) -> Mapping[str, Finding]:
    """The event that retires the representative number, or the one that names a number which is no line."""
    named = after[Subject.REPRESENTATIVE]
    number: Fact | None = after.get(named.value or "")
    if number is not None and number.active:
        return {}
    if number is not None and number.event_id in by_id:
        retiring = by_id[number.event_id]
        path = ("retire", str(retiring.retire.index(named.value or "")))
        return {retiring.id: Finding(Reason.REPRESENTATIVE_NEEDED, path)}
    # What was applied before has a representative number, so one of these events names the missing one.
    return {by_id[named.event_id].id: Finding(Reason.REPRESENTATIVE_NEEDED, ("representativeNumber",))}
