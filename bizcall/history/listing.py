"""Pages of calls and messages out of tens of millions, each by an index range or by a bounded number of them (ST-02).

The planner can't know what hides in a filter, so the way is chosen here. A page is one statement, at most two (for a
name and for more than AT_ONCE lines, at most five):

    a customer         the number's own index; the filter finds few rows
    a name             the same for each of its customers, in the day next to the cursor; where that doesn't fill a
                       page, in ten days, then in all of the period
    few lines          the lines that the filter can mean are those that its subscribers held, or are asked of
                       the months; each gives at most a page from its index, and those are merged: at most MERGED_MOST ×
                       (a page + 1) rows that fit; of more than AT_ONCE, near the cursor first, as for a name
    more lines         the same lines as a condition; the planner, which sees them, walks along the time or sorts
    anything else      walks along the time. The rollup of hours says in which hours there is anything to be found, and
                       only the first of those are read that fill a page: at most PAGE_MOST + 2 hours
    no filter          the first rows of the range

A further condition, which each fact has to be asked, is asked of at most LOOKED_AT_MOST facts a page: a page may end
before it is full, and then says from where to go on. So is all but period and line of at most SIEVED_MOST facts,
where more than READ_MOST lie on the filter's lines in its period and those are more than MERGED_MOST.

Page after page costs the same, since each begins where the last one ended. Counts come from rollups where those can
tell, else from the rows, and end at 10,000.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from tortoise.models import Model

from bizcall import months
from bizcall.database import query
from bizcall.history.conditions import Where, conditions, expressible, rollup_conditions, sieve, sums_of
from bizcall.history.filters import HistoryFilter, keys_of, types_of
from bizcall.history.lines import READ_MOST, lines_of, reads_too_many
from bizcall.history.tails import INDEXED, numbers_ending
from bizcall.paging import COUNT_MOST, Count, Cut, Order, Page, Precision, Slice

if TYPE_CHECKING:
    from bizcall.stats.rollups import Facts, Rollup

T = TypeVar("T")

MERGED_MOST = 50
"""Lines that a page is merged from; a department of more is met along the time."""

LOOKED_AT_MOST = 5_000
"""Facts that a page or a count looks at where a further condition has to be asked of each."""

SIEVED_MOST = 100_000
"""Facts that a page looks at where those of the filter would be looked for among more than READ_MOST."""

AT_ONCE = 8
"""Lines of which a page each is read at once; of more, near the cursor first."""

NEAR = (timedelta(days=1), timedelta(days=10))
"""How far from the cursor the facts of several customers or lines are looked for, before all of the period is read."""


@dataclass(frozen=True)
class FactListing(Generic[T]):
    """A list of facts in the order of their moments.

    `wanted` must have been checked. `columns` are selected of the table by its own name and made a row by `row`;
    `model` is the table's, for the types of cursors. `only` is a further condition over `columns`, company_id
    and customer_tail, in which no parameters stand.
    """

    company_id: UUID
    wanted: HistoryFilter
    facts: Facts
    model: type[Model]
    columns: str
    row: Callable[[Mapping[str, Any]], T]
    descending: bool = True
    only: str = ""
    _found: list[list[UUID] | None] = field(init=False, repr=False, compare=False, default_factory=list)

    @property
    def order(self) -> Order:
        """By the moment, then by the exchange's id, as the index is."""
        return Order(f"{self.facts.table} {self.only}", (self.facts.moment, "id"), self.descending)

    async def page(self, part: Slice) -> Page[T]:
        """One page; raises Invalid for a bad `part`."""
        cut = Cut.of(self.order, part, self.model)
        await _planned_anew()
        lines = await self._lines()
        if self.only:
            met = self._statement(replace(cut, size=LOOKED_AT_MOST - 1), lines)
            return await self._page_of_some(cut, met, Where(self.only, met.parameters), LOOKED_AT_MOST)
        if (lines is None or len(lines) > MERGED_MOST) and await self._reads_too_many(lines):
            return await self._page_of_sieved(cut, lines)
        merged = lines is not None and AT_ONCE < len(lines) <= MERGED_MOST
        found: list[dict[str, Any]] = []
        for near in (*NEAR, None) if merged or self.wanted.customer_name is not None else (None,):
            statement = self._statement(cut, lines, near)
            found = await query(statement.sql, *statement.parameters)
            if len(found) > cut.size:
                break
        return cut.page([self.row(each) for each in found])

    async def count(self) -> Count:
        """How many facts the filter finds, counted no further than 10,000; needs an open transaction.

        At least so many where they had to be looked for among more than READ_MOST, and were among those only.
        """
        await _planned_anew()
        lines = await self._lines()
        if self.only:
            return await self._count_of_some(lines)
        rollup, cut = None if lines is not None else self._hours(), False
        if rollup is not None:
            where = rollup_conditions(self.company_id, self.wanted, rollup)
            counted = f"SELECT {sums_of(self.wanted, self.facts)} AS n FROM {rollup.table} WHERE {where.sql}"  # noqa: S608 - constants
            # A row that is no zero counts one at least, so there is no need to read further rows of rollups either.
            counted = f"SELECT n FROM ({counted}) AS bucket WHERE n > 0 LIMIT {COUNT_MOST + 1}"  # noqa: S608 - constants
        else:
            cut = await self._reads_too_many(lines)
            where = self._among_some(lines) if cut else self._among_all(lines)
            counted = f"SELECT 1 AS n FROM {where.sql} LIMIT {COUNT_MOST + 1}"  # noqa: S608 - constants
        [found] = await query(f"SELECT coalesce(sum(n), 0)::bigint AS n FROM ({counted}) AS counted", *where.parameters)  # noqa: S608 - constants
        if found["n"] > COUNT_MOST:
            return Count(COUNT_MOST, Precision.AT_LEAST)
        return Count(found["n"], Precision.AT_LEAST if cut else Precision.EXACT)

    def _among_all(self, lines: list[UUID] | None) -> Where:
        where = conditions(self.company_id, self._on(lines), self.facts)
        return Where(f"{self.facts.table} WHERE {where.sql}", where.parameters)

    def _among_some(self, lines: list[UUID] | None) -> Where:
        """Those that the filter finds among the first READ_MOST of the lines in the period."""
        facts = self.facts
        met = conditions(self.company_id, self._all(lines).wanted, facts)
        columns = ", ".join((facts.moment, facts.type, *keys_of(self.wanted)))
        some = f"SELECT {columns} FROM {facts.table} WHERE {met.sql} LIMIT {READ_MOST}"  # noqa: S608 - constants
        fits = sieve(self.wanted, facts, after=met.parameters)
        return Where(f"({some}) AS {facts.table} WHERE {fits.sql}", fits.parameters)

    async def _reads_too_many(self, lines: list[UUID] | None) -> bool:
        """Whether the rows would have to be looked for among too many facts; never where a rollup of hours guides."""
        if lines is None and self._hours() is not None:
            return False
        return await reads_too_many(self.company_id, self.facts, self.wanted, lines)

    def _all(self, lines: list[UUID] | None) -> FactListing[T]:
        """All facts of the lines in the period, whatever else the filter asks."""
        wanted = self._on(lines)
        return replace(self, wanted=HistoryFilter(wanted.from_on, wanted.to_on, line_ids=wanted.line_ids))

    async def _page_of_sieved(self, cut: Cut, lines: list[UUID] | None) -> Page[T]:
        """A page of the first facts of the lines, of few where they fill it."""
        for most in (LOOKED_AT_MOST, SIEVED_MOST):
            met = self._all(lines)._straight(replace(cut, size=most - 1))
            fits = sieve(self.wanted, self.facts, after=met.parameters)
            page = await self._page_of_some(cut, met, fits, most)
            if page.stopped is None:
                break
        return page

    async def _page_of_some(self, cut: Cut, met: Where, fits: Where, most: int) -> Page[T]:
        """A page of those facts that fulfil a further condition, of the `most` that are met, which are the first.

        The parameters are those of `fits`, which begin with those of `met`.
        """
        table, moment, way = self.facts.table, self.facts.moment, "DESC" if cut.down else "ASC"
        # Beside what a row is made of, there is what `only` speaks of.
        columns = self.columns if self.only else f"{table}.*"
        rows = await query(
            f"WITH met AS MATERIALIZED ({met.sql}),"  # noqa: S608 - constants
            f" fit AS (SELECT {columns} FROM met AS {table} WHERE {fits.sql} {self._ranked(table, cut)}),"
            f" looked AS (SELECT {moment} AS stopped_at, id AS stopped_id FROM met"
            f" ORDER BY {moment} {way}, id {way} OFFSET {most - 1})"
            " SELECT fit.*, looked.* FROM (VALUES (1)) AS one LEFT JOIN fit ON true LEFT JOIN looked ON true"
            f" ORDER BY fit.{moment} {way}, fit.id {way}",
            *fits.parameters,
        )
        found = []
        for row in rows:
            stopped = row.pop("stopped_at"), row.pop("stopped_id")
            if row["id"] is not None:
                found.append(self.row(row))
        return cut.page(found, None if stopped[0] is None else stopped)

    async def _count_of_some(self, lines: list[UUID] | None) -> Count:
        """How many of the first facts that are met fulfil the further condition; at least so many if there are more."""
        table, where = self.facts.table, conditions(self.company_id, self._on(lines), self.facts)
        some = f"SELECT * FROM {table} WHERE {where.sql} LIMIT {LOOKED_AT_MOST + 1}"  # noqa: S608 - constants
        counted = f"SELECT count(*) AS met, count(*) FILTER (WHERE {self.only}) AS n FROM ({some}) AS {table}"  # noqa: S608
        [found] = await query(counted, *where.parameters)
        return Count(found["n"], Precision.AT_LEAST if found["met"] > LOOKED_AT_MOST else Precision.EXACT)

    def _statement(self, cut: Cut, lines: list[UUID] | None, near: timedelta | None = None) -> Where:
        """The statement of a page, by the way that suits the filter; `near` the cursor where that way knows how."""
        if lines is not None:
            return self._by_lines(cut, lines, near) if len(lines) <= MERGED_MOST else self._straight(cut, lines)
        if (guide := self._guide()) is not None:
            return self._by_hours(cut, guide)
        if len(self.wanted.customer_tail or "") > INDEXED:
            return self._by_numbers(cut, near)
        return self._straight(cut, near=near)

    async def _lines(self) -> list[UUID] | None:
        """As `lines_of`; asked once, for a page and for the count beside it."""
        if not self._found:
            self._found.append(await lines_of(self.company_id, self.facts, self.wanted, few=MERGED_MOST))
        return self._found[0]

    def _hours(self) -> Rollup | None:
        """The rollup of hours that can answer the filter."""
        return next(
            (each for each in self.facts.rollups if each.bucket == "hour" and expressible(self.wanted, each)), None
        )

    def _guide(self) -> Rollup | None:
        """The rollup that tells in which hours there is something; None where it can't, or where all is let through."""
        wanted, facts = self.wanted, self.facts
        narrow = (wanted.weekdays, wanted.hours, wanted.department_ids)
        everything = types_of(wanted, facts) == facts.types and all(field is None for field in narrow)
        return None if everything else self._hours()

    def _on(self, lines: list[UUID] | None) -> HistoryFilter:
        return self.wanted if lines is None else replace(self.wanted, line_ids=tuple(lines))

    def _straight(self, cut: Cut, lines: list[UUID] | None = None, near: timedelta | None = None) -> Where:
        where = self._where(cut, self._on(lines), near=near)
        return Where(self._selected(where, cut), where.parameters)

    def _by_lines(self, cut: Cut, lines: list[UUID], near: timedelta | None) -> Where:
        where = self._where(cut, replace(self.wanted, line_ids=None), [lines], near)
        where = Where(f"{where.sql} AND {self.facts.table}.line_id = one.line_id", where.parameters)
        return Where(self._merged("unnest($1::uuid[]) AS one (line_id)", where, cut), where.parameters)

    def _by_numbers(self, cut: Cut, near: timedelta | None) -> Where:
        """Those of each number that ends as it is asked for."""
        facts, tail = self.facts, self.wanted.customer_tail or ""
        where = self._where(cut, replace(self.wanted, customer_tail=None), near=near)
        last, whole = f"${len(where.parameters) + 1}", f"${len(where.parameters) + 2}"
        numbers = numbers_ending(facts, company="$1", since="$2", until="$3", last=last, tail=whole)
        each = f"{facts.table}.customer_tail = {last} AND {facts.table}.customer_number = one.number"
        where = Where(f"{where.sql} AND {each}", [*where.parameters, tail[-INDEXED:], tail])
        return Where(self._merged(f"({numbers}) AS one", where, cut), where.parameters)

    def _by_hours(self, cut: Cut, guide: Rollup) -> Where:
        """The hours in which there is something, as many as hold a page."""
        facts, way = self.facts, "DESC" if cut.down else "ASC"
        hours = rollup_conditions(self.company_id, self.wanted, guide)
        within, known, parameters = hours.sql, "", hours.parameters
        if cut.values is not None:
            parameters = [*parameters, cut.values[0]]
            own = f"date_trunc('hour', ${len(parameters)}::timestamptz, 'Asia/Seoul')"
            within += f" AND {guide.table}.hour {'<=' if cut.down else '>='} {own}"
            # How much of the cursor's own hour lies beyond it nobody knows.
            known = f" FILTER (WHERE hour <> {own})"
        n = f"sum({sums_of(self.wanted, facts)})"
        filled = (
            f"SELECT hour, {n} AS n FROM {guide.table} WHERE {within} GROUP BY hour HAVING {n} > 0"  # noqa: S608 - constants
            f" ORDER BY hour {way} LIMIT {cut.size + 2}"
        )
        ahead = f"coalesce(sum(n){known} OVER (ORDER BY hour {way} ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0)"
        source = f"(SELECT hour FROM (SELECT hour, {ahead} AS ahead FROM ({filled}) AS filled) AS summed"  # noqa: S608 - constants
        source += f" WHERE ahead <= {cut.size}) AS one"
        where = self._where(cut, self.wanted, parameters)
        moment = f"{facts.table}.{facts.moment}"
        where = Where(
            f"{where.sql} AND {moment} >= one.hour AND {moment} < one.hour + interval '1 hour'", where.parameters
        )
        return Where(self._merged(source, where, cut), where.parameters)

    def _where(
        self, cut: Cut, wanted: HistoryFilter, after: Sequence[Any] = (), near: timedelta | None = None
    ) -> Where:
        """The conditions with the period cut off at the cursor, and so far from there as is `near`.

        A comparison of rows alone leaves out no month, and beside another bound the index is read from that one on.
        """
        since = until = None
        if cut.values is not None and not cut.down:
            since = cut.values[0]
        elif cut.values is not None and (last := cut.values[0]) < months.begins(wanted.to_on + timedelta(days=1)):
            until = last + timedelta(seconds=1)
        if near is not None:
            # Whoever makes a cursor up may name any moment.
            first, end = months.begins(wanted.from_on), months.begins(wanted.to_on + timedelta(days=1))
            if cut.down:
                since = max(until or end, first) - near
            else:
                until = min(since or first, end) + near
        return conditions(self.company_id, wanted, self.facts, after=after, since=since, until=until)

    def _selected(self, where: Where, cut: Cut) -> str:
        """The first rows beyond the cursor, whose values are added to the parameters."""
        table, moment = self.facts.table, f"{self.facts.table}.{self.facts.moment}"
        sql = where.sql
        if cut.values is not None:
            where.parameters.extend(cut.values)
            at, key = f"${len(where.parameters) - 1}", f"${len(where.parameters)}"
            sign = "<" if cut.down else ">"
            sql += f" AND ({moment}, {table}.id) {sign} ({at}, {key})"
        columns = f"{self.columns}, {table}.company_id, {table}.customer_tail" if self.only else self.columns
        return f"SELECT {columns} FROM {table} WHERE {sql} {self._ranked(table, cut)}"  # noqa: S608 - constants

    def _merged(self, source: str, where: Where, cut: Cut) -> str:
        """The first rows of all that `source` leads to, where its rows are called `one`."""
        inner = self._selected(where, cut)
        return f"SELECT found.* FROM {source} CROSS JOIN LATERAL ({inner}) AS found {self._ranked('found', cut)}"  # noqa: S608 - constants

    def _ranked(self, name: str, cut: Cut) -> str:
        way = "DESC" if cut.down else "ASC"
        return f"ORDER BY {name}.{self.facts.moment} {way}, {name}.id {way} LIMIT {cut.size + 1}"


async def _planned_anew() -> None:
    """Have the open transaction plan for the values given: arrays and period decide, so no plan is right for all."""
    await query("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
