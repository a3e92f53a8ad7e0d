"""What signing in needs: all of it outside companies, reached by `bizcall.admins` and `bizcall.dispatch` only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields

from bizcall.ids import uuid7
from bizcall.models.base import Row


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


class Credential(Row):
    """An administrator who can sign in. `mobile` is the second factor's number."""

    admin_id: UUID = fields.UUIDField(primary_key=True)
    company_id: UUID = fields.UUIDField()
    login_id: str = fields.TextField()
    password_hash: str = fields.TextField()
    mobile: str = fields.TextField()
    password_changed_at: datetime = fields.DatetimeField()

    class Meta:
        table = "credential"


class SignInAttempt(Row):
    """The failures of a login ID, known or not, on one device. The key is (login_id, device)."""

    login_id: str = fields.TextField(primary_key=True)
    device: UUID = fields.UUIDField()
    failures: int = fields.IntField()
    locked_until: datetime | None = fields.DatetimeField(null=True)
    touched_at: datetime = fields.DatetimeField()

    class Meta:
        table = "sign_in_attempt"


class Device(Row):
    """A browser that an administrator has signed in with before (AU-22)."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash: bytes = fields.BinaryField()
    company_id: UUID = fields.UUIDField()
    admin_id: UUID = fields.UUIDField()
    created_at: datetime = fields.DatetimeField()
    used_at: datetime = fields.DatetimeField()

    class Meta:
        table = "device"


class Challenge(Row):
    """Half a sign-in. `device` is the counter under which it was begun, so that its lock holds for the code too."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash: bytes = fields.BinaryField()
    purpose: Purpose = fields.CharEnumField(Purpose, max_length=20)
    company_id: UUID = fields.UUIDField()
    admin_id: UUID = fields.UUIDField()
    device: UUID = fields.UUIDField()
    created_at: datetime = fields.DatetimeField()
    expires_at: datetime = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "challenge"


class VerificationCode(Row):
    """A code that was asked for, without the code. `tries` counts comparisons, the right one included."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    purpose: Purpose = fields.CharEnumField(Purpose, max_length=20)
    challenge_id: UUID = fields.UUIDField()
    company_id: UUID = fields.UUIDField()
    admin_id: UUID = fields.UUIDField()
    mobile: str = fields.TextField()
    tries: int = fields.IntField(default=0)
    delivery: Delivery = fields.CharEnumField(Delivery, max_length=10, default=Delivery.QUEUED)
    gateway_id: str | None = fields.TextField(null=True)
    created_at: datetime = fields.DatetimeField()
    expires_at: datetime = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "verification_code"


class Session(Row):
    """A signed-in administrator; `seen_at` moves at most once a minute (AU-31)."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    token_hash: bytes = fields.BinaryField()
    company_id: UUID = fields.UUIDField()
    admin_id: UUID = fields.UUIDField()
    address: str = fields.TextField(default="")
    user_agent_hash: bytes = fields.BinaryField()
    created_at: datetime = fields.DatetimeField()
    seen_at: datetime = fields.DatetimeField()
    expires_at: datetime = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
