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
PRESENT = "schema/schema.graphql"
RELEASED = "schema/released.graphql"
CHANGELOG = "CHANGELOG.md"


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


def check(text: str, folder: Path) -> list[str]:
    """What speaks against publishing this schema from that checkout. Before the first release nothing can break."""
    present, released, changelog = (_read(folder / name) for name in (PRESENT, RELEASED, CHANGELOG))
    stale = [] if present == text else [f"{PRESENT} is not the export: run scripts/schema"]
    return stale + complaints(build_schema(released or text), build_schema(text), changelog)


def main(arguments: Sequence[str], folder: Path = HERE) -> int:
    """Write, check or release; returns the exit status."""
    text = sdl()
    if "--check" in arguments:
        found = check(text, folder)
        sys.stdout.write("".join(f"{line}\n" for line in found) or "ok\n")
        return 1 if found else 0
    for name in (PRESENT, RELEASED) if "--release" in arguments else (PRESENT,):
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
