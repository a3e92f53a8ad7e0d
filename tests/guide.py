"""The operations of the guide for front-end teams, docs/frontend.md."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[1] / "docs" / "frontend.md"
_ASKED = re.compile(r"\bask '([^']+)'")
_ROOT = re.compile(r"\{\s*(?:\w+: )?(\w+)")


def documents() -> dict[str, str]:
    """Every operation by its number and root field, as in "03 subscribers"."""
    found = _ASKED.findall(GUIDE.read_text("utf-8"))
    names = [_ROOT.findall(document)[0] for document in found]
    return {f"{place:02} {name}": document for place, (name, document) in enumerate(zip(names, found, strict=True), 1)}
