"""Documents that anybody may download (AU-30, SU-01)."""

from __future__ import annotations

from typing import cast

import strawberry

from schema.context import Info
from schema.support import Document


@strawberry.type
class SupportQueries:
    """Fields of Query."""

    @strawberry.field(description="The manuals, at most one of each kind; those that are missing are left out.")
    async def documents(self, info: Info) -> list[Document]:
        """See `bizcall.support`."""
        return cast("list[Document]", await info.context.documents.all())
