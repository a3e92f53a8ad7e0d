"""The tables of docs/frontend.md that the code itself knows: error codes and limits, between their markers."""

from __future__ import annotations

import re

from resolvers.limits import Bounds, table
from schema.messages import CATALOGUE, placeholders


def written(guide: str) -> str:
    """The guide with its tables as the code has them. Raises LookupError where one has no markers."""
    for name, lines in (("error codes", _codes()), ("limits", _limits())):
        place = re.search(rf"<!-- {name}: [^\n]*-->\n(.*?)<!-- end of {name} -->", guide, re.DOTALL)
        if place is None:
            raise LookupError(name)
        guide = guide[: place.start(1)] + "".join(f"{line}\n" for line in lines) + guide[place.end(1) :]
    return guide


def _codes() -> list[str]:
    rows = []
    for code, entry in sorted(CATALOGUE.items()):
        named = sorted(placeholders(entry.ko_with_params or "") | placeholders(entry.en_with_params or ""))
        params = ", ".join(f"`{name}`" for name in named)
        rows.append(f"| `{code}` | {entry.meaning} | {entry.mend} | {params} | {entry.ko} |")
    return ["| code | meaning | mend | params | told |", "|---|---|---|---|---|", *rows]


def _limits() -> list[str]:
    rows = [f"| `{row.name}` | {row.maximum:,} | {row.unit.lower()} | {row.description} |" for row in table(Bounds())]
    return ["| limit | at most | of | what |", "|---|---:|---|---|", *rows]
