"""What each entry of a batch means for its line: decided row by row, under the locks of all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bizcall.errors import ErrorCode, Problem
from bizcall.subscribers import rules
from bizcall.subscribers.changes import Changes
from bizcall.subscribers.entries import Entry, Holder, Kind, Outcome


@dataclass(frozen=True)
class Standing:
    """What the database says about the lines of a batch.

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
    """Decides on entries in their order and notes what they change."""

    def __init__(self, standing: Standing, changes: Changes) -> None:
        self._standing = standing
        self._changes = changes
        self._taken: set[UUID] = set()

    def decide(self, entry: Entry) -> Outcome:
        """Note what the entry changes, and say what that is."""
        holder = self._standing.current.get(entry.line_id)
        refusal = self._refusal(entry, holder)
        if refusal is not None:
            return Outcome(None, Kind.REFUSED, refusal)
        self._taken.add(entry.line_id)
        if holder is None:
            freed_at = self._standing.freed_at.get(entry.line_id)
            return Outcome(self._changes.start(entry, freed_at=freed_at), Kind.NEW)
        if entry.subscriber_id is None:
            freed_at = self._changes.end(holder)
            return Outcome(self._changes.start(entry, freed_at=freed_at), Kind.REPLACED, ended_id=holder.id)
        if holder.matches(entry):
            return Outcome(holder.id, Kind.UNCHANGED)
        self._changes.edit(holder, entry)
        return Outcome(holder.id, Kind.CHANGED)

    def _refusal(self, entry: Entry, holder: Holder | None) -> Problem | None:
        if entry.line_id not in self._standing.lines:
            return Problem(ErrorCode.NOT_FOUND, ("lineId",))
        if entry.line_id in self._taken:
            return Problem(ErrorCode.DUPLICATE, ("lineId",))
        if entry.department_id is not None and entry.department_id not in self._standing.departments:
            return Problem(ErrorCode.NOT_FOUND, ("departmentId",))
        rid_enabled = rules.clean_rid_enabled(entry.rid_enabled, self._standing.lines[entry.line_id])
        if isinstance(rid_enabled, Problem):
            return rid_enabled
        return self._conflict(entry, holder)

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
