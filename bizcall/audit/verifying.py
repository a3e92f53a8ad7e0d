"""Verifying: are records and seals still what was sealed? (P2)

One seal a transaction, so that a chain of years holds nothing back; the chain's row is held meanwhile, so that
forgetting doesn't take a seal away under the eyes of whoever looks at it. What nobody can find out from inside is a
chain that was made anew as a whole: its heads differ from those in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from bizcall.audit import chain
from bizcall.audit.forgetting import KEPT
from bizcall.database import directory, query, tenant

FAULTS_MOST = 100

logger = logging.getLogger(__name__)


class FaultKind(StrEnum):
    """What is wrong with a chain."""

    CONTENT_CHANGED = "CONTENT_CHANGED"
    """A record of the seal was changed or put into another order, or the seal itself was changed."""

    RECORDS_REMOVED = "RECORDS_REMOVED"
    """Fewer records stand in the seal's stretch of time than were sealed."""

    RECORDS_ADDED = "RECORDS_ADDED"
    """More do: some were put in with an earlier time."""

    SEAL_MISSING = "SEAL_MISSING"
    """There is no seal of that number, and it is not too old to be kept."""

    SEAL_UNLINKED = "SEAL_UNLINKED"
    """The seal doesn't go on where the one before it, or the chain's head, says: one of both was changed."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and at which seal."""

    number: int
    kind: FaultKind


@dataclass
class Verdict:
    """What was found in a company's chain: `last` is the last seal looked at, `done` says that none follows."""

    company_id: UUID
    seals: int = 0
    records: int = 0
    last: int = 0
    done: bool = False
    faults: list[Fault] = field(default_factory=list)

    def add(self, number: int, kind: FaultKind) -> None:
        """Note a fault, the first hundred of them."""
        if len(self.faults) < FAULTS_MOST:
            self.faults.append(Fault(number, kind))


class Broken(Exception):
    """Some chains don't hold; the log says which and how."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__(f"{len(verdicts)} broken audit chains")
        self.verdicts = verdicts


@dataclass(frozen=True)
class _Sealed:
    """A row of audit_seal."""

    number: int
    recorded_from: datetime
    recorded_to: datetime
    records: int
    previous_hash: bytes
    hash: bytes
    sealed_at: datetime
    young: bool
    """Whether the seal before this one should still be kept."""


async def verify(company_id: UUID, *, after: int = 0, stop: Callable[[], bool] = lambda: False) -> Verdict:
    """Recompute the company's seals, from the first kept one or from behind number `after`, until `stop`."""
    verdict = Verdict(company_id, last=after)
    before: _Sealed | None = None
    if after:
        async with tenant(company_id):
            before = await _sealed(company_id, "number = $3", after)
    while not verdict.done and not stop():
        async with tenant(company_id):
            head, young = await _held(company_id)
            found = await _sealed(company_id, "number > $3 ORDER BY number LIMIT 1", verdict.last)
            if found is None:
                _compare_with_head(verdict, before, head, young)
                verdict.done = True
                break
            await _check(verdict, found, before)
        before, verdict.last = found, found.number
    return verdict


async def verify_due(*, stop: Callable[[], bool] = lambda: False) -> int:
    """Verify the chains of all companies, those first that waited longest, until `stop`; return how many seals.

    A chain that takes longer than the time is gone on with the next time. Raises an ExceptionGroup at the end: Broken
    for the chains that don't hold, and what kept others from being verified.
    """
    seals, broken = 0, []
    failures: list[Exception] = []
    for company_id in await chain.least_recently("verified_at"):
        if stop():
            break
        try:
            verdict = await _continue(company_id, stop)
        except Exception as failure:
            failures.append(failure)
            continue
        seals += verdict.seals
        if verdict.faults:
            broken.append(verdict)
            found = [f"{fault.kind} at seal {fault.number}" for fault in verdict.faults]
            logger.error("an audit chain is broken", extra={"company_id": str(company_id), "faults": found})
    if broken:
        failures.append(Broken(broken))
    if failures:
        raise ExceptionGroup("chains that are broken, or could not be verified", failures)
    return seals


