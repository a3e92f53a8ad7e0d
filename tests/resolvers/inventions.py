"""Data and documents that are made up for `test_completion.py`, over types of its own and over the product's."""

from __future__ import annotations

import functools
import json
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Any, NewType
from uuid import UUID

import strawberry
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    execute,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers import root
from resolvers.attributes import getter
from resolvers.completion import Executor
from schema.personal import view_of
from schema.scalars import SCALARS, Seconds

WAYS = (StrawberryGraphQLCoreExecutionContext, Executor)
MOMENT = datetime(2026, 11, 28, 9, tzinfo=UTC)


class Thing:
    """An object of which an attribute that it doesn't have is a bug with a text of its own."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) if name.startswith("__") else RuntimeError(f"no {name}")


class Awaited:
    """A value for those who wait; as often as they like."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, Any]:
        yield
        return self.value


class Colour(Enum):
    """A closed set."""

    RED = "red"
    BLUE = "blue"


strawberry.enum(Colour)


Shy = NewType("Shy", str)
SHY = strawberry.scalar(name="Shy", serialize={"told": "told", "late": Awaited("later")}.get, parse_value=str)
"""Of what it can't say it says null."""


@strawberry.type
class Leaf:
    """All sorts of leaves, and a field that is none."""

    number: int
    perhaps: int | None
    text: str
    ratio: float | None
    truth: bool
    key: strawberry.ID
    colour: Colour
    colours: list[Colour | None] | None
    at: datetime | None
    length: Seconds
    shy: Shy
    shier: Shy | None
    grid: list[list[int] | None]

    @strawberry.field
    def loud(self) -> str:
        """Of the same attributes."""
        return f"{self.text}!"


@strawberry.interface
class Named:
    """What is asked for its type."""

    text: str

    @classmethod
    def resolve_type(cls, value: Any, info: Any, kind: Any) -> str:
        """The only one there is."""
        return "Picky"


@strawberry.type
class Picky(Named):
    """A type that knows its own."""

    number: int

    @classmethod
    def is_type_of(cls, value: Any, info: Any) -> bool:
        """By an attribute."""
        return bool(value.number != 3)


@strawberry.type
class Branch:
    """What has leaves."""

    leaf: Leaf
    other: Leaf | None
    leaves: list[Leaf]
    others: list[Leaf | None] | None
    picky: Picky | None
    named: list[Named]
    inner: Branch | None

    @strawberry.field
    async def late(self) -> list[Leaf | None] | None:
        """A list that a resolver makes."""
        return self.others


@strawberry.type
class Asked:
    """A root."""

    @strawberry.field
    def branch(self, info: strawberry.Info[Any, Any]) -> Branch | None:
        """One."""
        return info.context.branches[0]  # type: ignore[no-any-return]

    @strawberry.field
    def branches(self, info: strawberry.Info[Any, Any]) -> list[Branch | None]:
        """All."""
        return info.context.branches  # type: ignore[no-any-return]


def built(*extensions: type[SchemaExtension]) -> strawberry.Schema:
    """The schema of the types above."""
    config = StrawberryConfig(scalar_map={**SCALARS, Shy: SHY})
    return strawberry.Schema(Asked, extensions=extensions, config=config, execution_context_class=Executor)


@functools.cache
def small() -> GraphQLSchema:
    """The same for graphql-core."""
    return built()._schema


parsed = functools.cache(parse)


async def told(way: type[Any], schema: GraphQLSchema, document: str, context: Any, **more: Any) -> tuple[Any, ...]:
    """All that a client and the log are told."""
    answer: Any = execute(schema, parsed(document), context_value=context, executor_class=way, **more)
    if hasattr(answer, "__await__"):
        answer = await answer
    errors = [
        (each.message, each.path, each.locations, type(each.original_error), str(each.original_error))
        for each in answer.errors or ()
    ]
    return json.dumps(answer.data), errors


GOOD: dict[str, Sequence[Any]] = {
    "Int": [0, 7, 2**31 - 1, True, 2.0, Decimal(5), "12"],
    "Float": [0.5, 1, Decimal("1.25")],
    "String": ["", "글", 3, 0.5, Decimal(2), UUID(int=5)],
    "Boolean": [True, False, 1],
    "ID": ["x", 5, UUID(int=5)],
    "DateTime": [MOMENT],
    "Date": [date(2026, 11, 28)],
    "Seconds": [0, 2**40],
    "Colour": [*Colour, "red"],
    "Shy": ["told", "late"],
}
ODD: list[Any] = [None, Undefined, ValueError("bad"), Awaited(None), Awaited(5), Awaited(ValueError("late")), object()]
ODD += [
    "green",
    "hidden",
    "x",
    2**31,
    float("nan"),
    MOMENT.replace(tzinfo=None),
    (),
    [],
    {},
    Thing(),
    iter(()),
    KeyError,
]


