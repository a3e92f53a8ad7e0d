"""The short way of plain fields answers as graphql-core does, to the letter, and is taken where it must be."""

from __future__ import annotations

import functools
import json
from collections import Counter, defaultdict
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLField, parse
from graphql.execution import Executor as CoreExecutor
from graphql.execution import experimental_execute_incrementally
from strawberry.extensions import SchemaExtension

from bizcall import stats
from bizcall.stats.buckets import Bucket
from resolvers import root
from resolvers.attributes import getter
from resolvers.completion import Executor
from schema.personal import view_of
from tests.resolvers.inventions import (
    MOMENT,
    ODD,
    WAYS,
    Colour,
    Inventor,
    Sampler,
    Thing,
    basic,
    built,
    objects,
    product,
    small,
    told,
)


@pytest.mark.parametrize("oddity", [0.0, 0.01, 0.05, 0.3])
async def test_whatever_is_asked_of_whatever_data_is_told_as_graphql_core_tells_it(oddity: float) -> None:
    kind, outcomes = small().type_map["Branch"], Counter[bool]()
    for seed in range(60):
        invent = Inventor(seed)
        invent.oddity = oddity
        context = SimpleNamespace(branches=[invent.thing(kind, 4) for _ in range(3)])
        one, many = invent.selection(kind, 3), invent.selection(kind, 3)
        # Not validated: names that clash must come out alike, too.
        document = f"""query ($yes: Boolean = true, $no: Boolean = false) {{ branch {{ {one} }} branches {{ {many} }} }}
            fragment L on Leaf {{ number text b: perhaps colours }}"""
        core, ours = [await told(way, small(), document, context) for way in WAYS]
        assert ours == core, (seed, document)
        outcomes[bool(core[1])] += 1
    assert outcomes[True] > 10 if oddity else outcomes[False] == 60


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
@pytest.mark.parametrize("below", ["__typename", "number @skip(if: true)", "number __typename", "b: number a: text"])
async def test_what_is_no_object_is_told_as_graphql_core_tells_it(odd: Any, below: str) -> None:
    leaf = Thing(number=1, text="x")
    branch = Thing(leaf=leaf, other=odd, leaves=[leaf, leaf], others=[leaf, odd, leaf])
    strict = Thing(leaf=odd, other=leaf, leaves=[leaf, odd], others=odd)
    document = "{ branches { leaf { * } other { * } leaves { * } others { * } late { * } } }".replace("*", below)
    context = SimpleNamespace(branches=[branch, strict])
    core, ours = [await told(way, small(), document, context) for way in WAYS]
    assert ours == core


def test_fields_without_resolvers_are_attributes_unless_they_are_watched() -> None:
    watched = set()
    for kind in objects():
        for name, field in kind.fields.items():
            plain, personal = getter(field.resolve) is not None, view_of(field) is not None
            assert plain is (basic(field) and not personal), f"{kind.name}.{name}"
            watched |= {f"{kind.name}.{name}"} if basic(field) and personal else set()
    assert {"Subscriber.name", "Subscriber.mobile", "ImportRow.name"} <= watched


def test_a_wrapped_getter_is_none_though_it_bears_the_mark() -> None:
    leaf: Any = small().type_map["Leaf"]
    field = leaf.fields["text"]
    assert field.resolve is not None
    assert getter(field.resolve) is not None
    declared = field.extensions["strawberry-definition"]

    @functools.wraps(field.resolve)
    def wrapped(source: Any, info: Any) -> Any:
        return declared.get_result(source, info, [], {})

    other = GraphQLField(field.type, resolve=wrapped, extensions=field.extensions)
    assert other.resolve._is_default  # type: ignore[union-attr]
    assert getter(other.resolve) is None


