"""Apply exactly what was previewed."""

from __future__ import annotations

from uuid import UUID

from bizcall.ports import Clock, Storage, now


async def register_queued(company_id: UUID, import_id: UUID, *, storage: Storage, clock: Clock = now) -> None:
    """Apply an import whose registration was asked for; does nothing for one that is finished or gone.

    The message on the queue `registrations` is {"companyId": …, "importId": …}.
    """
    raise NotImplementedError((company_id, import_id, storage, clock))
