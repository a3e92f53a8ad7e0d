"""Ask for invitations: an administrator for subscribers whom he names or filters, an import for whom it registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bizcall import audit, idempotency
from bizcall.audit import Actor, ActorKind
from bizcall.database import tenant
from bizcall.dispatch import publish
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.invitations import writing
from bizcall.invitations.writing import Candidate
from bizcall.models import InvitationBatch
from bizcall.models.companies import OnError
from bizcall.models.dispatch import Channel
from bizcall.ports import Clock, Queue, now
from bizcall.subscribers import listing

IDS_MOST = 500
FILTERED_MOST = 5_000
BOTH = (Channel.SMS, Channel.EMAIL)


@dataclass(frozen=True)
class Requested:
    """The batch, None when nobody could be invited, and why others weren't."""

    batch: InvitationBatch | None
    problems: list[Problem]


@dataclass
class _Made:
    """What a request wrote, to be told and published once it is committed."""

    batch: InvitationBatch | None = None
    messages: list[UUID] = field(default_factory=list)


async def send(
    company_id: UUID,
    actor: Actor,
    subscriber_ids: Sequence[UUID],
    *,
    channels: Collection[Channel] = BOTH,
    on_error: OnError = OnError.REJECT_ALL,
    idempotency_key: str,
    vouched_until: datetime | None = None,
    queue: Queue,
    clock: Clock = now,
) -> Requested:
    """Invite 1 to 500 subscribers, each by those of the channels that he can be reached by.

    `vouched_until` is what `admins.demand_for_sending` says: raises Invalid, CODE_REQUIRED, when somebody's contacts
    were set after it. Problems have paths like (subscriberIds, 3): NOT_FOUND, STATE for a past holding or one whose
    earlier messages are still on their way, APP_DISABLED, NO_RECIPIENT, DUPLICATE. With REJECT_ALL raises Invalid with
    all of them.
    """
    bound(subscriber_ids, "subscriberIds")
    ways = _ways(channels)
    made = _Made()

    async def work() -> idempotency.Answer:
        known = await writing.candidates(company_id, subscriber_ids)
        problems: list[Problem] = []
        wanted: dict[UUID, dict[Channel, str]] = {}
        for index, subscriber_id in enumerate(subscriber_ids):
            code = _refusal(known.get(subscriber_id), ways, wanted)
            if code is not None:
                problems.append(Problem(code, ("subscriberIds", str(index))))
            else:
                wanted[subscriber_id] = known[subscriber_id].recipients(ways)
        vouch((known[key].contacts_at for key in wanted), vouched_until)
        if problems and on_error is OnError.REJECT_ALL:
            raise Invalid(*problems)
        return await _write(company_id, actor, wanted, problems, made, clock())

    given = {"subscriberIds": [str(key) for key in subscriber_ids], "channels": ways, "onError": on_error}
    return await _once(company_id, idempotency_key, given, work, made, queue, clock)


async def send_filtered(
    company_id: UUID,
    actor: Actor,
    wanted: listing.LineFilter,
    *,
    expected_count: int,
    channels: Collection[Channel] = BOTH,
    on_error: OnError = OnError.REJECT_ALL,
    idempotency_key: str,
    queue: Queue,
    clock: Clock = now,
) -> Requested:
    """Invite all subscribers whom the filter finds, at most 5,000, if they are as many as were expected.

    Raises Invalid: CONFLICT at `expectedCount` with the real count. Problems are told by their kind, at `filter`, with
    how many subscribers have it.
    """
    ways = _ways(channels)
    made = _Made()

    async def work() -> idempotency.Answer:
        found = await listing.held(company_id, wanted, limit=FILTERED_MOST + 1, clock=clock)
        if len(found) > FILTERED_MOST:
            raise Invalid(Problem(ErrorCode.TOO_MANY, ("filter",), {"maximum": str(FILTERED_MOST)}))
        if len(found) != expected_count:
            raise Invalid(Problem(ErrorCode.CONFLICT, ("expectedCount",), {"actual": str(len(found))}))
        if not found:
            raise Invalid(Problem(ErrorCode.REQUIRED, ("filter",)))
        known = await writing.candidates(company_id, found)
        refused: Counter[ErrorCode] = Counter()
        chosen: dict[UUID, dict[Channel, str]] = {}
        for subscriber_id in found:
            code = _refusal(known.get(subscriber_id), ways, chosen)
            if code is not None:
                refused[code] += 1
            else:
                chosen[subscriber_id] = known[subscriber_id].recipients(ways)
        problems = [Problem(code, ("filter",), {"count": str(count)}) for code, count in refused.items()]
        if problems and on_error is OnError.REJECT_ALL:
            raise Invalid(*problems)
        return await _write(company_id, actor, chosen, problems, made, clock())

    given = {"filter": wanted, "expectedCount": expected_count, "channels": ways, "onError": on_error}
    return await _once(company_id, idempotency_key, given, work, made, queue, clock)