class Inventor(Random):
    """Makes up data and documents; at the rate of `oddity` the data is not what the schema promises."""

    oddity = 0.0

    def value(self, kind: Any, depth: int) -> Any:
        """What an attribute of that type may hold."""
        if self.random() < self.oddity:
            return self.choice(ODD)
        if not is_non_null_type(kind):
            return None if depth <= 0 or self.random() < 0.15 else self.value(GraphQLNonNull(kind), depth)
        inner = kind.of_type
        if is_list_type(inner):
            made = [self.value(inner.of_type, depth - 1) for _ in range(self.randrange(4))]
            return tuple(made) if self.random() < self.oddity else made
        if is_leaf_type(inner):
            return self.choice(GOOD[inner.name])
        return self.thing(small().type_map["Picky"] if inner.name == "Named" else inner, depth - 1)

    def thing(self, kind: Any, depth: int) -> Thing:
        """An object of that type."""
        names = {name: field for name, field in kind.fields.items() if getter(field.resolve)}
        kept = {name: field for name, field in names.items() if self.random() >= self.oddity / 3}
        return Thing(**{name: self.value(field.type, depth) for name, field in kept.items()})

    def selection(self, kind: Any, depth: int) -> str:
        """What is selected of a type: under other names, twice, in fragments, on conditions."""
        fields = [name for name, field in kind.fields.items() if depth or is_leaf_type(get_named_type(field.type))]
        parts = [self.choice(["", "...L", "...L @skip(if: $yes)"])] if kind.name == "Leaf" else []
        for _ in range(self.randint(1, 6)):
            name = self.choice([*fields, "__typename"])
            below = get_named_type(kind.fields[name].type) if name in kind.fields else None
            text = self.choice(["", "", "", "a: ", "b: "]) + name
            text += self.choice([""] * 6 + ["@skip(if: $yes)", "@include(if: $yes)", "@skip(if: $no)"])
            if below is not None and not is_leaf_type(below):
                text += f"{{ {self.selection(below, depth - 1)} }}"
            parts.append(self.choice(["{}", "{}", "{}", "... {{ {} }}", "... @include(if: $no) {{ {} }}"]).format(text))
        return " ".join(parts)


def objects() -> Iterator[GraphQLObjectType]:
    """The types of the product's answers."""
    known = root.schema()._schema
    for kind in known.type_map.values():
        if (
            is_object_type(kind)
            and not kind.name.startswith("__")
            and kind not in (known.query_type, known.mutation_type)
        ):
            yield kind


def basic(field: GraphQLField) -> bool:
    """Whether a field was declared without a resolver."""
    declared = field.extensions.get("strawberry-definition")
    return declared is not None and declared.is_basic_field


@functools.cache
def product() -> GraphQLSchema:
    """A schema over the product's types whose root has one of each, and a list of each; root values say which."""
    fields = {f"one{kind.name}": GraphQLField(kind) for kind in objects()}
    fields |= {f"many{kind.name}": GraphQLField(GraphQLList(kind)) for kind in objects()}
    return GraphQLSchema(GraphQLObjectType("Asked", fields))


class Sampler:
    """The fields of a type that are attributes, with values for them; `odd` says what stands in one of their places."""

    def __init__(self, odd: Any = None, at: int = -1) -> None:
        self.odd, self.left, self.reveals = odd, at, False

    def selection(self, kind: GraphQLObjectType, depth: int = 3) -> tuple[str, Thing]:
        """A document's part and the object."""
        texts, values = ["__typename"], {"id": UUID(int=9)}
        for name, field in kind.fields.items():
            inner: Any = get_named_type(field.type)
            if not basic(field) or not (is_leaf_type(inner) or (is_object_type(inner) and depth)):
                continue
            below, value = ("", self.leaf(inner)) if is_leaf_type(inner) else self.below(inner, depth)
            texts.append(f"{name} {below}")
            self.reveals |= view_of(field) is not None
            many = is_list_type(field.type.of_type if is_non_null_type(field.type) else field.type)
            values[field.extensions["strawberry-definition"].python_name] = self.place([value] * 2 if many else value)
        return " ".join(texts), Thing(**values)

    def below(self, kind: Any, depth: int) -> tuple[str, Any]:
        """The same as a field's."""
        text, value = self.selection(kind, depth - 1)
        return f"{{ {text} }}", value

    def leaf(self, kind: Any) -> Any:
        """A good value."""
        if kind.name in GOOD:
            return GOOD[kind.name][0]
        return next(iter(kind.values.values())).value if hasattr(kind, "values") else "text"

    def place(self, value: Any) -> Any:
        """The value, or what is odd where it has its place."""
        self.left -= 1
        return self.odd if self.left == -1 else value
