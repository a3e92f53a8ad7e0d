"""Records of what was looked at: personal data that an answer reveals leaves one record a sort of row (P1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from bizcall.audit.recording import Act, Actor, record_all
from bizcall.ports import Clock, now

IDS_MOST = 10_000
"""Keys that one record names; its `count` tells all."""


@dataclass(frozen=True, eq=False)
class View:
    """Looking at rows of one sort: the action that is recorded, and what its subjects are."""

    action: str
    kind: str


SUBSCRIBERS = View("subscribers.view", "Subscriber")
ADMINS = View("admins.view", "Admin")
DELIVERIES = View("deliveries.view", "Delivery")
IMPORT_ROWS = View("imports.view_rows", "ImportRow")
IMPORT_FINDINGS = View("imports.view_findings", "ImportFinding")
AUDIT_RECORDS = View("audit.view", "AuditRecord")
CUSTOMERS = View("customers.view", "Customer")
CUSTOMER_NUMBERS = View("history.view_numbers", "Line")
"""Numbers of customers in calls and messages, which the log names by the lines they were on."""


async def record_views(
    company_id: UUID, actor: Actor, seen: Mapping[View, Collection[UUID]], *, clock: Clock = now
) -> None:
    """Write a record for each sort of row into the open transaction of the company, with the keys seen."""
    acts = [Act(view.action, sorted(keys)[:IDS_MOST], {"count": len(keys)}, view.kind) for view, keys in seen.items()]
    await record_all(company_id, actor, acts, clock=clock)