async def test_the_products_types_answer_as_by_graphql_core_and_what_they_reveal_is_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    revealing = set()
    for kind in objects():
        # Rows are of the business; these are not.
        if kind.is_type_of is not None:
            monkeypatch.setattr(kind, "is_type_of", lambda value, info: True)
    for kind in objects():
        for odd, at in [(None, -1), *((odd, at) for odd in (None, ValueError("bad")) for at in range(3))]:
            sample = Sampler(odd, at)
            text, value = sample.selection(kind)
            document = f"{{ one{kind.name} {{ {text} }} many{kind.name} {{ {text} }} }}"
            rows = {f"one{kind.name}": value, f"many{kind.name}": [value, None, value]}
            outcomes = []
            for way in WAYS:
                context = SimpleNamespace(views=defaultdict[Any, set[UUID]](set))
                outcomes.append((await told(way, product(), document, context, root_value=rows), context.views))
            assert outcomes[0] == outcomes[1], (kind.name, odd, at)
            (_, errors), views = outcomes[1]
            if at < 0:
                assert not errors, kind.name
                assert bool(views) is sample.reveals, kind.name
                revealing |= {kind.name} if views else set()
    assert {"Subscriber", "ImportRow"} <= revealing


async def by_graphql_core(monkeypatch: pytest.MonkeyPatch, buckets: int) -> Counter[str]:
    """How often graphql-core completed which field of a row's series by itself."""
    done = Counter[str]()
    execute_field = CoreExecutor.execute_field

    def counting(self: Any, kind: Any, source: Any, details: Any, *more: Any) -> Any:
        done[f"{kind.name}.{details[0].node.name.value}"] += 1
        return execute_field(self, kind, source, details, *more)

    bucket = Bucket(MOMENT, MOMENT, "2026-11-28T09")
    row = stats.Row(
        stats.Group.COMPANY, None, [bucket] * buckets, {name: range(buckets) for name in stats.CALLS.measures}
    )
    kind: Any = root.schema()._schema.type_map["CallStatistics"]
    measures = " ".join(kind.fields["total"].type.of_type.fields)
    document = f"""{{ manyCallStatistics {{ total {{ total }}
        buckets {{ key beginsAt endsAt __typename measures {{ ...M total }} }} }} }}
        fragment M on CallMeasures {{ {measures} }}"""
    with monkeypatch.context() as patched:
        patched.setattr(CoreExecutor, "execute_field", counting)
        data, errors = await told(Executor, product(), document, None, root_value={"manyCallStatistics": [row]})
    assert not errors
    [answer] = json.loads(data)["manyCallStatistics"]
    assert [each["measures"]["outgoing"] for each in answer["buckets"]] == list(range(buckets))
    assert answer["total"]["total"] == 6 * sum(range(buckets))
    return done


async def test_buckets_take_the_short_way_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for buckets in (1, 200):
        assert await by_graphql_core(monkeypatch, buckets) == {
            "Asked.manyCallStatistics": 1,
            "CallStatistics.total": 1,
            "CallMeasures.total": 1,
            "CallStatistics.buckets": 1,
        }


async def test_extensions_that_resolve_see_every_field() -> None:
    seen = Counter[str]()

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen[info.field_name] += 1
            return _next(root, info, *args, **kwargs)

    made = built(Watching)
    leaf = Thing(number=1, text="x")
    branch = Thing(leaves=[leaf, leaf], leaf=leaf)
    answer = await made.execute(
        "{ branch { leaf { number } leaves { number __typename } } }",
        context_value=SimpleNamespace(branches=[branch]),
    )
    assert answer.errors is None
    assert seen == {"branch": 1, "leaf": 1, "leaves": 1, "number": 3, "__typename": 2}


@pytest.mark.parametrize(
    "selected",
    [
        "leaves @stream(initialCount: 1) { number text }",
        "late @stream(initialCount: 1) { number text }",
        "leaf { number ... @defer { text colour } }",
        "late { number } ... @defer { late { text } }",
        "leaf { number } ... @defer { leaf { text } leaves { number ... @defer { text } } }",
    ],
)
async def test_what_is_deferred_or_streamed_comes_in_the_same_parts(selected: str) -> None:
    leaf = Thing(number=1, text="x", colour=Colour.RED)
    context = SimpleNamespace(branches=[Thing(leaf=leaf, leaves=[leaf] * 3, others=[leaf] * 3)])
    parts = []
    for way in WAYS:
        document = parse(f"{{ branches {{ {selected} }} }}")
        answer: Any = experimental_execute_incrementally(small(), document, context_value=context, executor_class=way)
        if hasattr(answer, "__await__"):
            answer = await answer
        later = [each.formatted async for each in answer.subsequent_results]
        parts.append([answer.initial_result.formatted, *later])
    assert parts[0] == parts[1]
    assert len(parts[0]) > 1
