"""Operations that must not happen twice: the same key with the same input gets the stored answer, for 24 hours.

The key is claimed in the business transaction itself, by an insert into a unique index. So PostgreSQL lets a second
request with the same key wait until the first has ended: it then finds the answer, or, when the first was rolled back,
does the work. A refused input is rolled back with its key and can be mended and sent again under it.

Own code: the packages for this keep their own store, whose commit is not that of the business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ports import Clock, now

LIFE = timedelta(hours=24)
KEY_LONGEST = 255
FORGOTTEN_AT_ONCE = 20
FIELD = ("idempotencyKey",)

Answer = dict[str, Any]
Work = Callable[[], Awaitable[Answer]]


async def once(
    company_id: UUID,
    operation: str,
    key: str | None,
    given: Mapping[str, Any],
    work: Work,
    *,
    clock: Clock = now,
) -> Answer:
    """Do `work` and keep its answer, or return the answer that this key has got before; without a key just do it.

    Needs an open `tenant()` transaction, in which `work` runs too. `given` is the whole input but the key, of JSON
    values, UUIDs and times; the answer is a JSON object without secrets (keys of rows, not rows). Raises Invalid:
    KEY_REUSED when the key came with another operation or input, TOO_LONG or REQUIRED for what is no key.
    """
    if key is None:
        return await work()
    at = clock()
    _check(key)
    claimed = await query(
        """
        INSERT INTO idempotency_key (company_id, key, operation, input_hash, answer, created_at)
        VALUES ($1, $2, $3, $4, 'null', $5)
        ON CONFLICT (company_id, key) DO UPDATE
        SET operation = excluded.operation, input_hash = excluded.input_hash, answer = excluded.answer,
            created_at = excluded.created_at
        WHERE idempotency_key.company_id = $1 AND idempotency_key.created_at <= $6
        RETURNING key
        """,
        company_id,
        key,
        operation,
        fingerprint(operation, given),
        at,
        at - LIFE,
    )
    if not claimed:
        (kept,) = await _kept(company_id, key, at)
        return _stored(kept, operation, given)
    answer = await work()
    await _keep(company_id, key, answer, at - LIFE)
    # Through JSON, so that the first caller gets exactly what the later ones will get.
    told: Answer = orjson.loads(orjson.dumps(answer, default=_plain))
    return told


async def known(
    company_id: UUID, operation: str, key: str | None, given: Mapping[str, Any], *, clock: Clock = now
) -> Answer | None:
    """The answer that this key has got before, in an open `tenant()` transaction; None if none, or without a key.

    For operations that look at rows or files before the transaction in which `once` does the work: what they find may
    be the work of the first request. Raises Invalid like `once`.
    """
    if key is None:
        return None
    _check(key)
    rows = await _kept(company_id, key, clock())
    return _stored(rows[0], operation, given) if rows else None


def _check(key: str) -> None:
    if not key.strip():
        raise Invalid(Problem(ErrorCode.REQUIRED, FIELD))
    if len(key) > KEY_LONGEST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, FIELD, {"maximum": str(KEY_LONGEST)}))


async def _kept(company_id: UUID, key: str, at: datetime) -> list[dict[str, Any]]:
    """The row of a key that isn't over, if there is one."""
    return await query(
        """
        SELECT operation, input_hash, answer::text AS answer FROM idempotency_key
        WHERE company_id = $1 AND key = $2 AND created_at > $3
        """,
        company_id,
        key,
        at - LIFE,
    )


def _stored(kept: Mapping[str, Any], operation: str, given: Mapping[str, Any]) -> Answer:
    if kept["operation"] != operation or bytes(kept["input_hash"]) != fingerprint(operation, given):
        raise Invalid(Problem(ErrorCode.KEY_REUSED, FIELD))
    stored: Answer = orjson.loads(kept["answer"])
    return stored


def _plain(value: object) -> str:
    """The driver's UUIDs are a class of their own, which orjson doesn't know; raises TypeError for anything else."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"an answer holds a {type(value).__name__}")


async def _keep(company_id: UUID, key: str, answer: Answer, before: datetime) -> None:
    """Note the answer, and delete a few of the company's keys that are over.

    Who makes keys tidies up, so that no sweep has to visit all companies.
    """
    await query(
        """
        WITH forgotten AS (
            DELETE FROM idempotency_key WHERE company_id = $1 AND key IN (
                SELECT key FROM idempotency_key WHERE company_id = $1 AND created_at <= $4
                LIMIT $5 FOR UPDATE SKIP LOCKED
            )
        )
        UPDATE idempotency_key SET answer = $3::jsonb WHERE company_id = $1 AND key = $2
        """,
        company_id,
        key,
        orjson.dumps(answer, default=_plain).decode(),
        before,
        FORGOTTEN_AT_ONCE,
    )


def fingerprint(operation: str, given: Mapping[str, Any]) -> bytes:
    """What tells inputs apart: a hash that doesn't depend on the order of an object's keys."""
    text = orjson.dumps(given, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return hashlib.blake2b(operation.encode() + b"\0" + text, digest_size=32).digest()
