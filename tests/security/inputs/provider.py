"""Valid inputs of what the provider's operators and server do: companies, notices, documents, plans, events."""

from __future__ import annotations

from typing import Any

from bizcall import contracts
from bizcall.models.imports import Purpose as UploadPurpose
from bizcall.reasons import Purpose, Reason
from schema.node import encode
from tests.accounts import ACTOR
from tests.provisioning import Provider, make_plans
from tests.security.inputs.accounts import guest
from tests.security.office import Office, operators_desk, own

WHY = {"reason": "OTHER", "note": "계약 변경 요청"}
REASON = Reason(Purpose.OTHER, "계약 변경 요청")


async def admins_list(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def companies_list(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def company_one(office: Office) -> dict[str, Any]:
    return {"id": own(office, "Company")}


async def company_enter(office: Office) -> dict[str, Any]:
    why = {"reason": "CUSTOMER_REQUEST", "note": "고객 문의 응대"}
    return {**await company_one(office), "input": {**why, "search": office.word}}


async def company_suspend(office: Office) -> dict[str, Any]:
    return {"id": encode("Company", (await guest(office)).company.id), "input": WHY}


async def company_resume(office: Office) -> dict[str, Any]:
    company = (await guest(office)).company
    await contracts.suspend(company.id, REASON, actor=ACTOR, clock=office.clock)
    return {"id": encode("Company", company.id), "input": WHY}


async def company_end(office: Office) -> dict[str, Any]:
    company = (await guest(office)).company
    return {
        "id": encode("Company", company.id),
        "input": {**WHY, "representativeNumber": company.login_id},
    }


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
