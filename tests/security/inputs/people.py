"""Valid inputs of who works in a company: departments, subscribers, their imports and invitations, its policy."""

from __future__ import annotations

from typing import Any

from bizcall import policies
from bizcall.database import query, tenant
from bizcall.subscribers import editing
from schema.node import encode, key_of
from tests.security.office import Office, own, previewed


async def subscribers(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word, "departmentIds": [own(office, "Department")]}}


async def departments(office: Office) -> dict[str, Any]:
    return {"first": 5, "filter": {"search": office.word}}


async def invitations(office: Office) -> dict[str, Any]:
    chosen = {"subscriberIds": [own(office, "Subscriber")], "batchId": own(office, "InvitationBatch")}
    return {"first": 5, "filter": chosen}


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


async def company_policy_save(office: Office) -> dict[str, Any]:
    await policies.save(office.company.id, office.actor, masks_customers=True, queue=office.queue, clock=office.clock)
    return {"input": {"masksCustomers": False, "reason": "QUALITY_CHECK", "note": "상담 품질 점검"}}
