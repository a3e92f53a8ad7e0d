"""Answers as whoever looks for secrets reads them: all of each, ids and cursors taken apart as any client can."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.console import Console
from tests.masked import digits
from tests.opaque import KEY, MOMENT, placed, unpacked
from tests.security import operations

RANDOM = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=:)[0-9a-f]{32}$|^(?:Call|Message):\d+\.|"
    rf"{MOMENT}|20\d\d-\d\d-\d\d(?:T\d\d)?|20\d{{6}}(?:-\d{{6}})?"
)
"""Keys and moments, whose digits are anything."""


@dataclass
class Reader:
    """Somebody who looks through all of each answer for `secrets`.

    `cells` are what rows may show: one of them may say of one customer what is hidden of another.
    """

    desk: Console
    secrets: set[str]
    cells: set[str]
    found: dict[str, str] = field(default_factory=dict)

    async def ask(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, looked through."""
        response = await self.desk.http.post("/graphql", json={"query": document, "variables": variables})
        self.look(response)
        answer: dict[str, Any] = response.json()
        return answer

    async def told(self, key: str, of: str | None = None, **arguments: Any) -> Any:
        """What a root field answers with everything selected; `of` names the type where it is a Node."""
        answer = await self.ask(operations.document(key, arguments, selected(key, of)), arguments)
        assert "errors" not in answer, answer
        [value] = answer["data"].values()
        assert not (isinstance(value, dict) and value.get("userErrors")), value
        return value

    async def walk(self, key: str, **arguments: Any) -> list[dict[str, Any]]:
        """All of a list by pages of two, to its end and back."""
        ways = []
        for size, place, more, edge in (
            ("first", "after", "hasNextPage", "endCursor"),
            ("last", "before", "hasPreviousPage", "startCursor"),
        ):
            nodes, given = [], {**arguments, size: 2}
            while True:
                page = await self.told(key, **given)
                nodes += page["nodes"] if size == "first" else page["nodes"][::-1]
                if not page["pageInfo"][more]:
                    break
                given[place] = page["pageInfo"][edge]
            ways.append(nodes)
        forward, backward = ways
        assert [node["id"] for node in backward[::-1]] == [node["id"] for node in forward]
        return forward

    def look(self, response: httpx.Response) -> None:
        """Note which secrets an answer tells, and where."""
        # The longest first: what one cell shows may be the beginning of another one.
        cells = re.compile("|".join(map(re.escape, sorted(self.cells, key=len, reverse=True))) or "(?!)")
        headers = [value for name, value in response.headers.items() if name not in ("x-request-id", "content-length")]
        for text in (*headers, *leaves(response.json())):
            said = cells.sub("", RANDOM.sub("", text))
            self.found |= {part: text for part in self.secrets if part in said or part in digits(said)}


def selected(key: str, of: str | None) -> str:
    """All that a root field can show within two steps, and the cursors of its entries."""
    everything = operations.selection(key, of=of, depth=2)
    return everything.replace("{", "{ edges { cursor }", 1) if everything.startswith("{ nodes") else everything


def leaves(value: Any, name: str = "") -> Iterator[str]:
    """All texts and numbers of an answer, but for what is random in it; of ids and cursors what stands in them."""
    if isinstance(value, dict):
        for each, inner in value.items():
            yield from leaves(inner, each)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif name in ("requestId", "errorId", "line", "column"):
        return
    elif isinstance(value, str):
        yield from within(value)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def within(text: str) -> Iterator[str]:
    """What stands in an id or a cursor; any other text is itself."""
    told = unpacked(text)
    if told is None or len(text) < 16 or not told.isprintable():
        yield text
    elif (parts := placed(text)) is None:
        yield told
    else:
        # The key is random.
        yield from (str(each) for each in parts[2:] if not KEY.fullmatch(str(each)))
