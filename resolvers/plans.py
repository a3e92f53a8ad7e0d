"""Plans: the guide, which everybody may read, and what operators write in it (AU-30, SU-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import plans
from resolvers.errors import mutation
from schema.context import Info
from schema.plans import Plan, PlanSaveInput, PlanSavePayload


@strawberry.type
class PlanQueries:
    """Fields of Query."""

    @strawberry.field(description="The guide of all plans, in its order; at most 50. Nobody has to sign in for it.")
    async def plans(self, info: Info) -> list[Plan]:
        """See `plans.guide`."""
        viewer = info.context.viewer
        rows = await plans.guide(viewer.company_id if viewer is not None else None)
        return cast("list[Plan]", rows)


async def plan_save(
    info: Info,
    input: Annotated[PlanSaveInput, strawberry.argument(description="The plan.")],  # noqa: A002
) -> PlanSavePayload:
    """See `plans.save`."""
    context = info.context
    row = await plans.save(
        input.code,
        input.name,
        description=input.guide,
        monthly_fee=input.monthly_fee,
        place=input.sort_order,
        actor=context.actor,
        clock=context.services.clock,
    )
    return PlanSavePayload(plan=cast("Plan", row))


@strawberry.type
class PlanMutations:
    """Fields of Mutation."""

    plan_save = mutation(PlanSavePayload, description="Operators: make a plan, or change the one with this code.")(
        plan_save
    )
