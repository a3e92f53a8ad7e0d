"""Invitations to the app: what was sent to whom, and what became of it (IN-10)."""

from __future__ import annotations

from schema.invitations.batches import InvitationBatch
from schema.invitations.payloads import (
    InvitationsResendInput,
    InvitationsResendPayload,
    InvitationsSendInput,
    InvitationsSendPayload,
)
from schema.invitations.sent import Invitation, InvitationFilter

__all__ = [
    "Invitation",
    "InvitationBatch",
    "InvitationFilter",
    "InvitationsResendInput",
    "InvitationsResendPayload",
    "InvitationsSendInput",
    "InvitationsSendPayload",
]
