"""Send again what failed or is unknown, because a person asks for it (IN-10)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bizcall import audit, idempotency
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.dispatch import claims, outbox, publish
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.invitations.requesting import BOTH, bound, vouch
from bizcall.models.companies import OnError
from bizcall.models.dispatch import Channel
from bizcall.ports import Clock, Queue, now


@dataclass(frozen=True)
class Resent:
    """The invitations of which a message goes out again, and why others' don't."""

    invitation_ids: list[UUID]
    problems: list[Problem]


async def resend(
    company_id: UUID,
    actor: Actor,
    invitation_ids: Sequence[UUID],
    *,
    channels: Collection[Channel] = BOTH,
    on_error: OnError = OnError.REJECT_ALL,
    idempotency_key: str,
    vouched_until: datetime | None = None,
    queue: Queue,
    clock: Clock = now,
) -> Resent:
    """Queue the FAILED and UNKNOWN messages of 1 to 500 invitations again, with the same temporary password.

    They go to where the subscriber is reached now, which may have been mended since. Problems have paths like
    (invitationIds, 3): NOT_FOUND, DUPLICATE, CODE_EXPIRED for an invitation that is over, STATE where nothing failed or
    the holding ended, APP_DISABLED, NO_RECIPIENT. With REJECT_ALL raises Invalid with all of them. `vouched_until` is
    that of `send`.
    """
    bound(invitation_ids, "invitationIds")
    if not channels:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("channels",)))
    messages: list[UUID] = []

    async def work() -> idempotency.Answer:
        at = clock()
        rows = await _failed(company_id, invitation_ids, channels)
        problems, chosen = _sorted_out(invitation_ids, rows, at)
        vouch((row["contacts_at"] for key in chosen for row in rows[key]), vouched_until)
        if problems and on_error is OnError.REJECT_ALL:
            raise Invalid(*problems)
        if chosen:
            again = [row for invitation_id in chosen for row in rows[invitation_id] if row["recipient"] is not None]
            await _queue(company_id, again, at)
            bodies = [claims.body(company_id, row["delivery_id"]) for row in again]
            messages.extend(await outbox.put_many(claims.QUEUE, bodies, company_id=company_id, clock=lambda: at))
            await audit.record(
                company_id, actor, "invitations.resend", chosen, {"messages": len(again)}, kind="Invitation",
                clock=lambda: at,
            )  # fmt: skip
        return {
            "invitationIds": [str(key) for key in chosen],
            "problems": [[problem.code, list(problem.field)] for problem in problems],
        }

    async with tenant(company_id):
        given = {
            "invitationIds": [str(key) for key in invitation_ids],
            "channels": sorted(channels),
            "onError": on_error,
        }
        answer = await idempotency.once(company_id, "invitationsResend", idempotency_key, given, work, clock=clock)
    await publish(messages, queue=queue)
    return Resent(
        [UUID(key) for key in answer["invitationIds"]],
        [Problem(ErrorCode(code), tuple(field)) for code, field in answer["problems"]],
    )


async def _failed(
    company_id: UUID, invitation_ids: Collection[UUID], channels: Collection[Channel]
) -> dict[UUID, list[dict[str, Any]]]:
    """The messages of the invitations, locked in one order, with where they would go now."""
    rows = await query(
        """
        SELECT delivery.id AS delivery_id, delivery.invitation_id, invitation.expires_at,
               subscriber.app_enabled, subscriber.contacts_at, subscriber.ended_at IS NOT NULL AS ended,
               delivery.state IN ('FAILED', 'UNKNOWN') AND delivery.channel = ANY($3::text[]) AS failed,
               CASE delivery.channel WHEN 'SMS' THEN subscriber.mobile ELSE subscriber.email END AS recipient
        FROM delivery
        JOIN invitation ON invitation.company_id = $1 AND invitation.id = delivery.invitation_id
        JOIN subscriber ON subscriber.company_id = $1 AND subscriber.id = invitation.subscriber_id
        WHERE delivery.company_id = $1 AND delivery.invitation_id = ANY($2::uuid[])
        ORDER BY delivery.id FOR UPDATE OF delivery
        """,
        company_id,
        list(invitation_ids),
        [channel.value for channel in channels],
    )
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["invitation_id"], []).append(row)
    return found


def _sorted_out(
    invitation_ids: Sequence[UUID], rows: dict[UUID, list[dict[str, Any]]], at: datetime
) -> tuple[list[Problem], list[UUID]]:
    """Problems by the place in the input, and the invitations that have something to send; `rows` keeps only that."""
    problems: list[Problem] = []
    chosen: list[UUID] = []
    for index, key in enumerate(invitation_ids):
        code = ErrorCode.DUPLICATE if key in chosen else _refusal(rows.get(key, []), at)
        if code is not None:
            problems.append(Problem(code, ("invitationIds", str(index))))
        else:
            rows[key] = [row for row in rows[key] if row["failed"]]
            chosen.append(key)
    return problems, chosen


def _refusal(rows: Sequence[dict[str, Any]], at: datetime) -> ErrorCode | None:
    if not rows:
        return ErrorCode.NOT_FOUND
    failed = [row for row in rows if row["failed"]]
    if rows[0]["expires_at"] <= at:
        return ErrorCode.CODE_EXPIRED
    if rows[0]["ended"] or not failed:
        return ErrorCode.STATE
    if not rows[0]["app_enabled"]:
        return ErrorCode.APP_DISABLED
    return None if any(row["recipient"] is not None for row in failed) else ErrorCode.NO_RECIPIENT


async def _queue(company_id: UUID, rows: Sequence[dict[str, Any]], at: datetime) -> None:
    await query(
        """
        WITH moved AS (
            UPDATE delivery SET state = 'QUEUED', recipient = again.recipient, reason = NULL, gateway_code = NULL,
                   tries = 0, due_at = $4, finished_at = NULL
            FROM unnest($2::uuid[], $3::text[]) AS again (id, recipient)
            WHERE delivery.company_id = $1 AND delivery.id = again.id
            RETURNING delivery.id
        )
        INSERT INTO delivery_directory (delivery_id, company_id, due_at, created_at) SELECT id, $1, $5, $4 FROM moved
        ON CONFLICT (delivery_id) DO UPDATE SET due_at = excluded.due_at
        """,
        company_id,
        [row["delivery_id"] for row in rows],
        [row["recipient"] for row in rows],
        at,
        at + claims.OVERDUE,
    )
