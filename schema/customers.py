"""Customers, and revealing what is masked of them (CU-01)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

import strawberry

from bizcall import companies, customers, masking, phones
from bizcall.audit import View
from bizcall.audit.views import CUSTOMERS
from bizcall.models import Customer as CustomerRow
from bizcall.reasons import Purpose, Reason
from schema.connections import OrderDirection
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.node import Node
from schema.personal import personal
from schema.scalars import PhoneNumber

described(
    Purpose,
    "Why somebody looks at what is hidden.",
    {
        Purpose.CUSTOMER_REQUEST: "The customer asked for something (고객 문의 응대).",
        Purpose.CALL_BACK: "To call or write back (회신).",
        Purpose.DISPUTE: "A complaint or a dispute is being settled (민원·분쟁 처리).",
        Purpose.QUALITY_CHECK: "The quality of the service is being checked (서비스 품질 점검).",
        Purpose.LEGAL_DUTY: "A law or an authority demands it (법령·수사기관 요청).",
        Purpose.INCIDENT: "An incident is being looked into (보안 사고 조사).",
        Purpose.OTHER: "Something else; the note says what (기타).",
    },
    name="RevealReason",
)


async def masks(info: Info) -> bool:
    """Whether the company's policy hides customers; one statement a request."""
    company = await info.context.load(companies.by_ids, info.context.company_id)
    return company is None or company.masks_customers


async def shown(info: Info, view: View, key: UUID) -> bool:
    """Whether the company's policy shows what is asked of a row; what it shows leaves a record (P1)."""
    if await masks(info):
        return False
    info.context.views[view].add(key)
    return True


@strawberry.type(description="The outside party of calls and messages, as the app's address books tell of it.")
class Customer(Node):
    """A `bizcall.models.Customer`."""

    row = CustomerRow
    fetch = staticmethod(customers.by_ids)

    updated_at: datetime = strawberry.field(description="When an address book last told of the customer.")

    @strawberry.field(description="Whether number, name and details are hidden: the company's policy.")
    async def is_masked(self, info: Info) -> bool:
        """By the company's policy."""
        return await masks(info)

    @personal(CUSTOMERS, noted=False, description="The number, digits only; null while the company masks customers.")
    async def number(self, info: Info, parent: strawberry.Parent[CustomerRow]) -> PhoneNumber | None:
        """By the company's policy."""
        return PhoneNumber(parent.number) if await shown(info, CUSTOMERS, parent.id) else None

    @personal(
        CUSTOMERS,
        noted=False,
        description="The number with hyphens; masked (010-****-1234) while the company masks customers.",
    )
    async def number_formatted(self, info: Info, parent: strawberry.Parent[CustomerRow]) -> str:
        """By the company's policy."""
        return (phones.formatted if await shown(info, CUSTOMERS, parent.id) else masking.number)(parent.number)

    @personal(CUSTOMERS, noted=False, description="The name; masked (홍*동) while the company masks customers.")
    async def name(self, info: Info, parent: strawberry.Parent[CustomerRow]) -> str:
        """By the company's policy."""
        return parent.name if await shown(info, CUSTOMERS, parent.id) else masking.name(parent.name)

    @personal(
        CUSTOMERS,
        noted=False,
        description="What the address book says besides, at most 2,000 characters; "
        "null while the company masks customers.",
    )
    async def details(self, info: Info, parent: strawberry.Parent[CustomerRow]) -> str | None:
        """By the company's policy."""
        return parent.details if await shown(info, CUSTOMERS, parent.id) else None


@strawberry.input(description="Which customers; fields that are left out let all through.")
class CustomerFilter:
    """A `bizcall.customers.CustomerFilter`."""

    name: str | None = strawberry.field(
        default=None, description="How the name begins, 1–100 characters; capitals count."
    )
    number: PhoneNumber | None = strawberry.field(default=None, description="Exactly this number, in any spelling.")


class CustomerOrderField(StrEnum):
    """What customers have an index for: one thing, so that nobody reads it yet."""

    NAME = "NAME"


described(
    CustomerOrderField,
    "What customers can be ordered by.",
    {CustomerOrderField.NAME: "By name, then by number."},
)


@strawberry.input(description="The order of customers.")
class CustomerOrder:
    """Ends in the key."""

    field: CustomerOrderField = strawberry.field(default=CustomerOrderField.NAME, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input
class RevealInput:
    """What the inputs of reveals inherit: a `bizcall.reasons.Reason`."""

    reason: Purpose = strawberry.field(description="The kind of reason.")
    note: str = strawberry.field(description="In your own words, 5–200 characters that say something.")

    def to_reason(self) -> Reason:
        """For `bizcall`, which checks it."""
        return Reason(self.reason, self.note)


@strawberry.input
class PossibleReason:
    """What inputs inherit that ask for a reason in some cases only."""

    reason: Purpose | None = strawberry.field(
        default=None, description="The kind of reason, where one is needed. It is kept in the audit trail."
    )
    note: str | None = strawberry.field(
        default=None, description="Needed with it: in your own words, 5–200 characters that say something."
    )

    def to_reason(self) -> Reason | None:
        """For `bizcall`, which checks it; without a note it has an empty one, which is refused there."""
        return None if self.reason is None else Reason(self.reason, self.note or "")


@strawberry.input(description="Why a customer is opened. It is kept in the audit trail.")
class CustomerRevealInput(RevealInput):
    """See `RevealInput`."""


@strawberry.type(description="A customer unmasked, for this one time.")
class RevealedCustomer:
    """A `bizcall.reveals.Party`."""

    row: strawberry.Private[CustomerRow | None]
    number: PhoneNumber | None = strawberry.field(
        description="The number, digits only, or what was told instead of one; null when nothing was told."
    )
    number_formatted: str = strawberry.field(description="The number with hyphens; empty when nothing was told.")
    name: str | None = strawberry.field(description="The name; null when no address book knows the number.")
    details: str | None = strawberry.field(description="What the address book says besides; null likewise.")

    @strawberry.field(description="The customer as lists show it; null when no address book knows the number.")
    def customer(self) -> Customer | None:
        """The row."""
        return cast("Customer | None", self.row)


@strawberry.type(
    description="A customer unmasked. Errors: NOT_FOUND; REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class CustomerRevealPayload(Payload):
    """Once."""

    customer: RevealedCustomer | None = strawberry.field(default=None, description="The customer, in whole.")
