"""Departments: the list, and the dialog's one save (DE-01)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, cast
from uuid import UUID

import strawberry

from bizcall import departments
from bizcall.paging import Slice
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last, OrderDirection
from schema.context import Context, Info
from schema.departments import (
    Department,
    DepartmentFilter,
    DepartmentOrder,
    DepartmentsSaveInput,
    DepartmentsSavePayload,
)
from schema.node import key_or_nothing


@strawberry.type
class DepartmentQueries:
    """Fields of Query."""

    @strawberry.field(description="The departments that stand.")
    async def departments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002
            DepartmentFilter | None, strawberry.argument(description="Which departments.")
        ] = None,
        order_by: Annotated[DepartmentOrder | None, strawberry.argument(description="Their order; by name.")] = None,
    ) -> Connection[Department]:
        """See `departments.listing`."""
        order = order_by or DepartmentOrder()
        found = departments.listing(
            info.context.company_id,
            search=(filter and filter.search) or "",
            order=order.field,
            descending=order.direction is OrderDirection.DESC,
        )
        return await Connection.of(info, found, Slice(first, after, last, before))


async def departments_save(
    info: Info,
    input: Annotated[DepartmentsSaveInput, strawberry.argument(description="The steps.")],  # noqa: A002
) -> DepartmentsSavePayload:
    """See `departments.save`."""
    context = info.context
    saved = await departments.save(
        context.company_id,
        context.actor,
        create=[step.name for step in input.create],
        rename=[departments.Rename(key_or_nothing(step.id, "Department"), step.name) for step in input.rename],
        remove=[
            departments.Removal(
                key_or_nothing(step.id, "Department"),
                None if step.move_to is None else key_or_nothing(step.move_to, "Department"),
                step.move_to_created,
                step.no_department,
            )
            for step in input.remove
        ],
        clock=context.services.clock,
    )
    # Together, for one statement.
    created, renamed, removed = await asyncio.gather(
        *(_loaded(context, keys) for keys in (saved.created, saved.renamed, saved.removed))
    )
    return DepartmentsSavePayload(created=created, renamed=renamed, removed=removed)


async def _loaded(context: Context, keys: Sequence[UUID]) -> list[Department]:
    return cast("list[Department]", await context.loader(departments.by_ids).load_many(keys))


@strawberry.type
class DepartmentMutations:
    """Fields of Mutation."""

    departments_save = mutation(
        DepartmentsSavePayload,
        description="Save all steps of the departments dialog together or none of them.",
    )(departments_save)
