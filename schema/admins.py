"""Administrators: signing in with password and code, and who is signed in (AU-20, AU-24, AU-31)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import cast

import strawberry

from bizcall import admins, companies
from bizcall.audit.views import ADMINS
from bizcall.models import Admin as AdminRow
from schema.companies import Company
from schema.context import Info
from schema.errors import Payload
from schema.node import Node
from schema.personal import personal


@strawberry.enum(description="What an administrator may do. New members may come.")
class Permission(Enum):
    """There is one role so far; each of its holders has all of these."""

    SUBSCRIBERS_MANAGE = strawberry.enum_value(
        "SUBSCRIBERS_MANAGE", description="See the lines and who holds them, and change that."
    )
    DEPARTMENTS_MANAGE = strawberry.enum_value("DEPARTMENTS_MANAGE", description="See and change the departments.")
    IMPORTS_MANAGE = strawberry.enum_value(
        "IMPORTS_MANAGE", description="Upload files of subscribers, preview and register them."
    )


@strawberry.enum(description="Where a client keeps its session.")
class SessionKeeping(Enum):
    """A browser's page should never see the token (AU-31)."""

    TOKEN = strawberry.enum_value(
        "TOKEN", description="The answer holds the tokens; send the session's as `Authorization: Bearer …`."
    )
    COOKIE = strawberry.enum_value(
        "COOKIE",
        description="The tokens are set as HttpOnly cookies and left out of the answer. "
        "Requests with the cookie need the header X-BizCall-Client.",
    )


@strawberry.type(description="A person who signs in to manage the company.")
class Admin(Node):
    """A `bizcall.models.Admin`."""

    row = AdminRow
    fetch = staticmethod(admins.by_ids)

    name: str = personal(ADMINS, description="1–50 characters.")
    department: str = strawberry.field(description="Free text, perhaps empty.")
    position: str = strawberry.field(description="Free text, perhaps empty.")
    created_at: datetime = strawberry.field(description="When this administrator was set up.")

    @strawberry.field(description="The mobile that codes go to, by its last four digits: 010-****-1234.")
    def mobile_masked(self, parent: strawberry.Parent[AdminRow]) -> str:
        """Whole numbers are revealed by mutations only."""
        return admins.masked(parent.mobile)


@strawberry.type(description="Who is signed in, and until when.")
class Viewer:
    """A `bizcall.admins.Viewer`."""

    idle_until: datetime = strawberry.field(description="When the session ends if it is not used: 30 minutes from now.")
    expires_at: datetime = strawberry.field(description="When the session ends in any case: 12 hours after signing in.")

    @strawberry.field(description="The administrator.")
    async def admin(self, info: Info, parent: strawberry.Parent[admins.Viewer]) -> Admin:
        """Always there: rows of administrators are never deleted."""
        return cast("Admin", await info.context.load(admins.by_ids, parent.admin_id))

    @strawberry.field(description="The administrator's company.")
    async def company(self, info: Info, parent: strawberry.Parent[admins.Viewer]) -> Company:
        """Always there likewise."""
        return cast("Company", await info.context.load(companies.by_ids, parent.company_id))

    @strawberry.field(description="What the administrator may do; at most 20.")
    def permissions(self) -> list[Permission]:
        """All there are, for the one role there is."""
        return list(Permission)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, admins.Viewer)


@strawberry.type(
    description="Half a sign-in: the password was right, the code is still to come. It opens nothing else."
)
class Challenge:
    """Lives ten minutes."""

    token: str = strawberry.field(description="Secret; pass it to signInCodeSend and signInVerify.")
    expires_at: datetime = strawberry.field(description="Until when the code may be given: 10 minutes from now.")


@strawberry.type(description="A code that is on its way by SMS.")
class CodeSending:
    """Without the code."""

    mobile_masked: str = strawberry.field(description="Where it goes, by the last four digits: 010-****-1234.")
    expires_at: datetime = strawberry.field(description="Until when it is good: 3 minutes from now.")
    next_at: datetime = strawberry.field(description="When another may be asked for: 30 seconds from now.")


@strawberry.type(description="A session that has just begun.")
class Session:
    """Tokens are shown this once."""

    token: str | None = strawberry.field(
        description="Secret; send it as `Authorization: Bearer …`. Null when it is kept as a cookie."
    )
    device_token: str | None = strawberry.field(
        description="Secret; keep it for months and pass it to signIn, so that strangers who guess at this ID "
        "can't lock this device out. Null when it is kept as a cookie."
    )
    viewer: Viewer = strawberry.field(description="Who is signed in, and until when.")


@strawberry.input(description="Login ID and password.")
class SignInInput:
    """The first step."""

    login_id: str = strawberry.field(description="The representative number, with or without hyphens and spaces.")
    password: str = strawberry.field(description="The password, exactly as it was set.")
    device_token: str | None = strawberry.field(
        default=None, description="What signInVerify gave to this device before; browsers send their cookie instead."
    )


@strawberry.type(
    description="The first step of signing in. Errors: CREDENTIALS, LOCKED with `until`; "
    "INVALID_FORMAT when the ID is no number, TOO_LONG."
)
class SignInPayload(Payload):
    """An ID that nobody has is answered like a wrong password."""

    challenge: Challenge | None = strawberry.field(default=None, description="What the code completes.")


@strawberry.input(description="Asks for a code.")
class SignInCodeSendInput:
    """Between the steps, again after 30 seconds."""

    challenge: str = strawberry.field(description="The challenge's token.")


@strawberry.type(
    description="A code that was asked for. Errors: STATE when the challenge is over, LOCKED and TOO_SOON with `until`."
)
class SignInCodeSendPayload(Payload):
    """Codes sent before are dead from then on."""

    code: CodeSending | None = strawberry.field(default=None, description="The code that is on its way.")


@strawberry.input(description="The code from the SMS.")
class SignInVerifyInput:
    """The second step."""

    challenge: str = strawberry.field(description="The challenge's token.")
    code: str = strawberry.field(description="Six digits.")
    device_token: str | None = strawberry.field(
        default=None, description="The same as for signIn; it is kept when it was this account's."
    )
    keep: SessionKeeping = strawberry.field(
        default=SessionKeeping.TOKEN, description="Where this client keeps its session."
    )


@strawberry.type(
    description="The second step of signing in. Errors: STATE when the challenge is over, LOCKED with `until`, "
    "CODE_WRONG with `triesLeft`, CODE_EXPIRED when another code must be asked for."
)
class SignInVerifyPayload(Payload):
    """Of any number of requests at once with the right code, one succeeds."""

    session: Session | None = strawberry.field(default=None, description="The session that has begun.")


@strawberry.type(description="Signing out.")
class SignOutPayload(Payload):
    """Takes effect at once."""

    signed_out: bool | None = strawberry.field(
        default=None, description="True when this request ended the session, false when another one just did."
    )
