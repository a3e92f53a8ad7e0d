"""Signing in to the phone app (IN-11), for the app's server."""

from __future__ import annotations

import strawberry

from bizcall import app_sign_in, phones
from schema.errors import Payload
from schema.scalars import EmailAddress, PhoneNumber


@strawberry.input(description="What somebody typed into the app.")
class AppSignInInput:
    """IN-11."""

    number: PhoneNumber = strawberry.field(description="The office number, in any spelling.")
    password: str = strawberry.field(description="The temporary password of the invitation, exactly as it was typed.")


@strawberry.type(description="A subscriber who has signed in to the app.")
class AppUser:
    """A `bizcall.app_sign_in.AppUser`."""

    number: PhoneNumber = strawberry.field(description="The office number, which the app works with.")
    name: str = strawberry.field(description="The subscriber's name.")
    email: EmailAddress | None = strawberry.field(
        description="The address that is registered, which the app works with; null when there is none."
    )
    company_name: str = strawberry.field(description="The company's name.")

    @strawberry.field(description="The office number with hyphens.")
    def number_formatted(self, parent: strawberry.Parent[app_sign_in.AppUser]) -> str:
        """For people."""
        return phones.formatted(parent.number)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, app_sign_in.AppUser)


@strawberry.type(
    description="A sign-in to the app. Errors: CREDENTIALS for whatever isn't right, a number that nobody holds and a "
    "password that is used up or expired included; LOCKED with `until`; INVALID_FORMAT when it can be no number, "
    "TOO_LONG."
)
class AppSignInPayload(Payload):
    """Of any number of requests at once with the right password, one succeeds."""

    user: AppUser | None = strawberry.field(default=None, description="Who has signed in.")
