"""The tables as Tortoise sees them, one module an aggregate; the SQL in `bizcall/migrations` is the truth.

Foreign keys are plain UUID columns here and composite in SQL: Tortoise's relations would drop `company_id` from joins.
"""

from bizcall.models.accounts import (
    AccountMessage,
    AccountRow,
    Challenge,
    Credential,
    Device,
    FormerPassword,
    ServiceClient,
    Session,
    SignInAttempt,
    VerificationCode,
)
from bizcall.models.calls import Call, CallDepartmentDay, CallDepartmentHour, CallHour, CallLineDay, CallLineMonth
from bizcall.models.companies import Admin, Company, CompanyDirectory, Line, NumberDirectory, NumberFreed
from bizcall.models.customers import Customer, ErasedCustomer
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
from bizcall.models.house import (
    AccessReview,
    AuditChain,
    AuditRecord,
    AuditSeal,
    IdempotencyKey,
    Inbox,
    MessageFailure,
    Outbox,
)
from bizcall.models.imports import Import, ImportDeadline, ImportFinding, ImportRow, Upload
from bizcall.models.messages import (
    Message,
    MessageDepartmentDay,
    MessageDepartmentHour,
    MessageHour,
    MessageLineDay,
    MessageLineMonth,
)
from bizcall.models.provisioning import Plan, ProvisioningEvent, ProvisioningFact, ProvisioningSubscription
from bizcall.models.publications import DocumentVersion, Notice, NoticeAttachment
from bizcall.models.subscribers import Department, LineRow, Membership, Subscriber

__all__ = [
    "AccessReview",
    "AccountMessage",
    "AccountRow",
    "Admin",
    "AuditChain",
    "AuditRecord",
    "AuditSeal",
    "Call",
    "CallDepartmentDay",
    "CallDepartmentHour",
    "CallHour",
    "CallLineDay",
    "CallLineMonth",
    "Challenge",
    "Company",
    "CompanyDirectory",
    "Correction",
    "Credential",
    "Customer",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryCount",
    "DeliveryDirectory",
    "Department",
    "Device",
    "DocumentVersion",
    "ErasedCustomer",
    "Export",
    "ExportDeadline",
    "FeedFile",
    "FeedReject",
    "FormerPassword",
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
    "MessageDepartmentDay",
    "MessageDepartmentHour",
    "MessageFailure",
    "MessageHour",
    "MessageLineDay",
    "MessageLineMonth",
    "Notice",
    "NoticeAttachment",
    "NumberDirectory",
    "NumberFreed",
    "Outbox",
    "Plan",
    "ProvisioningEvent",
    "ProvisioningFact",
    "ProvisioningSubscription",
    "ServiceClient",
    "Session",
    "SignInAttempt",
    "Subscriber",
    "Upload",
    "VerificationCode",
]
