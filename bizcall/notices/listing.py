"""Notices as they are read: important ones first, then the newest (NO-01, NO-02).

A search for a part of a title reads all titles, of which there are `writing.NOTICES_MOST` at the most: without
extensions PostgreSQL has no index for parts of words, and so many are read in milliseconds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_
from uuid import UUID

from tortoise.expressions import Q

from bizcall import texts
from bizcall.database import reading
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models import Notice, NoticeAttachment
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.publications import NoticeCategory
from bizcall.paging import Listing, Order

NEW_FOR = timedelta(days=7)
"""How long a notice is new: 7 × 24 hours, whatever the calendar says (NO-01)."""

SEARCH_MOST = 100


class NoticeState(StrEnum):
    """Where a notice stands; administrators see the published ones only."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    PUBLISHED = "PUBLISHED"
    ENDED = "ENDED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class NoticeFilter:
    """All must hold. `search` is a part of the title, in capitals or not, of any width, composed or not."""

    search: str | None = None
    categories: Sequence[NoticeCategory] | None = None
    states: Sequence[NoticeState] | None = None


def folded(text: str) -> str:
    """A title, or what is searched in it, as both are compared."""
    return unicodedata.normalize("NFKC", texts.clean(text).text).casefold()


def state_of(notice: Notice, at: datetime) -> NoticeState:
    """Where it stands at that moment."""
    if notice.withdrawn_at is not None:
        return NoticeState.WITHDRAWN
    if notice.published_at is None:
        return NoticeState.DRAFT
    if notice.published_at > at:
        return NoticeState.SCHEDULED
    if notice.published_until is not None and notice.published_until <= at:
        return NoticeState.ENDED
    return NoticeState.PUBLISHED


def is_new(notice: Notice, at: datetime) -> bool:
    """Whether it was published less than 7 × 24 hours ago."""
    return notice.published_at is not None and timedelta(0) <= at - notice.published_at < NEW_FOR


def listing(company_id: UUID, wanted: NoticeFilter, at: datetime) -> Listing[Notice]:
    """The notices that a company's people see at that moment; the provider's see all. Raises Invalid (TOO_LONG)."""
    rows = Notice.all()
    if company_id != PROVIDER_ID:
        rows = rows.filter(_standing(NoticeState.PUBLISHED, at))
    if wanted.states is not None:
        rows = rows.filter(reduce(or_, (_standing(state, at) for state in wanted.states), Q(id__in=[])))
    if wanted.categories is not None:
        rows = rows.filter(category__in=[category.value for category in wanted.categories])
    if wanted.search is not None:
        if len(wanted.search) > SEARCH_MOST:
            raise Invalid(Problem(ErrorCode.TOO_LONG, ("filter", "search"), {"maximum": str(SEARCH_MOST)}))
        if search := folded(wanted.search):
            rows = rows.filter(folded__contains=search)
    return Listing(rows, Order("notices", ("important", "listed_at", "id"), descending=True))


async def newest(company_id: UUID, at: datetime, most: int) -> list[Notice]:
    """The first notices of the list, for the home screen (HM-01)."""
    async with reading(company_id):
        rows = Notice.filter(_standing(NoticeState.PUBLISHED, at))
        return await rows.order_by("-important", "-listed_at", "-id").limit(most)


async def fresh_count(company_id: UUID, at: datetime) -> int:
    """How many notices are new."""
    async with reading(company_id):
        return await Notice.filter(_standing(NoticeState.PUBLISHED, at), published_at__gt=at - NEW_FOR).count()


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Notice]:
    """Notices by key, in whatever state: who may see which is the caller's to tell, by `state_of`."""
    async with reading(company_id):
        return {row.id: row for row in await Notice.filter(id__in=list(ids))}


async def attachments(company_id: UUID, notice_ids: Collection[UUID]) -> Mapping[UUID, list[NoticeAttachment]]:
    """The files of notices, in their order."""
    found: dict[UUID, list[NoticeAttachment]] = {key: [] for key in notice_ids}
    async with reading(company_id):
        for row in await NoticeAttachment.filter(notice_id__in=list(notice_ids)).order_by("place", "id"):
            found[row.notice_id].append(row)
    return found


def _standing(state: NoticeState, at: datetime) -> Q:
    """The notices that `state_of` says this of, as a condition."""
    if state is NoticeState.WITHDRAWN:
        return Q(withdrawn_at__isnull=False)
    standing = Q(withdrawn_at__isnull=True)
    if state is NoticeState.DRAFT:
        return standing & Q(published_at__isnull=True)
    if state is NoticeState.SCHEDULED:
        return standing & Q(published_at__gt=at)
    if state is NoticeState.ENDED:
        return standing & Q(published_until__lte=at)
    return standing & Q(published_at__lte=at) & (Q(published_until__isnull=True) | Q(published_until__gt=at))
