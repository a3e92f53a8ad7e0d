"""What operators do to administrators' accounts (ON-02, AU-22, AU-31, AU-32), and the list they find them in."""

from __future__ import annotations

import strawberry

from bizcall.admins import AdminState
from schema.admins.accounts import Admin
from schema.errors import Payload


@strawberry.input(description="Which administrators; all that is given must hold.")
class AdminFilter:
    """Of `admins`."""

    search: str | None = strawberry.field(
        default=None,
        description="A part of a company's name, or a whole representative number or mobile; at most 100 characters.",
    )
    states: list[AdminState] | None = strawberry.field(
        default=None, description="Where the account stands: any of these, at most 4."
    )


@strawberry.input(description="Both must be the company's.")
class AdminWelcomeResendInput:
    """What a caller tells the customer centre."""

    representative_number: str = strawberry.field(description="The representative number, in any spelling.")
    company_name: str = strawberry.field(description="The company's whole name.")


@strawberry.type(
    description="The welcome message again, with a fresh temporary password. Errors: NOT_FOUND when number and name "
    "are not both a company's, STATE when the administrator has registered."
)
class AdminWelcomeResendPayload(Payload):
    """The former temporary password is void."""

    admin: Admin | None = strawberry.field(default=None, description="The administrator who is told.")


@strawberry.type(description="The end of a lock. Errors: NOT_FOUND.")
class AdminUnlockPayload(Payload):
    """The failures begin at none."""

    admin: Admin | None = strawberry.field(default=None, description="The administrator who may sign in again.")


@strawberry.type(description="The end of all sessions of an account. Errors: NOT_FOUND.")
class AdminSessionsEndPayload(Payload):
    """Takes effect at once."""

    ended: int | None = strawberry.field(default=None, description="How many there were.")


@strawberry.input(description="Who comes next.")
class AdminReplaceInput:
    """A person who left, or a mobile that is lost."""

    mobile: str = strawberry.field(description="The next administrator's mobile, in any spelling.")


@strawberry.type(
    description="Another administrator in the place of one: his sessions end, the next one gets a welcome message. "
    "Errors: NOT_FOUND, also when he was replaced already; INVALID_FORMAT."
)
class AdminReplacePayload(Payload):
    """The login ID stays."""

    admin: Admin | None = strawberry.field(
        default=None, description="The next administrator, who has not registered yet."
    )
