"""End what nobody carried on: previews after a day, and imports that no worker could finish."""

from __future__ import annotations

from bizcall.database import directory, query, tenant
from bizcall.imports import commands, storing
from bizcall.imports.refusals import FileRefusal
from bizcall.models.imports import Source, State
from bizcall.ports import Clock, now

BATCH = 100


async def expire(*, clock: Clock = now) -> int:
    """End imports whose time is over, in all companies, at most 100, and return how many. For the sweep, each minute.

    Which are due stands in a small table outside companies, so that no company has to be entered for nothing.
    """
    at = clock()
    async with directory():
        due = await query(
            "SELECT import_id, company_id FROM import_deadline WHERE due_at <= $1 ORDER BY due_at LIMIT $2", at, BATCH
        )
    ended = 0
    for row in due:
        async with tenant(row["company_id"]):
            # Whoever works on it now will finish it, and another sweep looks after it otherwise.
            found = await storing.locked(row["company_id"], row["import_id"], skip_locked=True)
            if found is None or not await storing.is_due(found.id, at):
                continue
            if found.state is State.PREVIEWED:
                await storing.finish(row["company_id"], found.id, State.EXPIRED, at)
            else:
                await storing.finish(row["company_id"], found.id, State.FAILED, at, refusal=FileRefusal.TIMED_OUT)
                if found.source is Source.INBOX:
                    # The sweep has no place in the bucket: a worker that has one stores the result.
                    await commands.carry_on(row["company_id"], found.id, clock=clock)
            ended += 1
    return ended
