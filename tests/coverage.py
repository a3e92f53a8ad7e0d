"""Which tests and operations each statement of docs/product.md has: writes docs/coverage.md.

    python -m tests.coverage

A test belongs to the statements in its name (`test_AU_22_…`), an operation of `examples/operations` to those in the
comment on its first line. `tests/test_coverage.py` holds the page against both.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/coverage.md"
HEAD = """# Coverage

Each statement of [product.md](product.md), the tests that name it, and its operations under `examples/operations/`.
Made by `python -m tests.coverage`; a test compares.
"""


@dataclass(frozen=True)
class Statement:
    """A statement of the product: `AU-22`, and whether the manual demands it (or we decided it)."""

    id: str
    manual: bool


def statements() -> list[Statement]:
    """Those of docs/product.md, in its order."""
    found = re.findall(
        r"^- \*\*([A-Z]{2}-\d{2})\*\* \((manual|ours)\)", (ROOT / "docs/product.md").read_text(), re.MULTILINE
    )
    return [Statement(name, source == "manual") for name, source in found]


def tests() -> dict[str, dict[str, list[str]]]:
    """Statement → file of tests → the tests that name it, in the file's order."""
    known = {statement.id for statement in statements()}
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for kind, number in dict.fromkeys(re.findall(r"(?<=_)([A-Z]{2})_(\d{2})(?=_|$)", node.name)):
                    if (statement := f"{kind}-{number}") in known:
                        found[statement].setdefault(str(path.relative_to(ROOT)), []).append(node.name)
    return found


def operations() -> dict[str, list[str]]:
    """Statement → the example operations whose first line names it."""
    found: dict[str, list[str]] = defaultdict(list)
    folder = ROOT / "examples/operations"
    for path in sorted(folder.rglob("*.graphql")):
        first, _, _ = path.read_text().partition("\n")
        for statement in re.findall(r"\b[A-Z]{2}-\d{2}\b", first):
            found[statement].append(str(path.relative_to(folder)))
    return found


def page() -> str:
    """The whole of docs/coverage.md."""
    by_test, by_operation = tests(), operations()

    def lines() -> Iterable[str]:
        yield HEAD
        yield "| statement | source | tests | operations |\n|---|---|---:|---|"
        for each in statements():
            count = sum(map(len, by_test[each.id].values()))
            source = "manual" if each.manual else "ours"
            yield f"| [{each.id}](#{each.id.lower()}) | {source} | {count} | {_code(by_operation[each.id])} |"
        for each in statements():
            yield f"\n## {each.id}\n"
            for file, names in by_test[each.id].items():
                yield f"- `{file}`: {_code(name.removeprefix('test_') for name in names)}"

    return "\n".join(lines()) + "\n"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def main() -> int:
    """The exit code."""
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
