"""Valid inputs of who did what: audit records and their review."""

from __future__ import annotations

from typing import Any

from bizcall.months import KOREA, shifted
from tests.security.office import Office, own


async def audit_records(office: Office) -> dict[str, Any]:
    wanted = {"actions": ["subscribers."], "actorId": own(office, "Admin"), "subjectId": own(office, "Subscriber")}
    return {"first": 5, "filter": wanted}


async def audit_records_of_company(office: Office) -> dict[str, Any]:
    return {"first": 5, "adminId": own(office, "Admin")}


async def access_review(office: Office) -> dict[str, Any]:
    return {"monthOn": str(office.at.astimezone(KOREA).date())}


async def access_review_confirm(office: Office) -> dict[str, Any]:
    # Each month can be confirmed once; the sweeps ask for a dozen at most.
    month = shifted(office.at.astimezone(KOREA).date(), -2 - next(office.serial) % 40)
    return {"input": {"monthOn": str(month), "note": "특이 사항 없음"}}
