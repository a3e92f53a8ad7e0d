"""Departments: a flat list, saved in one step (DE-01)."""

from __future__ import annotations

from datetime import datetime

import strawberry

from bizcall import departments
from bizcall.models import Department as DepartmentRow
from schema.connections import OrderDirection
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.node import Node

described(
    departments.OrderField,
    "What departments can be ordered by.",
    {
        departments.OrderField.NAME: "By name.",
        departments.OrderField.CREATED_AT: "By the time at which they were created.",
    },
    name="DepartmentOrderField",
)


@strawberry.type(description="A department. It is retired, never erased: history names the one of the time.")
class Department(Node):
    """A `bizcall.models.Department`."""

    row = DepartmentRow
    fetch = staticmethod(departments.by_ids)

    name: str = strawberry.field(description="1–50 characters, unique among the company's departments.")
    created_at: datetime = strawberry.field(description="When it was created.")
    retired_at: datetime | None = strawberry.field(description="When it was removed; null while it stands.")

    @strawberry.field(description="How many subscribers are in it now.")
    async def member_count(self, info: Info, parent: strawberry.Parent[DepartmentRow]) -> int:
        """One statement for all departments of an answer."""
        return await info.context.load(departments.member_counts, parent.id) or 0


@strawberry.input(description="The order of departments.")
class DepartmentOrder:
    """Ends in the key."""

    field: departments.OrderField = strawberry.field(
        default=departments.OrderField.NAME, description="What to order by."
    )
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(description="Which departments; fields that are left out let all through.")
class DepartmentFilter:
    """Of those that stand."""

    search: str | None = strawberry.field(default=None, description="A part of the name; capitals don't matter.")


@strawberry.input(description="A department to create.")
class DepartmentCreateInput:
    """A step of the dialog."""

    name: str = strawberry.field(description="1–50 characters after trimming.")


@strawberry.input(description="A department to rename.")
class DepartmentRenameInput:
    """A step of the dialog."""

    id: strawberry.ID = strawberry.field(description="Which one.")
    name: str = strawberry.field(description="1–50 characters after trimming; may be one that another gives up.")


@strawberry.input(description="A department to remove. One with members needs exactly one of the other fields.")
class DepartmentRemoveInput:
    """A step of the dialog."""

    id: strawberry.ID = strawberry.field(description="Which one.")
    move_to: strawberry.ID | None = strawberry.field(
        default=None, description="The department that its members move to; not one that is removed too."
    )
    move_to_created: int | None = strawberry.field(
        default=None, description="The same for a department of this input's `create`: its index there."
    )
    no_department: bool = strawberry.field(default=False, description="Its members shall have no department.")


@strawberry.input(description="All steps of the dialog; they are saved together or not at all.")
class DepartmentsSaveInput:
    """Lists are bounded by the limit `inputList`."""

    create: list[DepartmentCreateInput] = strawberry.field(
        default_factory=list, description="Departments to create; at most 500."
    )
    rename: list[DepartmentRenameInput] = strawberry.field(
        default_factory=list, description="Departments to rename; at most 500. Two may swap their names."
    )
    remove: list[DepartmentRemoveInput] = strawberry.field(
        default_factory=list, description="Departments to remove; at most 500."
    )


@strawberry.type(
    description="What became of the steps. Errors: REQUIRED (of `moveTo` with `members`, where a department has some), "
    "TOO_LONG, DUPLICATE, NOT_FOUND, CONFLICT between steps."
)
class DepartmentsSavePayload(Payload):
    """Departments in the order of the input."""

    created: list[Department] | None = strawberry.field(
        default=None, description="The departments created, in the order of the input; at most 500."
    )
    renamed: list[Department] | None = strawberry.field(
        default=None, description="The departments renamed, in the order of the input; at most 500."
    )
    removed: list[Department] | None = strawberry.field(
        default=None, description="The departments removed, in the order of the input; at most 500."
    )
