"""What the end of a company's contract does to its events, and to those that wait for its numbers (CO-02)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bizcall.database import lock, query
from bizcall.dispatch import outbox
from bizcall.ports import Clock
from bizcall.provisioning.applying import QUEUE, tell


async def hold(company_id: UUID) -> None:
    """Let no event change the company until the end of the open transaction."""
    rows = await query("SELECT subscription FROM provisioning_subscription WHERE company_id = $1", company_id)
    for row in rows:
        await lock(f"provisioning.subscription {row['subscription']}")


async def close(company_id: UUID, numbers: Sequence[str], *, clock: Clock) -> list[UUID]:
    """Have the events rejected that wait for a company whose contract ends, and those tried that wait for its numbers.

    In the open transaction, after `hold`; returns the messages to be published.
    """
    rows = await query("SELECT subscription FROM provisioning_subscription WHERE company_id = $1", company_id)
    if not rows:
        return await tell("", numbers, clock)
    own = rows[0]["subscription"]
    message = await outbox.put(QUEUE, {"subscription": own}, company_id=None, clock=clock)
    return [message, *await tell(own, numbers, clock)]
