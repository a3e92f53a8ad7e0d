"""The operations of `examples/operations/`: good by the schema, with an answer that shows something."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse, validate
from graphql.execution.values import get_variable_values
from typer.testing import CliRunner

from local import examples
from local.__main__ import app
from resolvers.guard import check
from resolvers.limits import Bounds
from tests.guide import GUIDE
from tests.journeys.steps import STEPS
from tests.security import operations

NAMES = examples.names()
STATEMENTS = re.compile(r"[A-Z]{2}-\d\d")
MANUAL = frozenset(
    STATEMENTS.findall(
        "ON-01 ON-02 AU-01 AU-02 AU-20 AU-22 AU-30 PW-01 FN-01 NO-01 SU-01 HM-01"
        " IN-01 IN-02 IN-03 IN-10 IN-11 BK-01 DE-01 ST-01 ST-02 MS-01 ME-01"
    )
)
"""The statements of the manual; each has an operation at least."""

EMPTY = frozenset({"invitations/never_signed_in"})
"""Lists that are empty in the demo company until days have passed."""


def parsed(name: str) -> tuple[OperationDefinitionNode, str]:
    """The only operation of a file, and its root field as Type.field."""
    [definition] = parse(examples.document(name)).definitions
    assert isinstance(definition, OperationDefinitionNode)
    [field] = definition.selection_set.selections
    assert isinstance(field, FieldNode)
    return definition, f"{definition.operation.value.title()}.{field.name.value}"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_good_by_the_schema_and_says_what_it_is_for(name: str) -> None:
    text, schema = examples.document(name), operations.schema()
    document = parse(text)
    definition, _ = parsed(name)

    assert text.startswith("# "), "the first line says which statements it serves and what it does"
    assert definition.name is not None
    assert definition.name.value == "".join(part.capitalize() for part in name.split("/")[1].split("_"))
    assert validate(schema, document) == []
    given = examples.variables(name)
    coerced = get_variable_values(schema, definition.variable_definitions or (), given)
    assert not isinstance(coerced, list), coerced
    assert set(given) == {each.variable.name.value for each in definition.variable_definitions or ()}
    check(document, given, None, schema, Bounds())


def test_the_command_prints_the_body_of_a_request() -> None:
    listed = CliRunner().invoke(app, ["example"])
    printed = CliRunner().invoke(app, ["example", "histories/calls"])

    assert listed.output.split() == NAMES
    assert json.loads(printed.output) == {
        "query": examples.document("histories/calls"),
        "variables": examples.variables("histories/calls"),
    }
    assert CliRunner().invoke(app, ["example", "../pyproject"]).exit_code == 1


def test_what_the_command_prints_can_be_sent_one_after_the_other() -> None:
    sent = [examples.body(name) for name in ("exports/call_export_request", "exports/message_export_request") * 2]

    assert len({json.loads(each)["variables"]["input"]["idempotencyKey"] for each in sent}) == 4


@pytest.mark.parametrize(
    ("written", "at", "moved"),
    [
        ("2026-10-31", "2027-03-10", "2027-02-28"),
        ("2026-10-01T09:00:00+09:00", "2027-01-31", "2026-12-01T09:00:00+09:00"),
        ("2026-10 안내", "2027-01-31", "2026-10 안내"),
    ],
)
def test_dates_move_to_the_last_month(
    written: str, at: str, moved: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "FOLDER", tmp_path)
    (tmp_path / "x.json").write_text(json.dumps({"input": {"days": [written]}}))

    made = examples.variables("x", clock=lambda: datetime.fromisoformat(f"{at}T12:00:00+09:00"))
    assert made == {"input": {"days": [moved]}}


def test_the_guide_has_every_example_at_its_screen() -> None:
    rows = re.findall(r"^\|.*\[`(\w+)/`\]\(\S+\) \| (.+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)

    assert {f"{folder}/{name}" for folder, names in rows for name in re.findall(r"`(\w+)`", names)} == set(NAMES)


def test_every_statement_of_the_manual_and_every_root_field_that_is_to_stay_has_an_example() -> None:
    first_lines = [examples.document(name).partition("\n")[0] for name in NAMES]

    assert {found for line in first_lines for found in STATEMENTS.findall(line)} >= MANUAL
    asked_for = {key for key, field in operations.fields().items() if field.deprecation_reason is None}
    assert {parsed(name)[1] for name in NAMES} == asked_for
    assert {f"{name}{end}" for name in NAMES for end in (".json", ".answer.json")} == {
        str(path.relative_to(examples.FOLDER)) for path in examples.FOLDER.rglob("*.json")
    }


def lists(value: Any) -> Iterator[list[Any]]:
    """The pages in an answer."""
    if isinstance(value, dict):
        if "nodes" in value:
            yield value["nodes"]
        for each in value.values():
            yield from lists(each)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_of_an_example_shows_something(name: str) -> None:
    """That the running system answers so, `tests/journeys/test_screens.py` sees."""
    definition, _ = parsed(name)
    [value] = json.loads((examples.FOLDER / f"{name}.answer.json").read_text("utf-8"))["data"].values()

    assert value
    assert name in EMPTY or all(lists(value))
    if definition.operation is OperationType.MUTATION:
        assert value.pop("userErrors") == []
        assert any(each is not None for each in value.values())


def test_every_example_is_sent_and_its_answer_compared() -> None:
    compared = [step.name for step in STEPS if step.compared]

    assert sorted(compared) == NAMES
