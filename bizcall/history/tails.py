"""Which numbers end in given digits, without reading the calls or messages of all that end in the last four of them.

The index of customers leads with the last four characters, then has the number. So the different numbers behind those
four are found by one step each, as PostgreSQL makes them only when it is told to by recursion; the further digits sift
these few numbers. A customer who calls all day costs a step like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bizcall.stats.rollups import Facts

INDEXED = 4
"""Characters of a number's end that have a column (`customer_tail`)."""


def numbers_ending(facts: Facts, *, company: str, since: str, until: str, last: str, tail: str) -> str:
    """The SELECT of the numbers, as `number`, among a company's facts between two moments.

    Names of parameters are given: `last` is that of the last four digits, `tail` that of all that are asked for.
    """
    known = (
        f"SELECT each.customer_number FROM {facts.table} AS each WHERE each.company_id = {company}"  # noqa: S608
        f" AND each.{facts.moment} >= {since} AND each.{facts.moment} < {until} AND each.customer_tail = {last}"
    )
    first = "ORDER BY each.customer_number LIMIT 1"
    return (
        f"WITH RECURSIVE seen (number) AS (({known} {first}) UNION ALL"  # noqa: S608 - constants
        f" SELECT ({known} AND each.customer_number > seen.number {first}) FROM seen WHERE seen.number IS NOT NULL)"
        f" SELECT number FROM seen WHERE right(number, char_length({tail}::text)) = {tail}::text"
    )
