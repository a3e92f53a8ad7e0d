"""The rules of the API that a machine can check, on the schema itself.

Own code: the linters at hand run on Node, and none of them knows payloads, error paths or bounded lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_specified_scalar_type,
)

PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
CAMEL = re.compile(r"[a-z][A-Za-z0-9]*")
UPPER = re.compile(r"[A-Z][A-Z0-9_]*")
PAGE_ARGUMENTS = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
EDGES = {"edges", "nodes", "pageInfo", "totalCount"}
IS = re.compile(r"(is|has|can)[A-Z]")
# The product's words for settings.
SETTLED = frozenset(
    {
        "appEnabled",
        "importSendsInvitations",
        "masksCustomers",
        "ridEnabled",
        "sendInvitations",
        "signedOut",
    }
)
VERBS = re.compile(r"(add|cancel|change|create|delete|download|edit|get|make|remove|request|save|send|set|update)[A-Z]")
DEPRECATED = re.compile(r"(?=.*\d{4}-\d\d-\d\d)(?=.*`\w[^`]*`)", re.DOTALL)
# `nodes` answers in the order of its ids, with null for each that finds nothing.
EMPTY_PLACES = frozenset({"Query.nodes"})
BOUND = re.compile(r"\d|\bone\b|\btwo\b", re.IGNORECASE)


def faults(schema: GraphQLSchema) -> list[str]:
    """What breaks a rule, each as "Where: what"."""
    return sorted(set(_all(schema)))


def _all(schema: GraphQLSchema) -> Iterator[str]:
    for named in schema.type_map.values():
        if named.name.startswith("__") or is_specified_scalar_type(named):
            continue
        if not PASCAL.fullmatch(named.name):
            yield f"{named.name}: types are PascalCase"
        if not named.description:
            yield f"{named.name}: has no description"
        yield from _members(named)
    if schema.mutation_type is not None:
        for name, field in schema.mutation_type.fields.items():
            yield from _mutation(name, field)


def _members(named: GraphQLNamedType) -> Iterator[str]:
    if isinstance(named, GraphQLEnumType):
        for name, value in named.values.items():
            if not UPPER.fullmatch(name):
                yield f"{named.name}.{name}: enum values are UPPER_SNAKE"
            if not value.description:
                yield f"{named.name}.{name}: has no description"
            yield from _deprecation(f"{named.name}.{name}", value)
    elif isinstance(named, GraphQLInputObjectType):
        for name, entry in named.fields.items():
            yield from _named(f"{named.name}.{name}", name, entry)
            yield from _list(f"{named.name}.{name}", entry)
    elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in named.fields.items():
            where = f"{named.name}.{name}"
            yield from _named(where, name, field)
            yield from _output(where, name, field)
            for argument_name, argument in field.args.items():
                yield from _named(f"{where}({argument_name})", argument_name, argument)
        if named.name.endswith("Connection"):
            yield from _connection(named)
        elif "userErrors" in named.fields and not named.name.endswith("Payload"):
            yield f"{named.name}: only payloads have userErrors"


def _named(where: str, name: str, described: Any) -> Iterator[str]:
    if not CAMEL.fullmatch(name):
        yield f"{where}: names are camelCase"
    if not described.description:
        yield f"{where}: has no description"
    yield from _deprecation(where, described)
    type_name = get_named_type(described.type).name
    if name == "id" and type_name == "Int":
        yield f"{where}: ids are opaque, ID or String"
    if type_name == "DateTime" and not (name.endswith(("At", "Until")) or name in ("from", "until", "asOf")):
        yield f"{where}: times are called xAt"
    if type_name == "Date" and not (name.endswith("On") or name in ("from", "until")):
        yield f"{where}: dates are called xOn"


def _output(where: str, name: str, field: GraphQLField) -> Iterator[str]:
    target = get_named_type(field.type)
    if name.endswith("Id") and isinstance(target, GraphQLObjectType | GraphQLInterfaceType):
        yield f"{where}: an object is not called xId"
    if name.endswith("Id") and target.name == "ID" and not where.startswith("Query."):
        yield f"{where}: answer with the object, not with its id"
    if target.name == "Boolean" and not IS.match(name) and name not in SETTLED:
        yield f"{where}: what is true or false is called isX, hasX or canX"
    if not target.name.endswith("Connection"):
        if field.args.keys() & PAGE_ARGUMENTS.keys():
            yield f"{where}: only a connection is paged"
    else:
        for argument, type_name in PAGE_ARGUMENTS.items():
            if argument not in field.args or str(field.args[argument].type) != type_name:
                yield f"{where}: a connection takes {argument}: {type_name}"
        yield from _narrowing(where, field)
    yield from _list(where, field)


def _narrowing(where: str, field: GraphQLField) -> Iterator[str]:
    narrowing = field.args.get("filter")
    if narrowing is not None and not (
        is_input_object_type(get_named_type(narrowing.type)) and get_named_type(narrowing.type).name.endswith("Filter")
    ):
        yield f"{where}(filter): is an input called xFilter"
    order = field.args.get("orderBy")
    if order is not None:
        kind = get_named_type(order.type)
        if (
            not isinstance(kind, GraphQLInputObjectType)
            or str(getattr(kind.fields.get("direction"), "type", "")) != "OrderDirection!"
        ):
            yield f"{where}(orderBy): is an input with direction: OrderDirection!"


def _deprecation(where: str, described: Any) -> Iterator[str]:
    reason = described.deprecation_reason
    if reason is not None and not DEPRECATED.match(reason):
        yield f"{where}: a deprecation names its replacement in backticks, and the date (2027-03-01) it stays until"


def _list(where: str, field: Any) -> Iterator[str]:
    inner = field.type.of_type if is_non_null_type(field.type) else field.type
    if is_list_type(inner) and not is_non_null_type(inner.of_type) and where not in EMPTY_PLACES:
        yield f"{where}: the members of a list are never null"
    if is_list_type(inner) and not BOUND.search(field.description or ""):
        yield f"{where}: the description of a list tells how long it can be"


def _connection(named: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[str]:
    if not named.fields.keys() >= EDGES:
        yield f"{named.name}: a connection has {', '.join(sorted(EDGES))}"
        return
    edge = get_named_type(named.fields["edges"].type)
    if (
        not isinstance(edge, GraphQLObjectType)
        or not edge.name.endswith("Edge")
        or edge.fields.keys() != {"cursor", "node"}
    ):
        yield f"{named.name}.edges: an edge is called xEdge and has cursor and node"
    elif (
        str(edge.fields["cursor"].type) != "String!"
        or str(named.fields["nodes"].type) != f"[{edge.fields['node'].type}]!"
    ):
        yield f"{named.name}: its edges have cursor: String!, and its nodes are those of its edges, never null"
    if str(named.fields["totalCount"].type) != "TotalCount!":
        yield f"{named.name}.totalCount: must be TotalCount!"
    if str(named.fields["pageInfo"].type) != "PageInfo!":
        yield f"{named.name}.pageInfo: must be PageInfo!"


def _mutation(name: str, field: GraphQLField) -> Iterator[str]:
    where, payload = f"Mutation.{name}", get_named_type(field.type)
    expected = f"{name[0].upper()}{name[1:]}Payload"
    if VERBS.match(name):
        yield f"{where}: names its object first, then what is done to it"
    if payload.name != expected or not isinstance(payload, GraphQLObjectType):
        yield f"{where}: answers {expected}"
        return
    if str(getattr(payload.fields.get("userErrors"), "type", "")) != "[UserError!]!":
        yield f"{expected}: has userErrors: [UserError!]!"
    for part, entry in payload.fields.items():
        if part != "userErrors" and is_non_null_type(entry.type):
            yield f"{expected}.{part}: is nullable, for when there are userErrors"
    if "id" in field.args and get_named_type(field.args["id"].type).name != "ID":
        yield f"{where}(id): is an ID"
    given = field.args.keys() - {"id"}
    if given - {"input"}:
        yield f"{where}: takes one input, and an id apart from it"
    elif "input" in given and str(field.args["input"].type) != f"{expected.removesuffix('Payload')}Input!":
        yield f"{where}: its input is {expected.removesuffix('Payload')}Input!"
    elif "input" in given and any(_is_job(entry) for entry in payload.fields.values()):
        asked = get_named_type(field.args["input"].type)
        key = asked.fields.get("idempotencyKey") if isinstance(asked, GraphQLInputObjectType) else None
        if str(getattr(key, "type", "")) != "String!":
            yield f"{where}: what starts a job takes idempotencyKey: String!"


def _is_job(field: GraphQLField) -> bool:
    kind = get_named_type(field.type)
    return isinstance(kind, GraphQLObjectType) and any(interface.name == "Job" for interface in kind.interfaces)
