"""The published schema: `python -m resolvers.export` writes `schema/schema.graphql`, with `--check` compares it.

`schema/released.graphql` is the schema of the last release; what breaks a client of it is refused, and what may
surprise one needs a line in CHANGELOG.md that names it. `--release` makes the present schema the released one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from resolvers import root
from resolvers.lint import faults

HERE = Path(__file__).parent.parent
PRESENT = HERE / "schema" / "schema.graphql"
RELEASED = HERE / "schema" / "released.graphql"
CHANGELOG = HERE / "CHANGELOG.md"


def sdl() -> str:
    """The schema as text."""
    return root.schema().as_str() + "\n"


def complaints(released: GraphQLSchema, present: GraphQLSchema, changelog: str) -> list[str]:
    """What speaks against publishing: breaking changes, dangerous ones the changelog is silent about, broken rules."""
    breaking = [f"breaks clients: {change.description}" for change in find_breaking_changes(released, present)]
    dangerous = [
        f"needs a line in CHANGELOG.md that quotes it: {change.description}"
        for change in find_dangerous_changes(released, present)
        if change.description not in changelog
    ]
    return [*breaking, *dangerous, *faults(present)]


def main(arguments: Sequence[str]) -> int:
    """Write, check or release; returns the exit status."""
    text = sdl()
    if "--check" in arguments:
        found = [] if PRESENT.exists() and PRESENT.read_text() == text else ["schema/schema.graphql is not the export"]
        released = build_schema(RELEASED.read_text() if RELEASED.exists() else text)
        found += complaints(released, build_schema(text), CHANGELOG.read_text() if CHANGELOG.exists() else "")
        sys.stdout.write("".join(f"{line}\n" for line in found) or "ok\n")
        return bool(found)
    PRESENT.write_text(text)
    if "--release" in arguments:
        RELEASED.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
