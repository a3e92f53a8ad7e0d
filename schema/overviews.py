"""Companies as operators see them, masked, and entered with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import strawberry

from bizcall import masking, overviews, phones
from bizcall.models import Admin as AdminRow
from bizcall.models import CompanyDirectory, LineRow
from bizcall.models.companies import CompanyState
from bizcall.overviews import Entered, OrderField, Overview
from schema.connections import OrderDirection
from schema.context import Info
from schema.customers import RevealInput
from schema.enums import described
from schema.errors import Payload
from schema.node import encode
from schema.scalars import EmailAddress, PhoneNumber

described(
    OrderField,
    "What companies can be ordered by.",
    {
        OrderField.NAME: "By name.",
        OrderField.NUMBER: "By representative number.",
        OrderField.CREATED_AT: "By the time they were set up.",
    },
    name="CompanyOrderField",
)


described(
    CompanyState,
    "How a company's contract stands.",
    {
        CompanyState.ACTIVE: "In force.",
        CompanyState.SUSPENDED: "Suspended: nobody signs in and nothing is sent, but what comes in is taken.",
        CompanyState.ENDED: "Over for good; 90 days later the company is emptied: only audit records, administrators' "
        "names as long as these, and its number stay.",
    },
    name="CompanyState",
)


@strawberry.type(description="A company as operators list it.")
class CompanyEntry:
    """A `bizcall.models.CompanyDirectory`."""

    name: str = strawberry.field(description="The company's name.")
    representative_number: PhoneNumber = strawberry.field(description="The representative number, digits only.")
    created_at: datetime = strawberry.field(description="When the company was set up.")
    state: CompanyState = strawberry.field(description="How its contract stands.")
    state_changed_at: datetime = strawberry.field(description="Since when.")

    @strawberry.field(
        description="The company's id: for `company`, `companyEnter`, `companySuspend`, `companyResume`, `companyEnd`."
    )
    def id(self, parent: strawberry.Parent[CompanyDirectory]) -> strawberry.ID:
        """That which its administrators know it by."""
        return encode("Company", parent.company_id)

    @strawberry.field(description="The representative number with hyphens.")
    def representative_number_formatted(self, parent: strawberry.Parent[CompanyDirectory]) -> str:
        """For people."""
        return phones.formatted(parent.representative_number)

    @strawberry.field(description="The administrators' mobiles, masked (010-****-1234), at most 20.")
    async def admin_mobiles_masked(self, info: Info, parent: strawberry.Parent[CompanyDirectory]) -> list[str]:
        """One statement for all companies of an answer."""
        found = await info.context.load(overviews.mobiles, parent.company_id)
        return [masking.number(mobile) for mobile in found or ()][: overviews.ADMINS_MOST]

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, CompanyDirectory)


@strawberry.type(description="An administrator, masked as customers are.")
class CompanyAdminMasked:
    """A `bizcall.models.Admin`."""

    created_at: datetime = strawberry.field(description="When the administrator was set up.")

    @strawberry.field(description="The administrator's id: for `adminUnlock` and its neighbours.")
    def id(self, parent: strawberry.Parent[AdminRow]) -> strawberry.ID:
        """As in `admins`."""
        return encode("Admin", parent.id)

    @strawberry.field(description="The name, masked (홍*동); empty before registration.")
    def name_masked(self, parent: strawberry.Parent[AdminRow]) -> str:
        """One rule for all."""
        return masking.name(parent.name)

    @strawberry.field(description="The mobile, masked (010-****-1234).")
    def mobile_masked(self, parent: strawberry.Parent[AdminRow]) -> str:
        """One rule for all."""
        return masking.number(parent.mobile)

    @strawberry.field(description="The e-mail address, masked (a***@x.kr); null before registration.")
    def email_masked(self, parent: strawberry.Parent[AdminRow]) -> str | None:
        """One rule for all."""
        return None if parent.email is None else masking.email(parent.email)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, AdminRow)


@strawberry.type(description="One company as operators see it without entering: what it has, and people masked.")
class CompanyOverview:
    """A `bizcall.overviews.Overview`."""

    @strawberry.field(description="The company.")
    def company(self, parent: strawberry.Parent[Overview]) -> CompanyEntry:
        """As in the list."""
        return cast("CompanyEntry", parent.company)

    @strawberry.field(description="How many lines it has.")
    def line_count(self, parent: strawberry.Parent[Overview]) -> int:
        """Without those that were retired."""
        return parent.lines

    @strawberry.field(description="How many lines somebody holds.")
    def subscriber_count(self, parent: strawberry.Parent[Overview]) -> int:
        """Now."""
        return parent.held

    @strawberry.field(description="Its administrators, masked; at most 20.")
    def admins(self, parent: strawberry.Parent[Overview]) -> list[CompanyAdminMasked]:
        """In order of appointment."""
        return cast("list[CompanyAdminMasked]", list(parent.admins))

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, Overview)


@strawberry.type(description="An administrator in whole, for this one time.")
class EnteredAdmin:
    """A `bizcall.models.Admin`."""

    name: str = strawberry.field(description="The name; empty before registration.")
    department: str = strawberry.field(description="Free text, perhaps empty.")
    position: str = strawberry.field(description="Free text, perhaps empty.")
    email: EmailAddress | None = strawberry.field(description="The e-mail address.")
    mobile: PhoneNumber = strawberry.field(description="The mobile, digits only.")

    @strawberry.field(description="The administrator's id.")
    def id(self, parent: strawberry.Parent[AdminRow]) -> strawberry.ID:
        """As in `admins`."""
        return encode("Admin", parent.id)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, AdminRow)


@strawberry.type(description="A line and whoever holds it in whole, for this one time; of a free line texts are empty.")
class EnteredLine:
    """A `bizcall.models.LineRow`."""

    number: PhoneNumber = strawberry.field(description="The number, digits only.")
    rid: PhoneNumber | None = strawberry.field(description="The RID; null when the line has none.")
    name: str = strawberry.field(description="The subscriber's name.")
    department_name: str = strawberry.field(description="The subscriber's department.")
    position: str = strawberry.field(description="The subscriber's position.")
    mobile: PhoneNumber | None = strawberry.field(description="The subscriber's mobile.")
    email: EmailAddress | None = strawberry.field(description="The subscriber's e-mail address.")
    rid_enabled: bool = strawberry.field(description="Whether calls present the RID.")
    app_enabled: bool = strawberry.field(description="Whether the subscriber may use the phone app.")
    started_at: datetime | None = strawberry.field(description="Since when the line is held; null for a free one.")

    @strawberry.field(description="The number with hyphens.")
    def number_formatted(self, parent: strawberry.Parent[LineRow]) -> str:
        """For people."""
        return phones.formatted(parent.number)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, LineRow)


@strawberry.type(description="A company that an operator has entered.")
class EnteredCompany:
    """A `bizcall.overviews.Entered`."""

    @strawberry.field(description="What lists tell of it.")
    def overview(self, parent: strawberry.Parent[Entered]) -> CompanyOverview:
        """Masked as ever."""
        return cast("CompanyOverview", parent.overview)

    @strawberry.field(description="Its administrators, at most 20.")
    def admins(self, parent: strawberry.Parent[Entered]) -> list[EnteredAdmin]:
        """In order of appointment."""
        return cast("list[EnteredAdmin]", list(parent.overview.admins))

    @strawberry.field(description="The lines that were looked for, by number, at most 100.")
    def lines(self, parent: strawberry.Parent[Entered]) -> list[EnteredLine]:
        """With their holders."""
        return cast("list[EnteredLine]", list(parent.lines))

    @strawberry.field(description="Whether there are further lines; a narrower search finds them.")
    def has_more_lines(self, parent: strawberry.Parent[Entered]) -> bool:
        """Past the hundredth."""
        return parent.has_more

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, Entered)


@strawberry.input(description="Which companies; fields that are left out let all through.")
class CompanyFilter:
    """See `overviews.listing`."""

    search: str | None = strawberry.field(
        default=None,
        description="A part of the name, or a whole number of the company or mobile of its administrator; "
        "at most 100 characters.",
    )
    states: list[CompanyState] | None = strawberry.field(
        default=None, description="How the contract stands; one of them, at most 3."
    )


@strawberry.input(description="The order of companies.")
class CompanyOrder:
    """Ends in the key."""

    field: OrderField = strawberry.field(default=OrderField.NAME, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(description="Why a company is entered; kept in its audit trail and the provider's.")
class CompanyEnterInput(RevealInput):
    """See `RevealInput`."""

    search: str | None = strawberry.field(
        default=None, description="A part of a number, a name or a department's name; at most 100 characters."
    )


@strawberry.type(
    description="The company with its people. Errors: NOT_FOUND at `id`; TOO_LONG at `search`; "
    "REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class CompanyEnterPayload(Payload):
    """Once."""

    company: EnteredCompany | None = strawberry.field(default=None, description="The company, in whole.")
