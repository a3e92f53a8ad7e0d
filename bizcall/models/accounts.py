"""What signing in needs: all of it outside companies, reached by `bizcall.admins` and `bizcall.dispatch` only."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from bizcall.ids import uuid7
from bizcall.models.base import DirectoryRow


class Purpose(StrEnum):
    """What a verification code is good for; one sent for the one is refused for the other (AU-24)."""

    SIGN_IN = "SIGN_IN"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105  # a name, no secret


class Delivery(StrEnum):
    """How far a code's SMS has come. SENDING for long means that its fate is unknown; it is not sent again."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    EXPIRED = "EXPIRED"


class Credential(DirectoryRow):
    """An administrator who can sign in. `mobile` is the second factor's number."""

    admin_id = fields.UUIDField(primary_key=True)
    company_id = fields.UUIDField()
    login_id = fields.TextField()
    password_hash = fields.TextField()
    mobile = fields.TextField()
    password_changed_at = fields.DatetimeField()

    class Meta:
        table = "credential"


class SignInAttempt(DirectoryRow):
    """The failures of a login ID, known or not, on one device. The key is (login_id, device)."""

    login_id = fields.CharField(20, primary_key=True)
    device = fields.UUIDField()
    failures = fields.IntField()
    locked_until = fields.DatetimeField(null=True)
    touched_at = fields.DatetimeField()

    class Meta:
        table = "sign_in_attempt"


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
    """Half a sign-in. `device` is the counter under which it was begun, so that its lock holds for the code too."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.BinaryField()
    purpose = fields.CharEnumField(Purpose, max_length=20)
    company_id = fields.UUIDField()
    admin_id = fields.UUIDField()
    device = fields.UUIDField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "challenge"


class VerificationCode(DirectoryRow):
    """A code that was asked for, without the code. `tries` counts comparisons, the right one included."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    purpose = fields.CharEnumField(Purpose, max_length=20)
    challenge_id = fields.UUIDField()
    company_id = fields.UUIDField()
    admin_id = fields.UUIDField()
    mobile = fields.TextField()
    tries = fields.IntField(default=0)
    delivery = fields.CharEnumField(Delivery, max_length=10, default=Delivery.QUEUED)
    gateway_id = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "verification_code"


class Session(DirectoryRow):
    """A signed-in administrator; `seen_at` moves at most once a minute (AU-31)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash = fields.BinaryField()
    company_id = fields.UUIDField()
    admin_id = fields.UUIDField()
    address = fields.TextField(default="")
    user_agent_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
