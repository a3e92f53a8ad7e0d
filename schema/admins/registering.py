"""The first sign-in's registration (AU-02), a forgotten password (PW-01), and the representative number (FN-01)."""

from __future__ import annotations

import strawberry

from bizcall import admins, phones
from schema.admins.signing_in import Challenge, CodeSending
from schema.errors import Payload
from schema.node import encode
from schema.scalars import PhoneNumber


@strawberry.input(description="Asks for the registration's code.")
class RegistrationCodeSendInput:
    """The form's button beside the mobile."""

    challenge: str = strawberry.field(description="The token of `registration`, as signInVerify gave it.")
    mobile: str = strawberry.field(description="The mobile given at subscription, in any spelling.")


@strawberry.type(
    description="The registration's code. Errors: STATE when the challenge is over, OTHER_MOBILE; "
    "LOCKED and TOO_SOON with `until`."
)
class RegistrationCodeSendPayload(Payload):
    """Codes sent before are dead from then on."""

    code: CodeSending | None = strawberry.field(default=None, description="The code that is on its way.")


@strawberry.input(description="What an administrator tells at the first sign-in.")
class AdminRegisterInput:
    """The form."""

    challenge: str = strawberry.field(description="The token of `registration`, as signInVerify gave it.")
    code: str = strawberry.field(description="Six digits, from registrationCodeSend.")
    password: str = strawberry.field(description="10–64 letters and digits, both; no special characters.")
    password_confirmation: str = strawberry.field(description="The same again.")
    name: str = strawberry.field(description="1–50 characters.")
    email: str = strawberry.field(description="An e-mail address.")
    department: str = strawberry.field(default="", description="Free text, at most 50 characters.")
    position: str = strawberry.field(default="", description="Free text, at most 50 characters.")
    mobile: str = strawberry.field(description="The mobile given at subscription, in any spelling.")


@strawberry.type(
    description="The registration. It signs nobody in. Errors: STATE when the challenge is over, CODE_WRONG with "
    "`triesLeft`, CODE_EXPIRED, OTHER_MOBILE; REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT, GUESSABLE, REUSED and "
    "CONFLICT of the form's fields."
)
class AdminRegisterPayload(Payload):
    """Back to the sign-in screen."""

    is_registered: bool | None = strawberry.field(
        default=None, description="True once the administrator can sign in with the new password."
    )


@strawberry.input(description="Whose password was forgotten.")
class PasswordResetCodeSendInput:
    """The mobile alone is asked."""

    mobile: str = strawberry.field(description="The administrator's mobile, in any spelling.")


@strawberry.type(
    description="A reset that waits for its code; an unknown mobile is answered like a known one. "
    "Errors: INVALID_FORMAT, TOO_SOON with `until`."
)
class PasswordResetCodeSendPayload(Payload):
    """Each call begins another reset."""

    challenge: Challenge | None = strawberry.field(
        default=None, description="What passwordResetVerify and passwordReset complete."
    )
    code: CodeSending | None = strawberry.field(default=None, description="The code that is on its way.")


@strawberry.input(description="The code from the SMS.")
class PasswordResetVerifyInput:
    """The second step."""

    challenge: str = strawberry.field(description="The challenge's token.")
    code: str = strawberry.field(description="Six digits.")


@strawberry.type(description="An account whose password may be reset.")
class ResetAccount:
    """A `bizcall.admins.Account`."""

    company_name: str = strawberry.field(description="The company's name.")
    login_id: PhoneNumber = strawberry.field(description="What is typed to sign in.")

    @strawberry.field(description="Opaque; for passwordReset.")
    def id(self, parent: strawberry.Parent[admins.Account]) -> strawberry.ID:
        """The administrator's."""
        return encode("Admin", parent.admin_id)

    @strawberry.field(description="The login ID with hyphens.")
    def login_id_formatted(self, parent: strawberry.Parent[admins.Account]) -> str:
        """For people."""
        return phones.formatted(parent.login_id)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, admins.Account)


@strawberry.type(
    description="The second step of a reset. Errors: STATE when the challenge is over, CODE_WRONG with `triesLeft`, "
    "CODE_EXPIRED."
)
class PasswordResetVerifyPayload(Payload):
    """The challenge goes on to passwordReset."""

    accounts: list[ResetAccount] | None = strawberry.field(
        default=None, description="The accounts of this mobile, at most 100; more than one when it administers several."
    )


@strawberry.input(description="The new password.")
class PasswordResetInput:
    """The third step."""

    challenge: str = strawberry.field(description="The challenge's token, after its code was right.")
    account: strawberry.ID | None = strawberry.field(
        default=None, description="Which of the accounts; needed when there are several."
    )
    password: str = strawberry.field(description="10–64 letters and digits, both; no special characters.")
    password_confirmation: str = strawberry.field(description="The same again.")


@strawberry.type(
    description="The third step of a reset: all sessions end, the lock is cleared. Errors: STATE, REQUIRED and "
    "NOT_FOUND at `account`; TOO_SHORT, TOO_LONG, INVALID_FORMAT, GUESSABLE, REUSED and CONFLICT of the password."
)
class PasswordResetPayload(Payload):
    """Sign in with it."""

    account: ResetAccount | None = strawberry.field(default=None, description="The account with the new password.")


@strawberry.input(description="Which company's.")
class RepresentativeNumberFindInput:
    """FN-01."""

    number: str = strawberry.field(description="Any number of the company, whole, in any spelling.")


@strawberry.type(description="The representative number. Errors: NOT_FOUND, for a part of a number too.")
class RepresentativeNumberFindPayload(Payload):
    """Nothing else is told."""

    representative_number: PhoneNumber | None = strawberry.field(default=None, description="What is typed to sign in.")
    representative_number_formatted: str | None = strawberry.field(default=None, description="The same with hyphens.")
