"""The company's policies, which any of its administrators decides (CU-01).

Without masking every list shows whole customers. So who switches it off says why, as for whatever is hidden, and all
who sign in for the company are told by SMS, he himself too: it may be somebody else at his open session.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from bizcall import audit, reasons, throttles
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.dispatch import account_messages, outbox
from bizcall.models import Company
from bizcall.models.accounts import MessageKind
from bizcall.ports import Clock, Queue, now
from bizcall.reasons import Reason
from bizcall.throttles import Bucket

logger = logging.getLogger(__name__)


async def save(
    company_id: UUID,
    actor: Actor,
    *,
    masks_customers: bool,
    reason: Reason | None = None,
    queue: Queue,
    clock: Clock = now,
) -> Company:
    """Say how the company shows its customers (CU-01); a save that changes nothing is recorded as well.

    Not masking them takes a reason: raises Invalid, REQUIRED at `reason` or what is wrong with the note; and Throttled
    when masking was switched off 5 times within 24 hours.
    """
    why = {} if masks_customers else reasons.needed(reason).told()
    told: Sequence[UUID] = ()
    async with tenant(company_id):
        [row] = await query(
            "UPDATE company SET masks_customers = $2 FROM (SELECT id, masks_customers FROM company WHERE id = $1"
            " FOR NO KEY UPDATE) AS was WHERE company.id = $1 RETURNING was.masks_customers AS before",
            company_id,
            masks_customers,
        )
        unmasked = row["before"] and not masks_customers
        if unmasked:
            await throttles.take(Bucket.UNMASKING, str(company_id), at=clock())
            told = await account_messages.put_for_all(company_id, MessageKind.UNMASKED, clock=clock)
        details = {"masksCustomers": masks_customers, "masksCustomersBefore": row["before"], **why}
        await audit.record(company_id, actor, "companies.policy", [company_id], details, kind="Company", clock=clock)
        saved = await Company.get(id=company_id)
    if unmasked:
        logger.warning(
            "a company shows its customers", extra={"event": "CUSTOMERS_UNMASKED", "company_id": str(company_id)}
        )
        await outbox.publish(told, queue=queue)
    return saved
