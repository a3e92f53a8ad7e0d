"""How often something may be done, counted for all processes together: the bounds in one table, and one way to take.

A hit is reserved before the act, by one atomic statement: of a hundred requests at once at a limit of sixty, sixty
pass. A window begins with the first hit and doesn't move; so at most twice the limit fits into any span of a window's
length, half before its end and half after. A refused hit counts for nothing, neither under the bound that refuses it
nor under the act's other bounds.

Own code, because the packages for this count in the memory of one process, or in a Redis that nothing else here needs.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bizcall import networks
from bizcall.database import directory, query
from bizcall.errors import Throttled
from bizcall.ports import Clock, now

log = logging.getLogger(__name__)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
IPV6_PREFIX = 64
"""The bits of an IPv6 address that one customer is given at least; the others are his to change at will."""

EVERYBODY = "everybody"
"""The subject of a bound over the whole service."""

FORGOTTEN_AT_ONCE = 10_000


class Bucket(StrEnum):
    """What is done; the subject is named behind it."""

    ANONYMOUS_REQUEST = "ANONYMOUS_REQUEST"
    """A request of a stranger that reaches the database, per address."""

    REQUEST = "REQUEST"
    """A request with a session, per administrator."""

    COMPANY_REQUEST = "COMPANY_REQUEST"
    """The same, per company: all its administrators together."""

    CODE_FROM_ADDRESS = "CODE_FROM_ADDRESS"
    """A code sent, per address of who asks for it."""

    LOOKUP_FROM_ADDRESS = "LOOKUP_FROM_ADDRESS"
    """A look-up of a representative number (FN-01), per address."""

    LOOKUP_OF_NUMBER = "LOOKUP_OF_NUMBER"
    """A look-up of a representative number (FN-01), per number that is looked up."""

    SIGN_IN_FAILURE = "SIGN_IN_FAILURE"
    """A failed sign-in, per account over all its devices: reserve, then `give_back` when the password was right."""

    UNCONFIRMED_SENDING = "UNCONFIRMED_SENDING"
    """A sending to a few subscribers without a fresh code (S6), per administrator."""

    REVEAL = "REVEAL"
    """A customer or a text that is opened (CU-01, MS-01), per administrator."""

    UNMASKING = "UNMASKING"
    """Masking of customers switched off (CU-01), per company: each time all its administrators are told by SMS."""

    LOOKUP_HIT = "LOOKUP_HIT"
    """A look-up that found something, for `note` only: it writes as much as a miss, so that time tells nothing."""

    LOOKUP_MISS = "LOOKUP_MISS"
    """A look-up that found nothing, for `note` only: nothing is refused, but an alarm is due."""


@dataclass(frozen=True)
class Budget:
    """What a hit left of its bound: so many further hits until `reset_at`, when all `limit` may be had again."""

    limit: int
    remaining: int
    reset_at: datetime


@dataclass(frozen=True)
class Bound:
    """At most `limit` hits of one subject in a window. `name` is the published one, in camelCase."""

    name: str
    limit: int
    window: timedelta
    text: str


BOUNDS: dict[Bucket, tuple[Bound, ...]] = {
    Bucket.ANONYMOUS_REQUEST: (
        Bound("anonymousRequests", 60, MINUTE, "Requests without a session from one address in a minute."),
    ),
    Bucket.REQUEST: (Bound("requests", 600, MINUTE, "Requests of one administrator in a minute."),),
    Bucket.COMPANY_REQUEST: (
        Bound("companyRequests", 3_000, MINUTE, "Requests of one company's administrators in a minute."),
    ),
    Bucket.CODE_FROM_ADDRESS: (Bound("codesFromAddress", 30, DAY, "Codes that one address asks for in 24 hours."),),
    Bucket.LOOKUP_FROM_ADDRESS: (
        Bound("lookupsFromAddressInMinute", 5, MINUTE, "Look-ups of a representative number by one address a minute."),
        Bound("lookupsFromAddress", 20, DAY, "Look-ups of a representative number by one address in 24 hours."),
    ),
    Bucket.LOOKUP_OF_NUMBER: (Bound("lookupsOfNumber", 10, DAY, "Look-ups of one number in 24 hours."),),
    Bucket.SIGN_IN_FAILURE: (
        Bound("signInFailuresInHour", 50, HOUR, "Failed sign-ins of one ID in an hour, over all devices."),
    ),
    Bucket.UNCONFIRMED_SENDING: (
        Bound(
            "unconfirmedSendings", 3, HOUR, "Sendings to a few without a fresh code by one administrator in an hour."
        ),
    ),
    Bucket.REVEAL: (
        Bound("revealsInHour", 60, HOUR, "Customers and texts that one administrator opens in an hour."),
        Bound("reveals", 300, DAY, "The same in 24 hours; for more there are exports."),
    ),
    Bucket.UNMASKING: (
        Bound("unmaskings", 5, DAY, "Times that one company switches the masking of customers off in 24 hours."),
    ),
    Bucket.LOOKUP_HIT: (
        Bound("lookupHits", 1_000_000, HOUR, "Look-ups in an hour that find something, over the whole service."),
    ),
    Bucket.LOOKUP_MISS: (
        Bound("lookupMisses", 100, HOUR, "Look-ups in an hour that find nothing, over the whole service: an alarm."),
    ),
}

NOTED_ONLY = frozenset({Bucket.LOOKUP_HIT, Bucket.LOOKUP_MISS})
"""What is never refused, and so is no limit to tell anybody about."""


async def take(bucket: Bucket, subject: str | None, *, at: datetime) -> None:
    """Reserve one hit in the open transaction; raises Throttled. See `take_all`."""
    await take_all([(bucket, subject)], at=at)


async def take_all(hits: Iterable[tuple[Bucket, str | None]], *, at: datetime) -> list[Budget]:
    """Reserve one hit under every bound of these buckets, or under none, in one statement of the open transaction.

    A subject is an account's key, a number, or what `counted_address` made of an address; None is not counted. What
    must count even if the act fails has to be committed before the act. Raises Throttled, which has to leave the
    transaction: the hits of those bounds that had room are undone with it. Returns what is left of each bound, in the
    order of the hits.
    """
    asked = {
        (bound.name, _hashed(bound, subject)): bound
        for bucket, subject in hits
        if subject is not None
        for bound in BOUNDS[bucket]
    }
    if not asked:
        return []
    taken = await query(
        """
        INSERT INTO throttle AS t (bound, subject, remaining, ends_at)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::integer[], $4::timestamptz[])
        ORDER BY 1, 2
        ON CONFLICT (bound, subject) DO UPDATE SET
            remaining = CASE WHEN t.ends_at <= $5 THEN excluded.remaining ELSE t.remaining - 1 END,
            ends_at = CASE WHEN t.ends_at <= $5 THEN excluded.ends_at ELSE t.ends_at END
        WHERE t.ends_at <= $5 OR t.remaining > 0
        RETURNING bound, subject, remaining, ends_at
        """,
        [name for name, _ in asked],
        [subject for _, subject in asked],
        [bound.limit - 1 for bound in asked.values()],
        [at + bound.window for bound in asked.values()],
        at,
    )
    found = {(row["bound"], bytes(row["subject"])): row for row in taken}
    if refused := asked.keys() - found.keys():
        raise Throttled(await _free_at(list(refused), at))
    return [Budget(bound.limit, found[key]["remaining"], found[key]["ends_at"]) for key, bound in asked.items()]


async def give_back(bucket: Bucket, subject: str | None, *, at: datetime) -> None:
    """Undo a hit that was committed before an act which turned out not to count; in the open transaction."""
    if subject is None:
        return
    for bound in BOUNDS[bucket]:
        await query(
            """
            UPDATE throttle SET remaining = remaining + 1
            WHERE bound = $1 AND subject = $2 AND remaining < $3 AND ends_at > $4
            """,
            bound.name,
            _hashed(bound, subject),
            bound.limit,
            at,
        )


async def note(bucket: Bucket, subject: str = EVERYBODY, *, at: datetime) -> bool:
    """Count without refusing, in the open transaction; False, and a warning in the log, when a bound is passed."""
    try:
        await take(bucket, subject, at=at)
    except Throttled:
        log.warning("more than expected: %s", bucket.value, extra={"bucket": bucket.value})
        return False
    return True


async def prune(*, clock: Clock = now) -> int:
    """Delete windows that are over and return how many; at most 10,000 at once, the next minute takes the others."""
    async with directory():
        rows = await query(
            """
            DELETE FROM throttle WHERE (bound, subject) IN (
                SELECT bound, subject FROM throttle WHERE ends_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
            ) AND ends_at <= $1 RETURNING bound
            """,
            clock(),
            FORGOTTEN_AT_ONCE,
        )
    return len(rows)


def counted_address(address: str, exempt: tuple[str, ...] = ()) -> str | None:
    """The subject that an address counts as: an IPv6 one by its /64; None in one of the networks that are exempt.

    What is no address is a subject of its own, so that no gap in what a server tells lifts the bounds.
    """
    parsed = networks.read(address)
    if parsed is None:
        return address
    if networks.within(parsed, exempt):
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)


def _hashed(bound: Bound, subject: str) -> bytes:
    """Of one length, and nothing that somebody who sees the table could read."""
    return hashlib.sha256(f"{bound.name} {subject}".encode(errors="replace")).digest()


async def _free_at(full: list[tuple[str, bytes]], at: datetime) -> datetime:
    """When the last of these windows ends; their rows are locked by the statement that they refused."""
    [row] = await query(
        """
        SELECT max(ends_at) AS free_at FROM throttle
        WHERE (bound, subject) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))
        """,
        [name for name, _ in full],
        [subject for _, subject in full],
    )
    free_at: datetime | None = row["free_at"]
    return free_at or at
