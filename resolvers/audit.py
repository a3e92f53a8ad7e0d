"""The audit trail of the viewer's company."""

from __future__ import annotations

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from bizcall import admins, audit
from bizcall.admins import Role
from bizcall.audit import ActorKind, AuditFilter
from bizcall.audit.views import AUDIT_RECORDS
from bizcall.database import tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.paging import Slice
from schema.audit import AuditRecord, AuditRecordFilter, AuditRecordOrder
from schema.connections import After, Before, Connection, First, Last, OrderDirection
from schema.context import Context, Info
from schema.node import NOTHING, decode, key_of, key_or_nothing
from schema.personal import personal

ACTIONS_MOST = 50


@strawberry.type
class AuditQueries:
    """Fields of Query."""

    @personal(
        AUDIT_RECORDS,
        description="Who did what in a company, newest first: an administrator's own one, or, for operators, any. "
        "Asking leaves a record itself (audit.view).",
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
        admin_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="For operators: an administrator whose company is meant; the viewer's own when left out."
            ),
        ] = None,
    ) -> Connection[AuditRecord]:
        """See `audit.listing`. An operator enters the company, and its trail tells that he read it."""
        context = info.context
        whose = context.company_id if admin_id is None else await _company_of(context, admin_id)
        descending = (order_by or AuditRecordOrder()).direction is OrderDirection.DESC
        found = audit.listing(whose, audit_filter(filter or AuditRecordFilter()), descending=descending)
        part = Slice(first, after, last, before)
        if whose == context.company_id:
            return await Connection.of(info, found, part)
        async with tenant(whose):
            page = await Connection[AuditRecord].of(info, found, part, company_id=whose)
            keys = {node.id for node in cast("list[Any]", page.nodes)}
            await audit.record_views(whose, context.actor, {AUDIT_RECORDS: keys}, clock=context.services.clock)
        return page


async def _company_of(context: Context, admin_id: str) -> UUID:
    """The company of an administrator; raises Invalid (NOT_FOUND), also for everybody but operators."""
    try:
        if context.role is not Role.OPERATOR:
            raise NotFound
        return (await admins.account(key_of(admin_id, "Admin", "adminId"))).company_id
    except NotFound:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, ("adminId",))) from None


def audit_filter(wanted: AuditRecordFilter) -> AuditFilter:
    """What `bizcall` filters by; ids of nothing find nothing. Raises Invalid for too many actions."""
    if wanted.actions is not None and len(wanted.actions) > ACTIONS_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter", "actions"), {"maximum": str(ACTIONS_MOST)}))
    actor: tuple[ActorKind, UUID] | None = None
    if wanted.actor_id is not None:
        actor = (ActorKind.ADMIN, key_or_nothing(wanted.actor_id, "Admin"))
    subject = None if wanted.subject_id is None else decode(wanted.subject_id) or ("", NOTHING)
    return AuditFilter(since=wanted.from_, until=wanted.until, actions=wanted.actions, actor=actor, subject=subject)
