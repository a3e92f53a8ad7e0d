"""The company's policies (CU-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import companies
from resolvers.errors import mutation
from schema.companies import Company, CompanyPolicySaveInput, CompanyPolicySavePayload
from schema.context import Info


async def company_policy_save(
    info: Info,
    input: Annotated[CompanyPolicySaveInput, strawberry.argument(description="The policies.")],  # noqa: A002
) -> CompanyPolicySavePayload:
    """See `companies.policy_save`."""
    context = info.context
    saved = await companies.policy_save(
        context.company_id,
        context.actor,
        masks_customers=input.masks_customers,
        clock=context.services.clock,
    )
    return CompanyPolicySavePayload(company=cast("Company", saved))


@strawberry.type
class CompanyMutations:
    """Fields of Mutation."""

    company_policy_save = mutation(
        CompanyPolicySavePayload,
        description="Say how the company's lists and files show customers; recorded in the audit trail.",
    )(company_policy_save)
