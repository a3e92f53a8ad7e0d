"""Asking for an export, which a worker then makes; and ending one."""

from __future__ import annotations

from uuid import UUID

from bizcall import audit, idempotency, months
from bizcall.audit import Actor
from bizcall.database import lock, query, tenant
from bizcall.dispatch import publish
from bizcall.errors import ErrorCode, Forbidden, Invalid, Problem
from bizcall.exports import claims, counting, statistics
from bizcall.exports.asking import STATISTICS, Asked
from bizcall.exports.claims import LIFE
from bizcall.ids import uuid7
from bizcall.models import Export
from bizcall.models.exports import State
from bizcall.ports import Clock, Queue, now
from bizcall.reasons import Reason

__all__ = ["LIFE", "ROWS_MOST", "TEXT_ROWS_MOST", "UNFINISHED_MOST", "cancel", "request"]

ROWS_MOST = 1_500_000
"""Rows of one file: what a worker makes in a quarter of its 285 seconds, at the pace that docs/performance.md tells."""

TEXT_ROWS_MOST = 300_000
"""Rows of a file with the texts of messages: were each of 4,000 letters, the file would still stay below 2 GiB."""

UNFINISHED_MOST = 10
"""Exports of a company that may wait or run at a time."""

NOT_FOUND = Problem(ErrorCode.NOT_FOUND, ("id",))


async def request(
    company_id: UUID,
    actor: Actor,
    asked: Asked,
    *,
    unmasked: bool,
    reason: Reason,
    idempotency_key: str,
    queue: Queue,
    clock: Clock = now,
    rows_most: int = ROWS_MOST,
    text_rows_most: int = TEXT_ROWS_MOST,
    kept: int = months.KEPT,
) -> Export:
    """Ask for a file and return its export; poll that.

    Without `unmasked`, customers are hidden by the company's policy, and messages come without their texts. Raises
    Invalid: what is wrong with filter or reason, TOO_MANY at `filter` when the file would have more than `rows_most`
    rows (with texts `text_rows_most`; for statistics those of `statistics.total`) or so many that they can't be counted
    (`counting.rows`), TOO_MANY at () with 10 exports unfinished, those of `idempotency.once`, and NOT_FOUND at
    `idempotencyKey` where the export that the key has made was erased since (`disposal.erase`).
    """
    if actor.id is None:
        raise Forbidden
    reason, asked = reason.checked(), asked.checked(clock, kept=kept)
    requested_by, made, messages = actor.id, list[Export](), list[UUID]()
    most = text_rows_most if asked.has_texts(unmasked=unmasked) else rows_most

    async def ask() -> idempotency.Answer:
        # Counted before anything costly is, and once more where nobody else can come between.
        await _room(company_id)
        total = await _total(company_id, asked, most)
        await lock(f"exports.room {company_id}")
        await _room(company_id)
        at = clock()
        export = await Export.create(
            id=uuid7(),
            company_id=company_id,
            kind=asked.kind,
            asked=asked.kept(),
            unmasked=unmasked,
            purpose=reason.purpose.value,
            note=reason.note,
            requested_by=requested_by,
            state=State.QUEUED,
            rows_total=total,
            created_at=at,
        )
        made.append(export)
        await claims.watch(company_id, export.id, at + claims.WAITING_MOST)
        messages.append(await claims.enqueue(company_id, export.id, clock=clock))
        details = {**reason.told(), **asked.recorded(), "kind": asked.kind, "rows": total, "unmasked": unmasked}
        await audit.record(company_id, actor, "exports.request", [export.id], details, kind="Export", clock=clock)
        return {"exportId": str(export.id)}

    given = {**asked.kept(), **reason.told(), "kind": asked.kind, "unmasked": unmasked}
    async with tenant(company_id):
        answer = await idempotency.once(company_id, "exportRequest", idempotency_key, given, ask, clock=clock)
        export = made[0] if made else await Export.get_or_none(company_id=company_id, id=UUID(answer["exportId"]))
        if export is None:
            raise Invalid(Problem(ErrorCode.NOT_FOUND, idempotency.FIELD))
    await publish(messages, queue=queue)
    return export


async def cancel(company_id: UUID, actor: Actor, export_id: UUID, *, clock: Clock = now) -> Export:
    """End an export that waits or runs; its worker stops within seconds. Raises Invalid: NOT_FOUND or STATE at `id`."""
    async with tenant(company_id):
        if not await Export.exists(company_id=company_id, id=export_id):
            raise Invalid(NOT_FOUND)
        if not await claims.cancel(company_id, export_id, clock()):
            raise Invalid(Problem(ErrorCode.STATE, ("id",)))
        await audit.record(company_id, actor, "exports.cancel", [export_id], kind="Export", clock=clock)
        return await Export.get(company_id=company_id, id=export_id)


async def _room(company_id: UUID) -> None:
    """Raises Invalid unless one more may be unfinished."""
    [found] = await query(
        "SELECT count(*) AS n FROM export WHERE company_id = $1 AND state IN ('QUEUED', 'RUNNING')", company_id
    )
    if found["n"] >= UNFINISHED_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, (), {"maximum": str(UNFINISHED_MOST)}))


async def _total(company_id: UUID, asked: Asked, most: int) -> int:
    """Rows of the file; raises Invalid (TOO_MANY)."""
    if asked.kind in STATISTICS:
        return await statistics.total(company_id, asked)
    total = await counting.rows(company_id, asked.facts, asked.wanted, most=most)
    if total > most:
        raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": str(most)}))
    return total
