"""What the guard counts: what a slow walk counts, in generated documents, by work bounded by length (security L9)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, TypeVar

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    Lexer,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
    print_ast,
)

from resolvers.guard import Measure, check
from resolvers.limits import Bounds
from tests.resolvers import office


def measured(document: str, variables: dict[str, Any] | None = None, bounds: Bounds | None = None) -> Measure:
    """What the chosen operation asks for; raises GraphQLError."""
    return check(parse(document), variables or {}, None, office.schema()._schema, bounds or Bounds())[1]


def test_page_sizes_multiply_nodes_and_cost() -> None:
    asked = measured("{departments(first:10){nodes{name others(last:5){nodes{id}} twin{name}}}}")
    # 10 departments with 5 others each; the lists, their entries and the twins are objects.
    assert asked.nodes == 10 + 10 * 5
    assert asked.cost == 1 + 10 * (1 + 1 + 1) + 10 * 5
    assert asked.depth == 5


def test_a_null_page_size_is_left_to_the_field() -> None:
    assert measured("{departments(first:null){nodes{name}}}").nodes == 0
    assert measured("query($n:Int){departments(first:$n){nodes{name}}}").nodes == 0


def test_an_ordinary_page_stays_far_below_the_limits() -> None:
    document = (
        "{departments(first:100){edges{cursor node{id name twin{id name}}} pageInfo{hasNextPage} totalCount{value}}}"
    )
    asked = measured(document)
    assert asked.nodes <= 0.6 * Bounds().nodes
    assert asked.cost <= 0.6 * Bounds().cost


def brute(node: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> tuple[int, int, int, int, int]:
    """Depth, fields, aliases, directives and nodes, by walking everything as often as it is spread."""
    depth = fields = aliases = directives = nodes = 0
    for selection in node.selections:
        directives += len(selection.directives or ())
        if isinstance(selection, FieldNode):
            sizes = [int(a.value.value) for a in selection.arguments or () if a.name.value in ("first", "last")]  # type: ignore[attr-defined]  # literals
            size = max(sizes, default=1)
            below = brute(selection.selection_set, fragments) if selection.selection_set else (0, 0, 0, 0, 0)
            depth = max(depth, below[0] + 1)
            fields, aliases, directives = fields + 1 + below[1], aliases + below[2], directives + below[3]
            aliases += selection.alias is not None
            nodes += size * (bool(sizes) + below[4])
            continue
        fields, extra = fields + 1, 0
        if isinstance(selection, InlineFragmentNode):
            inner = selection.selection_set
        else:
            assert isinstance(selection, FragmentSpreadNode)
            inner = fragments[selection.name.value].selection_set
            extra = len(fragments[selection.name.value].directives or ())
        below = brute(inner, fragments)
        depth = max(depth, below[0])
        fields, aliases, directives = fields + below[1], aliases + below[2], directives + below[3] + extra
        nodes += below[4]
    return depth, fields, aliases, directives, nodes


T = TypeVar("T")


@cache
def named(name: str) -> NameNode:
    return NameNode(value=name)


@cache
def paged(way: str, size: int) -> tuple[ArgumentNode, ...]:
    return (ArgumentNode(name=named(way), value=IntValueNode(value=str(size))),)


ON = NamedTypeNode(name=named("Department"))
ALIASES = (None, None, named("a"), named("b"))
SKIP = DirectiveNode(
    name=named("skip"), arguments=(ArgumentNode(name=named("if"), value=BooleanValueNode(value=False)),)
)
DIRECTIVES: tuple[tuple[DirectiveNode, ...], ...] = ((), (), (SKIP,))
LEAVES = [FieldNode(name=named("name"), alias=alias, directives=each) for alias in ALIASES for each in DIRECTIVES]
SPREADS = [[FragmentSpreadNode(name=named(f"F{of}"), directives=each) for each in DIRECTIVES] for of in range(5)]


def generated(seed: int) -> DocumentNode:
    """A document of up to five fragments, each of which may spread later ones any number of times; of a seed, the same.

    It is made as the parser would leave it, since parsing takes several times as long as everything else here. One in
    twenty is large, and may spread into hundreds of fields.
    """
    random = Random(seed).random
    large = seed % 20 == 0
    count, deepest, widest = int(random() * (6 if large else 4)), 3 if large else 2, 3 if large else 2

    def drawn(options: Sequence[T]) -> T:
        return options[int(random() * len(options))]

    def field(name: str, below: Sequence[SelectionNode], **more: Any) -> FieldNode:
        return FieldNode(name=named(name), selection_set=SelectionSetNode(selections=tuple(below)), **more)

    def several(later: int, level: int) -> list[SelectionNode]:
        return [one(later, level) for _ in range(1 + int(random() * widest))]

    def one(later: int, level: int) -> SelectionNode:
        kind = int(random() * 6) if level else 0
        if kind < 2:
            return drawn(LEAVES)
        if kind == 2:
            return drawn(drawn(SPREADS[later:count])) if later < count else drawn(LEAVES)
        below = several(later, level - 1) if random() < 0.9 else []
        directives = drawn(DIRECTIVES)
        if kind == 3:
            inside = SelectionSetNode(selections=tuple(below))
            return InlineFragmentNode(type_condition=ON, selection_set=inside, directives=directives)
        alias = drawn(ALIASES)
        if kind == 4:
            return field("twin", below, alias=alias, directives=directives)
        size = paged(drawn(("first", "last")), 1 + int(random() * 100))
        return field("others", [field("nodes", below)], alias=alias, arguments=size, directives=directives)

    # Each is spread once at least: what nothing spreads is refused.
    nodes = field("nodes", [*several(0, deepest), *map(drawn, SPREADS[:count])])
    top = SelectionSetNode(
        selections=(field("departments", [nodes], arguments=paged("first", 1 + int(random() * 100))),)
    )
    fragments = [
        FragmentDefinitionNode(
            name=named(f"F{of}"),
            type_condition=ON,
            selection_set=SelectionSetNode(selections=tuple(several(of + 1, deepest))),
        )
        for of in range(count)
    ]
    return DocumentNode(
        definitions=(OperationDefinitionNode(operation=OperationType.QUERY, selection_set=top), *fragments)
    )


def guarded(document: DocumentNode) -> Measure:
    """What the guard measures of which it refuses nothing."""
    return check(document, {}, None, office.schema()._schema, UNBOUNDED)[1]


CALLS_A_TOKEN = 20

UNBOUNDED = Bounds(
    root_fields=10**30,
    fragments=10**30,
    depth=10**30,
    aliases=10**30,
    directives=10**30,
    fields=10**30,
    repeats=10**30,
    nodes=10**30,
    cost=10**30,
)


def tokens(document: DocumentNode) -> int:
    """How many tokens a document has when it is written."""
    lexer, count = Lexer(Source(print_ast(document))), 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    return count


def calls_of_the_guard(document: DocumentNode) -> int:
    """How many functions the guard calls for a document: its work, on any machine."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        guarded(document)
    finally:
        sys.setprofile(None)
    return calls


def test_L9_a_generated_document_is_what_the_parser_makes_of_its_text() -> None:
    for seed in range(100):
        document = generated(seed)
        assert guarded(parse(print_ast(document))) == guarded(document), seed


def test_L9_the_memoised_pass_counts_what_a_slow_walk_counts_in_10000_documents() -> None:
    most = 0
    for seed in range(10_000):
        document = generated(seed)
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        asked = guarded(document)
        expected = brute(document.definitions[0].selection_set, fragments)  # type: ignore[attr-defined]  # the operation
        assert (asked.depth, asked.fields, asked.aliases, asked.directives, asked.nodes) == expected, seed
        most = max(most, asked.fields)
    assert most > 300


def test_L9_the_guards_work_for_a_document_is_bounded_by_its_length() -> None:
    for seed in range(1000):
        document = generated(seed)
        assert calls_of_the_guard(document) < CALLS_A_TOKEN * tokens(document), seed
