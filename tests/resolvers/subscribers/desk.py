"""The subscribers screen as tests ask for it: its page, its saves, and what is read off the answers."""

from __future__ import annotations

from typing import Any

from tests.console import Console

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: LineFilter, $orderBy: LineOrder) {
  subscribers(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes {
      id number numberFormatted rid
      subscriber {
        id name position mobile mobileFormatted email ridEnabled appEnabled revision invitedAt startedAt updatedAt
        department { id name }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount { value precision }
  }
}
"""
SAVE = """
mutation ($input: SubscribersSaveInput!) {
  subscribersSave(input: $input) {
    rows { outcome line { id number } subscriber { id name revision mobile email appEnabled department { name } } }
    userErrors { code field message }
  }
}
"""


async def lines(desk: Console, **arguments: Any) -> list[dict[str, Any]]:
    """The rows of the first page."""
    page = await desk.ask(PAGE, **({"first": 100} | arguments))
    nodes: list[dict[str, Any]] = page["nodes"]
    return nodes


async def numbers(desk: Console, **filters: Any) -> list[str]:
    """The numbers of the rows that a filter lets through."""
    return [line["number"] for line in await lines(desk, filter=filters)]


async def departments(desk: Console) -> dict[str, str]:
    """Ids by name."""
    page = await desk.ask("{ departments(first: 100) { nodes { id name } } }")
    return {node["name"]: node["id"] for node in page["nodes"]}


async def save(desk: Console, *rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The payload of a save."""
    payload: dict[str, Any] = await desk.ask(SAVE, input={"rows": list(rows), **options})
    return payload


def errors(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Codes and paths."""
    return [(error["code"], error["field"]) for error in payload["userErrors"]]
