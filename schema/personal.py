"""Fields that reveal personal data: declared here, and what they reveal leaves an audit record (P1).

    name: str = personal(SUBSCRIBERS, description="…")          of the row itself

    @personal(SUBSCRIBERS, description="…")
    def mobile_formatted(self, parent: …) -> str | None: …      computed from it

What such a field is resolved for is noted on the context, and `resolvers/pipeline.py` writes one record for all rows of
a sort before the answer leaves. An operation that selects no such field is known beforehand (`resolvers/guard.py`).
"""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.types.field import StrawberryField

from bizcall.audit import View

VIEW = "view"
"""The key in a field's metadata and in its extensions."""

NOTED = "noted"
"""The key in a field's metadata that says whether it is noted whenever it is resolved."""


def personal(view: View, *, description: str, noted: bool = True) -> Any:
    """A field of a type over rows that reveals personal data of the row; as a decorator, one with a resolver.

    On a root type it says that asking is recorded, whatever is found. With `noted=False` the resolver itself notes on
    `info.context.views` what it reveals, because it may hide it.
    """
    return strawberry.field(description=description, metadata={VIEW: view, NOTED: noted})


def view_of(field: GraphQLField) -> View | None:
    """What looking at a field is recorded as; None for most."""
    view: View | None = field.extensions.get(VIEW)
    return view


def watch(schema: GraphQLSchema) -> None:
    """Let the fields that are declared personal note what they are resolved for; once, when the schema is made."""
    roots = (schema.query_type, schema.mutation_type)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                declared: StrawberryField | None = field.extensions.get("strawberry-definition")
                if declared is not None and VIEW in declared.metadata:
                    field.extensions[VIEW] = declared.metadata[VIEW]
                    if not declared.metadata[NOTED]:
                        continue
                    field.resolve = _asked(field) if kind in roots else _noted(field, declared)


def _noted(field: GraphQLField, declared: StrawberryField) -> Any:
    """The resolver, noting the key of the row. Lists resolve these fields for each of their rows."""
    view, resolve, name = field.extensions[VIEW], field.resolve, declared.python_name
    if declared.is_basic_field:

        def plain(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
            info.context.views[view].add(source.id)
            return getattr(source, name)

        return plain

    def noted(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        info.context.views[view].add(source.id)
        return resolve(source, info, **arguments)  # type: ignore[misc]  # Strawberry gives every field one

    return noted


def _asked(field: GraphQLField) -> Any:
    """The resolver of a root field, noting that it was asked."""
    view, resolve = field.extensions[VIEW], field.resolve

    def asked(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        info.context.views[view].update(())
        return resolve(source, info, **arguments)  # type: ignore[misc]  # Strawberry gives every field one

    return asked
