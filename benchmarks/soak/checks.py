"""What must hold when everything has come to rest: asked of PostgreSQL, of the carrier and of the mails that left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.soak.exchange import Exchange
from benchmarks.soak.office import Office
from bizcall.models.dispatch import AttemptOutcome, DeliveryState
from bizcall.stats.rollups import CALLS, aggregate
from local.cloud.sent import Message

LEFT = {DeliveryState.SENT, DeliveryState.DELIVERED}
TAKEN = {AttemptOutcome.ACCEPTED, AttemptOutcome.UNCERTAIN}

DELIVERIES = """
SELECT delivery.id, delivery.channel, delivery.state, delivery.reason, delivery.recipient,
       invitation.subscriber_id, invitation.batch_id,
       (SELECT array_agg(attempt.outcome ORDER BY attempt.number) FROM delivery_attempt AS attempt
        WHERE attempt.company_id = $1 AND attempt.delivery_id = delivery.id) AS outcomes,
       (SELECT array_agg(attempt.gateway_id) FROM delivery_attempt AS attempt
        WHERE attempt.company_id = $1 AND attempt.delivery_id = delivery.id AND gateway_id <> '') AS gateway_ids
FROM delivery JOIN invitation ON invitation.company_id = $1 AND invitation.id = delivery.invitation_id
WHERE delivery.company_id = $1
"""
BATCHES = "SELECT id, invitations, deliveries FROM invitation_batch WHERE company_id = $1"
UNDER_WAY = """
SELECT (SELECT count(*) FROM delivery WHERE company_id = $1 AND state IN ('QUEUED', 'SENDING'))
     + (SELECT count(*) FROM outbox WHERE company_id = $1)
     + (SELECT count(*) FROM export WHERE company_id = $1 AND state IN ('QUEUED', 'RUNNING')) AS n,
       (SELECT count(*) FROM feed_file WHERE company_id = $1 AND state = 'LOADED') AS files
