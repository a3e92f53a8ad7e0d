"""The tables as Tortoise sees them, one module an aggregate; the SQL in `bizcall/migrations` is the truth.

A table that is read and written by SQL alone has no model. Foreign keys are plain UUID columns here and composite in
SQL: Tortoise's relations would drop `company_id` from joins.
"""

from bizcall.models.accounts import (
    AccountMessage,
    AccountRow,
    Challenge,
    Credential,
    Device,
    ServiceClient,
    Session,
    VerificationCode,
)
from bizcall.models.calls import Call
from bizcall.models.companies import Admin, Company, CompanyDirectory, Line, NumberDirectory
from bizcall.models.customers import Customer
from bizcall.models.dispatch import (
    Delivery,
    DeliveryAttempt,
    DeliveryCount,
    GatewayReport,
    Invitation,
    InvitationBatch,
)
from bizcall.models.exports import Export
from bizcall.models.feeds import FeedFile
from bizcall.models.house import (
    AccessReview,
    AuditRecord,
    Outbox,
)
from bizcall.models.imports import Import, ImportFinding, ImportRow, Upload
from bizcall.models.messages import (
    Message,
)
from bizcall.models.provisioning import Plan, ProvisioningEvent
from bizcall.models.publications import DocumentVersion, Notice, NoticeAttachment
from bizcall.models.subscribers import Department, LineRow, Membership, Subscriber

__all__ = [
    "AccessReview",
    "AccountMessage",
    "AccountRow",
    "Admin",
    "AuditRecord",
    "Call",
    "Challenge",
    "Company",
    "CompanyDirectory",
    "Credential",
    "Customer",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryCount",
    "Department",
    "Device",
    "DocumentVersion",
    "Export",
    "FeedFile",
    "GatewayReport",
    "Import",
    "ImportFinding",
    "ImportRow",
    "Invitation",
    "InvitationBatch",
    "Line",
    "LineRow",
    "Membership",
    "Message",
    "Notice",
    "NoticeAttachment",
    "NumberDirectory",
    "Outbox",
    "Plan",
    "ProvisioningEvent",
    "ServiceClient",
    "Session",
    "Subscriber",
    "Upload",
    "VerificationCode",
]
