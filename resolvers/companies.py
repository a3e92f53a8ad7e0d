"""The company's policies (CU-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import policies
from resolvers.errors import mutation
from schema.companies import Company, CompanyPolicySaveInput, CompanyPolicySavePayload
from schema.context import Info


async def company_policy_save(
    info: Info,
    input: Annotated[CompanyPolicySaveInput, strawberry.argument(description="The policies.")],  # noqa: A002
) -> CompanyPolicySavePayload:
    """See `policies.save`."""
    context = info.context
    if not input.masks_customers:
        context.demand_fresh_factor()
    saved = await policies.save(
        context.company_id,
        context.actor,
        masks_customers=input.masks_customers,
        reason=input.to_reason(),
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return CompanyPolicySavePayload(company=cast("Company", saved))


@strawberry.type
class CompanyMutations:
    """Fields of Mutation."""

    company_policy_save = mutation(
        CompanyPolicySavePayload,
        description="Say how the company's lists and files show customers; recorded in the audit trail. Hiding them no "
        "more takes a reason and a right code of the last ten minutes (CODE_REQUIRED), and all administrators of the "
        "company are told by SMS.",
    )(company_policy_save)
