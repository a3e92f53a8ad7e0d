"""What a batch of entries does to the holdings: decided row by row in memory, written in four statements.

Times never run backwards within a line: clocks of two processes may differ by milliseconds, and a change takes effect
no earlier than the one before it, or intervals would overlap.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bizcall.database import query
from bizcall.errors import ErrorCode, Problem
from bizcall.ids import uuid7
from bizcall.subscribers import rules
from bizcall.subscribers.entries import EDITABLE, Entry, Holder, Kind, Outcome


@dataclass(frozen=True)
class Standing:
    """What the database says about the lines of a batch, under their locks.

    `lines` are those that the company has, with their RID; `departments` those that may be assigned; `current` the
    holder and `freed_at` the end of the last holding, by line; `existing` those of the batch's subscriber ids that
    are the company's, wherever they stand.
    """

    lines: Mapping[UUID, str | None]
    departments: Collection[UUID]
    current: Mapping[UUID, Holder]
    freed_at: Mapping[UUID, datetime]
    existing: Collection[UUID]


class Plan:
    """Collects the changes of a batch that takes effect at `at`."""

    def __init__(self, standing: Standing, at: datetime) -> None:
        self._standing = standing
        self._at = at
        self._taken: set[UUID] = set()
        self._updates: list[tuple[Any, ...]] = []
        self._inserts: list[tuple[Any, ...]] = []
        self._moves: list[tuple[UUID, UUID | None, datetime, bool]] = []

    def decide(self, entry: Entry) -> Outcome:
        """Note what the entry changes, and say what that is."""
        refusal = self._refusal(entry)
        if refusal is not None:
            return Outcome(None, Kind.REFUSED, refusal)
        self._taken.add(entry.line_id)
        holder = self._standing.current.get(entry.line_id)
        if holder is not None and entry.subscriber_id is not None:
            return self._edit(holder, entry)
        if holder is not None:
            return Outcome(self._start(entry, self._end(holder)), Kind.REPLACED)
        freed_at = self._standing.freed_at.get(entry.line_id, self._at)
        return Outcome(self._start(entry, max(self._at, freed_at)), Kind.NEW)

    def end(self, holder: Holder) -> None:
        """Note that a holding ends and leaves its line free."""
        self._end(holder)

    def move(self, holder: Holder, department_id: UUID | None) -> None:
        """Note that a holder changes department and nothing else."""
        at = max(self._at, holder.updated_at)
        self._updates.append((holder.id, department_id, *(getattr(holder, name) for name in EDITABLE[1:]), at, None))
        self._moves.append((holder.id, department_id, at, False))

    async def write(self, company_id: UUID) -> None:
        """Write what was noted, in the open transaction that holds the lines' locks."""
        if self._updates:
            await query(
                "UPDATE subscriber SET department_id = v.department_id, name = v.name, position = v.position,"
                " mobile = v.mobile, email = v.email, rid_enabled = v.rid_enabled, app_enabled = v.app_enabled,"
                " updated_at = v.at, ended_at = v.ended_at, revision = subscriber.revision + 1"
                " FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],"
                " $9::boolean[], $10::timestamptz[], $11::timestamptz[])"
                " AS v (id, department_id, name, position, mobile, email, rid_enabled, app_enabled, at, ended_at)"
                " WHERE subscriber.company_id = $1 AND subscriber.id = v.id",
                company_id,
                *_columns(self._updates),
            )
        if self._inserts:
            await query(
                "INSERT INTO subscriber (company_id, id, line_id, department_id, name, position, mobile, email,"
                " rid_enabled, app_enabled, started_at, updated_at)"
                " SELECT $1, v.*, v.started_at"
                " FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],"
                " $9::boolean[], $10::boolean[], $11::timestamptz[])"
                " AS v (id, line_id, department_id, name, position, mobile, email, rid_enabled, app_enabled,"
                " started_at)",
                company_id,
                *_columns(self._inserts),
            )
        await self._write_memberships(company_id)

    async def _write_memberships(self, company_id: UUID) -> None:
        starts = [(row[0], row[2], row[9]) for row in self._inserts]
        if self._moves:
            # A membership that began at this very moment has lasted for no time: it is corrected, not ended.
            moved = await query(
                "UPDATE membership SET"
                " ended_at = CASE WHEN v.leaves OR membership.started_at < v.at THEN v.at END,"
                " department_id = CASE WHEN v.leaves OR membership.started_at < v.at"
                " THEN membership.department_id ELSE v.department_id END"
                " FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::boolean[])"
                " AS v (subscriber_id, department_id, at, leaves)"
                " WHERE membership.company_id = $1 AND membership.subscriber_id = v.subscriber_id"
                " AND membership.ended_at IS NULL"
                " RETURNING membership.subscriber_id, v.department_id, v.at,"
                " NOT v.leaves AND membership.ended_at IS NOT NULL AS moved",
                company_id,
                *_columns(self._moves),
            )
            starts += [(row["subscriber_id"], row["department_id"], row["at"]) for row in moved if row["moved"]]
        if starts:
            await query(
                "INSERT INTO membership (company_id, subscriber_id, department_id, started_at)"
                " SELECT $1, v.* FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[])"
                " AS v (subscriber_id, department_id, started_at)",
                company_id,
                *_columns(starts),
            )

    def _refusal(self, entry: Entry) -> Problem | None:
        if entry.line_id not in self._standing.lines:
            return Problem(ErrorCode.NOT_FOUND, ("lineId",))
        if entry.line_id in self._taken:
            return Problem(ErrorCode.DUPLICATE, ("lineId",))
        if entry.department_id is not None and entry.department_id not in self._standing.departments:
            return Problem(ErrorCode.NOT_FOUND, ("departmentId",))
        rid_enabled = rules.clean_rid_enabled(entry.rid_enabled, self._standing.lines[entry.line_id])
        if isinstance(rid_enabled, Problem):
            return rid_enabled
        return self._conflict(entry, self._standing.current.get(entry.line_id))

    def _conflict(self, entry: Entry, holder: Holder | None) -> Problem | None:
        """Whether the line's row is no longer the one that the author saw (IN-04)."""
        if entry.subscriber_id is not None:
            if entry.subscriber_id not in self._standing.existing:
                return Problem(ErrorCode.NOT_FOUND, ("subscriberId",))
            if holder is None or holder.id != entry.subscriber_id:
                return Problem(ErrorCode.CONFLICT, ("subscriberId",))
            return None if holder.revision == entry.revision else Problem(ErrorCode.CONFLICT, ("revision",))
        if entry.seen is not None:
            now = (None, None) if holder is None else (holder.id, holder.revision)
            if now != (entry.seen.subscriber_id, entry.seen.revision):
                return Problem(ErrorCode.CONFLICT, ("subscriberId",))
        return None

    def _edit(self, holder: Holder, entry: Entry) -> Outcome:
        if holder.matches(entry):
            return Outcome(holder.id, Kind.UNCHANGED)
        at = max(self._at, holder.updated_at)
        self._updates.append((holder.id, *(getattr(entry, name) for name in EDITABLE), at, None))
        if holder.department_id != entry.department_id:
            self._moves.append((holder.id, entry.department_id, at, False))
        return Outcome(holder.id, Kind.CHANGED)

    def _end(self, holder: Holder) -> datetime:
        at = max(self._at, holder.updated_at)
        self._updates.append((holder.id, *(getattr(holder, name) for name in EDITABLE), at, at))
        self._moves.append((holder.id, None, at, True))
        return at

    def _start(self, entry: Entry, at: datetime) -> UUID:
        key = uuid7()
        self._inserts.append((key, entry.line_id, *(getattr(entry, name) for name in EDITABLE), at))
        return key


def _columns(rows: list[tuple[Any, ...]] | list[tuple[UUID, UUID | None, datetime, bool]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
