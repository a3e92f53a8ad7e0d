"""Changes of holdings: noted one by one in memory, written in four statements however many they are.

Times never run backwards within a line: clocks of two processes may differ by milliseconds, and a change takes effect
no earlier than the one before it, or intervals would overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bizcall.database import query
from bizcall.ids import uuid7
from bizcall.subscribers.entries import EDITABLE, Entry, Holder


class Changes:
    """What happens to holdings at `at`. The caller holds the locks of their lines, and notes each holder once."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._updates: list[tuple[Any, ...]] = []
        self._inserts: list[tuple[Any, ...]] = []
        self._moves: list[tuple[UUID, UUID | None, datetime, bool]] = []

    def start(self, entry: Entry, *, freed_at: datetime | None) -> UUID:
        """A holding begins on a line that was freed at `freed_at`, None if nobody ever held it; returns its key."""
        key = uuid7()
        at = self._at if freed_at is None else max(self._at, freed_at)
        self._inserts.append((key, entry.line_id, *(getattr(entry, name) for name in EDITABLE), at))
        return key

    def edit(self, holder: Holder, entry: Entry) -> None:
        """The holder becomes what the entry says."""
        at = max(self._at, holder.updated_at)
        self._updates.append((holder.id, *(getattr(entry, name) for name in EDITABLE), at, None))
        if holder.department_id != entry.department_id:
            self._moves.append((holder.id, entry.department_id, at, False))

    def move(self, holder: Holder, department_id: UUID | None) -> None:
        """The holder changes department and nothing else."""
        at = max(self._at, holder.updated_at)
        self._updates.append((holder.id, department_id, *(getattr(holder, name) for name in EDITABLE[1:]), at, None))
        self._moves.append((holder.id, department_id, at, False))

    def end(self, holder: Holder) -> datetime:
        """The holding ends; returns when, which is when the line is free."""
        at = max(self._at, holder.updated_at)
        self._updates.append((holder.id, *(getattr(holder, name) for name in EDITABLE), at, at))
        self._moves.append((holder.id, None, at, True))
        return at

    async def write(self, company_id: UUID) -> None:
        """Write what was noted, in the open `tenant()` transaction."""
        if self._updates:
            await query(
                "UPDATE subscriber SET department_id = v.department_id, name = v.name, position = v.position,"
                " mobile = v.mobile, email = v.email, rid_enabled = v.rid_enabled, app_enabled = v.app_enabled,"
                " contacts_at = CASE WHEN (subscriber.mobile, subscriber.email) IS DISTINCT FROM (v.mobile, v.email)"
                " THEN v.at ELSE subscriber.contacts_at END,"
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
                " rid_enabled, app_enabled, started_at, updated_at, contacts_at)"
                " SELECT $1, v.*, v.started_at, v.started_at"
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


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
