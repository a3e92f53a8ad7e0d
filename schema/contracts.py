"""A company's contract: suspended and resumed by operators."""

from __future__ import annotations

import strawberry

from schema.customers import RevealInput
from schema.errors import Payload
from schema.overviews import CompanyEntry


@strawberry.input(description="Why a company is suspended; kept in its audit trail and the provider's.")
class CompanySuspendInput(RevealInput):
    """See `RevealInput`."""


@strawberry.input(description="Why a company is resumed; kept in its audit trail and the provider's.")
class CompanyResumeInput(RevealInput):
    """See `RevealInput`."""


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
