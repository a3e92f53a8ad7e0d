"""A bug in any field of the schema is told by an id and nothing else (security G10)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
    is_required_argument,
)

from tests.console import console
from tests.factories import Tenant
from tests.resolvers.literals import least
from tests.security.operations import schema

SECRET = "canary 0f3c"
AT_ONCE = 20

Step = tuple[str, GraphQLField, GraphQLObjectType]
"""A field on the way from a root, and of which type its value is."""


@dataclass(frozen=True)
class Found:
    """What stands in for a row: the name of its type."""

    name: str


def types() -> list[GraphQLObjectType]:
    """Those of answers."""
    return [kind for kind in schema().type_map.values() if is_object_type(kind) and not kind.name.startswith("__")]


def ways() -> Iterator[tuple[GraphQLObjectType, list[Step]]]:
    """Every type that a root leads to, with the shortest way to it."""
    known = schema()
    waiting = deque((kind, list[Step]()) for kind in (known.query_type, known.mutation_type) if kind is not None)
    seen = {kind.name for kind, _ in waiting}
    while waiting:
        kind, way = waiting.popleft()
        yield kind, way
        for name, field in kind.fields.items():
            target = get_named_type(field.type)
            for each in known.get_possible_types(target) if is_abstract_type(target) else [target]:
                if is_object_type(each) and each.name not in seen:
                    seen.add(each.name)
                    waiting.append((each, [*way, (name, field, each)]))


def selected(name: str, field: GraphQLField, below: str = "__typename") -> str:
    """A field with the arguments that it needs, and the size of its page."""
    needed = {key: each for key, each in field.args.items() if is_required_argument(each) or key == "first"}
    arguments = ",".join(f"{key}:{least(each.type, key)}" for key, each in needed.items())
    text = f"{name}({arguments})" if arguments else name
    return text if is_leaf_type(get_named_type(field.type)) else f"{text}{{{below}}}"


def document(kind: GraphQLObjectType, way: list[Step], names: list[str]) -> str:
    """Fields of a type, at the end of the way to it."""
    text = " ".join(selected(name, kind.fields[name]) for name in names)
    for name, field, found in reversed(way):
        text = selected(name, field, f"...on {found.name}{{{text}}}")
    mutation = schema().mutation_type
    assert mutation is not None
    begins = way[0][1] if way else kind.fields[names[0]]
    return f"{'mutation' if begins in mutation.fields.values() else 'query'}{{{text}}}"


def at_once(kind: GraphQLObjectType, way: list[Step]) -> Iterator[list[str]]:
    """The fields of a type, as many together as one may ask for."""
    names = list(kind.fields)
    many = AT_ONCE if way else 10 if kind is schema().query_type else 1
    for start in range(0, len(names), many):
        yield names[start : start + many]


async def test_G10_no_field_of_any_type_tells_what_a_bug_in_it_says(
    company: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The fields of one type after the other crash, in an answer that leads to them."""
    crashing, found_by = "", dict[int, Found]()

    def resolve(_source: Any, info: Any, **_: Any) -> Any:
        if info.parent_type.name == crashing:
            raise RuntimeError(SECRET)
        found = found_by[id(info.parent_type.fields[info.field_name])]
        return [found] if is_list_type(get_nullable_type(info.return_type)) else found

    asked = [(kind, way, names) for kind, way in ways() for names in at_once(kind, way)]
    for kind in schema().type_map.values():
        if is_abstract_type(kind):
            monkeypatch.setattr(kind, "resolve_type", lambda found, *_: found.name)
    for kind in types():
        monkeypatch.setattr(kind, "is_type_of", None)
        for field in kind.fields.values():
            monkeypatch.setattr(field, "resolve", resolve)
            # So that the first one of several doesn't empty the whole answer.
            monkeypatch.setattr(field, "type", get_nullable_type(field.type))
    # What is made from the schema is valid; to find that out takes longer than all the rest.
    monkeypatch.setattr("strawberry.schema.schema.validate", lambda *_: [])
    monkeypatch.setattr("resolvers.errors.ERRORS_MOST", AT_ONCE)
    monkeypatch.setattr("resolvers.pipeline.admit", lambda *_: None)
    async with console(company) as client:
        for kind, way, names in asked:
            crashing, found_by = kind.name, {id(field): Found(each.name) for _, field, each in way}
            caplog.clear()
            answer = await client.answer(document(kind, way, names))
            assert SECRET not in str(answer), (kind.name, names)
            told = [error["extensions"] for error in answer["errors"]]
            assert [each["code"] for each in told] == ["INTERNAL_SERVER_ERROR"] * len(names), (kind.name, answer)
            logged = {record.__dict__.get("error_id"): record for record in caplog.records}
            assert all(SECRET in str(logged[each["errorId"]].exc_info) for each in told), (kind.name, names)
    swept = {(kind.name, name) for kind, _, names in asked for name in names}
    assert swept == {(kind.name, name) for kind in types() for name in kind.fields}
