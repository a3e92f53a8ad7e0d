"""What a schema changes for clients is found, and the changelog must tell it."""

from __future__ import annotations

from datetime import date

import pytest
from graphql import build_schema

from sdl import changes
from tests.sdl.good import GOOD

UNRELEASED = "## Unreleased\n{}\n\n## 2026-01-01\n- `Colour.BLUE`, `Thing.diedOn`\n"


def complaints(before: str, after: str, told: str = "", today: str = "2027-03-01") -> list[str]:
    released, present = build_schema(GOOD), build_schema(GOOD.replace(before, after))
    return changes.complaints(released, present, UNRELEASED.format(told), date.fromisoformat(today))


def test_what_breaks_clients_is_refused_whatever_the_changelog_tells() -> None:
    found = complaints("  bornOn: Date\n", "  diedOn: Date\n", "- `Thing.diedOn`. Field Thing.bornOn was removed.")
    assert found == ["breaks clients: Field Thing.bornOn was removed."]


def test_what_was_deprecated_may_go_after_its_day_and_not_on_it() -> None:
    removal = ('  """Before."""\n  old: Int @deprecated(reason: "Use `bornOn`; stays until 2027-03-01.")\n', "")

    assert complaints(*removal, "- `Thing.old` is gone.") == ["breaks clients: Field Thing.old was removed."]
    assert complaints(*removal, today="2027-03-02") == ["needs a line in the schema's changelog: `Thing.old`"]
    assert complaints(*removal, "- `Thing.old` is gone.", today="2027-03-02") == []


def test_lines_on_earlier_releases_tell_nothing_of_this_one() -> None:
    found = complaints("  bornOn: Date\n", '  bornOn: Date\n  """When."""\n  diedOn: Date\n')
    assert found == ["needs a line in the schema's changelog: `Thing.diedOn`"]


def test_what_may_surprise_clients_needs_a_line_that_quotes_it() -> None:
    grown = ("  DARK_RED\n", '  DARK_RED\n  """Blue."""\n  BLUE\n')
    surprise, addition = complaints(*grown)
    assert addition == "needs a line in the schema's changelog: `Colour.BLUE`"
    sentence = surprise.partition(": ")[2]
    assert "BLUE" in sentence
    assert complaints(*grown, f"- `Colour.BLUE`: {sentence}") == []


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("  bornOn: Date\n", '  bornOn: Date\n  """When."""\n  diedOn: Date\n', "Thing.diedOn"),
        ("type Query {\n", 'type Query {\n  """One."""\n  thing: Thing\n', "thing"),
        ("  bornOn: Date\n", '  bornOn(\n    """Of whom."""\n    of: ID\n  ): Date\n', "Thing.bornOn(of)"),
        ('"""Moment."""\n', '"""Time."""\nscalar Time\n"""Moment."""\n', "Time"),
    ],
)
def test_what_is_added_needs_a_line_that_names_it(before: str, after: str, name: str) -> None:
    missing = f"needs a line in the schema's changelog: `{name}`"
    assert missing in complaints(before, after)
    assert missing not in complaints(before, after, f"- `{name}` for screens.")
