"""The company as its administrators see it."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import strawberry

from bizcall import companies, phones, plans
from bizcall.models import Company as CompanyRow
from bizcall.models.companies import OnError
from schema.context import Info
from schema.customers import PossibleReason
from schema.enums import described
from schema.errors import Payload
from schema.node import Node
from schema.plans import Plan
from schema.scalars import PhoneNumber

__all__ = ["Company", "OnError"]

described(
    OnError,
    "What happens to the good rows when others are bad.",
    {
        OnError.REJECT_ALL: "Nothing is saved.",
        OnError.SKIP_BAD_ROWS: "The good rows are saved, the bad ones are told.",
    },
    name="OnError",
)


@strawberry.type(description="The tenant: everything else belongs to one.")
class Company(Node):
    """A `bizcall.models.Company`."""

    row = CompanyRow
    fetch = staticmethod(companies.by_ids)

    name: str = strawberry.field(description="The company's name.")
    representative_number: PhoneNumber = strawberry.field(
        description="The lowest number at subscription; the login ID of the first administrator."
    )
    import_on_error: OnError = strawberry.field(
        description="What happens when a file that was dropped into the bucket's inbox has bad rows."
    )
    import_sends_invitations: bool = strawberry.field(
        description="Whether those are invited to the app who come by a file dropped into the bucket's inbox."
    )
    masks_customers: bool = strawberry.field(
        description="Whether lists and files hide customers' names and numbers; texts of messages are always hidden."
    )
    created_at: datetime = strawberry.field(description="When the company was set up.")

    @strawberry.field(description="The representative number with hyphens.")
    def representative_number_formatted(self, parent: strawberry.Parent[CompanyRow]) -> str:
        """For people."""
        return phones.formatted(parent.representative_number)

    @strawberry.field(description="The plan in use; null for a company that was set up without one.")
    async def plan(self, info: Info, parent: strawberry.Parent[CompanyRow]) -> Plan | None:
        """SU-01."""
        if parent.plan_code is None:
            return None
        return cast("Plan | None", await info.context.load(plans.of_companies, parent.plan_code))


@strawberry.input(description="The company's policies. Hiding customers no more needs a reason.")
class CompanyPolicySaveInput(PossibleReason):
    """CU-01."""

    masks_customers: bool = strawberry.field(description="Whether lists and files hide customers' names and numbers.")


@strawberry.type(
    description="The company with its policies as they were saved. Errors of hiding customers no more: CODE_REQUIRED "
    "without a code that was right in the last ten minutes; REQUIRED of `reason`; REQUIRED, TOO_SHORT, TOO_LONG, "
    "INVALID_FORMAT of `note`."
)
class CompanyPolicySavePayload(Payload):
    """After the transaction."""

    company: Company | None = strawberry.field(default=None, description="The company.")
