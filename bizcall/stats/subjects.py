"""Whose rows an answer has: a page of lines, subscribers or departments that had anything in the period (ST-01).

They come from the rollup of months, which is small; so a subject of whom the period holds nothing, but whose months do,
may have a row of zeros. Those that the filter names by key are there whether they had anything or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bizcall import paging
from bizcall.database import query
from bizcall.history.conditions import Where, rollup_conditions
from bizcall.history.filters import HistoryFilter, names_customer
from bizcall.models import Subscriber
from bizcall.models.calls import NOBODY
from bizcall.paging import Count, Cut, Order, Page, Precision, Slice
from bizcall.stats import sources
from bizcall.stats.rollups import Facts
from bizcall.stats.sources import Group


@dataclass(frozen=True)
class Subject:
    """Whom a row is about. `id` is NOBODY for what nobody held and what was in no department; `name` is empty then.

    `updated_at` is when the row of a subscriber was last changed, for nobody the year 1970; None for other groups.
    """

    id: UUID
    name: str
    updated_at: datetime | None = None


NAMES = {
    Group.LINE: ("line", "number"),
    Group.SUBSCRIBER: ("subscriber", "name"),
    Group.DEPARTMENT: ("department", "name"),
}
"""The table of a group's subjects, and the column that they are ordered by, before their key."""

CHANGED = {Group.SUBSCRIBER: "coalesce(subscriber.forgotten_at, subscriber.updated_at, 'epoch')"}
"""When the name may have changed last, where names are people's and cursors therefore hold none."""


@dataclass(frozen=True)
class Subjects:
    """The subjects of an answer, in pages like any list."""

    company_id: UUID
    facts: Facts
    wanted: HistoryFilter
    group: Group

    async def page(self, part: Slice) -> Page[Subject]:
        """One page, in the order of numbers or names; raises Invalid for a bad `part`."""
        named = self.group in CHANGED
        order = Order(f"stats.{self.group}", ("name", "id"), named_by=("updated_at", "id") if named else ())
        # Whatever they are called in their table, names are texts and keys UUIDs, as those of subscribers.
        cut = Cut.of(order, part, Subscriber)
        sql, values = await self._known()
        source = "known"
        if cut.values is not None:
            sign, first, key = "<" if cut.down else ">", f"${len(values) + 1}", f"${len(values) + 2}::uuid"
            source = f"known WHERE (name, id) {sign} ({first}, {key})"
            if named:
                # Where nobody stands beyond it, the place alone is the answer; without it there is none.
                place = f"SELECT name, id FROM known WHERE updated_at = {first} AND id = {key}"  # noqa: S608
                source = f"({place}) AS place LEFT JOIN known ON (known.name, known.id) {sign} (place.name, place.id)"
            values = [*values, *cut.values]
        way = "DESC" if cut.down else "ASC"
        rows = await query(
            f"WITH known AS ({sql}) SELECT known.* FROM {source}"  # noqa: S608
            f" ORDER BY known.name {way}, known.id {way} LIMIT {cut.size + 1}",
            *values,
        )
        if named and cut.values is not None and not rows:
            raise cut.lost
        return cut.page([Subject(**row) for row in rows if row["id"] is not None])

    async def count(self) -> Count:
        """How many there are, counted no further than 10,000."""
        sql, values = await self._known()
        (found,) = await query(
            f"SELECT count(*) AS n FROM (SELECT FROM ({sql}) AS known LIMIT {paging.COUNT_MOST + 1}) AS counted",  # noqa: S608
            *values,
        )
        if found["n"] > paging.COUNT_MOST:
            return Count(paging.COUNT_MOST, Precision.AT_LEAST)
        return Count(found["n"], Precision.EXACT)

    async def _known(self) -> tuple[str, list[Any]]:
        """The SELECT of all subjects, as they are here, with the values of its parameters."""
        table, named = NAMES[self.group]
        changed = f", {CHANGED[self.group]} AS updated_at" if self.group in CHANGED else ""
        chosen = {
            Group.LINE: self.wanted.line_ids,
            Group.SUBSCRIBER: self.wanted.subscriber_ids,
            Group.DEPARTMENT: self.wanted.department_ids,
        }[self.group]
        where = await self._where()
        values = [*where.parameters, list(chosen or ())]
        sql = (
            f"SELECT coalesce({table}.{named}, '') COLLATE \"C\" AS name, seen.id{changed} FROM ("  # noqa: S608
            f"SELECT DISTINCT {self.group.column} AS id FROM {self._table} WHERE {where.sql}"
            f" UNION SELECT unnest(${len(values)}::uuid[])) AS seen"
            f" LEFT JOIN {table} ON {table}.company_id = $1 AND {table}.id = seen.id"
            f" WHERE {table}.id IS NOT NULL OR seen.id = '{NOBODY}'"
        )
        return sql, values

    @property
    def _table(self) -> str:
        return self.facts.table if names_customer(self.wanted) else f"{self.facts.table}_line_month"

    async def _where(self) -> Where:
        if names_customer(self.wanted):
            # A customer speaks to few: all others would be rows of zeros.
            return await sources.bounded(self.company_id, self.facts, self.wanted)
        (rollup,) = (each for each in self.facts.rollups if each.table == self._table)
        coarse = HistoryFilter(
            from_on=self.wanted.from_on,
            to_on=self.wanted.to_on,
            department_ids=self.wanted.department_ids,
            line_ids=self.wanted.line_ids,
            subscriber_ids=self.wanted.subscriber_ids,
        )
        return rollup_conditions(self.company_id, coarse, rollup)
