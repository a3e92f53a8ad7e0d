"""Plans: what companies subscribe, and the guide of all of them (AU-30, SU-01)."""

from __future__ import annotations

import strawberry

from bizcall.models import Plan as PlanRow
from schema.errors import Payload


@strawberry.type(description="What a company subscribes.")
class Plan:
    """A `bizcall.models.Plan`."""

    code: str = strawberry.field(description="What it is known by: capitals, digits and the signs . _ -")
    name: str = strawberry.field(description="1–50 characters.")
    guide: str = strawberry.field(description="What it is, for people: plain text of at most 2,000 characters.")
    monthly_fee: int | None = strawberry.field(description="Won a month; null where the fee is agreed one by one.")

    @strawberry.field(description="Where it stands in the guide: the lowest first.")
    def sort_order(self, parent: strawberry.Parent[PlanRow]) -> int:
        """Ties go by the code."""
        return parent.place

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, PlanRow)


@strawberry.input(description="A plan as it shall be.")
class PlanSaveInput:
    """All of it: what is left out is emptied."""

    code: str = strawberry.field(description="Of the plan to change, or of a new one: 1–30 characters.")
    name: str = strawberry.field(description="1–50 characters.")
    guide: str = strawberry.field(default="", description="Plain text of at most 2,000 characters.")
    monthly_fee: int | None = strawberry.field(
        default=None, description="Won a month, at most 100,000,000; null where the fee is agreed one by one."
    )
    sort_order: int = strawberry.field(default=0, description="Where it stands in the guide: 0–10,000.")


@strawberry.type(
    description="The plan as it was saved. Errors: INVALID_FORMAT, REQUIRED, TOO_LONG, OUT_OF_RANGE; "
    "TOO_MANY for the fifty-first plan."
)
class PlanSavePayload(Payload):
    """Recorded in the provider's trail."""

    plan: Plan | None = strawberry.field(default=None, description="The plan.")
