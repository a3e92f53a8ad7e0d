"""Chains of seals as tests make them, spoil them and read them (P2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from bizcall import audit
from bizcall.audit import FaultKind
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from tests.factories import Tenant

AT_ONCE = timedelta(0)
Owner = Callable[..., Awaitable[list[dict[str, Any]]]]


async def act(company: Tenant, count: int = 1) -> None:
    """So many records, in one transaction."""
    async with tenant(company.id):
        for number in range(count):
            await audit.record(company.id, audit.system(), "subscribers.save", [uuid7()], {"count": number})


async def sealed(company: Tenant, *counts: int) -> None:
    """A chain with a seal for each count of records."""
    for count in counts:
        await act(company, count)
        made = await audit.seal(company.id, margin=AT_ONCE)
        assert made is not None
        assert made.records == count


async def seals(company: Tenant) -> list[dict[str, Any]]:
    """The rows of the chain."""
    async with tenant(company.id):
        return await query("SELECT * FROM audit_seal WHERE company_id = $1 ORDER BY number", company.id)


async def faults(company: Tenant) -> list[tuple[int, FaultKind]]:
    """What verifying finds."""
    verdict = await audit.verify(company.id)
    assert verdict.done
    return [(fault.number, fault.kind) for fault in verdict.faults]


async def backdated(owner: Owner, age: str, **columns: str) -> None:
    """A record that the owner puts in with a time of his choice."""
    await owner(
        "INSERT INTO audit_record (company_id, id, at, actor_kind, action, recorded_at)"
        f" VALUES ($1, $2, now(), 'SYSTEM', 'forged', now() - interval '{age}')",
        uuid7(),
    )
