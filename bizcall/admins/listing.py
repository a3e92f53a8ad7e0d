"""Lists of administrators: an operator sees those of all companies, a company its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise.expressions import Q

from bizcall import phones, texts
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models.accounts import AccountRow
from bizcall.models.companies import PROVIDER_ID
from bizcall.paging import Listing, Order

SEARCH_LONGEST = 100
STATES_MOST = 4


class AdminState(StrEnum):
    """Where an account stands; a locked one has registered or not."""

    INVITED = "INVITED"
    REGISTERED = "REGISTERED"
    LOCKED = "LOCKED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class AdminFilter:
    """All must hold. `search` is a part of a company's name, or a whole representative number or mobile."""

    search: str | None = None
    states: tuple[AdminState, ...] | None = None


def state(row: AccountRow, at: datetime) -> AdminState:
    """Where an account stands at a moment."""
    if row.ended_at is not None:
        return AdminState.ENDED
    if row.locked_until is not None and row.locked_until > at:
        return AdminState.LOCKED
    return AdminState.REGISTERED if row.registered_at is not None else AdminState.INVITED


def listing(company_id: UUID | None, wanted: AdminFilter, at: datetime) -> Listing[AccountRow]:
    """Administrators of one company, or, for None, of all but the provider; newest first.

    Raises Invalid: TOO_LONG at `filter.search`, TOO_MANY at `filter.states`.
    """
    rows = (
        AccountRow.exclude(company_id=PROVIDER_ID) if company_id is None else AccountRow.filter(company_id=company_id)
    )
    if wanted.search is not None:
        rows = rows.filter(_found(wanted.search))
    if wanted.states is not None:
        if len(wanted.states) > STATES_MOST:
            raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter", "states"), {"maximum": str(STATES_MOST)}))
        conditions = [_standing(each, at) for each in wanted.states]
        rows = rows.filter(Q(*conditions, join_type="OR")) if conditions else rows.filter(id=UUID(int=0))
    return Listing(rows, Order("admins", ("created_at", "id"), descending=True))


def _found(search: str) -> Q:
    if len(search) > SEARCH_LONGEST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, ("filter", "search"), {"maximum": str(SEARCH_LONGEST)}))
    text = texts.clean(search).text
    number = phones.normalise(text)
    if number is not None:
        return Q(representative_number=number) | Q(mobile=number) | Q(login_id=number)
    return Q(company_name__icontains=text)


def _standing(wanted: AdminState, at: datetime) -> Q:
    locked = Q(ended_at__isnull=True, locked_until__gt=at)
    free = Q(ended_at__isnull=True) & (Q(locked_until__isnull=True) | Q(locked_until__lte=at))
    return {
        AdminState.ENDED: Q(ended_at__isnull=False),
        AdminState.LOCKED: locked,
        AdminState.REGISTERED: free & Q(registered_at__isnull=False),
        AdminState.INVITED: free & Q(registered_at__isnull=True),
    }[wanted]
