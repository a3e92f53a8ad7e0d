"""An event is applied, or waits: one transaction, under the lock of its subscription.

Each turn looks at all events of the subscription that wait, the arriving one among them, and applies those that can be
(`choosing`). Numbers that become free are told to the subscriptions which wait for them by messages of the queue
`provisioning`, written in the same transaction: whoever dies after the commit leaves nothing undone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from bizcall import admins, audit, plans
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, enter, lock, query, repeated
from bizcall.dispatch import outbox
from bizcall.errors import Collided
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.models.companies import CompanyState
from bizcall.models.provisioning import EventKind, EventState, ProvisioningEvent
from bizcall.ports import Clock, Queue, Storage, now
from bizcall.provisioning import rejects, writing
from bizcall.provisioning.choosing import Choice, Standing, choose
from bizcall.provisioning.events import Event, read
from bizcall.provisioning.ledger import Fact, Subject, begins, facts, merged
from bizcall.provisioning.reasons import Finding, Reason, Refused
from bizcall.provisioning.writing import Newcomer

QUEUE = "provisioning"
WAITS_MOST = timedelta(hours=24)
RETRY = timedelta(minutes=10)
"""How often the schedule tries a waiting event; what it waits for tells it sooner."""

WAITING_MOST = 100
"""Events of one subscription that are tried together; the others have their turn when these are done with."""

ENDED = Finding(Reason.SUBSCRIPTION_ENDED, ("subscription",))


async def apply(
    body: bytes, *, source: str = "", keys: Keys, actor: Actor, queue: Queue, clock: Clock = now
) -> ProvisioningEvent:
    """Apply an event, as JSON in UTF-8 (docs/provisioning.md), or keep it waiting; returns how it stands (ON-01).

    The same event changes nothing, however often it comes. `source` is the name of its file. Raises Refused.
    """
    event = read(body, clock())
    done = await _turn(event.subscription, event, source, keys=keys, actor=actor, clock=clock)
    await outbox.publish(done.messages, queue=queue)
    async with directory():
        return await ProvisioningEvent.get(event_id=event.id, state__not=EventState.REJECTED)


async def settle(subscription: str, *, keys: Keys, storage: Storage, queue: Queue, clock: Clock = now) -> None:
    """Try the events of a subscription that wait; those that have waited for 24 hours are rejected.

    So are all of a subscription whose contract has ended.
    """
    done = await _turn(subscription, None, "", keys=keys, actor=audit.system(), clock=clock, storage=storage)
    await outbox.publish(done.messages, queue=queue)


@dataclass
class _Done:
    """Outbox messages to be published."""

    messages: list[UUID] = field(default_factory=list)


@repeated
async def _turn(
    subscription: str,
    arriving: Event | None,
    source: str,
    *,
    keys: Keys,
    actor: Actor,
    clock: Clock,
    storage: Storage | None = None,
) -> _Done:
    newcomer = await _newcomer(subscription, arriving, keys)
    done = _Done()
    async with directory():
        if arriving is not None:
            await lock(f"provisioning.event {arriving.id}")
        await lock(f"provisioning.subscription {subscription}")
        company_id, ended = await _company_of(subscription)
        if arriving is not None:
            await _keep(arriving, source, company_id, clock(), ended=ended)
        waiting = await _waiting(subscription)
        if ended:
            if storage is not None:
                await rejects.reject({row["event_id"]: ENDED for row in waiting}, waiting, storage=storage)
            return done
        events = [Event.model_validate_json(row["body"]) for row in waiting]
        standing = await _standing(subscription, company_id, events)
        choice = choose(standing, events)
        if choice.applied:
            by = {event.id: _by(actor, event, arriving) for event in choice.applied}
            company_id, messages = await _write(subscription, company_id, newcomer, standing, choice, by, clock)
            done.messages += messages
        await _note(choice, waiting, clock)
        if storage is not None:
            await rejects.overdue(choice.waiting, waiting, storage=storage, before=clock() - WAITS_MOST)
    return done


def _by(actor: Actor, event: Event, arriving: Event | None) -> Actor:
    """Who applies an event: whoever brought it, and this system for those that had waited."""
    if arriving is not None and event.id == arriving.id:
        return actor
    return dataclasses.replace(actor, kind=ActorKind.SYSTEM, id=None, address="")


async def _newcomer(subscription: str, arriving: Event | None, keys: Keys) -> Newcomer | None:
    """Hash a temporary password if the turn may make a company: hashing takes its time, and no lock is held yet."""
    async with directory():
        known = await query(
            """
            SELECT 1 FROM provisioning_event
            WHERE subscription = $1 AND kind = $2 AND state = 'WAITING'
            """,
            subscription,
            EventKind.SUBSCRIPTION_COMPLETED.value,
        )
        completes = bool(known) or (arriving is not None and arriving.kind is EventKind.SUBSCRIPTION_COMPLETED)
        if not completes or (await _company_of(subscription))[0] is not None:
            return None
    admin_id = uuid7()
    return Newcomer(uuid7(), admin_id, await admins.prepare(admin_id, keys=keys))


async def _company_of(subscription: str) -> tuple[UUID | None, bool]:
    """The company that a subscription became, and whether its contract has ended."""
    rows = await query(
        """
        SELECT company_id, company_directory.state FROM provisioning_subscription
        JOIN company_directory USING (company_id) WHERE subscription = $1
        """,
        subscription,
    )
    return (rows[0]["company_id"], rows[0]["state"] == CompanyState.ENDED) if rows else (None, False)


async def _keep(event: Event, source: str, company_id: UUID | None, at: datetime, *, ended: bool) -> None:
    """Let an event wait that is new; raises Refused for one that contradicts what is known."""
    known = await query(
        "SELECT fingerprint FROM provisioning_event WHERE event_id = $1 AND state <> 'REJECTED'", event.id
    )
    if known:
        if bytes(known[0]["fingerprint"]) != event.fingerprint:
            raise Refused([Finding(Reason.EVENT_ID_REUSED, ("id",))])
        return
    if ended:
        raise Refused([ENDED])
    if event.plan is not None and not await plans.exists(event.plan):
        raise Refused([Finding(Reason.UNKNOWN_PLAN, ("plan",))])
    if event.kind is EventKind.SUBSCRIPTION_COMPLETED and (company_id is not None or await _completes(event)):
        raise Refused([Finding(Reason.COMPLETED_BEFORE, ("subscription",))])
    await query(
        """
        INSERT INTO provisioning_event (
            id, event_id, subscription, kind, state, reason, source, occurred_at, received_at, fingerprint, body,
            numbers, due_at
        ) VALUES ($1, $2, $3, $4, 'WAITING', $5, $6, $7, $8, $9, $10::jsonb, $11, $12)
        ON CONFLICT (fingerprint) DO UPDATE SET
            state = 'WAITING', reason = excluded.reason, path = '', source = excluded.source,
            received_at = excluded.received_at, body = excluded.body, numbers = excluded.numbers,
            due_at = excluded.due_at
        """,
        uuid7(),
        event.id,
        event.subscription,
        event.kind.value,
        Reason.UNKNOWN_SUBSCRIPTION.value,
        source,
        event.occurredAt,
        at,
        event.fingerprint,
        orjson.dumps(event.content()).decode(),
        event.numbers,
        at + RETRY,
    )


async def _completes(event: Event) -> bool:
    """Whether another event that waits completes the subscription."""
    rows = await query(
        "SELECT 1 FROM provisioning_event WHERE subscription = $1 AND kind = $2 AND state = 'WAITING'",
        event.subscription,
        event.kind.value,
    )
    return bool(rows)


async def _waiting(subscription: str) -> list[dict[str, Any]]:
    """The one that completes the subscription first: all others wait for it, however many came before."""
    return await query(
        """
        SELECT id, event_id, source, received_at, body::text AS body FROM provisioning_event
        WHERE subscription = $1 AND state = 'WAITING' ORDER BY kind <> $3, occurred_at, event_id LIMIT $2
        """,
        subscription,
        WAITING_MOST,
        EventKind.SUBSCRIPTION_COMPLETED.value,
    )


async def _standing(subscription: str, company_id: UUID | None, events: Sequence[Event]) -> Standing:
    """What is known of whatever these events speak of."""
    numbers = sorted({number for event in events for number in event.numbers})
    rows = await query(
        """
        SELECT subject, active, value, as_of, event_id FROM provisioning_fact
        WHERE subscription = $1 AND (subject = ANY($2::text[]) OR subject = (
            SELECT value FROM provisioning_fact WHERE subscription = $1 AND subject = 'REPRESENTATIVE'
        ))
        """,
        subscription,
        [*numbers, *Subject],
    )
    known = {row.pop("subject"): Fact(**row) for row in rows}
    # A login ID that somebody set up by hand is in the way like a number.
    taken = await query(
        """
        SELECT number FROM number_directory WHERE number = ANY($1::text[]) AND company_id IS DISTINCT FROM $2
        UNION SELECT login_id FROM credential WHERE login_id = ANY($1::text[]) AND company_id IS DISTINCT FROM $2
        """,
        numbers,
        company_id,
    )
    return Standing(company_id is not None, known, frozenset(row["number"] for row in taken))


async def _write(
    subscription: str,
    company_id: UUID | None,
    newcomer: Newcomer | None,
    standing: Standing,
    choice: Choice,
    by: Mapping[str, Actor],
    clock: Clock,
) -> tuple[UUID, list[UUID]]:
    """Apply the chosen events; returns the company, and the messages to be published."""
    after = merged(standing.facts, choice.applied)
    touched = {subject for event in choice.applied for subject in facts(event)} - set(Subject)
    made = newcomer if company_id is None else None
    if company_id is None:
        if newcomer is None:
            raise Collided("the event that completes the subscription came meanwhile")
        company_id = newcomer.company_id
    await enter(company_id)
    if made is not None:
        await writing.establish(company_id, subscription, after, clock=clock)
    await writing.keep_facts(subscription, after)
    numbers = {number: after[number] for number in sorted(touched)}
    changed = await writing.change_lines(company_id, numbers, begins(standing.facts, choice.applied), clock())
    messages = []
    if made is not None:
        completion = next(event for event in choice.applied if event.kind is EventKind.SUBSCRIPTION_COMPLETED)
        actor, login_id = by[completion.id], writing.text(after, Subject.REPRESENTATIVE)
        messages.append(await writing.appoint(made, completion.adminMobile or "", login_id, actor=actor, clock=clock))
    else:
        actor = by[choice.applied[-1].id]
        await writing.amend(company_id, after, actor=actor, clock=clock)
    for event in choice.applied:
        await writing.record(company_id, event, actor=by[event.id], clock=clock)
    await writing.record_lines(company_id, changed, actor=actor, clock=clock)
    await query(
        """
        UPDATE provisioning_event SET state = 'APPLIED', reason = NULL, path = '', company_id = $2,
               body = body - 'adminMobile', numbers = '{}', due_at = NULL
        WHERE event_id = ANY($1::text[]) AND state = 'WAITING'
        """,
        [event.id for event in choice.applied],
        company_id,
    )
    return company_id, [*messages, *await tell(subscription, changed.retired, clock)]


async def tell(subscription: str, freed: Sequence[str], clock: Clock) -> list[UUID]:
    """Have the subscriptions tried again which wait for one of these numbers; returns the messages to be published."""
    if not freed:
        return []
    rows = await query(
        """
        SELECT DISTINCT subscription FROM provisioning_event
        WHERE state = 'WAITING' AND subscription <> $1 AND numbers && $2::text[] ORDER BY subscription
        """,
        subscription,
        list(freed),
    )
    return [
        await outbox.put(QUEUE, {"subscription": row["subscription"]}, company_id=None, clock=clock) for row in rows
    ]


async def _note(choice: Choice, waiting: Sequence[Mapping[str, Any]], clock: Clock) -> None:
    """Say of each event that waits what it waits for."""
    if not choice.waiting:
        return
    findings = choice.waiting
    await query(
        """
        UPDATE provisioning_event SET reason = v.reason, path = v.path, due_at = $4
        FROM unnest($1::text[], $2::text[], $3::text[]) AS v (event_id, reason, path)
        WHERE provisioning_event.event_id = v.event_id AND provisioning_event.state = 'WAITING'
        """,
        list(findings),
        [found.reason.value for found in findings.values()],
        [found.where for found in findings.values()],
        clock() + RETRY,
    )
