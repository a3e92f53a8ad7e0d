"""What happens to holdings when their lines are retired or lose their RID (ON-01), in the caller's transaction.

The caller holds the locks of the lines (`lock_lines`), as whoever changes a holding does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from bizcall.subscribers.changes import Changes
from bizcall.subscribers.entries import EDITABLE, Entry
from bizcall.subscribers.saving import holders


async def end_on(company_id: UUID, line_ids: Collection[UUID], at: datetime) -> list[UUID]:
    """End the holdings of these lines and return their keys; history keeps them."""
    changes, ended = Changes(at), []
    for holder in (await holders(company_id, line_ids)).values():
        changes.end(holder)
        ended.append(holder.id)
    await changes.write(company_id)
    return ended


async def switch_off_rid(company_id: UUID, line_ids: Collection[UUID], at: datetime) -> list[UUID]:
    """Switch the RID off in the holdings of these lines, which have none any more (IN-02); returns those changed."""
    changes, changed = Changes(at), []
    for holder in (await holders(company_id, line_ids)).values():
        if holder.rid_enabled:
            fields = {name: getattr(holder, name) for name in EDITABLE}
            changes.edit(holder, Entry(line_id=holder.line_id, **{**fields, "rid_enabled": False}))
            changed.append(holder.id)
    await changes.write(company_id)
    return changed
