"""Lists of administrators, and what operators do to their accounts (ON-02, AU-22, AU-31, AU-32)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import admins
from bizcall.admins import Role
from bizcall.keys import Keys
from bizcall.paging import Slice
from resolvers.errors import found, mutation
from schema.admins.accounts import Admin
from schema.admins.operating import (
    AdminFilter,
    AdminReplaceInput,
    AdminReplacePayload,
    AdminSessionsEndPayload,
    AdminUnlockPayload,
    AdminWelcomeResendInput,
    AdminWelcomeResendPayload,
)
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.node import key_of

AdminId = Annotated[strawberry.ID, strawberry.argument(description="The administrator's id.")]


@strawberry.type
class OperatingQueries:
    """Fields of Query."""

    @strawberry.field(
        description="Administrators, newest first: an operator sees those of all companies, a company its own."
    )
    async def admins(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002
            AdminFilter | None, strawberry.argument(description="Which; all when left out.")
        ] = None,
    ) -> Connection[Admin]:
        """See `admins.listing`."""
        viewer = info.context.signed_in
        states = filter.states if filter is not None else None
        wanted = admins.AdminFilter(
            search=filter.search if filter is not None else None, states=tuple(states) if states is not None else None
        )
        company_id = None if viewer.role is Role.OPERATOR else viewer.company_id
        listing = admins.listing(company_id, wanted, info.context.services.clock())
        return await Connection[Admin].of(info, listing, Slice(first, after, last, before))


async def admin_welcome_resend(
    info: Info,
    input: Annotated[AdminWelcomeResendInput, strawberry.argument(description="Whose.")],  # noqa: A002
) -> AdminWelcomeResendPayload:
    """See `admins.welcome_resend`."""
    context = info.context
    row = await found(
        admins.welcome_resend(
            input.representative_number,
            input.company_name,
            keys=Keys.of(context.services.settings),
            actor=context.actor,
            queue=context.services.queue,
            clock=context.services.clock,
        )
    )
    return AdminWelcomeResendPayload(admin=cast("Admin", row))


async def admin_unlock(info: Info, id: AdminId) -> AdminUnlockPayload:  # noqa: A002
    """See `admins.unlock`."""
    context = info.context
    key = key_of(id, "Admin", "id")
    row = await found(admins.unlock(key, actor=context.actor, clock=context.services.clock), "id")
    return AdminUnlockPayload(admin=cast("Admin", row))


async def admin_sessions_end(info: Info, id: AdminId) -> AdminSessionsEndPayload:  # noqa: A002
    """See `admins.sessions_end`."""
    context = info.context
    key = key_of(id, "Admin", "id")
    ended = await found(admins.sessions_end(key, actor=context.actor, clock=context.services.clock), "id")
    return AdminSessionsEndPayload(ended=ended)


async def admin_replace(
    info: Info,
    id: AdminId,  # noqa: A002
    input: Annotated[AdminReplaceInput, strawberry.argument(description="Who comes next.")],  # noqa: A002
) -> AdminReplacePayload:
    """See `admins.replace`; asks for a fresh code, since whoever names the mobile gets the account (S6)."""
    context = info.context
    context.demand_fresh_factor()
    row = await found(
        admins.replace(
            key_of(id, "Admin", "id"),
            input.mobile,
            keys=Keys.of(context.services.settings),
            actor=context.actor,
            queue=context.services.queue,
            clock=context.services.clock,
        ),
        "id",
    )
    return AdminReplacePayload(admin=cast("Admin", row))


@strawberry.type
class OperatingMutations:
    """Fields of Mutation."""

    admin_welcome_resend = mutation(
        AdminWelcomeResendPayload,
        description="Operators: send an administrator's welcome message again, with a fresh temporary password.",
    )(admin_welcome_resend)
    admin_unlock = mutation(AdminUnlockPayload, description="Operators: clear the locks of an account.")(admin_unlock)
    admin_sessions_end = mutation(AdminSessionsEndPayload, description="Operators: end all sessions of an account.")(
        admin_sessions_end
    )
    admin_replace = mutation(
        AdminReplacePayload,
        description="Operators: put another administrator in the place of one who left or lost his mobile, within ten "
        "minutes of a right code (CODE_REQUIRED).",
    )(admin_replace)