async def _continue(company_id: UUID, stop: Callable[[], bool]) -> Verdict:
    """Verify from where the last time ended, and note how far this time came."""
    verdict = await verify(company_id, after=await _reached(company_id), stop=stop)
    async with directory():
        await query(
            "UPDATE audit_chain SET verified_number = $2,"
            " verified_at = CASE WHEN $3 THEN now() ELSE verified_at END WHERE company_id = $1",
            company_id,
            0 if verdict.done else verdict.last,
            verdict.done,
        )
    return verdict


async def _reached(company_id: UUID) -> int:
    async with directory():
        (row,) = await query("SELECT verified_number FROM audit_chain WHERE company_id = $1", company_id)
    reached: int = row["verified_number"]
    return reached


async def _held(company_id: UUID) -> tuple[chain.Head, bool]:
    """The head of the chain, held by the open transaction, and whether its seal should still be kept."""
    rows = await query(
        "SELECT number, hash, recorded_to, number > 0 AND recorded_to > now() - $2::interval AS young"
        " FROM audit_chain WHERE company_id = $1 FOR SHARE",
        company_id,
        KEPT,
    )
    if not rows:
        return chain.Head(0, chain.GENESIS, chain.EPOCH), False
    (row,) = rows
    return chain.Head(row["number"], bytes(row["hash"]), row["recorded_to"]), row["young"]


async def _sealed(company_id: UUID, condition: str, number: int) -> _Sealed | None:
    # The condition is one of ours.
    rows: list[dict[str, Any]] = await query(
        "SELECT number, recorded_from, recorded_to, records, previous_hash, hash, sealed_at,"  # noqa: S608
        f" recorded_from > now() - $2::interval AS young FROM audit_seal WHERE company_id = $1 AND {condition}",
        company_id,
        KEPT,
        number,
    )
    return _Sealed(**rows[0]) if rows else None


async def _check(verdict: Verdict, found: _Sealed, before: _Sealed | None) -> None:
    """One seal: how it hangs on the one before it, and whether its records are those that were sealed."""
    number = found.number
    if before is None and number == 1:
        before_hash, begins = chain.GENESIS, chain.EPOCH
    elif before is None:
        # The oldest that is kept: what came before it was forgotten, if it was old enough.
        before_hash, begins = found.previous_hash, found.recorded_from
        if found.young:
            verdict.add(number - 1, FaultKind.SEAL_MISSING)
        if await _any_before(verdict.company_id, found.recorded_from):
            verdict.add(number, FaultKind.RECORDS_ADDED)
    elif before.number == number - 1:
        before_hash, begins = before.hash, before.recorded_to
    else:
        before_hash, begins = found.previous_hash, found.recorded_from
        verdict.add(before.number + 1, FaultKind.SEAL_MISSING)
    if (found.previous_hash, found.recorded_from) != (before_hash, begins):
        verdict.add(number, FaultKind.SEAL_UNLINKED)
    digest = chain.Digest(
        verdict.company_id,
        number,
        (found.recorded_from, found.recorded_to),
        found.previous_hash,
        found.sealed_at,
    )
    async for row in chain.recorded(verdict.company_id, found.recorded_from, found.recorded_to):
        digest.add(row)
    verdict.seals += 1
    verdict.records += digest.records
    if digest.records < found.records:
        verdict.add(number, FaultKind.RECORDS_REMOVED)
    elif digest.records > found.records:
        verdict.add(number, FaultKind.RECORDS_ADDED)
    elif digest.finish() != found.hash:
        verdict.add(number, FaultKind.CONTENT_CHANGED)


def _compare_with_head(verdict: Verdict, before: _Sealed | None, head: chain.Head, young: bool) -> None:
    """Behind the last seal: the head must be its, and without any seal it must be old or not have begun."""
    if before is None:
        if young:
            verdict.add(head.number, FaultKind.SEAL_MISSING)
    elif before.number < head.number:
        verdict.add(before.number + 1, FaultKind.SEAL_MISSING)
    elif (before.number, before.hash, before.recorded_to) != (head.number, head.hash, head.recorded_to):
        verdict.add(before.number, FaultKind.SEAL_UNLINKED)


async def _any_before(company_id: UUID, moment: datetime) -> bool:
    rows = await query(
        "SELECT id FROM audit_record WHERE company_id = $1 AND recorded_at < $2 LIMIT 1", company_id, moment
    )
    return bool(rows)
