"""The message {"companyId": …, "importId": …} on the queue `registrations`: carry this import on.

What that means its state says: one whose registration was asked for is registered, and one that is finished gets the
answers that it still lacks. In order within a company.
"""

from __future__ import annotations

from uuid import UUID

from bizcall.dispatch import put
from bizcall.ports import Clock

QUEUE = "registrations"


async def carry_on(company_id: UUID, import_id: UUID, *, clock: Clock) -> UUID:
    """Write the message into the open transaction and return its id.

    Publish it after commit, or leave it to the sweep where nobody waits for it.
    """
    body = {"companyId": str(company_id), "importId": str(import_id)}
    return await put(QUEUE, body, company_id=company_id, group=str(company_id), clock=clock)
