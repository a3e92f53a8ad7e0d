"""One's own account: profile, password, second factor (ME-01), and sessions (AU-31)."""

from __future__ import annotations

from datetime import datetime

import strawberry

from schema.admins.accounts import Admin
from schema.admins.signing_in import Challenge, CodeSending
from schema.errors import Payload


@strawberry.input(description="What changes; fields that are left out stay, and null is the empty text.")
class ViewerSaveInput:
    """My information."""

    name: strawberry.Maybe[str | None] = strawberry.field(description="1–50 characters.")
    department: strawberry.Maybe[str | None] = strawberry.field(description="Free text, at most 50 characters.")
    position: strawberry.Maybe[str | None] = strawberry.field(description="Free text, at most 50 characters.")
    email: strawberry.Maybe[str | None] = strawberry.field(description="An e-mail address.")


@strawberry.type(description="My information. Errors: REQUIRED, TOO_LONG, INVALID_FORMAT.")
class ViewerSavePayload(Payload):
    """What stands then."""

    admin: Admin | None = strawberry.field(default=None, description="The administrator as saved.")


@strawberry.input(description="The present and the new password.")
class ViewerPasswordChangeInput:
    """PW-01 holds."""

    current_password: str = strawberry.field(description="The present password.")
    password: str = strawberry.field(description="10–64 letters and digits, both; no special characters.")
    password_confirmation: str = strawberry.field(description="The same again.")


@strawberry.type(
    description="A change of the password: the other sessions end, this one gets another token, and the mobile is "
    "told. Errors: CREDENTIALS at "
    "`currentPassword`, LOCKED with `until`; TOO_SHORT, TOO_LONG, INVALID_FORMAT, GUESSABLE, REUSED and CONFLICT of "
    "the new one."
)
class ViewerPasswordChangePayload(Payload):
    """This session stays, under another token."""

    is_changed: bool | None = strawberry.field(default=None, description="True once the new password holds.")
    token: str | None = strawberry.field(
        default=None,
        description="Secret; in place of the one that this request presented as `Authorization: Bearer …`, which is "
        "refused from now on. Null when the session is kept as a cookie, which is set anew.",
    )


@strawberry.input(description="The new mobile.")
class ViewerMobileCodeSendInput:
    """The present password is asked, since whoever has the mobile has the account."""

    current_password: str = strawberry.field(description="The present password.")
    mobile: str = strawberry.field(description="The new mobile, in any spelling.")


@strawberry.type(
    description="A code to the new mobile. Errors: CREDENTIALS at `currentPassword`, LOCKED and TOO_SOON with `until`, "
    "INVALID_FORMAT."
)
class ViewerMobileCodeSendPayload(Payload):
    """The mobile changes with the code."""

    challenge: Challenge | None = strawberry.field(default=None, description="What viewerMobileChange completes.")
    code: CodeSending | None = strawberry.field(default=None, description="The code that is on its way.")


@strawberry.input(description="The code that came to the new mobile.")
class ViewerMobileChangeInput:
    """The second step."""

    challenge: str = strawberry.field(description="The challenge's token.")
    code: str = strawberry.field(description="Six digits.")


@strawberry.type(
    description="A change of the second factor; the old mobile is told. Errors: STATE when the challenge is over, "
    "LOCKED, CODE_WRONG with `triesLeft`, CODE_EXPIRED."
)
class ViewerMobileChangePayload(Payload):
    """Codes go to the new mobile from now on."""

    admin: Admin | None = strawberry.field(default=None, description="The administrator with the new mobile.")


@strawberry.type(description="A code to one's own mobile. Errors: LOCKED and TOO_SOON with `until`.")
class ViewerCodeSendPayload(Payload):
    """The session is fresh with the code."""

    challenge: Challenge | None = strawberry.field(default=None, description="What viewerCodeConfirm completes.")
    code: CodeSending | None = strawberry.field(default=None, description="The code that is on its way.")


@strawberry.input(description="The code that came to one's own mobile.")
class ViewerCodeConfirmInput:
    """The second step."""

    challenge: str = strawberry.field(description="The challenge's token.")
    code: str = strawberry.field(description="Six digits.")


@strawberry.type(
    description="A session made fresh. Errors: STATE when the challenge is over, LOCKED, CODE_WRONG with `triesLeft`, "
    "CODE_EXPIRED."
)
class ViewerCodeConfirmPayload(Payload):
    """What was refused with CODE_REQUIRED may be sent again."""

    fresh_until: datetime | None = strawberry.field(
        default=None, description="Until when nothing asks this session for a code: 10 minutes from now."
    )


@strawberry.type(description="The end of a session. Errors: NOT_FOUND, also when it had ended.")
class SessionEndPayload(Payload):
    """Takes effect at once."""

    is_ended: bool | None = strawberry.field(default=None, description="True: its token is refused from now on.")


@strawberry.type(description="The end of all sessions but this one.")
class SessionsEndOthersPayload(Payload):
    """Takes effect at once."""

    ended: int | None = strawberry.field(default=None, description="How many there were.")
