"""Documents that ask for too much, each with its variables and the limit that it passes."""

from __future__ import annotations

from typing import Any


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
