"""The outbox: messages wait as rows until a queue has taken them, so that none is lost and none is sent for nothing.

A row is deleted only after the queue took its message; between the two a process may die, so a message may be sent
twice, and consumers keep an inbox. The sweep gives no order, not even within a group.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from bizcall import request_ids
from bizcall.database import directory, query
from bizcall.errors import Unavailable
from bizcall.ids import uuid7
from bizcall.models import Outbox
from bizcall.ports import Clock, Letter, Queue, now

PUBLISHER_LEASE = timedelta(seconds=10)
"""How long the process that wrote a row has for publishing it before the sweep takes it over."""

BACKOFF_MOST_SECONDS = 900
PUBLISHED_AT_ONCE = 500
"""Messages that the process which wrote them sends itself: somebody may be waiting for its answer."""

logger = logging.getLogger(__name__)


async def put(
    queue: str,
    body: Mapping[str, Any],
    *,
    company_id: UUID | None,
    group: str | None = None,
    delay: timedelta = timedelta(0),
    clock: Clock = now,
) -> UUID:
    """Write a message into the open transaction and return its id, which is to be given to `publish` after commit.

    `queue` is the logical name; `group` orders messages of a FIFO queue. A message with a `delay` isn't published but
    left to the sweep. `body` becomes JSON and must hold nothing that may not be read in the database or in a queue:
    name rows by key.
    """
    at = clock()
    row = await Outbox.create(
        id=uuid7(),
        company_id=company_id,
        queue=queue,
        message_group=group,
        body=dict(body),
        created_at=at,
        due_at=at + (delay or PUBLISHER_LEASE),
        request_id=request_ids.current(),
    )
    return row.id


async def put_many(
    queue: str, bodies: Sequence[Mapping[str, Any]], *, company_id: UUID, clock: Clock = now
) -> list[UUID]:
    """`put` for thousands of messages without group, by one statement; the ids are in the order of the bodies."""
    ids = [uuid7() for _ in bodies]
    at = clock()
    await query(
        """
        INSERT INTO outbox (id, company_id, queue, body, created_at, due_at, request_id)
        SELECT id, $1, $2, body, $3, $4, $7 FROM unnest($5::uuid[], $6::jsonb[]) AS message (id, body)
        """,
        company_id,
        queue,
        at,
        at + PUBLISHER_LEASE,
        ids,
        [orjson.dumps(body).decode() for body in bodies],
        request_ids.current(),
    )
    return ids


async def publish(ids: Iterable[UUID], *, queue: Queue) -> None:
    """Send messages whose transaction has just committed; call it outside of any transaction.

    At most 500 are sent; the others, like those that the queue doesn't take, go with the next sweep.
    Never raises for what befalls the sending: the change is committed and the sweep will send what is left.
    """
    wanted = list(ids)[:PUBLISHED_AT_ONCE]
    if not wanted:
        return
    try:
        async with directory():
            rows = await query(
                "SELECT id, queue, message_group, body, request_id FROM outbox WHERE id = ANY($1::uuid[]) ORDER BY id",
                wanted,
            )
        await _send(rows, queue)
    except Exception:
        # Whatever it is, telling the client that a committed change failed would make him do it again.
        logger.exception("messages are left to the sweep", extra={"messages": len(wanted)})


async def sweep(*, queue: Queue, clock: Clock = now, limit: int = 100) -> int:
    """Send messages that are due, at most `limit`, and return how many the queues took.

    Rows are claimed by a lease that doubles with each attempt (2 s to 15 min): no lock is held while sending, and
    sweepers that run at the same time take different rows. Raises Unavailable after all were tried when some were not
    taken: their publisher has failed with them before, and nobody else would tell that a queue stays away.
    """
    async with directory():
        rows = await query(
            """
            UPDATE outbox
            SET attempts = attempts + 1,
                due_at = $1 + make_interval(secs => least($3, 2 * power(2, least(attempts, 20))))
            WHERE id IN (SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING id, queue, message_group, body, request_id
            """,
            clock(),
            limit,
            float(BACKOFF_MOST_SECONDS),
        )
    taken = await _send(sorted(rows, key=lambda row: row["id"]), queue)
    if taken < len(rows):
        raise Unavailable(f"{len(rows) - taken} messages were not taken by their queues")
    return taken


async def _send(rows: Sequence[Mapping[str, Any]], queue: Queue) -> int:
    """Send rows, queue by queue, and delete those that were taken. One queue's failure doesn't keep the others'."""
    letters: dict[str, list[Letter]] = defaultdict(list)
    for row in rows:
        letter = Letter(str(row["id"]), row["body"], row["message_group"], row["request_id"])
        letters[row["queue"]].append(letter)
    taken: set[str] = set()
    for name, batch in letters.items():
        try:
            sent = await queue.send(name, batch)
            taken |= sent
            _tell(name, [letter for letter in batch if letter.id in sent])
        except Exception:
            # The rows stay, and the lease brings them back; the log is where a queue that is missing shows.
            logger.exception("queue %s did not take %d messages", name, len(batch))
    if taken:
        async with directory():
            await query("DELETE FROM outbox WHERE id = ANY($1::uuid[])", sorted(taken))
    return len(taken)


def _tell(name: str, letters: Sequence[Letter]) -> None:
    """Log each request's messages under its own id: the sweep sends those of many."""
    for request_id, count in Counter(letter.request_id for letter in letters).items():
        with request_ids.carried(request_id or request_ids.current()):
            logger.info("sent to the queue %s", name, extra={"messages": count})
