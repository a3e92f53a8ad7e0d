"""A company's contract: suspended, resumed (CO-01) and ended (CO-02) by operators."""

from __future__ import annotations

import strawberry

from schema.customers import RevealInput
from schema.errors import Payload
from schema.overviews import CompanyEntry
from schema.scalars import PhoneNumber


@strawberry.input(description="Why a company is suspended; kept in its audit trail and the provider's.")
class CompanySuspendInput(RevealInput):
    """See `RevealInput`."""


@strawberry.input(description="Why a company is resumed; kept in its audit trail and the provider's.")
class CompanyResumeInput(RevealInput):
    """See `RevealInput`."""


@strawberry.input(description="Which company's contract ends, and why; kept in its audit trail and the provider's.")
class CompanyEndInput(RevealInput):
    """See `RevealInput`."""

    representative_number: PhoneNumber = strawberry.field(
        description="The company's representative number, so that no other one is ended by mistake."
    )


@strawberry.type(
    description="The company, suspended. Errors: NOT_FOUND at `id`, STATE there when its contract has ended; "
    "REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class CompanySuspendPayload(Payload):
    """Once."""

    company: CompanyEntry | None = strawberry.field(default=None, description="The company.")


@strawberry.type(
    description="The company, in force again. Errors: NOT_FOUND at `id`, STATE there when its contract has ended; "
    "REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class CompanyResumePayload(Payload):
    """Once."""

    company: CompanyEntry | None = strawberry.field(default=None, description="The company.")


@strawberry.type(
    description="The company, whose contract has ended. Errors: NOT_FOUND at `id`; CONFLICT at `representativeNumber` "
    "when it is not the company's; REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class CompanyEndPayload(Payload):
    """Once."""

    company: CompanyEntry | None = strawberry.field(default=None, description="The company.")
