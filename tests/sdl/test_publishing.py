"""The published schema: committed as exported, within the rules, and compared with the last release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, build_schema

from resolvers.limits import Bounds, table
from sdl import changes, guide, publishing


def test_the_committed_schema_is_the_exported_one_keeps_the_rules_and_breaks_no_client() -> None:
    assert publishing.check(publishing.exported(), publishing.HERE) == []


def test_the_command_writes_checks_and_releases(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "docs").mkdir()
    text = (publishing.HERE / publishing.GUIDE).read_text("utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `KEY_REUSED` |"))
    (tmp_path / publishing.GUIDE).write_text(text.replace(row, ""), "utf-8")
    (tmp_path / publishing.CHANGELOG).write_text("# Changes\n\n## Unreleased\n- `gone`\n", "utf-8")
    present, released = tmp_path / publishing.PRESENT, tmp_path / publishing.RELEASED
    assert publishing.main(["--check"], tmp_path) == 1
    assert publishing.main([], tmp_path) == 0
    assert row in (tmp_path / publishing.GUIDE).read_text("utf-8")
    assert not released.exists()
    assert publishing.main(["--check"], tmp_path) == 0
    assert publishing.main(["--release"], tmp_path) == 0
    assert released.read_text() == present.read_text() == publishing.exported()
    changelog = (tmp_path / publishing.CHANGELOG).read_text("utf-8")
    assert changes.unreleased(changelog).strip() == ""
    assert re.search(r"^## \d{4}-\d\d-\d\d\n- `gone`$", changelog, re.MULTILINE)
    released.write_text(publishing.exported().replace("type Query {", 'type Query {\n  """Gone."""\n  gone: Int\n'))
    assert publishing.main(["--check"], tmp_path) == 1


@pytest.mark.parametrize(
    ("argument", "status"), [("--help", 0), ("--chekc", 2), ("--rel", 2), ("schema", 2), ("--check --release", 2)]
)
def test_the_command_writes_nothing_where_it_is_asked_for_help_or_wrongly(
    argument: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        publishing.main(argument.split(), tmp_path)

    assert left.value.code == status
    told = capsys.readouterr()
    assert "[--check | --release]" in told.out + told.err
    assert list(tmp_path.iterdir()) == []


def test_a_stale_table_of_the_guide_is_told(tmp_path: Path) -> None:
    for name in (publishing.PRESENT, publishing.CHANGELOG, publishing.GUIDE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((publishing.HERE / name).read_text("utf-8"), "utf-8")
    assert publishing.check(publishing.exported(), tmp_path) == []  # nothing was released there, so nothing can break
    page = tmp_path / publishing.GUIDE
    page.write_text(page.read_text("utf-8").replace("| `aliases` | 30 |", "| `aliases` | 31 |"), "utf-8")
    assert publishing.check(publishing.exported(), tmp_path) == [
        f"{publishing.GUIDE} is not as the code has it: run scripts/schema"
    ]


def test_a_guide_without_the_place_of_a_table_is_refused() -> None:
    with pytest.raises(LookupError, match="error codes"):
        guide.written("# For front-end teams\n")


def test_the_guide_tells_every_code_of_the_schema_and_every_limit() -> None:
    text = (publishing.HERE / publishing.GUIDE).read_text("utf-8")
    codes, limits = (text.split(f"<!-- {name}: ")[1].split("<!-- end")[0] for name in ("error codes", "limits"))
    published = build_schema(publishing.exported()).type_map["ErrorCode"]
    assert isinstance(published, GraphQLEnumType)
    assert re.findall(r"^\| `(\w+)`", codes, re.MULTILINE) == sorted(published.values)
    assert re.findall(r"^\| `(\w+)`", limits, re.MULTILINE) == [row.name for row in table(Bounds())]
