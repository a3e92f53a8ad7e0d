"""The statements of imports: rows and findings many at once, and the steps from state to state.

Arrays and `unnest` instead of COPY, which PostgreSQL refuses on tables under row-level security.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.imports.checking import Checked, CheckedRow
from bizcall.imports.findings import Finding
from bizcall.models import Import
from bizcall.models.imports import Action, State

PREVIEW_KEPT = timedelta(hours=24)
"""How long a preview waits for its registration."""

WORK_MOST = timedelta(hours=6)
"""After this an import that a worker should have finished has failed: its message is long in the dead-letter queue."""

UNFINISHED = (State.CHECKING, State.PREVIEWED, State.REGISTERING)


async def found(company_id: UUID, import_id: UUID) -> Import | None:
    """The import as it is now."""
    async with tenant(company_id, read_only=True):
        return await Import.get_or_none(company_id=company_id, id=import_id)


async def locked(company_id: UUID, import_id: UUID, *, skip_locked: bool = False) -> Import | None:
    """The import, locked until the end of the transaction: steps on the same import wait for each other here.

    With `skip_locked`, None where somebody else has the lock. The lock comes before that of its deadline.
    """
    found = Import.filter(company_id=company_id, id=import_id)
    return await found.select_for_update(skip_locked=skip_locked).first()


async def is_due(import_id: UUID, at: datetime) -> bool:
    """Whether the sweep must look at an import now."""
    due = await query("SELECT import_id FROM import_deadline WHERE import_id = $1 AND due_at <= $2", import_id, at)
    return bool(due)


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


async def add_rows(company_id: UUID, import_id: UUID, checked: Checked) -> None:
    """Store the rows of a preview; as JSON, because encoding an array a column takes the driver far longer."""
    await query(
        """
        INSERT INTO import_row (company_id, import_id, number, action, line_id, line_number, subscriber_id, revision,
                                name, department_id, position, mobile, email, rid_enabled, app_enabled, given, id)
        SELECT $1, $2, * FROM ROWS FROM (
            json_to_recordset($3::json) AS (
                number int, action text, line_id uuid, line_number text, subscriber_id uuid, revision int, name text,
                department_id uuid, position text, mobile text, email text, rid_enabled boolean, app_enabled boolean,
                given jsonb),
            unnest($4::uuid[]))
        """,
        company_id,
        import_id,
        checked.content.decode(),
        [uuid7() for _ in checked.rows],
    )


async def rows_of(company_id: UUID, import_id: UUID) -> list[CheckedRow]:
    """The rows of a preview that can be registered, in the sheet's order."""
    found = await query(
        """
        SELECT number, action, line_id, line_number, subscriber_id, revision, name, department_id, position, mobile,
               email, rid_enabled, app_enabled
        FROM import_row WHERE company_id = $1 AND import_id = $2 AND action <> 'REFUSED' ORDER BY number
        """,
        company_id,
        import_id,
    )
    rows = [CheckedRow(*values.values()) for values in found]
    for row in rows:
        row.action = Action(row.action)
    return rows


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


async def add_outcomes(company_id: UUID, import_id: UUID, outcomes: Sequence[tuple[int, Action, UUID | None]]) -> None:
    """Store what became of rows: the row's number, the outcome, and the holding that stands now."""
    await query(
        """
        UPDATE import_row SET outcome = told.outcome, became_id = told.became_id
        FROM unnest($3::int[], $4::text[], $5::uuid[]) AS told (number, outcome, became_id)
        WHERE company_id = $1 AND import_id = $2 AND import_row.number = told.number
        """,
        company_id,
        import_id,
        [number for number, _, _ in outcomes],
        [outcome.value for _, outcome, _ in outcomes],
        [became for _, _, became in outcomes],
    )
