"""Who did what to whose data: one record, written in the transaction of the act it tells of.

The table is insert only for every role that serves requests. Records name keys, never names, numbers or secrets, so
that a person's data can be erased without touching the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bizcall.database import query
from bizcall.ids import uuid7
from bizcall.models.house import ActorKind
from bizcall.ports import Clock, now


@dataclass(frozen=True)
class Actor:
    """Who acts: an administrator, an operator, another server (SERVICE), a process of ours (SYSTEM), or nobody known.

    `id` is the administrator's, operator's or service client's key; `address` the client's network address;
    `request_id` that of the request or the message. `counted_address` is what bounds per address count him as
    (`bizcall.throttles`), None where none of them holds. `outside` says that operators may not come from that address.
    """

    kind: ActorKind
    id: UUID | None = None
    address: str = ""
    request_id: str = ""
    counted_address: str | None = None
    outside: bool = False


UNKNOWN = Actor(ActorKind.NOBODY)
"""Somebody of whom nothing is known, not even from where he comes."""


def system(request_id: str = "") -> Actor:
    """A worker or a schedule; `request_id` is that of the message it works on."""
    return Actor(ActorKind.SYSTEM, request_id=request_id)


@dataclass(frozen=True)
class Act:
    """What a record tells besides who and when.

    `action` is a dotted name of the act, for example "subscribers.save"; `subjects` are keys of rows of the sort that
    `kind` names ("Subscriber"). `details` goes into jsonb and must hold no personal data and no secret.
    """

    action: str
    subjects: Sequence[UUID] = ()
    details: Mapping[str, Any] | None = None
    kind: str = ""


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
    """Write one record into the open transaction of the company: an `Act`."""
    await record_all(company_id, actor, [Act(action, subjects, details, kind)], clock=clock)


async def record_all(company_id: UUID, actor: Actor, acts: Sequence[Act], *, clock: Clock = now) -> None:
    """Write a record for each act into the open transaction of the company, by one statement.

    The database adds `recorded_at` itself, a column that this role may not write, and so the columns are named here.
    """
    if not acts:
        return
    await query(
        "INSERT INTO audit_record (company_id, id, at, actor_kind, actor_id, action, subject_kind, subject_ids,"
        " address, request_id, details)"
        " SELECT $1, act.id, $2, $3, $4, act.action, act.kind, act.subjects::uuid[], $5, $6, act.details"
        " FROM unnest($7::uuid[], $8::text[], $9::text[], $10::text[], $11::jsonb[])"
        " AS act (id, action, kind, subjects, details)",
        company_id,
        clock(),
        actor.kind.value,
        actor.id,
        actor.address,
        actor.request_id,
        [uuid7() for _ in acts],
        [act.action for act in acts],
        [act.kind for act in acts],
        # An array of arrays of different lengths is none in SQL.
        [f"{{{','.join(map(str, act.subjects))}}}" for act in acts],
        [orjson.dumps(dict(act.details or {})).decode() for act in acts],
    )
