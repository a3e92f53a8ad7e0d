"""Documents that ask for too much, each with its variables and the limit that it passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    parse,
    print_ast,
)


def doubling(n: int, inner: str = "__typename") -> str:
    """Fragments which spread the next one twice: 2^n fields in 6 n tokens."""
    chain = " ".join(f"fragment F{i} on Query{{...F{i + 1} ...F{i + 1}}}" for i in range(n))
    return f"{{...F0}} {chain} fragment F{n} on Query{{{inner}}}"


def overlapping(n: int) -> str:
    """Each fragment asks for the same field twice, with the next fragment under it."""
    head = "{departments(first:1){nodes{...F0}}}"
    chain = " ".join(f"fragment F{i} on Department{{twin{{...F{i + 1}}} twin{{...F{i + 1}}}}}" for i in range(n))
    return f"{head} {chain} fragment F{n} on Department{{name}}"


def nested(levels: int, size: int = 100) -> str:
    """Lists in lists."""
    inner = "name"
    for _ in range(levels - 1):
        inner = f"others(first:{size}){{nodes{{{inner}}}}}"
    return f"{{departments(first:{size}){{nodes{{{inner}}}}}}}"


def conflicting(count: int) -> str:
    """One place of the answer, asked for with another page size each time."""
    repeats = " ".join(f"others(first:{i % 90 + 1}){{nodes{{id}}}}" for i in range(count))
    return f"{{departments(first:1){{nodes{{{repeats}}}}}}}"


def deep(levels: int) -> Any:
    """Objects in objects."""
    value: Any = 1
    for _ in range(levels):
        value = {"name": value}
    return value


TOO_MUCH: dict[str, tuple[str, dict[str, Any], str]] = {
    "aliases of one field": ("{" + " ".join(f"a{i}:__typename" for i in range(31)) + "}", {}, "aliases"),
    "aliases below the root": (
        "{departments(first:1){" + " ".join(f"a{i}:__typename" for i in range(31)) + "}}",
        {},
        "aliases",
    ),
    "aliases through fragments": (
        "{departments(first:1){nodes{...A ...A ...A ...A}}} fragment A on Department{"
        + " ".join(f"a{i}:name" for i in range(8))
        + "}",
        {},
        "aliases",
    ),
    "depth": ("{departments(first:1){nodes{" + "twin{" * 8 + "name" + "}" * 8 + "}}}", {}, "depth"),
    "depth through inline fragments": (
        "{departments(first:1){nodes{" + "... on Department{twin{" * 8 + "name" + "}}" * 8 + "}}}",
        {},
        "depth",
    ),
    "depth through fragments": (
        "{departments(first:1){nodes{...F0}}} "
        + " ".join(f"fragment F{i} on Department{{twin{{...F{i + 1}}}}}" for i in range(9))
        + " fragment F9 on Department{name}",
        {},
        "depth",
    ),
    "depth in another operation": (
        "query B{departments(first:1){nodes{" + "twin{" * 8 + "name" + "}" * 8 + "}}}",
        {},
        "depth",
    ),
    "a fragment cycle": ("{...A} fragment A on Query{...B} fragment B on Query{...A}", {}, "depth"),
    "a cycle in a fragment nobody spreads": ("{__typename} fragment A on Query{...A}", {}, "depth"),
    "directives": ("{__typename" + "@skip(if:false)" * 21 + "}", {}, "directives"),
    "directives on fragments": (
        "{" + "...A@include(if:true)" * 11 + "} fragment A on Query{__typename@include(if:true)}",
        {},
        "directives",
    ),
    "directives on an operation": ("query" + "@a" * 21 + "{__typename}", {}, "directives"),
    "directives on variables": ("query($a:Int" + "@a" * 21 + "){__typename}", {}, "directives"),
    "fields": ("{departments(first:1){nodes{" + "name " * 501 + "}}}", {}, "fields"),
    "doubling fragments": (doubling(20), {}, "fields"),
    "doubling fragments, as many as there may be": (doubling(39), {}, "fields"),
    "doubling fragments of nothing": (doubling(39, ""), {}, "fields"),
    "overlapping fragments": (overlapping(8), {}, "depth|fields"),
    "overlapping fragments, many": (overlapping(20), {}, "depth|fields"),
    "conflicting repeats": (conflicting(41), {}, "repeats"),
    "conflicting repeats, many": (conflicting(90), {}, "fields|repeats"),
    "one spread of many names, many times": (
        "{departments(first:1){nodes{"
        + "...A " * 240
        + "}}} fragment A on Department{"
        + " ".join(f"f{i}" for i in range(240))
        + "}",
        {},
        "fields",
    ),
    "one argument, many times": (
        "{departments(" + "first:1 " * 300 + "){nodes{" + "name " * 41 + "}}}",
        {},
        "repeats",
    ),
    "lists in lists of a literal": (
        "{echo(filter:{names:" + "[" * 60 + '"x"' + "]" * 60 + "}) " + "__typename " * 10 + "}",
        {},
        "rootFields",
    ),
    "a page of twenty digits by variable": (
        "query($n:Int){departments(first:$n){nodes{name}}}",
        {"n": 10**18},
        "page",
    ),
    "a page as a text": (
        "query($n:Int){departments(first:$n){nodes{others(first:$n){nodes{others(first:2){nodes{id}}}}}}}",
        {"n": "100"},
        "nodes",
    ),
    "nodes by last": (nested(3, 100).replace("first", "last"), {}, "nodes"),
    "nodes by the greater of two": (nested(3, 100).replace("first:100", "first:1 last:100"), {}, "nodes"),
    "a text in a list in a variable's default": (
        'query($f:Filter={names:["' + "x" * 2_001 + '"]}){echo(filter:$f)}',
        {},
        "string",
    ),
    "a list in a variable": ("query($f:Filter){echo(filter:$f)}", {"f": {"names": ["x"] * 501}}, "inputList"),
    "a text in a variable": ("query($a:String){echo(text:$a)}", {"a": "x" * 2_001}, "string"),
    "a deep variable": ("query($f:Filter){echo(filter:$f)}", {"f": deep(40)}, "jsonDepth"),
    "repeats": ("{departments(first:1){nodes{" + "name " * 41 + "}}}", {}, "repeats"),
    "repeats in inline fragments": (
        "{departments(first:1){nodes{" + "...on Department{name name}" * 21 + "}}}",
        {},
        "repeats",
    ),
    "repeats under merged parents": (
        "{departments(first:1){" + "nodes{name name name name name name}" * 7 + "}}",
        {},
        "repeats",
    ),
    "fields of a fragment nobody spreads": (
        "{__typename} fragment A on Department{" + "name " * 501 + "}",
        {},
        "fields",
    ),
    "root fields": ("{" + "__typename " * 11 + "}", {}, "rootFields"),
    "root fields through fragments": ("{...A ...A} fragment A on Query{" + "__typename " * 6 + "}", {}, "rootFields"),
    "mutations": ("mutation{" + "__typename " * 6 + "}", {}, "mutations"),
    "two sign-ins": ("mutation{a:signIn b:signIn}", {}, "secretMutations"),
    "two sign-ins through a fragment": (
        "mutation{signIn ...A} fragment A on Mutation{b:signIn}",
        {},
        "secretMutations",
    ),
    "fragments": (
        "{__typename} " + " ".join(f"fragment F{i} on Query{{__typename}}" for i in range(41)),
        {},
        "fragments",
    ),
    "operations": (" ".join(f"query Q{i}{{__typename}}" for i in range(6)), {}, "operations"),
    "nodes": (nested(3, 100), {}, "nodes"),
    "nodes of many lists": (
        "{"
        + " ".join(f"a{i}:departments(first:100){{nodes{{others(first:12){{nodes{{name}}}}}}}}" for i in range(9))
        + "}",
        {},
        "nodes",
    ),
    "cost": (
        "{departments(first:100){nodes{a:twin{name} "
        + " ".join(f"b{i}:twin{{twin{{name}}}}" for i in range(25))
        + "}}}",
        {},
        "cost",
    ),
    "a text": ('{echo(text:"' + "x" * 2_001 + '")}', {}, "string"),
    "a text in a default": ('query($a:String="' + "x" * 2_001 + '"){echo(text:$a)}', {}, "string"),
    "a text in a directive": ('{__typename@skip(if:"' + "x" * 2_001 + '")}', {}, "string"),
    "a notice's body": ('{echo(filter:{body:"' + "x" * 10_001 + '"})}', {}, "string"),
    "a notice's body in a variable": ("query($f:Filter){echo(filter:$f)}", {"f": {"body": "x" * 10_001}}, "string"),
    "a list under a longer text's name": (
        "query($f:Filter){echo(filter:$f)}",
        {"f": {"body": ["x" * 2_001]}},
        "string",
    ),
    "a text in an object": ('{echo(filter:{names:["' + "x" * 2_001 + '"]})}', {}, "string"),
    "a list": ("{nodes(ids:[" + '"x" ' * 501 + "]){id}}", {}, "inputList"),
    "a page by literal": ("{departments(first:101){nodes{name}}}", {}, "page"),
    "a page by variable": ("query($n:Int){departments(first:$n){nodes{name}}}", {"n": 101}, "page"),
    "a page by a variable's default": ("query($n:Int=101){departments(first:$n){nodes{name}}}", {}, "page"),
    "a page of 0": ("{departments(first:0){nodes{name}}}", {}, "page"),
    "a page of -1": ("{departments(last:-1){nodes{name}}}", {}, "page"),
    "a page of 2^31": ("{departments(first:2147483648){nodes{name}}}", {}, "page"),
    "a page of 1e2 as a float": ("query($n:Int){departments(first:$n){nodes{name}}}", {"n": 1e3}, "page"),
    "nodes by variable": (
        "query($n:Int){departments(first:$n){nodes{others(first:$n){nodes{others(first:2){nodes{name}}}}}}}",
        {"n": 80},
        "nodes",
    ),
    "nodes by a variable's default": (
        "query($n:Int=100){departments(first:$n){nodes{others(first:$n){nodes{others(first:2){nodes{name}}}}}}}",
        {},
        "nodes",
    ),
    "nodes by ids": (
        "query($i:[ID!]!){nodes(ids:$i){... on Department{others(first:100){nodes{others(first:2){nodes{name}}}}}}}",
        {"i": ["x"] * 100},
        "nodes",
    ),
}

ROOTS = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation"}


def _on(node: OperationDefinitionNode) -> NamedTypeNode:
    return NamedTypeNode(name=NameNode(value=ROOTS[node.operation]))


def _with(node: OperationDefinitionNode, selection: SelectionNode) -> OperationDefinitionNode:
    return replace(node, selection_set=SelectionSetNode(selections=(selection,)))


def inline(document: str) -> str:
    """The same document in an inline fragment."""
    definitions = [
        _with(node, InlineFragmentNode(type_condition=_on(node), directives=(), selection_set=node.selection_set))
        if isinstance(node, OperationDefinitionNode)
        else node
        for node in parse(document).definitions
    ]
    return print_ast(DocumentNode(definitions=tuple(definitions)))


def spread(document: str) -> str:
    """The same document in a fragment."""
    definitions: list[DefinitionNode] = []
    for node in parse(document).definitions:
        if isinstance(node, OperationDefinitionNode):
            name = NameNode(value=f"Disguise{len(definitions)}")
            hidden = FragmentDefinitionNode(
                name=name,
                variable_definitions=(),
                type_condition=_on(node),
                directives=(),
                selection_set=node.selection_set,
            )
            definitions += [_with(node, FragmentSpreadNode(name=name, directives=())), hidden]
        else:
            definitions.append(node)
    return print_ast(DocumentNode(definitions=tuple(definitions)))


def beside(document: str) -> str:
    """The same document as an operation of a name, beside a harmless one called Chosen."""
    definitions = [
        replace(node, name=NameNode(value=f"Bomb{i}"))
        if isinstance(node, OperationDefinitionNode) and node.name is None
        else node
        for i, node in enumerate(parse(document).definitions)
    ]
    return f"query Chosen{{__typename}} {print_ast(DocumentNode(definitions=tuple(definitions)))}"


DISGUISES: dict[str, tuple[Callable[[str], str], str | None]] = {
    "as it is": (str, None),
    "in an inline fragment": (inline, None),
    "in a fragment": (spread, None),
    "in another operation": (beside, "Chosen"),
}
"""Ways to hide a document, and the operation that is then asked for."""

HIDDEN = {
    "repeats in a fragment nobody spreads": "{__typename} fragment A on Department{" + "name " * 450 + "}",
    "repeats in a fragment whose name stands twice": "{departments(first:1){nodes{...A}}} fragment A on Department{"
    + "name " * 450
    + "} fragment A on Department{name}",
    "the same the other way round": "{departments(first:1){nodes{...A}}} fragment A on Department{name} "
    "fragment A on Department{" + "name " * 450 + "}",
    "a number of 5,000 digits": "{echo(number:" + "9" * 5_000 + ")}",
    "a fraction of 5,000 digits": "{echo(number:0." + "9" * 5_000 + ")}",
    "a number of 21 digits in a default": "query($a:Int=" + "9" * 21 + "){echo(number:$a)}",
}
"""What passes no limit by its size, but would keep the validator busy or has no honest use."""
