"""On which lines the calls and messages of a filter lie, since facts have an index by line, and how many lie there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from bizcall.database import query
from bizcall.history.conditions import rollup_conditions, sums_of
from bizcall.history.filters import HistoryFilter, keys_of, names_customer, types_of
from bizcall.models.calls import NOBODY

if TYPE_CHECKING:
    from bizcall.stats.rollups import Facts

LINES_MOST = 500
"""Lines that a filter by line or subscriber can mean."""

READ_MOST = 1_500_000
"""Facts among which a statement of the API looks for those of a filter's hours, days and types, within 3 seconds."""


async def lines_of(
    company_id: UUID, facts: Facts, wanted: HistoryFilter, *, few: int = LINES_MOST
) -> list[UUID] | None:
    """The lines that the filter's facts lie on; None for all, for too many, and where a customer is asked.

    A subscriber is a person's holding of one line, so a fact of his lies on that one; NOBODY's may lie on any. Too many
    are more than `few` of a department, and more than LINES_MOST else. In an open transaction.
    """
    if names_customer(wanted) or all(keys is None for keys in keys_of(wanted).values()):
        return None
    if wanted.subscriber_ids is None and wanted.department_ids is None:
        return sorted(set(wanted.line_ids or ()))
    if wanted.subscriber_ids is not None and NOBODY not in wanted.subscriber_ids:
        held = await _held(company_id, wanted.subscriber_ids)
        return [line for line in held if wanted.line_ids is None or line in wanted.line_ids]
    # The rollup of months has no hours; without those it holds what the filter wants and more.
    [rollup] = [each for each in facts.rollups if each.bucket == "month"]
    where = rollup_conditions(company_id, replace(wanted, weekdays=None, hours=None), rollup)
    most = LINES_MOST if wanted.subscriber_ids or wanted.line_ids else few
    lines = f"SELECT DISTINCT line_id FROM {rollup.table} WHERE {where.sql} LIMIT {most + 1}"  # noqa: S608 - constants
    found = await query(lines, *where.parameters)
    return sorted(row["line_id"] for row in found) if len(found) <= most else None


async def reads_too_many(company_id: UUID, facts: Facts, wanted: HistoryFilter, lines: Sequence[UUID] | None) -> bool:
    """Whether a statement would look for the filter's facts among more than READ_MOST, all of the period on the lines.

    Rollups tell, that of months first, which holds no less than the period does. Where the filter lets all of them
    through, whoever reads stops at his own bound; how many a customer has no rollup knows. In an open transaction.
    """
    sieves = (wanted.weekdays, wanted.hours, wanted.subscriber_ids, wanted.department_ids)
    if names_customer(wanted) or (types_of(wanted, facts) == facts.types and all(each is None for each in sieves)):
        return False
    there = HistoryFilter(wanted.from_on, wanted.to_on, line_ids=None if lines is None else tuple(lines))
    for bucket in ("month", "day"):
        [rollup] = [each for each in facts.rollups if each.bucket == bucket and "line_id" in each.scope]
        where = rollup_conditions(company_id, there, rollup)
        [found] = await query(
            f"SELECT coalesce(sum({sums_of(there, facts)}), 0)::bigint AS n FROM {rollup.table} WHERE {where.sql}",  # noqa: S608 - constants
            *where.parameters,
        )
        if found["n"] <= READ_MOST:
            return False
    return True


async def _held(company_id: UUID, subscriber_ids: Sequence[UUID]) -> list[UUID]:
    """The lines that these have held, in their order."""
    rows = await query(
        "SELECT DISTINCT line_id FROM subscriber WHERE company_id = $1 AND id = ANY($2::uuid[]) ORDER BY line_id",
        company_id,
        list(subscriber_ids),
    )
    return [row["line_id"] for row in rows]
