"""What the service accepts at the most; the limits themselves stand in `resolvers/limits.py`."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from schema.enums import described


class Unit(StrEnum):
    """What a limit counts."""

    COUNT = "COUNT"
    BYTES = "BYTES"
    CHARACTERS = "CHARACTERS"
    SECONDS = "SECONDS"
    MONTHS = "MONTHS"


described(
    Unit,
    "What a limit counts.",
    {
        Unit.COUNT: "Things.",
        Unit.BYTES: "Bytes.",
        Unit.CHARACTERS: "Characters.",
        Unit.SECONDS: "Seconds.",
        Unit.MONTHS: "Months of the calendar.",
    },
    name="LimitUnit",
)


@strawberry.type(description="A limit of the service. Errors with the code QUERY_TOO_COMPLEX name theirs.")
class Limit:
    """One line of the table."""

    name: str = strawberry.field(description="The limit's stable name, in camelCase.")
    maximum: int = strawberry.field(description="The largest value that is accepted.")
    unit: Unit = strawberry.field(description="What is counted.")
    description: str = strawberry.field(description="What is limited.")
