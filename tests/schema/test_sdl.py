"""The published schema: committed as exported, within the rules, and compared with the last release."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, build_schema

from resolvers import changes, guide, sdl
from resolvers.limits import Bounds, table
from resolvers.lint import faults

GOOD = '''
"""Root."""
type Query {
  """A list."""
  things(
    """How many."""
    first: Int,
    """From where."""
    after: String,
    """How many."""
    last: Int,
    """To where."""
    before: String,
    """Which."""
    filter: ThingFilter,
    """In which order."""
    orderBy: ThingOrder
  ): ThingConnection!
}
"""Filter."""
input ThingFilter {
  """Id."""
  id: ID
}
"""Order."""
input ThingOrder {
  """Which way."""
  direction: OrderDirection!
}
"""Ways."""
enum OrderDirection {
  """Up."""
  ASC
}
"""Number of things."""
type TotalCount {
  """Number."""
  value: Int!
}
"""Long work."""
interface Job {
  """When."""
  createdAt: DateTime!
}
"""A job."""
type Sending implements Job {
  """When."""
  createdAt: DateTime!
}
"""Root."""
type Mutation {
  """Saves."""
  thingSave(
    """Which."""
    id: ID!,
    """What."""
    input: ThingSaveInput!
  ): ThingSavePayload!
  """Sends."""
  thingSend(
    """What."""
    input: ThingSendInput!
  ): ThingSendPayload!
}
"""Input."""
input ThingSendInput {
  """Key."""
  idempotencyKey: String!
}
"""Payload."""
type ThingSendPayload {
  """The job."""
  sending: Sending
  """At most 400."""
  userErrors: [UserError!]!
}
"""Input."""
input ThingSaveInput {
  """Names, at most 5."""
  names: [String!]
}
"""Payload."""
type ThingSavePayload {
  """The thing."""
  thing: Thing
  """At most 500."""
  userErrors: [UserError!]!
}
"""Error."""
type UserError {
  """Code."""
  code: Colour!
}
"""Colours."""
enum Colour {
  """Red."""
  DARK_RED
}
"""Page."""
type ThingConnection {
  """At most 100."""
  edges: [ThingEdge!]!
  """At most 100."""
  nodes: [Thing!]!
  """Where."""
  pageInfo: PageInfo!
  """Count."""
  totalCount: TotalCount!
}
"""Edge."""
type ThingEdge {
  """Place."""
  cursor: String!
  """Thing."""
  node: Thing!
}
"""Info."""
type PageInfo {
  """Next."""
  hasNextPage: Boolean!
}
"""Moment."""
scalar DateTime
"""Day."""
scalar Date
"""Thing."""
type Thing {
  """Id."""
  id: ID!
  """When."""
  createdAt: DateTime!
  """When."""
  bornOn: Date
  """Whether."""
  isNew: Boolean!
  """Before."""
  old: Int @deprecated(reason: "Use `bornOn`; stays until 2027-03-01.")
}
'''

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


def test_the_committed_schema_is_the_exported_one_keeps_the_rules_and_breaks_no_client() -> None:
    assert sdl.check(sdl.exported(), sdl.HERE) == []


def test_a_good_schema_has_no_faults() -> None:
    assert faults(build_schema(GOOD)) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_bites(name: str) -> None:
    before, after, fault = BROKEN[name]
    assert before in GOOD
    found = faults(build_schema(GOOD.replace(before, after)))
    assert any(line.startswith(fault) for line in found), found


UNRELEASED = "## Unreleased\n{}\n\n## 2026-01-01\n- `Colour.BLUE`, `Thing.diedOn`\n"


def complaints(before: str, after: str, told: str = "", today: str = "2027-03-01") -> list[str]:
    released, present = build_schema(GOOD), build_schema(GOOD.replace(before, after))
    return changes.complaints(released, present, UNRELEASED.format(told), date.fromisoformat(today))


def test_what_breaks_clients_is_refused_whatever_the_changelog_tells() -> None:
    found = complaints("  bornOn: Date\n", "  diedOn: Date\n", "- `Thing.diedOn`. Field Thing.bornOn was removed.")
    assert found == ["breaks clients: Field Thing.bornOn was removed."]


def test_what_was_deprecated_may_go_after_its_day_and_not_on_it() -> None:
    removal = ('  """Before."""\n  old: Int @deprecated(reason: "Use `bornOn`; stays until 2027-03-01.")\n', "")

    assert complaints(*removal, "- `Thing.old` is gone.") == ["breaks clients: Field Thing.old was removed."]
    assert complaints(*removal, today="2027-03-02") == ["needs a line in the schema's changelog: `Thing.old`"]
    assert complaints(*removal, "- `Thing.old` is gone.", today="2027-03-02") == []


def test_lines_on_earlier_releases_tell_nothing_of_this_one() -> None:
    found = complaints("  bornOn: Date\n", '  bornOn: Date\n  """When."""\n  diedOn: Date\n')
    assert found == ["needs a line in the schema's changelog: `Thing.diedOn`"]


def test_what_may_surprise_clients_needs_a_line_that_quotes_it() -> None:
    grown = ("  DARK_RED\n", '  DARK_RED\n  """Blue."""\n  BLUE\n')
    surprise, addition = complaints(*grown)
    assert addition == "needs a line in the schema's changelog: `Colour.BLUE`"
    sentence = surprise.partition(": ")[2]
    assert "BLUE" in sentence
    assert complaints(*grown, f"- `Colour.BLUE`: {sentence}") == []


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("  bornOn: Date\n", '  bornOn: Date\n  """When."""\n  diedOn: Date\n', "Thing.diedOn"),
        ("type Query {\n", 'type Query {\n  """One."""\n  thing: Thing\n', "thing"),
        ("  bornOn: Date\n", '  bornOn(\n    """Of whom."""\n    of: ID\n  ): Date\n', "Thing.bornOn(of)"),
        ('"""Moment."""\n', '"""Time."""\nscalar Time\n"""Moment."""\n', "Time"),
    ],
)
def test_what_is_added_needs_a_line_that_names_it(before: str, after: str, name: str) -> None:
    missing = f"needs a line in the schema's changelog: `{name}`"
    assert missing in complaints(before, after)
    assert missing not in complaints(before, after, f"- `{name}` for screens.")


def test_the_command_writes_checks_and_releases(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "docs").mkdir()
    text = (sdl.HERE / sdl.GUIDE).read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `KEY_REUSED` |"))
    (tmp_path / sdl.GUIDE).write_text(text.replace(row, ""), "utf-8")
    (tmp_path / sdl.CHANGELOG).write_text("# Changes\n\n## Unreleased\n- `gone`\n", "utf-8")
    present, released = tmp_path / sdl.PRESENT, tmp_path / sdl.RELEASED
    assert sdl.main(["--check"], tmp_path) == 1
    assert sdl.main([], tmp_path) == 0
    assert row in (tmp_path / sdl.GUIDE).read_text("utf-8")
    assert not released.exists()
    assert sdl.main(["--check"], tmp_path) == 0
    assert sdl.main(["--release"], tmp_path) == 0
    assert released.read_text() == present.read_text() == sdl.exported()
    changelog = (tmp_path / sdl.CHANGELOG).read_text("utf-8")
    assert changes.unreleased(changelog).strip() == ""
    assert re.search(r"^## \d{4}-\d\d-\d\d\n- `gone`$", changelog, re.MULTILINE)
    released.write_text(sdl.exported().replace("type Query {", 'type Query {\n  """Gone."""\n  gone: Int\n'))
    assert sdl.main(["--check"], tmp_path) == 1


def test_a_stale_table_of_the_guide_is_told(tmp_path: Path) -> None:
    for name in (sdl.PRESENT, sdl.CHANGELOG, sdl.GUIDE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((sdl.HERE / name).read_text("utf-8"), "utf-8")
    assert sdl.check(sdl.exported(), tmp_path) == []  # nothing was released there, so nothing can break
    page = tmp_path / sdl.GUIDE
    page.write_text(page.read_text("utf-8").replace("| `aliases` | 30 |", "| `aliases` | 31 |"), "utf-8")
    assert sdl.check(sdl.exported(), tmp_path) == [f"{sdl.GUIDE} is not as the code has it: run scripts/schema"]


def test_a_guide_without_the_place_of_a_table_is_refused() -> None:
    with pytest.raises(LookupError, match="error codes"):
        guide.written("# For front-end teams\n")


def test_the_guide_tells_every_code_of_the_schema_and_every_limit() -> None:
    text = (sdl.HERE / sdl.GUIDE).read_text("utf-8")
    codes, limits = (text.split(f"<!-- {name}: ")[1].split("<!-- end")[0] for name in ("error codes", "limits"))
    published = build_schema(sdl.exported()).type_map["ErrorCode"]
    assert isinstance(published, GraphQLEnumType)
    assert re.findall(r"^\| `(\w+)`", codes, re.MULTILINE) == sorted(published.values)
    assert re.findall(r"^\| `(\w+)`", limits, re.MULTILINE) == [row.name for row in table(Bounds())]