async def invite(
    company_id: UUID, subscriber_ids: Collection[UUID], at: datetime, *, requested_by: UUID | None, import_id: UUID
) -> tuple[int, list[UUID]]:
    """Invite those of the subscribers of an import who were never invited and can be, in the caller's transaction.

    Returns how many were, and the outbox messages, which are to be published after commit.
    """
    known = await writing.candidates(company_id, subscriber_ids)
    wanted: dict[UUID, dict[Channel, str]] = {}
    for candidate in known.values():
        if not candidate.invited and _refusal(candidate, BOTH, wanted) is None:
            wanted[candidate.id] = candidate.recipients(BOTH)
    if not wanted:
        return 0, []
    _, messages = await writing.write(
        company_id, list(wanted.items()), at, requested_by=requested_by, import_id=import_id
    )
    return len(wanted), messages


def bound(ids: Sequence[UUID], field: str) -> None:
    """Raise Invalid at the field unless there are 1 to IDS_MOST of them."""
    if not ids:
        raise Invalid(Problem(ErrorCode.REQUIRED, (field,)))
    if len(ids) > IDS_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, (field,), {"maximum": str(IDS_MOST)}))


def vouch(contacts_at: Iterable[datetime | None], vouched_until: datetime | None) -> None:
    """Let pass contacts that were set before the sender's last code; raises Invalid: CODE_REQUIRED.

    Whoever found a session open would have a temporary password sent to himself: a change of the contacts and then an
    invitation, both too small for a fresh code (S6).
    """
    if vouched_until is not None and any(at is not None and at > vouched_until for at in contacts_at):
        raise Invalid(Problem(ErrorCode.CODE_REQUIRED))


def _refusal(candidate: Candidate | None, ways: Sequence[Channel], chosen: Collection[UUID]) -> ErrorCode | None:
    if candidate is None:
        return ErrorCode.NOT_FOUND
    if candidate.id in chosen:
        return ErrorCode.DUPLICATE
    if candidate.ended or candidate.waits:
        return ErrorCode.STATE
    if not candidate.app_enabled:
        return ErrorCode.APP_DISABLED
    return None if candidate.recipients(ways) else ErrorCode.NO_RECIPIENT


def _ways(channels: Collection[Channel]) -> list[Channel]:
    """The channels in one order, each once; raises Invalid for none."""
    if not channels:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("channels",)))
    return [channel for channel in BOTH if channel in channels]


async def _write(
    company_id: UUID,
    actor: Actor,
    wanted: dict[UUID, dict[Channel, str]],
    problems: Sequence[Problem],
    made: _Made,
    at: datetime,
) -> idempotency.Answer:
    batch_id: UUID | None = None
    if wanted:
        admin_id = actor.id if actor.kind is ActorKind.ADMIN else None
        batch, made.messages = await writing.write(company_id, list(wanted.items()), at, requested_by=admin_id)
        made.batch, batch_id = batch, batch.id
        await audit.record(
            company_id,
            actor,
            "invitations.send",
            [batch_id],
            {"invitations": len(wanted), "messages": len(made.messages)},
            kind="InvitationBatch",
            clock=lambda: at,
        )
    told = [[problem.code, list(problem.field), dict(problem.params)] for problem in problems]
    return {"batchId": None if batch_id is None else str(batch_id), "problems": told}


async def _once(
    company_id: UUID,
    key: str,
    given: Mapping[str, object],
    work: idempotency.Work,
    made: _Made,
    queue: Queue,
    clock: Clock,
) -> Requested:
    async with tenant(company_id):
        answer = await idempotency.once(company_id, "invitationsSend", key, given, work, clock=clock)
        batch = made.batch
        if batch is None and answer["batchId"] is not None:
            batch = await InvitationBatch.get(company_id=company_id, id=UUID(answer["batchId"]))
    await publish(made.messages, queue=queue)
    return Requested(
        batch, [Problem(ErrorCode(code), tuple(field), params) for code, field, params in answer["problems"]]
    )
