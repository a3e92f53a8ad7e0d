"""The published schema: `schema/schema.graphql` and the tables of the guide for front-end teams, written or checked.

`schema/released.graphql` is the schema of the last release, with which the present one is compared. `--release` makes
the present schema the released one; until it was run once, nothing can break.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from graphql import build_schema

from resolvers import root
from sdl import changes, guide
from sdl.lint import faults

HERE = Path(__file__).parent.parent
PRESENT = "schema/schema.graphql"
RELEASED = "schema/released.graphql"
CHANGELOG = "docs/schema-changelog.md"
GUIDE = "docs/frontend.md"


def exported() -> str:
    """The schema as text."""
    return root.schema().as_str() + "\n"


def check(text: str, folder: Path) -> list[str]:
    """What speaks against publishing this schema from that checkout. Before the first release nothing can break."""
    stale = [f"{name} is not as the code has it: run scripts/schema" for name in _written(text, folder, stale=True)]
    present, released = build_schema(text), build_schema(_read(folder / RELEASED) or text)
    told = changes.complaints(released, present, _read(folder / CHANGELOG), datetime.now(UTC).date())
    return [*stale, *told, *faults(present)]


def main(arguments: Sequence[str], folder: Path = HERE) -> int:
    """Write, check or release; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m sdl",
        description="Write the published schema and the tables of the guide. scripts/schema does the same.",
        allow_abbrev=False,
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="compare them and write nothing")
    instead.add_argument("--release", action="store_true", help="make the schema the released one, too")
    asked = parser.parse_args(arguments)
    text = exported()
    if asked.check:
        found = check(text, folder)
        sys.stdout.write("".join(f"{line}\n" for line in found) or "ok\n")
        return 1 if found else 0
    for name, content in _written(text, folder).items():
        (folder / name).write_text(content, encoding="utf-8")
    if asked.release:
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        changelog = changes.released_on(_read(folder / CHANGELOG), today)
        (folder / RELEASED).write_text(text, encoding="utf-8")
        (folder / CHANGELOG).write_text(changelog, encoding="utf-8")
    return 0


def _written(text: str, folder: Path, *, stale: bool = False) -> dict[str, str]:
    """The generated files and what they must hold; with `stale` only those that hold something else."""
    files = {PRESENT: text, GUIDE: guide.written(_read(folder / GUIDE))}
    return {name: content for name, content in files.items() if not stale or _read(folder / name) != content}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
