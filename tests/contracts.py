"""What operators do to a company's contract, for tests (CO-01, CO-02)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bizcall import contracts
from bizcall.models import CompanyDirectory
from bizcall.reasons import Purpose, Reason
from tests.accounts import records
from tests.doubles import RecordingQueue
from tests.factories import Tenant
from tests.provisioning import OPERATOR

REASON = Reason(Purpose.OTHER, "요금 미납 3개월")


async def suspend(company: Tenant, **given: Any) -> CompanyDirectory:
    """An operator suspends it."""
    return await contracts.suspend(company.id, REASON, actor=OPERATOR, **given)


async def resume(company: Tenant, **given: Any) -> CompanyDirectory:
    """An operator resumes it."""
    return await contracts.resume(company.id, REASON, actor=OPERATOR, **given)


async def end(company: Tenant, queue: RecordingQueue | None = None, **given: Any) -> CompanyDirectory:
    """An operator ends it."""
    return await contracts.end(
        company.id, company.login_id, REASON, actor=OPERATOR, queue=queue or RecordingQueue(), **given
    )


async def acts(company_id: UUID, subject: UUID) -> list[dict[str, Any]]:
    """What an operator did to a contract, as a trail tells it."""
    found = await records(company_id)
    return [row for row in found if row["action"].startswith("companies.") and row["subject_ids"] == [subject]]
