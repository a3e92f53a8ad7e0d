"""A valid input for every operation that needs one: with tests/security/names.py the only tables of the sweeps.

A new root field with required arguments gets an entry of `VALID`; one with optional ids or names gets one that holds
them, since a sweep can only put a foreign id where a valid one stands. Whatever is missing here fails
tests/security/test_tenancy.py, which names it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from bizcall import admins
from bizcall.database import query, tenant
from bizcall.models.imports import Purpose as UploadPurpose
from bizcall.months import KOREA, shifted
from bizcall.subscribers import editing
from schema.node import encode, key_of
from tests.accounts import ACTOR, KEYS
from tests.doubles import RecordingQueue
from tests.provisioning import Provider, make_plans
from tests.security.account_inputs import (
    admin_act,
    admin_register,
    admin_replace,
    admin_welcome_resend,
    app_sign_in,
    company_end,
    company_resume,
    company_suspend,
    password_reset,
    password_reset_code_send,
    password_reset_verify,
    registration_code_send,
    representative_number_find,
    session_end,
    sign_in,
    sign_in_code_send,
    sign_in_verify,
    viewer_code_confirm,
    viewer_mobile_change,
    viewer_mobile_code_send,
    viewer_password_change,
    viewer_save,
)
from tests.security.office import Office, exported, operators_desk, previewed

Builder = Callable[[Office], Awaitable[dict[str, Any]]]


def own(office: Office, name: str) -> str:
    """An id of the office's own."""
    key = office.ids[name]
    return encode(name, key if isinstance(key, UUID) else str(key))


async def operator() -> UUID:
    """The key of an operator who has registered."""
    return await admins.operator_create(
        f"op{secrets.token_hex(4)}", "운영자", "01012340000", keys=KEYS, actor=ACTOR, queue=RecordingQueue()
    )


async def node(office: Office) -> dict[str, Any]:
    return {"id": own(office, "Import")}


async def nodes(office: Office) -> dict[str, Any]:
    return {"ids": [own(office, "Line"), own(office, "Subscriber")]}


async def admins_list(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def subscribers(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word, "departmentIds": [own(office, "Department")]}}


