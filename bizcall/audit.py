"""Who did what to whose data: one record, written in the transaction of the act it tells of.

The table is insert only for every role that serves requests. Records name keys, never names, numbers or secrets, so
that a person's data can be erased without touching the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bizcall.models import AuditRecord
from bizcall.models.house import ActorKind
from bizcall.ports import Clock, now

__all__ = ["Actor", "ActorKind", "record", "system"]


@dataclass(frozen=True)
class Actor:
    """Who acts: an administrator, an operator, another server (SERVICE), a process of ours (SYSTEM), or nobody known.

    `id` is the administrator's, operator's or service client's key; `address` the client's network address;
    `request_id` that of the request or the message.
    """

    kind: ActorKind
    id: UUID | None = None
    address: str = ""
    request_id: str = ""


def system(request_id: str = "") -> Actor:
    """A worker or a schedule; `request_id` is that of the message it works on."""
    return Actor(ActorKind.SYSTEM, request_id=request_id)


async def record(
    company_id: UUID,
    actor: Actor,
    action: str,
    subjects: Sequence[UUID] = (),
    details: Mapping[str, Any] | None = None,
    *,
    kind: str = "",
    clock: Clock = now,
) -> None:
    """Write one record into the open transaction of the company.

    `action` is a dotted name of the act, for example "subscribers.save"; `subjects` are keys of rows of the sort that
    `kind` names ("Subscriber"). `details` goes into jsonb and must hold no personal data and no secret.
    """
    await AuditRecord.create(
        company_id=company_id,
        at=clock(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject_kind=kind,
        subject_ids=list(subjects),
        address=actor.address,
        request_id=actor.request_id,
        details=dict(details or {}),
    )
