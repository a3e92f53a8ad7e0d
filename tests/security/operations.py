"""The API's operations as its schema tells them, for the sweeps: root fields, places for ids, documents, selections.

Nothing here names a field: a new one is swept from the day it is there, with the inputs of tests/security/inputs.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from resolvers import root

CURSORS = ("after", "before")
PAGE = {"after": "first", "before": "last"}

Steps = tuple[str, ...]
Leaving = Callable[[str, str, GraphQLField], bool]
"""Whether a field of a type, both by name, is left out."""


def nothing(kind: str, name: str, field: GraphQLField) -> bool:
    """Leaves out no field."""
    return False


@dataclass(frozen=True)
class Slot:
    """A place in an operation's input: `Mutation.subscribersSave.input.rows.[].lineId`."""

    root: str
    steps: Steps
    type: str

    @property
    def path(self) -> str:
        """For people, and for tables."""
        return ".".join([self.root, *self.steps])

    @property
    def name(self) -> str:
        """The argument or field that holds the value."""
        return next(step for step in reversed(self.steps) if step != "[]")

    @property
    def many(self) -> bool:
        """Whether the place is an entry of a list."""
        return self.steps[-1] == "[]"


def schema() -> GraphQLSchema:
    """The product's."""
    return root.schema()._schema


@functools.cache
def fields() -> Mapping[str, GraphQLField]:
    """Every root field, as Type.field."""
    known = schema()
    roots = [kind for kind in (known.query_type, known.mutation_type) if kind is not None]
    return {f"{kind.name}.{name}": field for kind in roots for name, field in kind.fields.items()}


@functools.cache
def slots() -> tuple[Slot, ...]:
    """Every leaf of every root field's input."""
    return tuple(
        Slot(key, steps, str(kind))
        for key, field in fields().items()
        for name, argument in field.args.items()
        for steps, kind in _leaves(argument.type, (name,))
    )


def _leaves(of: GraphQLInputType, steps: Steps) -> Iterator[tuple[Steps, GraphQLNamedType]]:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    if isinstance(inner, GraphQLList):
        yield from _leaves(inner.of_type, (*steps, "[]"))
    elif isinstance(inner, GraphQLInputObjectType):
        for name, entry in inner.fields.items():
            yield from _leaves(entry.type, (*steps, name))
    else:
        yield steps, get_named_type(inner)


@functools.cache
def nodes() -> Mapping[str, GraphQLObjectType]:
    """The types that `node` finds."""
    interface = schema().get_type("Node")
    assert isinstance(interface, GraphQLInterfaceType)
    return {kind.name: kind for kind in schema().get_possible_types(interface)}


@functools.cache
def lists() -> Mapping[str, tuple[str, ...]]:
    """The fields of nodes that are paged lists, by type."""
    found = {
        name: tuple(part for part, field in kind.fields.items() if "after" in field.args)
        for name, kind in nodes().items()
    }
    return {name: parts for name, parts in found.items() if parts}


def has(arguments: Any, steps: Steps) -> bool:
    """Whether there is a value at a place."""
    for step in steps:
        if step == "[]":
            if not isinstance(arguments, list) or not arguments:
                return False
            arguments = arguments[0]
        elif not isinstance(arguments, dict) or arguments.get(step) is None:
            return False
        else:
            arguments = arguments[step]
    return True


def put(arguments: Mapping[str, Any], steps: Steps, value: Any, *, beside: bool = False) -> dict[str, Any]:
    """The same arguments with another value at a place; `beside` keeps what stands in the list already."""
    made: Any = copy.deepcopy(dict(arguments))
    place = made
    for step in steps[:-1]:
        place = place[0] if step == "[]" else place[step]
    if steps[-1] == "[]":
        place[:] = [*place, value] if beside else [value]
    else:
        place[steps[-1]] = value
    return made  # type: ignore[no-any-return]  # a copy of a dictionary


def document(key: str, arguments: Mapping[str, Any], selection: str) -> str:
    """An operation with one root field, whose arguments are variables of the same names."""
    kind, name = key.split(".")
    args = fields()[key].args
    given = {part: args[part] for part in arguments}
    declared = ", ".join(f"${part}: {argument.type}" for part, argument in given.items())
    passed = ", ".join(f"{part}: ${part}" for part in given)
    head = f"{kind.lower()} ({declared})" if declared else kind.lower()
    call = f"{name}({passed})" if passed else name
    return f"{head} {{ {call} {selection} }}"


def least(key: str) -> dict[str, Any]:
    """Arguments with nothing in them that isn't required, of the right types and otherwise without sense."""
    args = fields()[key].args
    made = {name: _least(argument.type) for name, argument in args.items() if is_required_argument(argument)}
    return {**made, "first": 5} if "first" in args else made


def _least(of: GraphQLInputType) -> Any:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    if isinstance(inner, GraphQLList):
        return []
    if isinstance(inner, GraphQLInputObjectType):
        required = {name: entry for name, entry in inner.fields.items() if isinstance(entry.type, GraphQLNonNull)}
        return {name: _least(entry.type) for name, entry in required.items()}
    if hasattr(inner, "values"):
        return next(iter(inner.values))
    return EXAMPLES.get(get_named_type(inner).name, "x")


EXAMPLES: Mapping[str, Any] = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "Date": "2027-03-01",
    "DateTime": "2027-03-01T00:00:00Z",
    "PhoneNumber": "01000000000",
    "EmailAddress": "x@example.com",
}


def selection(key: str, *, of: str | None = None, depth: int = 3, without: Leaving = nothing) -> str:
    """What a root field's answer can show: everything down to a depth; `of` names the type where it is a Node."""
    kind = get_named_type(fields()[key].type)
    if isinstance(kind, GraphQLInterfaceType):
        below = everything(nodes()[of], depth, without) if of else ""
        return f"{{ __typename id ... on {of} {below} }}" if of else "{ __typename id }"
    return everything(kind, depth, without)


def everything(kind: Any, depth: int, without: Leaving = nothing, above: tuple[str, ...] = ()) -> str:
    """All leaves of a type, and of the types below it, each type once on a way, but for fields to leave out."""
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLInterfaceType):
        return "{ __typename }"
    parts = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()) or without(kind.name, name, field):
            continue
        if is_leaf_type(inner):
            parts.append(name)
        elif depth > 0 and inner.name not in above:
            # A list's own wrapping is no step down.
            wrapped = inner.name.endswith(("Connection", "Payload"))
            below = everything(inner, depth - (not wrapped), without, (*above, kind.name))
            parts.append(f"{name}{'(first: 5)' if 'first' in field.args else ''} {below}")
    if kind.name.endswith("Connection"):
        parts = [part for part in parts if not part.startswith("edges")]
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def arguments_of(key: str) -> Mapping[str, GraphQLArgument]:
    """Those of a root field."""
    return fields()[key].args
