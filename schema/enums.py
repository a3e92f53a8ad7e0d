"""Enums of the business as GraphQL enums: `bizcall` knows no GraphQL, so the descriptions stand on this side."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

E = TypeVar("E", bound=Enum)


def described(enum: type[E], description: str, meanings: Mapping[E, str], *, name: str | None = None) -> None:
    """Publish an enum of the business under its own name with a description for itself and for each member.

    Fields are annotated with the enum itself. Raises LookupError when a member has no meaning, so that a new member
    can't be published undescribed.
    """
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]  # strawberry adds it
    for value in definition.values:
        meaning = meanings.get(enum[value.name])
        if meaning is None:
            raise LookupError(f"{enum.__name__}.{value.name} has no description")
        value.description = meaning
