"""The audit trail of the viewer's company."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from bizcall import audit
from bizcall.audit import ActorKind, AuditFilter
from bizcall.audit.views import AUDIT_RECORDS
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.paging import Slice
from schema.audit import AuditRecord, AuditRecordFilter, AuditRecordOrder
from schema.connections import After, Before, Connection, First, Last, OrderDirection
from schema.context import Info
from schema.node import NOTHING, decode, key_or_nothing
from schema.personal import personal

ACTIONS_MOST = 50


@strawberry.type
class AuditQueries:
    """Fields of Query."""

    @personal(
        AUDIT_RECORDS,
        description="Who did what in this company, newest first. Asking leaves a record itself (audit.view).",
    )
    async def audit_records(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[AuditRecordFilter | None, strawberry.argument(description="Which records.")] = None,  # noqa: A002
        order_by: Annotated[
            AuditRecordOrder | None, strawberry.argument(description="Their order; newest first.")
        ] = None,
    ) -> Connection[AuditRecord]:
        """See `audit.listing`."""
        descending = (order_by or AuditRecordOrder()).direction is OrderDirection.DESC
        wanted = audit_filter(filter or AuditRecordFilter())
        found = audit.listing(info.context.company_id, wanted, descending=descending)
        return await Connection.of(info, found, Slice(first, after, last, before))


def audit_filter(wanted: AuditRecordFilter) -> AuditFilter:
    """What `bizcall` filters by; ids of nothing find nothing. Raises Invalid for too many actions."""
    if wanted.actions is not None and len(wanted.actions) > ACTIONS_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter", "actions"), {"maximum": str(ACTIONS_MOST)}))
    actor: tuple[ActorKind, UUID] | None = None
    if wanted.actor_id is not None:
        actor = (ActorKind.ADMIN, key_or_nothing(wanted.actor_id, "Admin"))
    subject = None if wanted.subject_id is None else decode(wanted.subject_id) or ("", NOTHING)
    return AuditFilter(since=wanted.from_, until=wanted.until, actions=wanted.actions, actor=actor, subject=subject)
