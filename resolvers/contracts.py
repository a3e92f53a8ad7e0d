"""A company's contract, for operators: suspended, resumed (CO-01) and ended (CO-02)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import contracts
from resolvers.errors import found, mutation
from resolvers.overviews import CompanyId
from schema.context import Info
from schema.contracts import (
    CompanyEndInput,
    CompanyEndPayload,
    CompanyResumeInput,
    CompanyResumePayload,
    CompanySuspendInput,
    CompanySuspendPayload,
)
from schema.node import key_of
from schema.overviews import CompanyEntry


async def company_suspend(
    info: Info,
    id: CompanyId,  # noqa: A002
    input: Annotated[CompanySuspendInput, strawberry.argument(description="Why.")],  # noqa: A002
) -> CompanySuspendPayload:
    """See `contracts.suspend`; asks for a fresh code (S6)."""
    context = info.context
    context.demand_fresh_factor()
    changed = contracts.suspend(
        key_of(id, "Company", "id"), input.to_reason(), actor=context.actor, clock=context.services.clock
    )
    return CompanySuspendPayload(company=cast("CompanyEntry", await found(changed, "id")))


async def company_resume(
    info: Info,
    id: CompanyId,  # noqa: A002
    input: Annotated[CompanyResumeInput, strawberry.argument(description="Why.")],  # noqa: A002
) -> CompanyResumePayload:
    """See `contracts.resume`; asks for a fresh code (S6)."""
    context = info.context
    context.demand_fresh_factor()
    changed = contracts.resume(
        key_of(id, "Company", "id"), input.to_reason(), actor=context.actor, clock=context.services.clock
    )
    return CompanyResumePayload(company=cast("CompanyEntry", await found(changed, "id")))


async def company_end(
    info: Info,
    id: CompanyId,  # noqa: A002
    input: Annotated[CompanyEndInput, strawberry.argument(description="Why, and its number.")],  # noqa: A002
) -> CompanyEndPayload:
    """See `contracts.end`; asks for a fresh code (S6)."""
    context = info.context
    context.demand_fresh_factor()
    changed = contracts.end(
        key_of(id, "Company", "id"),
        input.representative_number,
        input.to_reason(),
        actor=context.actor,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return CompanyEndPayload(company=cast("CompanyEntry", await found(changed, "id")))


@strawberry.type
class ContractMutations:
    """Fields of Mutation."""

    company_suspend = mutation(
        CompanySuspendPayload,
        description="Operators: suspend a company's contract, within ten minutes of a right code (CODE_REQUIRED). Its "
        "administrators are signed out and can't sign in, its app can't either, and no message leaves; what comes in "
        "is taken. Recorded in the company's own trail and the provider's. Twice is like once.",
    )(company_suspend)
    company_resume = mutation(
        CompanyResumePayload,
        description="Operators: put a suspended contract in force again, within ten minutes of a right code "
        "(CODE_REQUIRED). Recorded in the company's own trail and the provider's. Twice is like once.",
    )(company_resume)
    company_end = mutation(
        CompanyEndPayload,
        description="Operators: end a company's contract for good, within ten minutes of a right code (CODE_REQUIRED). "
        "Its administrators' accounts end, its lines are retired and their numbers free; 90 days later it is emptied: "
        "only audit records, administrators' names as long as these, and its number stay. Recorded in the company's "
        "own trail and the provider's. Twice is like once.",
    )(company_end)
