"""The tables as Tortoise sees them, one module an aggregate; the SQL in `bizcall/migrations` is the truth.

Foreign keys are plain UUID columns here and composite in SQL: Tortoise's relations would drop `company_id` from joins.
"""

from bizcall.models.accounts import Challenge, Credential, Device, Session, SignInAttempt, VerificationCode
from bizcall.models.calls import Call, CallDepartmentHour, CallHour, CallLineDay, CallLineMonth
from bizcall.models.companies import Admin, Company, Line, NumberDirectory
from bizcall.models.customers import Customer
from bizcall.models.dispatch import (
    Delivery,
    DeliveryAttempt,
    DeliveryCount,
    DeliveryDirectory,
    Gateway,
    GatewayReport,
    Invitation,
    InvitationBatch,
)
from bizcall.models.exports import Export, ExportDeadline
from bizcall.models.feeds import Correction, FeedFile, FeedReject
from bizcall.models.house import AuditRecord, IdempotencyKey, Inbox, MessageFailure, Outbox
from bizcall.models.imports import Import, ImportDeadline, ImportFinding, ImportRow, Upload
from bizcall.models.messages import (
    Message,
    MessageDepartmentHour,
    MessageHour,
    MessageLineDay,
    MessageLineMonth,
)
from bizcall.models.subscribers import Department, LineRow, Membership, Subscriber

__all__ = [
    "Admin",
    "AuditRecord",
    "Call",
    "CallDepartmentHour",
    "CallHour",
    "CallLineDay",
    "CallLineMonth",
    "Challenge",
    "Company",
    "Correction",
    "Credential",
    "Customer",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryCount",
    "DeliveryDirectory",
    "Department",
    "Device",
    "Export",
    "ExportDeadline",
    "FeedFile",
    "FeedReject",
    "Gateway",
    "GatewayReport",
    "IdempotencyKey",
    "Import",
    "ImportDeadline",
    "ImportFinding",
    "ImportRow",
    "Inbox",
    "Invitation",
    "InvitationBatch",
    "Line",
    "LineRow",
    "Membership",
    "Message",
    "MessageDepartmentHour",
    "MessageFailure",
    "MessageHour",
    "MessageLineDay",
    "MessageLineMonth",
    "NumberDirectory",
    "Outbox",
    "Session",
    "SignInAttempt",
    "Subscriber",
    "Upload",
    "VerificationCode",
]
