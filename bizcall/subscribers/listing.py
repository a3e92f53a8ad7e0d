"""The subscribers screen: a row per line with whoever holds it now, searched, filtered and ordered (IN-01)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID

from tortoise.expressions import Q

from bizcall import texts
from bizcall.database import reading
from bizcall.keyed import rows_by_ids
from bizcall.models import Line, LineRow, Subscriber
from bizcall.paging import Listing, Order
from bizcall.ports import Clock, now


class OnboardingState(StrEnum):
    """How far a subscriber has come with the app."""

    REGISTERED = "REGISTERED"
    INVITED = "INVITED"
    SIGNED_IN = "SIGNED_IN"


class OrderField(StrEnum):
    """What the rows can be ordered by; free lines have empty names and the time at which they were added."""

    NUMBER = "NUMBER"
    NAME = "NAME"
    DEPARTMENT = "DEPARTMENT"
    UPDATED_AT = "UPDATED_AT"


COLUMNS: Mapping[OrderField, tuple[str, ...]] = {
    OrderField.NUMBER: ("number", "id"),
    OrderField.NAME: ("name", "number", "id"),
    OrderField.DEPARTMENT: ("department_name", "name", "number", "id"),
    OrderField.UPDATED_AT: ("updated_at", "id"),
}

NAMED_BY: Mapping[OrderField, tuple[str, ...]] = {
    OrderField.NAME: ("updated_at", "id"),
    OrderField.DEPARTMENT: ("department_name", "updated_at", "id"),
}
"""What cursors hold of the orders in which people's names stand. A department's name changes without its people."""

_HELD = Q(subscriber_id__isnull=False)
_NOBODY = Q(subscriber_id__in=[])
_ONBOARDING = {
    OnboardingState.REGISTERED: Q(invited_at__isnull=True, app_signed_in_at__isnull=True),
    OnboardingState.INVITED: Q(invited_at__isnull=False, app_signed_in_at__isnull=True),
    OnboardingState.SIGNED_IN: Q(app_signed_in_at__isnull=False),
}
_SEPARATORS = re.compile(r"[\s().-]+")


@dataclass(frozen=True)
class LineFilter:
    """Which rows; None means whichever. All below `department_ids` match held lines only: a free line has no switches.

    `search` is a part of the number (written in any way), of the name or of the department's name. `department_ids`
    empty matches nothing. `silent_days` finds those who were last invited so many days ago or earlier and have never
    signed in to the app.
    """

    search: str = ""
    held: bool | None = None
    department_ids: Sequence[UUID] | None = None
    app_enabled: bool | None = None
    rid_enabled: bool | None = None
    invited: bool | None = None
    onboarding: Sequence[OnboardingState] | None = None
    silent_days: int | None = None


def listing(
    company_id: UUID,
    wanted: LineFilter,
    *,
    order: OrderField = OrderField.NUMBER,
    descending: bool = False,
    clock: Clock = now,
) -> Listing[LineRow]:
    """The company's lines that the filter lets through. Cursors say nothing of people."""
    every = rows = LineRow.filter(company_id=company_id)
    if text := texts.clean(wanted.search).text:
        found = Q(name__icontains=text) | Q(department_name__icontains=text)
        digits = _SEPARATORS.sub("", text)
        if digits.isascii() and digits.isdecimal():
            found |= Q(number__contains=digits)
        rows = rows.filter(found)
    if wanted.held is not None:
        rows = rows.filter(subscriber_id__isnull=not wanted.held)
    if wanted.department_ids is not None:
        rows = rows.filter(department_id__in=list(wanted.department_ids))
    if wanted.app_enabled is not None:
        rows = rows.filter(subscriber_id__isnull=False, app_enabled=wanted.app_enabled)
    if wanted.rid_enabled is not None:
        rows = rows.filter(subscriber_id__isnull=False, rid_enabled=wanted.rid_enabled)
    if wanted.invited is not None:
        rows = rows.filter(subscriber_id__isnull=False, invited_at__isnull=not wanted.invited)
    if wanted.onboarding is not None:
        rows = rows.filter(_HELD, Q(_NOBODY, *(_ONBOARDING[state] for state in wanted.onboarding), join_type=Q.OR))
    if wanted.silent_days is not None:
        since = clock() - timedelta(days=wanted.silent_days)
        rows = rows.filter(_HELD, app_signed_in_at__isnull=True, invited_at__lte=since)
    by = Order("lines", COLUMNS[order], descending, NAMED_BY.get(order, ()))
    # Whoever walks the list of those who are not invited yet, and invites them, leaves none behind to go on from.
    return Listing(rows, by, places=every)


async def held(company_id: UUID, wanted: LineFilter, *, limit: int, clock: Clock = now) -> list[UUID]:
    """The subscribers on the lines that the filter lets through, at most `limit`, in the order of their numbers."""
    rows = listing(company_id, wanted, clock=clock).rows.filter(_HELD).order_by("number").limit(limit)
    return cast("list[UUID]", await rows.values_list("subscriber_id", flat=True))


def onboarding(subscriber: Subscriber) -> OnboardingState:
    """How far the subscriber has come with the app."""
    if subscriber.app_signed_in_at is not None:
        return OnboardingState.SIGNED_IN
    return OnboardingState.REGISTERED if subscriber.invited_at is None else OnboardingState.INVITED


async def lines_by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, LineRow]:
    """Lines by key; retired ones and other companies' are left out."""
    async with reading(company_id):
        rows = await LineRow.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in rows}


async def numbers_ever(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, str]:
    """Numbers of lines by key, retired ones included; other companies' are left out."""
    async with reading(company_id):
        rows = await Line.filter(company_id=company_id, id__in=list(ids)).values("id", "number")
    return {row["id"]: row["number"] for row in rows}


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Subscriber]:
    """Holdings by key, past ones included; other companies' are left out."""
    return await rows_by_ids(Subscriber, company_id, ids)
