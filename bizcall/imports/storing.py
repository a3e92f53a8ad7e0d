"""The statements of imports: rows and findings many at once, and the steps from state to state.

Arrays and `unnest` instead of COPY, which PostgreSQL refuses on tables under row-level security.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from bizcall.database import query
from bizcall.ids import uuid7
from bizcall.imports.checking import CheckedRow
from bizcall.imports.findings import Finding
from bizcall.models import Import
from bizcall.models.imports import Action, State

PREVIEW_KEPT = timedelta(hours=24)
"""How long a preview waits for its registration."""

WORK_MOST = timedelta(hours=6)
"""After this an import that a worker should have finished has failed: its message is long in the dead-letter queue."""

UNFINISHED = (State.CHECKING, State.PREVIEWED, State.REGISTERING)


async def locked(company_id: UUID, import_id: UUID) -> Import | None:
    """The import, locked until the end of the transaction: steps on the same import wait for each other here."""
    return await Import.filter(company_id=company_id, id=import_id).select_for_update().first()


async def step(company_id: UUID, import_id: UUID, state: State, due_at: datetime, **changes: Any) -> None:
    """Move an import to an unfinished state, to be looked at by the sweep at `due_at`."""
    await Import.filter(company_id=company_id, id=import_id).update(state=state, **changes)
    await query(
        "INSERT INTO import_deadline (import_id, company_id, due_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (import_id) DO UPDATE SET due_at = excluded.due_at",
        import_id,
        company_id,
        due_at,
    )


async def finish(company_id: UUID, import_id: UUID, state: State, at: datetime, **changes: Any) -> None:
    """Move an import to a final state."""
    await Import.filter(company_id=company_id, id=import_id).update(
        state=state, finished_at=at, expires_at=None, **changes
    )
    await query("DELETE FROM import_deadline WHERE import_id = $1 AND company_id = $2", import_id, company_id)


async def add_rows(company_id: UUID, import_id: UUID, rows: Sequence[CheckedRow]) -> None:
    """Store the rows of a preview."""
    await query(
        """
        INSERT INTO import_row (company_id, import_id, id, number, action, line_id, line_number, subscriber_id,
                                revision, name, department_id, position, mobile, email, rid_enabled, app_enabled, given)
        SELECT $1, $2, * FROM unnest($3::uuid[], $4::int[], $5::text[], $6::uuid[], $7::text[], $8::uuid[], $9::int[],
                                     $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::boolean[],
                                     $16::boolean[], $17::jsonb[])
        """,
        company_id,
        import_id,
        [row.id for row in rows],
        [row.number for row in rows],
        [row.action.value for row in rows],
        [row.line_id for row in rows],
        [row.line_number for row in rows],
        [row.subscriber_id for row in rows],
        [row.revision for row in rows],
        [row.name for row in rows],
        [row.department_id for row in rows],
        [row.position for row in rows],
        [row.mobile for row in rows],
        [row.email for row in rows],
        [row.rid_enabled for row in rows],
        [row.app_enabled for row in rows],
        [None if row.given is None else orjson.dumps(row.given).decode() for row in rows],
    )


async def rows_of(company_id: UUID, import_id: UUID) -> list[CheckedRow]:
    """The rows of a preview, in the sheet's order."""
    found = await query(
        """
        SELECT id, number, action, line_id, line_number, subscriber_id, revision, name, department_id, position,
               mobile, email, rid_enabled, app_enabled, given
        FROM import_row WHERE company_id = $1 AND import_id = $2 ORDER BY number
        """,
        company_id,
        import_id,
    )
    return [_row(values) for values in found]


def _row(values: Mapping[str, Any]) -> CheckedRow:
    given = values["given"]
    return CheckedRow(
        **{**values, "action": Action(values["action"]), "given": None if given is None else orjson.loads(given)}
    )


async def add_findings(company_id: UUID, import_id: UUID, findings: Iterable[Finding], *, first: int = 0) -> None:
    """Store findings. Those of one row are numbered from `first`, so that later ones follow what is there."""
    places: dict[int, count[int]] = {}
    stored = [(finding, next(places.setdefault(finding.number, count(first)))) for finding in findings]
    if not stored:
        return
    await query(
        """
        INSERT INTO import_finding (company_id, import_id, id, number, place, column_name, cell, code, severity,
                                    original, params)
        SELECT $1, $2, * FROM unnest($3::uuid[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],
                                     $10::text[], $11::jsonb[])
        """,
        company_id,
        import_id,
        [uuid7() for _ in stored],
        [finding.number for finding, _ in stored],
        [place for _, place in stored],
        [finding.column.value if finding.column else "" for finding, _ in stored],
        [finding.cell for finding, _ in stored],
        [finding.code.value for finding, _ in stored],
        [finding.code.severity.value for finding, _ in stored],
        [finding.original for finding, _ in stored],
        [orjson.dumps(finding.params).decode() for finding, _ in stored],
    )


async def add_outcomes(company_id: UUID, import_id: UUID, outcomes: Sequence[tuple[UUID, Action, UUID | None]]) -> None:
    """Store what became of rows: the row's key, the outcome, and the holding that stands now."""
    await query(
        """
        UPDATE import_row SET outcome = told.outcome, became_id = told.became_id
        FROM unnest($3::uuid[], $4::text[], $5::uuid[]) AS told (id, outcome, became_id)
        WHERE company_id = $1 AND import_id = $2 AND import_row.id = told.id
        """,
        company_id,
        import_id,
        [row_id for row_id, _, _ in outcomes],
        [outcome.value for _, outcome, _ in outcomes],
        [became for _, _, became in outcomes],
    )
