"""The audit records of a company as a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise.expressions import Q

from bizcall.keyed import rows_by_ids
from bizcall.models import AuditRecord
from bizcall.models.house import ActorKind
from bizcall.paging import Listing, Order


class OrderField(StrEnum):
    """What the list can be ordered by."""

    ACTED_AT = "ACTED_AT"


@dataclass(frozen=True)
class AuditFilter:
    """Which records; what is left out lets all through.

    `since` belongs to the span, `until` doesn't. An action that ends in a dot stands for all that begin with it.
    `actor` and `subject` are what somebody's or something's key is called by, and the key.
    """

    since: datetime | None = None
    until: datetime | None = None
    actions: Sequence[str] | None = None
    actor: tuple[ActorKind, UUID] | None = None
    subject: tuple[str, UUID] | None = None


def listing(company_id: UUID, wanted: AuditFilter = AuditFilter(), *, descending: bool = True) -> Listing[AuditRecord]:
    """The company's records by the time of their acts, newest first."""
    rows = AuditRecord.filter(company_id=company_id)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    if wanted.actions is not None:
        whole = Q(action__in=[action for action in wanted.actions if not action.endswith(".")])
        rows = rows.filter(
            Q(whole, *(Q(action__startswith=a) for a in wanted.actions if a.endswith(".")), join_type=Q.OR)
        )
    if wanted.actor is not None:
        rows = rows.filter(actor_kind=wanted.actor[0], actor_id=wanted.actor[1])
    if wanted.subject is not None:
        rows = rows.filter(subject_kind=wanted.subject[0], subject_ids__contains=[wanted.subject[1]])
    return Listing(rows, Order("audit", ("at", "id"), descending))


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, AuditRecord]:
    """Records by key."""
    return await rows_by_ids(AuditRecord, company_id, ids)
