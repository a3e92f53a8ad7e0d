"""Lists of plain objects are completed by columns: an executor that takes a short way where nothing can happen on it.

graphql-core completes each field by itself, with a path, an info and a dozen calls, and has no compiled completion: of
an answer of ten thousand buckets that is nearly all the time. An object is plain when all that is selected of it are
attributes (`resolvers/attributes.py`), whose types are leaves, plain objects that nobody asks whether they are of their
type (`is_type_of`), or lists of such. That is found out once an operation. Then a list of such objects, whoever made
it, is completed attribute by attribute, with all that is below. A single object gains less than looking for it costs.

Everything else is graphql-core's, and whatever is unusual becomes so: an exception, a null where none may be, something
to await, a value that doesn't fit. It begins the list again, meets the same and tells it in its own words, with its
paths, in its order. So attributes may be read twice, and in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLResolveInfo,
    TypeNameMetaFieldDef,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.attributes import Get, getter

Complete = Callable[[Sequence[Any]], list[Any]]
"""Makes of values what stands in the answer for them; raises anything for what graphql-core must look at."""

Plan = Callable[[Any, FieldDetailsList], Complete | None]
"""Finds out how values of a type are completed, and whether they can be."""

CALM = frozenset({str, int, float, bool, UUID, datetime, date, Decimal, dict, list})
"""Types whose values are no null and no exception, and that nobody awaits."""

CHOOSING = frozenset({"skip", "include"})
"""Directives that have had their effect when fields are completed."""


class UnusualError(Exception):
    """Something for graphql-core."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's, with the short way; one for each operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By type and by id of the selected nodes, which therefore are kept beside, as graphql-core does for sub-fields.
        self._plans: dict[tuple[Any, int], tuple[FieldDetailsList, Complete | None]] = {}

    def complete_list_value(
        self,
        return_type: GraphQLList[Any],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """A list of what is plain, or what graphql-core makes of the list."""
        complete = self._planned(self._present, return_type, field_details_list)
        if complete is not None and position_context is None:
            try:
                return complete((result,))[0]
            except Exception:  # noqa: S110  # graphql-core is about to meet it again
                pass
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _planned(self, plan: Plan, kind: Any, details: FieldDetailsList) -> Complete | None:
        """The plan for a type with what is selected of it, made once; None when not all of that is plain."""
        known = self._plans.get((kind, id(details)))
        if known is None:
            try:
                made = plan(kind, details)
            except Exception:  # graphql-core meets it when it comes to these nodes
                made = None
            known = self._plans[kind, id(details)] = details, made
        return known[1]

    def _field(self, parent: GraphQLObjectType, details: FieldDetailsList) -> tuple[Get, Complete] | None:
        """How a field is read off the object it belongs to, and how what was read is completed."""
        field = self.schema.get_field(parent, details[0].node.name.value)
        if field is None or field.args or self._wrapped(field):
            return None
        get = (lambda source: parent.name) if field is TypeNameMetaFieldDef else getter(field.resolve)
        complete = get and self._value(field.type, details)
        return (get, complete) if get and complete else None

    def _wrapped(self, field: GraphQLField) -> bool:
        """Whether extensions take part in resolving fields."""
        manager, resolve = self.middleware_manager, field.resolve
        return manager is not None and resolve is not None and manager.get_field_resolver(resolve) is not resolve

    def _value(self, kind: Any, details: FieldDetailsList) -> Complete | None:
        """How values of a type are completed."""
        if is_non_null_type(kind):
            return self._present(kind.of_type, details)
        complete = self._present(kind, details)
        return complete and _or_null(complete)

    def _present(self, kind: Any, details: FieldDetailsList) -> Complete | None:
        """How values of a type are completed where null is none."""
        if is_leaf_type(kind):
            return self._leaf(kind.coerce_output_value)
        if is_list_type(kind):
            # Only lists are streamed.
            directed = {each.name.value for detail in details for each in detail.node.directives or ()}
            item = self._value(kind.of_type, details) if directed <= CHOOSING else None
            return item and _list(item)
        return self._object(kind, details) if is_object_type(kind) and kind.is_type_of is None else None

    def _leaf(self, coerce: Callable[[Any], Any]) -> Complete:
        """As `complete_leaf_value` of graphql-core."""

        def complete(values: Sequence[Any]) -> list[Any]:
            self._check(values)
            coerced = list(map(coerce, values))
            self._check(coerced)
            return coerced

        return complete

    def _object(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Complete | None:
        """How objects are completed that are known to be of their type."""
        selected, deferred, _ = self.collect_subfields(kind, details)
        fields: dict[str, tuple[Get, Complete]] = {}
        for name, below in selected.items():
            field = self._field(kind, below)
            if field is None:
                return None
            fields[name] = field

        def complete(values: Sequence[Any]) -> list[Any]:
            self._check(values)
            columns = [complete([get(value) for value in values]) for get, complete in fields.values()]
            return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]

        # Without columns nobody counts the rows.
        return None if deferred else complete if fields else self._leaf(lambda value: {})

    def _check(self, values: Sequence[Any]) -> None:
        """Raises UnusualError where graphql-core would do anything else than to complete a value."""
        if not CALM.issuperset(map(type, values)):
            for value in values:
                if value is None or value is Undefined or isinstance(value, Exception) or self.is_awaitable(value):
                    raise UnusualError


def _or_null(complete: Complete) -> Complete:
    def nullable(values: Sequence[Any]) -> list[Any]:
        present = [value for value in values if value is not None]
        completed = iter(complete(present))
        return [None if value is None else next(completed) for value in values]

    return nullable


def _list(item: Complete) -> Complete:
    def complete(values: Sequence[Any]) -> list[Any]:
        if any(type(value) is not list for value in values):
            raise UnusualError
        items = iter(item(list(chain.from_iterable(values))))
        return [list(islice(items, len(value))) for value in values]

    return complete
