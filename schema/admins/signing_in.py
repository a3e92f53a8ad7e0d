"""Signing in with password and code (AU-20, AU-22, AU-24), and out (AU-31)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from schema.admins.accounts import Viewer
from schema.errors import Payload


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


@strawberry.type(description="Something that is half done and that a code by SMS completes. It opens nothing else.")
class Challenge:
    """Lives ten minutes."""

    token: str = strawberry.field(description="Secret; pass it to the mutations of the further steps.")
    expires_at: datetime = strawberry.field(description="Until when the code may be given: 10 minutes from now.")


@strawberry.type(description="A code that is on its way by SMS.")
class CodeSending:
    """Without the code."""

    mobile_masked: str = strawberry.field(description="Where it goes, by the last four digits: 010-****-1234.")
    expires_at: datetime = strawberry.field(description="Until when it is good: 3 minutes from now.")
    next_at: datetime = strawberry.field(description="When another may be asked for: 30 seconds from now.")


@strawberry.type(description="A session that has just begun.")
class SessionOpening:
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

    login_id: str = strawberry.field(
        description="The representative number, with or without hyphens, spaces and leading 0; an operator's name."
    )
    password: str = strawberry.field(description="The password, exactly as it was set.")
    device_token: str | None = strawberry.field(
        default=None, description="What signInVerify gave to this device before; browsers send their cookie instead."
    )


@strawberry.type(
    description="The first step of signing in. Errors: CREDENTIALS, LOCKED with `until`, TEMPORARY_EXPIRED; "
    "INVALID_FORMAT when the ID can be none, TOO_LONG."
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

    session: SessionOpening | None = strawberry.field(default=None, description="The session that has begun.")
    registration: Challenge | None = strawberry.field(
        default=None,
        description="Instead of a session at the first sign-in: what registrationCodeSend and adminRegister complete.",
    )


@strawberry.type(description="Signing out.")
class SignOutPayload(Payload):
    """Takes effect at once."""

    signed_out: bool | None = strawberry.field(
        default=None, description="True when this request ended the session, false when another one just did."
    )
