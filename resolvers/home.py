"""The home screen in one query (HM-01)."""

from __future__ import annotations

import strawberry

from schema.home import Home


@strawberry.type
class HomeQueries:
    """Fields of Query."""

    @strawberry.field(description="The home screen: notices, the plan in use, this month's calls and messages.")
    def home(self) -> Home:
        """Its fields load themselves."""
        return Home()
