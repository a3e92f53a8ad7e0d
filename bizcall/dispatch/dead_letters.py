"""Dead letters: why messages ended there, and how they are sent again.

    note      by the worker, after each failure: the reason, filed under the queue's name and the message's id
    listed    what waits in a dead-letter queue, each with the reason of its last failure
    redrive   back into the queue it came from: sent first, then deleted, so that none is lost
    prune     forget the reasons of messages that no queue keeps any more

A letter keeps its id on all its ways, so consumers that note ids in the inbox know it again; a redrive that is broken
off between sending and deleting may be repeated, and at worst delivers a message twice, as any queue may at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bizcall.database import directory, query
from bizcall.dispatch.inbox import KEPT
from bizcall.errors import Unavailable
from bizcall.ports import Clock, now

REASON_LONGEST = 500
UNKNOWN = "no reason was noted: the worker was killed or ran out of time, or the database was away"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeadLetter:
    """One message of a dead-letter queue. `id` is what logs and reasons know it by, `stay` is new with each sending."""

    id: str
    stay: str
    receipt: str
    body: str
    group: str | None
    sent_at: datetime
    request_id: str = ""


class DeadLetters(Protocol):
    """The dead-letter queues of a deployment; `queue` is always the logical name of the queue that they belong to."""

    async def source(self, queue: str) -> str:
        """The full name of the queue, under which reasons are filed; raises KeyError for one that isn't there."""

    async def count(self, queue: str) -> int:
        """About how many wait, those that somebody holds included."""

    async def take(self, queue: str, most: int) -> Sequence[DeadLetter]:
        """Hold at most `most` and at most 10 for a minute, in the order of their groups; none when there are none."""

    async def give_back(self, queue: str, letters: Sequence[DeadLetter]) -> None:
        """Hold them no longer."""

    async def send_again(self, queue: str, letters: Sequence[DeadLetter]) -> Sequence[DeadLetter]:
        """Send to the queue, ids and groups as they were, and return those that were taken."""

    async def delete(self, queue: str, letters: Sequence[DeadLetter]) -> None:
        """Remove them from the dead letters."""


@dataclass(frozen=True)
class Reason:
    """Why a message failed the last time, how often it did in all, and how often somebody sent it again."""

    text: str
    failures: int = 0
    failed_at: datetime | None = None
    redriven: int = 0


@dataclass(frozen=True)
class Listed:
    """What an operator sees of a dead letter: never its body, in which a file's name may be a person's."""

    id: str
    sent_at: datetime
    reason: Reason


@dataclass(frozen=True)
class Redriven:
    """What a redrive did: ids sent again, and about how many letters are left."""

    ids: Sequence[str]
    left: int


async def note(queue: str, message_id: str, reason: str, *, clock: Clock = now) -> None:
    """File why a message failed, in place of its last reason; `reason` must hold nothing personal.

    `queue` is the queue's full name.
    """
    async with directory():
        await query(
            """
            INSERT INTO message_failure (queue, message_id, failures, reason, failed_at) VALUES ($1, $2, 1, $3, $4)
            ON CONFLICT (queue, message_id) DO UPDATE
            SET failures = message_failure.failures + 1, reason = excluded.reason, failed_at = excluded.failed_at
            """,
            queue,
            message_id,
            reason[:REASON_LONGEST],
            clock(),
        )


async def listed(queue: str, *, letters: DeadLetters, limit: int = 100) -> list[Listed]:
    """At most `limit` dead letters of a queue with their reasons, oldest first; they stay where they are.

    Of a FIFO queue's group only as many as one request brings: the rest of it waits behind them. While the database is
    away the letters are listed without reasons.
    """
    held: list[DeadLetter] = []
    try:
        while len(held) < limit and (batch := await letters.take(queue, limit - len(held))):
            held += batch
        reasons = await _reasons(await letters.source(queue), [letter.id for letter in held])
    finally:
        await letters.give_back(queue, held)
    found = [reasons.get(letter.id, Reason(UNKNOWN)) for letter in held]
    both = sorted(zip(held, found, strict=True), key=lambda pair: (pair[0].sent_at, pair[0].id))
    return [Listed(letter.id, letter.sent_at, reason) for letter, reason in both]


async def redrive(queue: str, *, letters: DeadLetters, limit: int | None = None, clock: Clock = now) -> Redriven:
    """Send dead letters to the queue they came from, at most `limit` (all that are there now), each once in this run.

    A letter that fails again meanwhile and comes back is left where it is. Stops when the queue takes no more.
    """
    most = await letters.count(queue) if limit is None else limit
    sent: list[str] = []
    while len(sent) < most and (batch := await letters.take(queue, most - len(sent))):
        fresh = [letter for letter in batch if letter.id not in sent]
        taken = await letters.send_again(queue, fresh)
        await letters.delete(queue, taken)
        sent += [letter.id for letter in taken]
        rest = [letter for letter in batch if letter not in taken]
        if rest:
            await letters.give_back(queue, rest)
            break
    await _count_redriven(await letters.source(queue), sent, clock=clock)
    return Redriven(sent, await letters.count(queue))


async def prune(*, clock: Clock = now, limit: int = 10_000) -> int:
    """Forget failures of messages that can't be in any queue any more, at most `limit`, and return how many."""
    async with directory():
        rows = await query(
            """
            DELETE FROM message_failure WHERE (queue, message_id) IN (
                SELECT queue, message_id FROM message_failure WHERE failed_at < $1 ORDER BY failed_at LIMIT $2
            ) RETURNING message_id
            """,
            clock() - KEPT,
            limit,
        )
    return len(rows)


async def _reasons(queue: str, ids: Sequence[str]) -> dict[str, Reason]:
    try:
        async with directory():
            rows = await query(
                """
                SELECT message_id, reason, failures, failed_at, redriven FROM message_failure
                WHERE queue = $1 AND message_id = ANY($2::text[])
                """,
                queue,
                list(ids),
            )
    except Unavailable:
        return {}
    return {
        row["message_id"]: Reason(row["reason"] or UNKNOWN, row["failures"], row["failed_at"], row["redriven"])
        for row in rows
    }


async def _count_redriven(queue: str, ids: Sequence[str], *, clock: Clock) -> None:
    """Only a note for the next who lists them: without the database the letters are sent all the same."""
    try:
        async with directory():
            await query(
                """
                INSERT INTO message_failure (queue, message_id, failed_at, redriven)
                SELECT $1, unnest($2::text[]), $3, 1
                ON CONFLICT (queue, message_id) DO UPDATE SET redriven = message_failure.redriven + 1
                """,
                queue,
                sorted(set(ids)),
                clock(),
            )
    except Unavailable:
        logger.warning("%d letters were redriven without a note of it", len(ids))