"""
FILES = "SELECT object_key, state, loaded, corrected FROM feed_file WHERE company_id = $1"
COUNTED = "SELECT count(*) AS n, coalesce(sum(seconds), 0) AS seconds FROM call WHERE company_id = $1"
EXPORTS = "SELECT id, state, rows_total, object_key FROM export WHERE company_id = $1"


@dataclass(frozen=True)
class Delivery:
    """A delivery at the end, and how often its gateway really took it."""

    id: UUID
    channel: str
    state: DeliveryState
    reason: str | None
    subscriber_id: UUID
    outcomes: Sequence[AttemptOutcome]
    received: int


@dataclass
class Verdict:
    """The figures, what broke a rule, and what an operator would want to look at."""

    figures: dict[str, object] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)

    def none(self, rule: str, found: Sequence[object]) -> None:
        """A rule that nothing may break."""
        self.figures[rule] = len(found)
        self.violations += [f"{rule}: {one}" for one in found]


async def under_way(database: str, exchanges: Sequence[Exchange]) -> int:
    """How many deliveries, outbox rows, exports and dropped files are not finished."""
    left = 0
    for exchange in exchanges:
        [row] = await _rows(database, exchange.office, UNDER_WAY)
        left += row["n"] + len(exchange.dropped) - row["files"]
    return left


async def calls_and_files(told: Verdict, database: str, exchanges: Sequence[Exchange]) -> None:
    """Check that each call that was dropped is there once, in rollups too, and each Excel file is whole."""
    lost: list[str] = []
    rollups: list[str] = []
    broken: list[str] = []
    states: Counter[str] = Counter()
    for exchange in exchanges:
        company = exchange.office.company.id
        [there] = await _rows(database, exchange.office, COUNTED)
        files = await _rows(database, exchange.office, FILES)
        wanted = exchange.calls
        loaded, corrected = (sum(file[name] for file in files) for name in ("loaded", "corrected"))
        # A call that its correction came before was never loaded itself.
        if (there["n"], there["seconds"], corrected) != (len(wanted), sum(wanted.values()), exchange.mended) or not (
            len(wanted) - exchange.mended <= loaded <= len(wanted)
        ):
            lost.append(f"{company}: {dict(there)} for {len(wanted)} calls of {sum(wanted.values())} s")
        for rollup in CALLS.rollups:
            columns = ", ".join((*rollup.keys, *CALLS.measures))
            made = f"SELECT {columns} FROM ({aggregate(CALLS, rollup, 'call', company='$1')}) AS made"  # noqa: S608 - constants
            kept = f"SELECT {columns} FROM {rollup.table} WHERE company_id = $1"  # noqa: S608 - constants
            differing = f"({kept} EXCEPT ALL {made}) UNION ALL ({made} EXCEPT ALL {kept})"
            rollups += [f"{rollup.table}: {dict(row)}" for row in await _rows(database, exchange.office, differing)]
        exports = await _rows(database, exchange.office, EXPORTS)
        states.update(export["state"] for export in exports)
        if len(exports) != exchange.asked:
            broken.append(f"{company}: {len(exports)} exports for {exchange.asked} requests")
        for export in exports:
            if export["state"] == "COMPLETED":
                rows = await asyncio.to_thread(exchange.rows, export["object_key"])
                if rows != export["rows_total"]:
                    broken.append(f"{export['id']}: {rows} rows of {export['rows_total']}")
            else:
                told.listed.append(f"no Excel file: {dict(export)}")
    told.figures |= {
        "files dropped": sum(len(exchange.dropped) for exchange in exchanges),
        "calls in them, once each": sum(len(exchange.calls) for exchange in exchanges),
        "… of which are corrected": sum(exchange.mended for exchange in exchanges),
        "Excel files asked for": sum(exchange.asked for exchange in exchanges),
        **{f"… Excel files {state}": count for state, count in sorted(states.items())},
    }
    told.none("calls lost or counted twice (companies)", lost)
    told.none("rows of rollups that are not what the calls say", rollups)
    told.none("Excel files lost or broken", broken)


async def verdict(
    database: str,
    offices: Sequence[Office],
    *,
    texts: Mapping[UUID, Sequence[str]],
    mails: Sequence[Message],
    kills: int,
) -> Verdict:
    """Check every rule. `texts` are the carrier's messages by delivery, `mails` what SES was handed."""
    told = Verdict()
    by_address = Counter(parseaddr(mail.to)[1] for mail in mails if mail.kind == "MAIL")
    found: list[Delivery] = []
    for office in offices:
        rows = await _rows(database, office, DELIVERIES)
        batches = await _rows(database, office, BATCHES)
        found += [_delivery(row, texts, by_address) for row in rows]
        _once_each(told, office, rows, batches)
    known = {delivery.id for delivery in found}
    states = Counter(delivery.state for delivery in found)
    doubles = [delivery for delivery in found if delivery.received > 1]
    told.figures |= {
        "messages asked for": len(found),
        **{f"… {state}": states[state] for state in DeliveryState if states[state]},
        "text messages that the carrier took": sum(len(ids) for ids in texts.values()),
        "mails that SES took": sum(by_address.values()),
        "attempts": sum(len(delivery.outcomes) for delivery in found),
    }
    told.none("not finished", [d for d in found if d.state in (DeliveryState.QUEUED, DeliveryState.SENDING)])
    told.none(
        "lost: said to have left, and no gateway has it", [d for d in found if d.state in LEFT and not d.received]
    )
    told.none(
        "gone unseen: a gateway has it, and nothing in the database says that it may",
        [d for d in found if d.received and not any(o in TAKEN for o in d.outcomes)],
    )
    told.none("messages at the carrier that nobody asked for", sorted(set(texts) - known))
    told.none(
        "more messages at a gateway than attempts that may have reached it",
        [d for d in found if d.received > sum(o in TAKEN for o in d.outcomes)],
    )
    told.figures["duplicates"] = len(doubles)
    told.figures["duplicates allowed (kills)"] = kills
    if sum(delivery.received - 1 for delivery in doubles) > kills:
        told.violations.append("more duplicates than kills")
    told.listed += [f"twice: {delivery}" for delivery in doubles]
    told.listed += [
        f"unknown, {'taken' if delivery.received else 'not taken'} by its gateway: {delivery}"
        for delivery in found
        if delivery.state is DeliveryState.UNKNOWN
    ]
    told.listed += [
        f"failed: {delivery}"
        for delivery in found
        if delivery.state is DeliveryState.FAILED and delivery.reason != "NOT_DELIVERED"
    ]
    return told


def _once_each(told: Verdict, office: Office, rows: Sequence[Any], batches: Sequence[Any]) -> None:
    """Every acknowledged request became one batch, and every person in it one invitation with two messages."""
    wanted = sum(len(people) for people in office.invited.values())
    company = office.company.id
    if len(batches) != len(office.invited) or sum(batch["invitations"] for batch in batches) != wanted:
        told.violations.append(f"{company}: {len(batches)} batches for {len(office.invited)} requests")
    people = Counter(row["subscriber_id"] for row in rows)
    if len(people) != wanted or set(people.values()) - {2}:
        told.violations.append(f"{company}: {len(people)} people with {Counter(people.values())} messages of {wanted}")


def _delivery(row: Any, texts: Mapping[UUID, Sequence[str]], mails: Mapping[str, int]) -> Delivery:
    sms = row["channel"] == "SMS"
    return Delivery(
        id=row["id"],
        channel=row["channel"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        subscriber_id=row["subscriber_id"],
        outcomes=[AttemptOutcome(outcome) for outcome in row["outcomes"] or ()],
        received=len(texts.get(row["id"], ())) if sms else mails.get(row["recipient"], 0),
    )


async def _rows(database: str, office: Office, sql: str) -> list[Any]:
    connection = await asyncpg.connect(database, timeout=5)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(office.company.id))
            rows: list[Any] = await connection.fetch(sql, office.company.id)
            return rows
    finally:
        await connection.close()
