"""What a schema changes for the clients of the last released one, and whether docs/schema-changelog.md tells it.

graphql-core finds what breaks clients and what may surprise them; what is merely added it does not list, so that part
is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from graphql import GraphQLEnumType, GraphQLNamedType, GraphQLSchema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

UNRELEASED = "## Unreleased"
_SECTION = re.compile(rf"^{UNRELEASED}$\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def complaints(released: GraphQLSchema, present: GraphQLSchema, changelog: str, today: date) -> list[str]:
    """What breaks clients, and what the changelog's lines on the unreleased schema are silent about.

    `released` is changed: what was deprecated in it until a day that is over, and is gone, is taken out, for clients
    were told.
    """
    told = unreleased(changelog)
    gone = list(_expired(released, present, today))
    breaking = [f"breaks clients: {change.description}" for change in find_breaking_changes(released, present)]
    dangerous = [
        f"needs a line in the schema's changelog that quotes it: {change.description}"
        for change in find_dangerous_changes(released, present)
        if change.description not in told
    ]
    added = [
        f"needs a line in the schema's changelog: `{name}`"
        for name in (*gone, *additions(released, present))
        if f"`{name}`" not in told
    ]
    return [*breaking, *dangerous, *added]


def unreleased(changelog: str) -> str:
    """The lines under "Unreleased"; older ones tell nothing about what is changed now."""
    found = _SECTION.search(changelog)
    return found[1] if found else ""


def released_on(changelog: str, day: str) -> str:
    """The changelog whose unreleased lines are those of that day, with room for further ones."""
    return changelog.replace(f"{UNRELEASED}\n", f"{UNRELEASED}\n\n## {day}\n", 1)


def additions(released: GraphQLSchema, present: GraphQLSchema) -> Iterator[str]:
    """The names of what is added: `Type`, `Type.member`, `Type.member(argument)`; root fields stand alone."""
    for name, named in present.type_map.items():
        former = released.type_map.get(name)
        if former is None:
            yield name
            continue
        before = _members(former)
        for member, described in _members(named).items():
            shown = _shown(present, name, member)
            if member not in before:
                yield shown
                continue
            known = getattr(before[member], "args", {})
            for argument in getattr(described, "args", {}):
                if argument not in known:
                    yield f"{shown}({argument})"


def _expired(released: GraphQLSchema, present: GraphQLSchema, today: date) -> Iterator[str]:
    """The names of what was deprecated until a day that is over, and is gone; takes it out of `released`."""
    for name, former in released.type_map.items():
        after = _members(present.type_map[name]) if name in present.type_map else {}
        members = _members(former)
        for member, described in list(members.items()):
            until = re.search(r"\d{4}-\d\d-\d\d", described.deprecation_reason or "")
            if member not in after and until and date.fromisoformat(until[0]) < today:
                del members[member]
                yield _shown(released, name, member)


def _shown(schema: GraphQLSchema, type_name: str, member: str) -> str:
    roots = {root.name for root in (schema.query_type, schema.mutation_type) if root is not None}
    return member if type_name in roots else f"{type_name}.{member}"


def _members(named: GraphQLNamedType) -> dict[str, Any]:
    found: dict[str, Any] = named.values if isinstance(named, GraphQLEnumType) else getattr(named, "fields", {})
    return found
