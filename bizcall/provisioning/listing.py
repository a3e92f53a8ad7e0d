"""What operators read of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import Q

from bizcall import texts
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models.provisioning import EventState, ProvisioningEvent
from bizcall.paging import Listing, Order

SEARCH_LONGEST = 100


@dataclass(frozen=True)
class EventFilter:
    """All must hold. `search` is a whole id of an event or a subscription, or a part of a file's name."""

    search: str | None = None
    states: Sequence[EventState] | None = None


def listing(wanted: EventFilter) -> Listing[ProvisioningEvent]:
    """Events, the last received first. Raises Invalid (TOO_LONG)."""
    rows = ProvisioningEvent.all()
    if wanted.states is not None:
        rows = rows.filter(state__in=[state.value for state in wanted.states])
    if wanted.search is not None:
        if len(wanted.search) > SEARCH_LONGEST:
            raise Invalid(Problem(ErrorCode.TOO_LONG, ("filter", "search"), {"maximum": str(SEARCH_LONGEST)}))
        text = texts.clean(wanted.search).text
        rows = rows.filter(Q(event_id=text) | Q(subscription=text) | Q(source__contains=text))
    return Listing(rows, Order("provisioning.events", ("received_at", "id"), descending=True))
