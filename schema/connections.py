"""Lists that may be long: Relay connections over `bizcall.paging`.

A resolver of a list takes `First`, `After`, `Last` and `Before`, and returns
`await Connection.of(info, listing, Slice(…))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Generic, Self, TypeVar, cast
from uuid import UUID

import strawberry

from bizcall.database import reading
from bizcall.paging import Count, Pages, Precision, Slice
from schema.context import Info
from schema.enums import described

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="How many from the start or from behind `after`: 1–100.")]
After = Annotated[str | None, strawberry.argument(description="A cursor of this list; only with `first`.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end or from ahead of `before`: 1–100.")]
Before = Annotated[str | None, strawberry.argument(description="A cursor of this list; only with `last`.")]

described(
    Precision,
    "How a count is meant.",
    {
        Precision.EXACT: "There are exactly as many.",
        Precision.AT_LEAST: "At least so many: the counting stopped here.",
    },
    name="CountPrecision",
)


@strawberry.enum(description="Which way a list runs.")
class OrderDirection(Enum):
    """Of the whole order, its tie-breaker included."""

    ASC = strawberry.enum_value("ASC", description="Smallest, earliest or first in the alphabet first.")
    DESC = strawberry.enum_value("DESC", description="Largest, latest or last in the alphabet first.")


@strawberry.type(description="How many entries a list has.")
class TotalCount:
    """A `bizcall.paging.Count`."""

    value: int = strawberry.field(
        description="The number of entries; counting stops at 10,000, or before where `precision` is AT_LEAST."
    )
    precision: Precision = strawberry.field(description="Whether there are exactly that many.")

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Counts of the business are the GraphQL objects."""
        return isinstance(row, Count)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether entries follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether entries precede this page.")
    start_cursor: str | None = strawberry.field(description="Where to go on backward; null where nothing is.")
    end_cursor: str | None = strawberry.field(description="Where to go on forward; null where nothing is.")


@strawberry.type(description="An entry of a list and its place.")
class Edge(Generic[T]):
    """Relay's Edge."""

    cursor: str = strawberry.field(description="The entry's place, for `after` or `before`; opaque.")
    node: T = strawberry.field(description="The entry.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's Connection, with `nodes` beside `edges` and a count that is asked of the database only when selected."""

    listing: strawberry.Private[Pages[Any]]
    company_id: strawberry.Private[UUID]
    edges: list[Edge[T]] = strawberry.field(description="The entries with their places; at most 100.")
    nodes: list[T] = strawberry.field(description="The entries alone; at most 100.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")

    @strawberry.field(description="How many entries the whole list has, on all pages.")
    async def total_count(self, info: Info) -> TotalCount:
        """Counts no further than 10,000."""
        async with reading(self.company_id):
            return cast("TotalCount", await self.listing.count())

    @classmethod
    async def of(cls, info: Info, listing: Pages[Any], part: Slice, *, company_id: UUID | None = None) -> Self:
        """One page of a listing of the viewer's company, or of another that he may enter; raises Invalid for `part`.

        Reads in the open transaction of that company, or, where there is none, in one of its own.
        """
        company_id = company_id or info.context.company_id
        async with reading(company_id):
            page = await listing.page(part)
        nodes = cast("Sequence[T]", page.rows)
        return cls(
            listing=listing,
            company_id=company_id,
            nodes=list(nodes),
            edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=page.has_previous,
                start_cursor=page.start_cursor,
                end_cursor=page.end_cursor,
            ),
        )
