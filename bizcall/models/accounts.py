"""What signing in needs: all of it outside companies, reached by `bizcall.admins`, `bizcall.dispatch` and
`bizcall.service_clients` only.
"""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.fields.db_defaults import Now

from bizcall.ids import uuid7
from bizcall.models.base import DirectoryRow


class Purpose(StrEnum):
    """What a verification code is good for; one sent for the one is refused for the other (AU-24)."""

    SIGN_IN = "SIGN_IN"
    REGISTRATION = "REGISTRATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105  # a name, no secret
    MOBILE_CHANGE = "MOBILE_CHANGE"
    FRESH_FACTOR = "FRESH_FACTOR"


class Delivery(StrEnum):
    """How far a code's SMS has come. SENDING for long means that its fate is unknown; it is not sent again."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    EXPIRED = "EXPIRED"


class MessageKind(StrEnum):
    """What an account is told beside codes: by SMS, but for ACCESS_REVIEW, which is an e-mail."""

    WELCOME = "WELCOME"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105  # a name, no secret
    MOBILE_CHANGED = "MOBILE_CHANGED"
    SESSION_DISPLACED = "SESSION_DISPLACED"
    ACCESS_REVIEW = "ACCESS_REVIEW"
    UNMASKED = "UNMASKED"


class MessageState(StrEnum):
    """How far such a message has come. UNKNOWN is one whose worker or gateway gave no answer: it isn't repeated."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class Credential(DirectoryRow):
    """An administrator who can sign in. `mobile` is the second factor's number.

    `temporary_until` is set while the password is the welcome message's, `registered_at` from then on; `ended_at` when
    another administrator took his place or the company's contract ended: `login_id` is free then, and no password is
    kept. `suspended_at` is since when it can't be used, because its company is suspended.
    """

    admin_id = fields.UUIDField(primary_key=True)
    company_id = fields.UUIDField()
    login_id = fields.TextField(null=True)
    password_hash = fields.TextField(null=True)
    mobile = fields.TextField()
    password_changed_at = fields.DatetimeField()
    created_at = fields.DatetimeField(db_default=Now())
    temporary_until = fields.DatetimeField(null=True)
    registered_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    suspended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "credential"


class Device(DirectoryRow):
    """A browser that an administrator has signed in with before (AU-22)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.BinaryField()
    company_id = fields.UUIDField()
    admin_id = fields.UUIDField()
    created_at = fields.DatetimeField()
    used_at = fields.DatetimeField()

    class Meta:
        table = "device"


class Challenge(DirectoryRow):
    """Something that a code completes: a sign-in, a registration, a reset, a change of the mobile.

    `mobile` is where its codes go. `device` is the counter under which it was begun, so that its lock holds for the
    code too. Nobody stands in a PASSWORD_RESET: whose accounts the mobile's are is told after the code.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.BinaryField()
    purpose = fields.CharEnumField(Purpose, max_length=20)
    company_id = fields.UUIDField(null=True)
    admin_id = fields.UUIDField(null=True)
    mobile = fields.TextField()
    device = fields.UUIDField()
    verified_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "challenge"


class VerificationCode(DirectoryRow):
    """A code that was asked for, without the code. `tries` counts comparisons, the right one included.

    A `decoy` is that of a mobile that administers nothing: it is never sent and never right.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    purpose = fields.CharEnumField(Purpose, max_length=20)
    challenge_id = fields.UUIDField()
    company_id = fields.UUIDField(null=True)
    admin_id = fields.UUIDField(null=True)
    mobile = fields.TextField()
    decoy = fields.BooleanField(default=False)
    tries = fields.IntField(default=0)
    delivery = fields.CharEnumField(Delivery, max_length=10, default=Delivery.QUEUED)
    gateway_id = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "verification_code"


class Session(DirectoryRow):
    """A signed-in administrator; `seen_at` moves at most once a minute (AU-31). `device` is its browser's counter.

    `factor_at` is when a code was last right in it: that of the sign-in, or a later one (S6).
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.BinaryField()
    company_id = fields.UUIDField()
    admin_id = fields.UUIDField()
    device = fields.UUIDField()
    address = fields.TextField(default="")
    user_agent_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    factor_at = fields.DatetimeField(db_default=Now())
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"


class ServiceClient(DirectoryRow):
    """A server that asks the API with a bearer of its own. `used_at` moves at most once a minute."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.TextField()
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "service_client"


class AccountMessage(DirectoryRow):
    """What an account is told beside codes. `reason` is a code of the gateway's or ours, if it wasn't sent.

    `session_id` is the session that a SESSION_DISPLACED tells of: the one that took another's place. `email` and
    `month` are an ACCESS_REVIEW's, which has no `mobile`.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    company_id = fields.UUIDField()
    admin_id = fields.UUIDField()
    kind = fields.CharEnumField(MessageKind, max_length=20)
    session_id = fields.UUIDField(null=True)
    mobile = fields.TextField(null=True)
    email = fields.TextField(null=True)
    month = fields.DateField(null=True)
    state = fields.CharEnumField(MessageState, max_length=10, default=MessageState.QUEUED)
    gateway_id = fields.TextField(null=True)
    reason = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account_message"


class AccountRow(DirectoryRow):
    """A view: administrators with their company's name, as operators list them (ON-02, AU-32)."""

    id = fields.UUIDField(primary_key=True)
    company_id = fields.UUIDField()
    company_name = fields.TextField()
    representative_number = fields.TextField()
    login_id = fields.TextField(null=True)
    mobile = fields.TextField()
    created_at = fields.DatetimeField()
    temporary_until = fields.DatetimeField(null=True)
    registered_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    password_changed_at = fields.DatetimeField()
    locked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "account_row"
