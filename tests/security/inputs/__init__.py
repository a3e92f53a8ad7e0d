"""A valid input for every operation that needs one: with tests/security/names.py the only tables of the sweeps.

A new root field with required arguments gets an entry of `VALID`; one with optional ids or names gets one that holds
them, since a sweep can only put a foreign id where a valid one stands. Whatever is missing here fails
tests/security/test_tenancy.py, which names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.security.inputs import accounts, audit, histories, people, provider
from tests.security.office import Builder, Office, own


async def node(office: Office) -> dict[str, Any]:
    return {"id": own(office, "Import")}


async def nodes(office: Office) -> dict[str, Any]:
    return {"ids": [own(office, "Line"), own(office, "Subscriber")]}


VALID: Mapping[str, tuple[Builder, ...]] = {
    "Query.node": (node,),
    "Query.nodes": (nodes,),
    "Query.admins": (provider.admins_list,),
    "Query.subscribers": (people.subscribers,),
    "Query.departments": (people.departments,),
    "Query.invitations": (people.invitations,),
    "Query.auditRecords": (audit.audit_records, audit.audit_records_of_company),
    "Query.companies": (provider.companies_list,),
    "Query.company": (provider.company_one,),
    "Query.accessReview": (audit.access_review,),
    "Query.calls": histories.LISTS,
    "Query.unreturnedCalls": (*(histories.history(name) for name in histories.IDS), histories.unreturned_calls),
    "Query.messages": histories.LISTS,
    "Query.customers": (histories.customers,),
    "Query.callStatistics": histories.STATISTICS,
    "Query.messageStatistics": histories.STATISTICS,
    "Query.callBusyHours": histories.WEEK,
    "Query.callHeatMap": histories.WEEK,
    "Query.provisioningEvents": (provider.provisioning_events,),
    "Query.notices": (provider.notices,),
    "Query.documentVersions": (provider.document_versions,),
    "Mutation.signIn": (accounts.sign_in,),
    "Mutation.signInCodeSend": (accounts.sign_in_code_send,),
    "Mutation.signInVerify": (accounts.sign_in_verify,),
    "Mutation.registrationCodeSend": (accounts.registration_code_send,),
    "Mutation.adminRegister": (accounts.admin_register,),
    "Mutation.passwordResetCodeSend": (accounts.password_reset_code_send,),
    "Mutation.passwordResetVerify": (accounts.password_reset_verify,),
    "Mutation.passwordReset": (accounts.password_reset,),
    "Mutation.representativeNumberFind": (accounts.representative_number_find,),
    "Mutation.viewerSave": (accounts.viewer_save,),
    "Mutation.viewerPasswordChange": (accounts.viewer_password_change,),
    "Mutation.viewerMobileCodeSend": (accounts.viewer_mobile_code_send,),
    "Mutation.viewerMobileChange": (accounts.viewer_mobile_change,),
    "Mutation.viewerCodeConfirm": (accounts.viewer_code_confirm,),
    "Mutation.sessionEnd": (accounts.session_end,),
    "Mutation.adminWelcomeResend": (accounts.admin_welcome_resend,),
    "Mutation.adminUnlock": (accounts.admin_act,),
    "Mutation.adminSessionsEnd": (accounts.admin_act,),
    "Mutation.adminReplace": (accounts.admin_replace,),
    "Mutation.subscribersSave": (people.subscribers_edit, people.subscribers_register),
    "Mutation.subscriberRemove": (people.subscriber_remove,),
    "Mutation.departmentsSave": (people.departments_save,),
    "Mutation.uploadCreate": (people.upload_create,),
    "Mutation.importRegister": (people.import_register,),
    "Mutation.importCancel": (people.import_cancel,),
    "Mutation.importRefusedRowsDownload": (people.import_refused_rows_download,),
    "Mutation.invitationsSend": (people.invitations_send, people.invitations_send_filtered),
    "Mutation.invitationsResend": (people.invitations_resend,),
    "Mutation.callExportRequest": (histories.export("filter", histories.history()),),
    "Mutation.messageExportRequest": (histories.export("filter", histories.history()),),
    "Mutation.statisticsExportRequest": (
        histories.export("calls", histories.history(), granularity="DAY", groupBy="LINE"),
    ),
    "Mutation.exportCancel": (histories.export_cancel,),
    "Mutation.exportDownload": (histories.export_download,),
    "Mutation.messageReveal": (histories.reveal("Message"),),
    "Mutation.customerReveal": (histories.reveal("Customer"), histories.reveal("Call"), histories.reveal("Message")),
    "Mutation.companyPolicySave": (people.company_policy_save,),
    "Mutation.companyEnter": (provider.company_enter,),
    "Mutation.companySuspend": (provider.company_suspend,),
    "Mutation.companyResume": (provider.company_resume,),
    "Mutation.companyEnd": (provider.company_end,),
    "Mutation.accessReviewConfirm": (audit.access_review_confirm,),
    "Mutation.planSave": (provider.plan_save,),
    "Mutation.noticeSave": (provider.notice_save,),
    "Mutation.noticeWithdraw": (provider.notice_withdraw,),
    "Mutation.documentPublish": (provider.document_publish,),
    "Mutation.documentWithdraw": (provider.document_withdraw,),
    "Mutation.provisioningApply": (provider.provisioning_completed, provider.provisioning_changed),
    "Mutation.appSignIn": (accounts.app_sign_in,),
}
"""Inputs that are good, by root field; several where one can't hold all ids. The others are made from the schema."""
