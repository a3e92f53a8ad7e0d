"""Finding objects by id: `node` and `nodes`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

import strawberry

from bizcall.errors import ErrorCode, Invalid, Problem
from schema.context import Info
from schema.node import NODES_MOST, Node, encode, split


async def find(info: Info, opaque: str) -> Any:
    """The row behind an id; None for an id of no type, of another company, of nothing, or of what is hidden now."""
    known = split(opaque)
    if known is None:
        return None
    definition = info.schema.get_type_by_name(known[0])
    origin = getattr(definition, "origin", None)
    # An interface has no rows of its own, and a name of the schema may belong to no Node at all.
    if not (isinstance(origin, type) and issubclass(origin, Node) and hasattr(origin, "fetch")):
        return None
    key = origin.parse(known[1])
    if key is None or encode(known[0], key if isinstance(key, UUID) else str(key)) != opaque:
        return None
    row = await info.context.load(origin.fetch, key)
    return row if row is not None and origin.shown(row, info) else None


@strawberry.type
class NodeQueries:
    """Fields of Query."""

    @strawberry.field(
        description="The object with this id; null when there is none in this company. Operators find what their own "
        "lists show: accounts of all companies, notices, versions of documents, records of their own trail."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="An object's id.")],  # noqa: A002
    ) -> Node | None:
        """See `find`."""
        found: Node | None = await find(info, id)
        return found

    @strawberry.field(
        description="The objects with these ids, at most 100, in their order; null for each that is missing."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")],
    ) -> list[Node | None]:
        """See `find`; raises Invalid for more than 100 ids."""
        if len(ids) > NODES_MOST:
            raise Invalid(Problem(ErrorCode.TOO_MANY, ("ids",), {"maximum": str(NODES_MOST)}))
        return list(await asyncio.gather(*(find(info, each) for each in ids)))
