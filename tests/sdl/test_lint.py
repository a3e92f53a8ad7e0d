"""Each rule of the API finds what breaks it, and nothing in a good schema."""

from __future__ import annotations

import pytest
from graphql import build_schema

from sdl.lint import faults
from tests.sdl.good import GOOD

BROKEN = {
    "no description of a type": ('"""Thing."""\ntype Thing', "type Thing", "Thing: has no description"),
    "no description of a field": ('  """Id."""\n', "", "Thing.id: has no description"),
    "no description of an argument": ('    """What."""\n', "", "Mutation.thingSave(input): has no description"),
    "no description of an enum value": ('  """Red."""\n', "", "Colour.DARK_RED: has no description"),
    "no description of an input field": ('  """Names, at most 5."""\n', "", "ThingSaveInput.names: has no description"),
    "a type in lower case": ("UserError", "userError", "userError: types are PascalCase"),
    "a field in snake_case": ("bornOn", "born_on", "Thing.born_on: names are camelCase"),
    "an enum value in camelCase": ("DARK_RED", "darkRed", "Colour.darkRed: enum values are UPPER_SNAKE"),
    "a time not called xAt": ("createdAt", "created", "Thing.created: times are called xAt"),
    "a date not called xOn": ("bornOn", "birthday", "Thing.birthday: dates are called xOn"),
    "an id beside an object": ("  id: ID!\n", "  id: ID!\n  ownerId: ID\n", "Thing.ownerId: answer with the object"),
    "an object called xId": (
        "  thing: Thing\n",
        "  thingId: Thing\n",
        "ThingSavePayload.thingId: an object is not called",
    ),
    "an unbounded list": ("Names, at most 5.", "Names.", "ThingSaveInput.names: the description of a list tells"),
    "a connection without last": (
        "    last: Int,\n",
        "    latest: Int,\n",
        "Query.things: a connection takes last: Int",
    ),
    "a required first": ("first: Int,", "first: Int!,", "Query.things: a connection takes first: Int"),
    "a connection without nodes": ("  nodes: [Thing!]!\n", "  items: [Thing!]!\n", "ThingConnection: a connection has"),
    "an edge without cursor": ("  cursor: String!\n", "  place: String!\n", "ThingConnection.edges: an edge is called"),
    "no pageInfo": ("pageInfo: PageInfo!", "pageInfo: String!", "ThingConnection.pageInfo: must be PageInfo!"),
    "another payload": ("ThingSavePayload", "SavePayload", "Mutation.thingSave: answers ThingSavePayload"),
    "a payload without userErrors": (
        "  userErrors: [UserError!]!\n",
        "  errors: [UserError!]\n",
        "ThingSavePayload: has userErrors",
    ),
    "a payload that promises its object": (
        "  thing: Thing\n",
        "  thing: Thing!\n",
        "ThingSavePayload.thing: is nullable",
    ),
    "a question not called isX": ("isNew", "fresh", "Thing.fresh: what is true or false"),
    "an id that is a number": ("  id: ID\n", "  id: Int\n", "ThingFilter.id: ids are opaque"),
    "a page of a plain list": ("  ): ThingConnection!", "  ): Thing!", "Query.things: only a connection is paged"),
    "null in a list": ("names: [String!]", "names: [String]", "ThingSaveInput.names: the members of a list"),
    "other nodes than the edges'": ("nodes: [Thing!]!", "nodes: [Sending!]!", "ThingConnection: its edges have cursor"),
    "a cursor that is missing": ("  cursor: String!\n", "  cursor: String\n", "ThingConnection: its edges have cursor"),
    "a bare count": ("totalCount: TotalCount!", "totalCount: Int!", "ThingConnection.totalCount: must be TotalCount!"),
    "a filter that is no xFilter": ("ThingFilter", "ThingWish", "Query.things(filter): is an input called xFilter"),
    "an order without direction": ("  direction: OrderD", "  way: OrderD", "Query.things(orderBy): is an input with"),
    "a deprecation without date": ("; stays until 2027-03-01", "", "Thing.old: a deprecation names"),
    "a deprecation without replacement": ("Use `bornOn`; s", "S", "Thing.old: a deprecation names"),
    "userErrors of no payload": (
        '  createdAt: DateTime!\n}\n"""A job',
        '  createdAt: DateTime!\n  """At most 5."""\n  userErrors: [UserError!]!\n}\n"""A job',
        "Job: only payloads have userErrors",
    ),
    "the verb first": ("thingSave(", "saveThing(", "Mutation.saveThing: names its object first"),
    "an id of another type": ("    id: ID!,", "    id: String!,", "Mutation.thingSave(id): is an ID"),
    "a job without a key": ("  idempotencyKey: String!\n", "  key: String!\n", "Mutation.thingSend: what starts a job"),
    "a key that may be missing": ("Key: String!\n", "Key: String\n", "Mutation.thingSend: what starts a job"),
    "two inputs": ("    id: ID!,", "    more: Int,", "Mutation.thingSave: takes one input"),
    "a loose input": ("input: ThingSaveInput!", "input: ThingSaveInput", "Mutation.thingSave: its input is"),
}


def test_a_good_schema_has_no_faults() -> None:
    assert faults(build_schema(GOOD)) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_bites(name: str) -> None:
    before, after, fault = BROKEN[name]
    assert before in GOOD
    found = faults(build_schema(GOOD.replace(before, after)))
    assert any(line.startswith(fault) for line in found), found
