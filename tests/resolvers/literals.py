"""Values of input types, written as GraphQL: for documents that are made from the schema."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    is_required_input_field,
)

EXAMPLES = {"Int": "1", "Float": "1", "Boolean": "true", "Date": '"2027-03-01"', "DateTime": '"2027-03-01T00:00:00Z"'}


def least(of: GraphQLInputType, name: str = "", texts: Mapping[str, str] | None = None) -> str:
    """A value with nothing in it that isn't required; `texts` are for arguments and fields of these names."""
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    if isinstance(inner, GraphQLList):
        return "[]"
    if isinstance(inner, GraphQLEnumType):
        return str(next(iter(inner.values)))
    if isinstance(inner, GraphQLInputObjectType):
        needed = {part: entry for part, entry in inner.fields.items() if is_required_input_field(entry)}
        return "{" + ",".join(f"{part}:{least(entry.type, part, texts)}" for part, entry in needed.items()) + "}"
    return EXAMPLES.get(str(inner), f'"{(texts or {}).get(name, "x")}"')
