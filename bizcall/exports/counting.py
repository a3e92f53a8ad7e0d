"""How many rows an export will have: from a rollup where one can tell, else counted, no further than the bound."""

from __future__ import annotations

from uuid import UUID

from bizcall.database import query
from bizcall.history.conditions import rollup_conditions, sums_of
from bizcall.history.filters import HistoryFilter
from bizcall.stats import Granularity, Group, sources
from bizcall.stats.rollups import Facts


async def rows(company_id: UUID, facts: Facts, wanted: HistoryFilter, *, most: int) -> int:
    """The number of facts, or `most` + 1 for more; in an open transaction.

    Raises Invalid (TOO_MANY at `filter`) where they would be looked for among too many, as `sources.narrowed` does.
    """
    rollup = sources.rollup_for(facts, wanted, Granularity.MONTH, Group.COMPANY)
    if rollup is not None:
        where = rollup_conditions(company_id, wanted, rollup)
        counted = f"SELECT {sums_of(wanted, facts)} AS n FROM {rollup.table} WHERE {where.sql}"  # noqa: S608 - constants
    else:
        where = await sources.narrowed(company_id, facts, wanted)
        counted = f"SELECT 1 AS n FROM {facts.table} WHERE {where.sql} LIMIT {most + 1}"  # noqa: S608 - constants
    [found] = await query(f"SELECT coalesce(sum(n), 0)::bigint AS n FROM ({counted}) AS counted", *where.parameters)  # noqa: S608 - constants
    return min(int(found["n"]), most + 1)
