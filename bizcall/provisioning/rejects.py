"""Events that are refused: listed, and given back as files that say why.

feeds/provisioning/<name>.json            dropped by the provider's systems
feeds/rejects/provisioning/<name>.json    the event as it came, with reason and path: outside the event filter
                                          `feeds/provisioning/`, so that an answer is never taken for an event
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from bizcall.database import directory, query
from bizcall.ids import uuid7
from bizcall.ports import Clock, Storage
from bizcall.provisioning import events
from bizcall.provisioning.reasons import Finding, sentence

ARRIVALS, REJECTS = "feeds/provisioning/", "feeds/rejects/provisioning/"
CONTENT_TYPE = "application/json"
KEY_BYTES = 1024
"""How long S3 lets a key be."""


def name(key: str) -> str | None:
    """The name of a file below `feeds/provisioning/`; None for a key that is no place for one, folders included."""
    found = key.removeprefix(ARRIVALS)
    # S3 takes NUL in a key; PostgreSQL has no place for it.
    return None if found == key or not found or found.endswith("/") or "\0" in found else found


def place(source: str) -> str:
    """Where the answer to a file lies: under its name, or a hash of it where S3 takes no longer one."""
    key = f"{REJECTS}{source.removesuffix('.json')}.json"
    if len(key.encode()) <= KEY_BYTES:
        return key
    return f"{REJECTS}{hashlib.sha256(source.encode()).hexdigest()}.json"


async def refuse(
    source: str, body: bytes | None, findings: Sequence[Finding], *, storage: Storage, clock: Clock
) -> None:
    """List a file whose event is refused, and store the answer. `body` is None for one that is too large to be read."""
    await _store(source, findings, _told(body), storage)
    event_id, subscription = events.names(body) if body is not None else (None, None)
    content = body if body is not None else source.encode()
    async with directory():
        await query(
            """
            INSERT INTO provisioning_event (
                id, event_id, subscription, state, reason, path, source, received_at, fingerprint
            ) VALUES ($1, $2, $3, 'REJECTED', $4, $5, $6, $7, $8)
            ON CONFLICT (fingerprint) DO UPDATE SET
                reason = excluded.reason, path = excluded.path, source = excluded.source,
                received_at = excluded.received_at
            """,
            uuid7(),
            event_id,
            subscription,
            findings[0].reason.value,
            findings[0].where,
            source,
            clock(),
            hashlib.blake2b(b"file\0" + content, digest_size=32).digest(),
        )


async def overdue(
    findings: Mapping[str, Finding], waiting: Sequence[Mapping[str, Any]], *, storage: Storage, before: datetime
) -> None:
    """Reject those of the waiting events that were received before, in the open transaction, and store the answers.

    Stored before the commit: a worker that dies in between does the same again.
    """
    late = [row for row in waiting if row["event_id"] in findings and row["received_at"] <= before]
    await reject({row["event_id"]: findings[row["event_id"]] for row in late}, late, storage=storage)


async def reject(findings: Mapping[str, Finding], waiting: Sequence[Mapping[str, Any]], *, storage: Storage) -> None:
    """Reject waiting events, each for what was found of it, in the open transaction, and store the answers."""
    for row in waiting:
        source = row["source"] or row["event_id"]
        await _store(source, [findings[row["event_id"]]], orjson.loads(row["body"]), storage)
    await query(
        """
        UPDATE provisioning_event SET state = 'REJECTED', reason = v.reason, path = v.path,
               body = body - 'adminMobile', numbers = '{}', due_at = NULL
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS v (id, reason, path) WHERE provisioning_event.id = v.id
        """,
        [row["id"] for row in waiting],
        [findings[row["event_id"]].reason.value for row in waiting],
        [findings[row["event_id"]].where for row in waiting],
    )


async def _store(source: str, findings: Sequence[Finding], event: Any, storage: Storage) -> None:
    problems = [
        {
            "code": found.reason.value,
            "path": list(found.path),
            "reason": sentence(found.reason),
            "reasonEn": sentence(found.reason, english=True),
        }
        for found in findings
    ]
    answer = {**problems[0], "problems": problems, "event": event}
    await storage.write(place(source), orjson.dumps(answer, option=orjson.OPT_INDENT_2), content_type=CONTENT_TYPE)


def _told(body: bytes | None) -> Any:
    """The event as it came: JSON as such, anything else as text."""
    if body is None:
        return None
    try:
        event = orjson.loads(body)
        # What was read as JSON can be written as JSON, but only to a quarter of the depth.
        orjson.dumps({"event": event})
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return body.decode("utf-8", "replace")
    return event
