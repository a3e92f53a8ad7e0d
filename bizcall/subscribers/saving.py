"""Holdings of lines written many at once, in the caller's transaction (IN-03, IN-04).

Set-based by hand: 20,000 rows take eight statements, and the rows that are locked are locked in one order, so that
saves which overlap wait for each other and never deadlock. The order is: departments by id, then lines by id. Whoever
changes a subscriber holds its line's lock first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from bizcall.database import query
from bizcall.models.companies import OnError
from bizcall.subscribers.changes import Changes
from bizcall.subscribers.entries import Entry, Holder, Kind, Outcome
from bizcall.subscribers.plan import Plan, Standing

HOLDER = (
    "id, line_id, department_id, name, position, mobile, email, rid_enabled, app_enabled,"
    " revision, started_at, updated_at"
)


async def holders(company_id: UUID, line_ids: Collection[UUID]) -> dict[UUID, Holder]:
    """Who holds these lines now, by line, in the open transaction; free lines and unknown ids are left out."""
    current, _ = await _latest(company_id, line_ids)
    return current


async def apply(
    company_id: UUID, entries: Sequence[Entry], *, at: datetime, on_error: OnError = OnError.SKIP_BAD_ROWS
) -> list[Outcome]:
    """Write the entries inside the open `tenant()` transaction and return an outcome for each, in their order.

    Refused entries change nothing; their problem's field is `lineId`, `subscriberId`, `revision`, `departmentId` or
    `ridEnabled`. With REJECT_ALL one refusal keeps all entries from being written, and the outcomes of the good ones
    only tell what they would have been. Bad entries raise nothing.
    """
    departments = await _lock_departments(company_id, {e.department_id for e in entries if e.department_id})
    lines = await lock_lines(company_id, {entry.line_id for entry in entries})
    current, freed_at = await _latest(company_id, lines)
    held = {holder.id for holder in current.values()}
    elsewhere = await _existing(company_id, {e.subscriber_id for e in entries if e.subscriber_id} - held)
    changes = Changes(at)
    plan = Plan(Standing(lines, departments, current, freed_at, held | elsewhere), changes)
    outcomes = [plan.decide(entry) for entry in entries]
    if on_error is OnError.SKIP_BAD_ROWS or all(outcome.kind is not Kind.REFUSED for outcome in outcomes):
        await changes.write(company_id)
    return outcomes


async def lock_lines(company_id: UUID, line_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """Lock lines of the company in the order of their ids until the transaction ends; return the RID of each."""
    rows = await query(
        "SELECT id, rid FROM line WHERE company_id = $1 AND id = ANY($2::uuid[]) AND retired_at IS NULL"
        " ORDER BY id FOR NO KEY UPDATE",
        company_id,
        list(line_ids),
    )
    return {row["id"]: row["rid"] for row in rows}


async def lock_lines_of(company_id: UUID, subscriber_ids: Collection[UUID]) -> None:
    """Lock the lines that these subscribers hold or held, like `lock_lines`."""
    await query(
        "SELECT id FROM line WHERE company_id = $1 AND retired_at IS NULL AND id IN ("
        "SELECT line_id FROM subscriber WHERE company_id = $1 AND id = ANY($2::uuid[]))"
        " ORDER BY id FOR NO KEY UPDATE",
        company_id,
        list(subscriber_ids),
    )


async def _lock_departments(company_id: UUID, department_ids: Collection[UUID]) -> set[UUID]:
    """Keep these departments from being retired until the transaction ends; return those that stand."""
    if not department_ids:
        return set()
    rows = await query(
        "SELECT id FROM department WHERE company_id = $1 AND id = ANY($2::uuid[]) AND retired_at IS NULL"
        " ORDER BY id FOR SHARE",
        company_id,
        list(department_ids),
    )
    return {row["id"] for row in rows}


async def _latest(company_id: UUID, line_ids: Collection[UUID]) -> tuple[dict[UUID, Holder], dict[UUID, datetime]]:
    """The current holders of lines, and when the last holding of those that are free ended."""
    rows = await query(
        f"SELECT DISTINCT ON (line_id) {HOLDER}, ended_at FROM subscriber"  # noqa: S608  # HOLDER is a constant
        " WHERE company_id = $1 AND line_id = ANY($2::uuid[])"
        " ORDER BY line_id, ended_at DESC NULLS FIRST",
        company_id,
        list(line_ids),
    )
    ends = {row["line_id"]: row.pop("ended_at") for row in rows}
    current = {row["line_id"]: Holder(**row) for row in rows if ends[row["line_id"]] is None}
    return current, {line_id: end for line_id, end in ends.items() if end is not None}


async def _existing(company_id: UUID, subscriber_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are holdings of this company, past ones included."""
    if not subscriber_ids:
        return set()
    rows = await query(
        "SELECT id FROM subscriber WHERE company_id = $1 AND id = ANY($2::uuid[])", company_id, list(subscriber_ids)
    )
    return {row["id"] for row in rows}
