"""docs/feeds.md, the contract of those who send files, is what the code does (FD-01)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest

from bizcall import parties
from bizcall.feeds import keys, lines, records, rejects
from bizcall.feeds.lines import Chunk
from bizcall.feeds.rejects import FileFault, LineFault
from bizcall.models.calls import CallType
from bizcall.models.feeds import FeedKind, FileState
from bizcall.models.messages import MessageDirection, MessageKind
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began

PAGE = (Path(__file__).parents[3] / "docs" / "feeds.md").read_text("utf-8")
WINDOW = records.Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
NAME = re.compile(r"`([^`]+)`")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*")
RULE = re.compile(r"^[|-]+\n", re.MULTILINE)
EXAMPLE = re.compile(r"^`((\w+)\.\w+)`[^\n]*:\n\n```\n(.*?)```$", re.MULTILINE | re.DOTALL)

VALUES = {
    (FeedKind.CALLS, "type"): CallType,
    (FeedKind.MESSAGES, "direction"): MessageDirection,
    (FeedKind.MESSAGES, "kind"): MessageKind,
}
MOST = {
    (FeedKind.CALLS, "id"): records.ID_MOST,
    (FeedKind.CALLS, "seconds"): records.SECONDS_MOST,
    (FeedKind.CALLS, "customer"): parties.NUMBER_MOST,
    (FeedKind.CALLS, "revision"): records.REVISION_MOST,
    (FeedKind.MESSAGES, "text"): records.TEXT_MOST,
    (FeedKind.CUSTOMERS, "name"): parties.NAME_MOST,
    (FeedKind.CUSTOMERS, "details"): records.DETAILS_MOST,
}


class Column(NamedTuple):
    """What the page says of a column."""

    meaning: str
    required: bool
    examples: list[str]


def table(head: str) -> Iterator[list[str]]:
    """The cells of the rows of the table that follows on the page."""
    rows = RULE.split(PAGE.split(head)[1], maxsplit=1)[1].split("\n\n")[0]
    for row in rows.splitlines():
        yield [cell.strip() for cell in row.strip("|").split("|")]


def columns(kind: FeedKind) -> dict[str, Column]:
    """The columns of a kind of records, as the page has them."""
    found: dict[str, Column] = {}
    for names, meaning, needed, examples in table(f"\n**{kind.title()}**\n"):
        for name in NAME.findall(names):
            told = Column(meaning, needed == "required", NAME.findall(examples))
            found[name] = columns(FeedKind.CALLS)[name] if meaning == "as for calls" else told
    return found


class Read(dict[str, Any]):
    """A record that knows which of its columns it was asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """The value."""
        self.asked.add(key)
        return super().get(key, default)


def batch(kind: FeedKind, record: dict[str, Any]) -> records.Batch:
    """What becomes of a record."""
    return asyncio.run(records.batch(kind, Chunk(0, 0, None, [(1, orjson.dumps(record))]), WINDOW))


def example(kind: FeedKind) -> dict[str, Any]:
    """A record of the page's examples, with a value in each column that has one."""
    return {name: column.examples[0] for name, column in columns(kind).items() if column.examples}


@pytest.mark.parametrize("kind", FeedKind)
def test_FD_01_the_page_has_the_columns_that_are_read_and_says_which_are_required(
    kind: FeedKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = {FeedKind.CALLS: "replaces_started_at", FeedKind.MESSAGES: "replaces_sent_at"}
    former = {"replaces_id": "former", moments[kind]: "2026-10-01T09:00:00"} if kind in moments else {}
    record = Read({**example(kind), **former})
    monkeypatch.setattr(records, "_object", lambda line: record)

    assert batch(kind, {}).rejects == []
    assert record.asked == columns(kind).keys()
    assert {name for name, column in columns(kind).items() if column.required} == set(records.REQUIRED[kind])


@pytest.mark.parametrize("kind", FeedKind)
def test_FD_01_each_example_of_a_column_is_taken(kind: FeedKind) -> None:
    for name, column in columns(kind).items():
        for value in column.examples:
            assert batch(kind, {**example(kind), name: value}).rejects == [], (name, value)


def test_FD_01_the_page_has_the_values_and_the_bounds_of_columns() -> None:
    for (kind, name), values in VALUES.items():
        assert NAME.findall(columns(kind)[name].meaning) == [value.value for value in values], name
    for (kind, name), most in MOST.items():
        told = [
            int(number.replace(",", "")) for number in NUMBER.findall(columns(kind)[name].meaning.replace("–", " "))
        ]
        assert max(told) == most, name


def test_FD_01_the_page_has_every_code_and_no_other() -> None:
    for head, codes in (("line", [*LineFault, "MORE"]), ("file", list(FileFault))):
        told = [name for cells in table(f"| code of a {head} |") for name in NAME.findall(cells[0])]
        assert sorted(told) == sorted(codes), head


def test_FD_01_the_page_has_the_places_and_the_bounds_of_files() -> None:
    where = PAGE.split("\n## Where\n")[1].split("\n## ")[0]
    company, file = UUID(int=1), UUID(int=2)
    for kind, (name, under, told_in) in zip(FeedKind, table("\n## Where\n"), strict=True):
        path = "<the same path>"
        key, bad = (
            keys.feed(kind, company, "<any path>"),
            keys.rejects(kind, company, keys.feed(kind, company, path), file),
        )
        assert (name, under) == (kind.lower(), f"`{key.replace(str(company), '<company id>')}`")
        shape = bad.replace(str(company), "<company id>").replace(str(file), "<an id>")
        assert f"`{shape}`".startswith(told_in.removesuffix("…`"))
    assert NAME.findall(where.split("The name ends in ")[1].split(". ")[0]) == list(keys.EXTENSIONS)
    assert f"at most {lines.BYTES_MOST >> 30} GiB and {lines.LINES_MOST // 1_000_000} million lines" in where
    assert f"at most {lines.LINE_MOST >> 10} KiB" in where
    assert f"the first {rejects.LISTED:,} of a file" in PAGE


@pytest.mark.parametrize(
    ("name", "kind", "body"), EXAMPLE.findall(PAGE), ids=[name for name, *_ in EXAMPLE.findall(PAGE)]
)
async def test_FD_01_each_file_that_the_page_shows_goes_in_as_it_stands(
    company: Tenant, name: str, kind: str, body: str
) -> None:
    await began(company.id)
    number = company.numbers[0]
    for spelling, own in (("07080001000", number), ("070-8000-1000", f"{number[:3]}-{number[3:7]}-{number[7:]}")):
        body = body.replace(spelling, own)
    feeder = Feeder(company.id, FeedKind(kind.upper()))

    file = await feeder.arrive(await feeder.put(body.replace("2026-10", f"{DAY:%Y-%m}").encode(), name))

    assert (file.state, file.rejected, file.loaded + file.corrected > 0) == (FileState.LOADED, 0, True)


def test_FD_01_the_page_shows_a_file_of_each_kind_and_of_each_form() -> None:
    shown = EXAMPLE.findall(PAGE)
    assert {kind for _, kind, _ in shown} == {kind.lower() for kind in FeedKind}
    assert {name.rpartition(".")[2] for name, _, _ in shown} == {"jsonl", "csv"}