async def departments(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def invitations(office: Office) -> dict[str, Any]:
    chosen = {"subscriberIds": [own(office, "Subscriber")], "batchId": own(office, "InvitationBatch")}
    return {"first": 5, "filter": chosen}


async def audit_records(office: Office) -> dict[str, Any]:
    wanted = {"actions": ["subscribers."], "actorId": own(office, "Admin"), "subjectId": own(office, "Subscriber")}
    return {"first": 5, "filter": wanted}


async def audit_records_of_company(office: Office) -> dict[str, Any]:
    return {"first": 5, "adminId": own(office, "Admin")}


async def companies_list(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def company_one(office: Office) -> dict[str, Any]:
    return {"id": own(office, "Company")}


async def company_enter(office: Office) -> dict[str, Any]:
    why = {"reason": "CUSTOMER_REQUEST", "note": "고객 문의 응대"}
    return {**await company_one(office), "input": {**why, "search": office.word}}


async def access_review(office: Office) -> dict[str, Any]:
    return {"monthOn": str(office.at.astimezone(KOREA).date())}


async def access_review_confirm(office: Office) -> dict[str, Any]:
    # Each month can be confirmed once; the sweeps ask for a dozen at most.
    month = shifted(office.at.astimezone(KOREA).date(), -2 - next(office.serial) % 40)
    return {"input": {"monthOn": str(month), "note": "특이 사항 없음"}}


async def customers(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"name": office.word, "number": office.mobiles[-1]}}


def history(*names: str, page: bool = True, **arguments: Any) -> Builder:
    """A list or statistics of what happened, with these fields in the filter."""

    async def made(office: Office) -> dict[str, Any]:
        first = office.at.astimezone(KOREA).date() - timedelta(days=1)
        known: dict[str, Any] = {
            "departmentIds": [own(office, "Department")],
            "lineIds": [own(office, "Line")],
            "subscriberIds": [own(office, "Subscriber")],
            "customerNumber": office.mobiles[-2],
            "customerTail": office.mobiles[-2][-8:],
            "customerName": office.word,
        }
        wanted = {"fromOn": str(first), "toOn": str(first + timedelta(days=2)), **{name: known[name] for name in names}}
        return {"filter": wanted, **({"first": 5} if page else {}), **arguments}

    return made


IDS = ("departmentIds", "lineIds", "subscriberIds")


CUSTOMER = ("customerNumber", "customerTail", "customerName")


# Each alone, since by the others nothing of another company would be found.
LISTS = (*(history(name) for name in IDS), history(*CUSTOMER))


STATISTICS = (
    history("departmentIds", groupBy="DEPARTMENT", granularity="DAY"),
    history("lineIds", groupBy="LINE", granularity="MONTH"),
    history("subscriberIds", groupBy="SUBSCRIBER", granularity="HOUR"),
    history(*CUSTOMER, groupBy="LINE", granularity="DAY"),
)


WEEK = (*(history(name, page=False) for name in IDS), history(*CUSTOMER, page=False))


async def unreturned_calls(office: Office) -> dict[str, Any]:
    # The customer whose calls were missed.
    made = await history("customerNumber", "customerTail", "customerName")(office)
    party = office.mobiles[-1]
    return {**made, "filter": {**made["filter"], "customerNumber": party, "customerTail": party[-8:]}}


def export(place: str, wanted: Builder, **arguments: Any) -> Builder:
    """A request for an Excel file of what the filter finds."""

    async def made(office: Office) -> dict[str, Any]:
        # Makes room, since only ten may wait.
        await exported(office)
        reason = {"reason": "DISPUTE", "note": "민원 처리", "idempotencyKey": office.fresh()}
        return {"input": {place: (await wanted(office))["filter"], **reason, **arguments}}

    return made


async def export_cancel(office: Office) -> dict[str, Any]:
    return {"id": encode("Export", await exported(office))}


async def export_download(office: Office) -> dict[str, Any]:
    return {"id": own(office, "Export")}


def reveal(name: str) -> Builder:
    """A reason to see an object of that type."""

    async def made(office: Office) -> dict[str, Any]:
        return {"id": own(office, name), "input": {"reason": "CALL_BACK", "note": "부재중 전화 회신"}}

    return made


async def company_policy_save(office: Office) -> dict[str, Any]:
    return {"input": {"masksCustomers": False}}


async def notices(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def notice_save(office: Office) -> dict[str, Any]:
    desk = await operators_desk(office)
    row = await desk.notice(published_at=None)
    added = await desk.upload()
    wanted = {"category": "WORK", "title": "작업 안내", "body": "본문", "revision": row.revision}
    return {"id": encode("Notice", row.id), "input": {**wanted, "attachments": [encode("Upload", added.id)]}}


async def notice_withdraw(office: Office) -> dict[str, Any]:
    row = await (await operators_desk(office)).notice(published_at=None)
    return {"id": encode("Notice", row.id), "input": {"revision": row.revision}}


async def document_versions(office: Office) -> dict[str, Any]:
    return {"kind": "PLAN_GUIDE", "first": 5}


async def document_publish(office: Office) -> dict[str, Any]:
    upload = await (await operators_desk(office)).upload(purpose=UploadPurpose.DOCUMENT)
    return {"input": {"kind": "PLAN_GUIDE", "uploadId": encode("Upload", upload.id), "note": "새 버전"}}


async def document_withdraw(office: Office) -> dict[str, Any]:
    version = await (await operators_desk(office)).document()
    return {"id": encode("DocumentVersion", version.id)}


async def plan_save(office: Office) -> dict[str, Any]:
    # The code is no secret: too short to be taken for one by test_canaries.py.
    return {"input": {"code": "SWEEP", "name": "요금제 훑기", "guide": "시험용", "monthlyFee": 1000}}


async def provisioning_events(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.subscription}}


async def provisioning_completed(office: Office) -> dict[str, Any]:
    await make_plans()
    return {"input": Provider(clock=office.clock).completed(0, 1)}


async def provisioning_changed(office: Office) -> dict[str, Any]:
    await make_plans()
    provider = Provider(clock=office.clock)
    await provider.apply(provider.completed(0, 1, 2))
    lines = [{"number": provider.number(3), "rid": provider.number(1)}]
    changed = provider.changed(
        "changed", 1, lines=lines, retire=[provider.number(0)], representativeNumber=provider.number(1)
    )
    return {"input": changed}


async def _holder(office: Office, *, place: int = 0) -> dict[str, Any]:
    """A row of the subscribers screen that somebody holds."""
    async with tenant(office.company.id, read_only=True):
        rows = await query(
            "SELECT id, subscriber_id, revision FROM line_row"
            " WHERE company_id = $1 AND subscriber_id IS NOT NULL ORDER BY id",
            office.company.id,
        )
    return rows[place]


async def subscribers_edit(office: Office) -> dict[str, Any]:
    held = await _holder(office)
    row = {
        "lineId": encode("Line", held["id"]),
        "subscriberId": encode("Subscriber", held["subscriber_id"]),
        "revision": held["revision"],
        "name": office.fresh(),
        "departmentId": own(office, "Department"),
    }
    return {"input": {"rows": [row], "idempotencyKey": office.fresh()}}


async def subscribers_register(office: Office) -> dict[str, Any]:
    held = await _holder(office, place=1)
    seen = {"subscriberId": encode("Subscriber", held["subscriber_id"]), "revision": held["revision"]}
    row = {"lineId": encode("Line", held["id"]), "name": office.fresh(), "mobile": "01033334444", "seenHolder": seen}
    return {"input": {"rows": [row], "idempotencyKey": office.fresh()}}


async def subscriber_remove(office: Office) -> dict[str, Any]:
    held = await _holder(office, place=2)
    return {"id": encode("Subscriber", held["subscriber_id"]), "input": {"revision": held["revision"]}}


async def departments_save(office: Office) -> dict[str, Any]:
    gone, kept, moved = (encode("Department", key) for key in office.company.departments.values())
    steps = {"create": [{"name": office.fresh()}], "rename": [{"id": moved, "name": office.fresh()}]}
    return {"input": {**steps, "remove": [{"id": gone, "moveTo": kept}]}}


async def upload_create(office: Office) -> dict[str, Any]:
    return {"input": {"purpose": "SUBSCRIBER_IMPORT", "fileName": f"{office.fresh()}.xlsx", "size": 10}}


async def import_register(office: Office) -> dict[str, Any]:
    found = await previewed(office)
    seen = {"contentHash": found.content_hash, "idempotencyKey": office.fresh()}
    return {"id": encode("Import", found.id), "input": seen}


async def import_cancel(office: Office) -> dict[str, Any]:
    return {"id": encode("Import", (await previewed(office)).id)}


async def import_refused_rows_download(office: Office) -> dict[str, Any]:
    return {"id": encode("Import", (await previewed(office, refused=True)).id)}


async def invitations_send(office: Office) -> dict[str, Any]:
    held = await _holder(office)
    wanted = {"subscriberIds": [encode("Subscriber", held["subscriber_id"])], "idempotencyKey": office.fresh()}
    return {"input": wanted}


async def invitations_send_filtered(office: Office) -> dict[str, Any]:
    row = (await subscribers_register(office))["input"]["rows"][0]
    department, name = office.company.departments[f"{office.word}개발"], office.fresh()
    draft = editing.Draft(
        key_of(row["lineId"], "Line"),
        {"name": name, "mobile": "01033334444", "app_enabled": True, "department_id": department},
    )
    await editing.save(office.company.id, office.actor, [draft], clock=office.clock)
    wanted = {"search": name, "departmentIds": [own(office, "Department")]}
    return {"input": {"filter": wanted, "expectedCount": 1, "idempotencyKey": office.fresh()}}


async def invitations_resend(office: Office) -> dict[str, Any]:
    return {"input": {"invitationIds": [own(office, "Invitation")], "idempotencyKey": office.fresh()}}


VALID: Mapping[str, tuple[Builder, ...]] = {
    "Query.node": (node,),
    "Query.nodes": (nodes,),
    "Query.admins": (admins_list,),
    "Query.subscribers": (subscribers,),
    "Query.departments": (departments,),
    "Query.invitations": (invitations,),
    "Query.auditRecords": (audit_records, audit_records_of_company),
    "Query.companies": (companies_list,),
    "Query.company": (company_one,),
    "Query.accessReview": (access_review,),
    "Query.calls": LISTS,
    "Query.unreturnedCalls": (*(history(name) for name in IDS), unreturned_calls),
    "Query.messages": LISTS,
    "Query.customers": (customers,),
    "Query.callStatistics": STATISTICS,
    "Query.messageStatistics": STATISTICS,
    "Query.callBusyHours": WEEK,
    "Query.callHeatMap": WEEK,
    "Query.provisioningEvents": (provisioning_events,),
    "Query.notices": (notices,),
    "Query.documentVersions": (document_versions,),
    "Mutation.signIn": (sign_in,),
    "Mutation.signInCodeSend": (sign_in_code_send,),
    "Mutation.signInVerify": (sign_in_verify,),
    "Mutation.registrationCodeSend": (registration_code_send,),
    "Mutation.adminRegister": (admin_register,),
    "Mutation.passwordResetCodeSend": (password_reset_code_send,),
    "Mutation.passwordResetVerify": (password_reset_verify,),
    "Mutation.passwordReset": (password_reset,),
    "Mutation.representativeNumberFind": (representative_number_find,),
    "Mutation.viewerSave": (viewer_save,),
    "Mutation.viewerPasswordChange": (viewer_password_change,),
    "Mutation.viewerMobileCodeSend": (viewer_mobile_code_send,),
    "Mutation.viewerMobileChange": (viewer_mobile_change,),
    "Mutation.viewerCodeConfirm": (viewer_code_confirm,),
    "Mutation.sessionEnd": (session_end,),
    "Mutation.adminWelcomeResend": (admin_welcome_resend,),
    "Mutation.adminUnlock": (admin_act,),
    "Mutation.adminSessionsEnd": (admin_act,),
    "Mutation.adminReplace": (admin_replace,),
    "Mutation.subscribersSave": (subscribers_edit, subscribers_register),
    "Mutation.subscriberRemove": (subscriber_remove,),
    "Mutation.departmentsSave": (departments_save,),
    "Mutation.uploadCreate": (upload_create,),
    "Mutation.importRegister": (import_register,),
    "Mutation.importCancel": (import_cancel,),
    "Mutation.importRefusedRowsDownload": (import_refused_rows_download,),
    "Mutation.invitationsSend": (invitations_send, invitations_send_filtered),
    "Mutation.invitationsResend": (invitations_resend,),
    "Mutation.callExportRequest": (export("filter", history()),),
    "Mutation.messageExportRequest": (export("filter", history()),),
    "Mutation.statisticsExportRequest": (export("calls", history(), granularity="DAY", groupBy="LINE"),),
    "Mutation.exportCancel": (export_cancel,),
    "Mutation.exportDownload": (export_download,),
    "Mutation.messageReveal": (reveal("Message"),),
    "Mutation.customerReveal": (reveal("Customer"), reveal("Call"), reveal("Message")),
    "Mutation.companyPolicySave": (company_policy_save,),
    "Mutation.companyEnter": (company_enter,),
    "Mutation.companySuspend": (company_suspend,),
    "Mutation.companyResume": (company_resume,),
    "Mutation.companyEnd": (company_end,),
    "Mutation.accessReviewConfirm": (access_review_confirm,),
    "Mutation.planSave": (plan_save,),
    "Mutation.noticeSave": (notice_save,),
    "Mutation.noticeWithdraw": (notice_withdraw,),
    "Mutation.documentPublish": (document_publish,),
    "Mutation.documentWithdraw": (document_withdraw,),
    "Mutation.provisioningApply": (provisioning_completed, provisioning_changed),
    "Mutation.appSignIn": (app_sign_in,),
}
"""Inputs that are good, by root field; several where one can't hold all ids. The others are made from the schema."""
